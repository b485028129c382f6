"""Work that goes on for as long as the process does, whatever goes wrong in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from graph.errors import StoreUnavailable

logger = logging.getLogger(__name__)


async def forever(turn: Callable[[], Awaitable[float]], meanwhile: str, *, later: float) -> None:
    """Take one turn after the other until cancelled. A turn returns after how many seconds the next one is due; where it failed,
    that is after `later` of them, and the log has what is the matter `meanwhile`."""
    while True:
        try:
            pause = await turn()
        except StoreUnavailable as error:
            logger.warning("%s: %s", meanwhile, error)
            pause = later
        except Exception:
            logger.exception(meanwhile)
            pause = later
        await asyncio.sleep(pause)

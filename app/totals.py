"""Keeping the totals of networks up to date, behind the writes: see graph/referrals/totals.py."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from graph.errors import StoreUnavailable
from graph.referrals.totals import find_marks, follow
from graph.store import Store

LOOK_SECONDS = 0.5
"""Between two looks for marks, where there were few the last time."""

LATER_SECONDS = 5.0
"""After something went wrong."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Totals:
    """Follows marks. `lag`: how long the oldest one had waited at the last look, in seconds; 0 where there was none."""

    store: Store
    weights: Mapping[str, float]
    lag: float = 0.0

    async def run(self) -> None:
        """Follow marks, whoever left them, until cancelled."""
        while True:
            try:
                pause = 0.0 if await self.follow() else LOOK_SECONDS
            except StoreUnavailable as error:
                logger.warning("totals of networks wait: %s", error)
                pause = LATER_SECONDS
            except Exception:
                # Whoever follows goes on for ever: what can't be summed now is tried again.
                logger.exception("totals of networks wait")
                pause = LATER_SECONDS
            await asyncio.sleep(pause)

    async def follow(self) -> bool:
        """Follow the marks that there are; whether there may be more at once. Raises StoreUnavailable."""
        marks = await find_marks(self.store)
        self.lag = 0.0 if marks.since is None else max(0.0, (datetime.now(UTC) - marks.since).total_seconds())
        if not marks.marked:
            return False
        await follow(self.store, marks, weights=self.weights)
        # Those above them are marked by now.
        return True

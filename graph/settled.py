"""Reads of one state: a statement of several expansions is no snapshot, so it reads the customer's version first and last."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from graph.errors import StoreUnavailable

ATTEMPTS = 12
PAUSE = (0.001, 0.005)  # seconds, with jitter: about as long as a write lasts


class Versioned(Protocol):
    """A row that carries the version of its customer as it was at the beginning and at the end of the statement."""

    @property
    def version_before(self) -> int: ...

    @property
    def version_after(self) -> int: ...


Row = TypeVar("Row", bound=Versioned)


def moved(row: Versioned) -> bool:
    """Whether a writer came in while the row was read."""
    return row.version_before != row.version_after


async def settled(read: Callable[[], Awaitable[Row | None]]) -> Row | None:
    """What `read` gives once no writer comes in between; raises StoreUnavailable after ATTEMPTS."""
    for attempt in range(ATTEMPTS):
        if attempt:
            await pause()
        row = await read()
        if row is None or not moved(row):
            return row
    raise never_settled()


async def pause() -> None:
    """Between two attempts."""
    await asyncio.sleep(random.uniform(*PAUSE))


def never_settled() -> StoreUnavailable:
    return StoreUnavailable(f"a customer changed during each of {ATTEMPTS} reads; try again")

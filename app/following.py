"""Doing afterwards what transactions have left marks for: one follower for each kind of marks, in every process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.forever import forever
from graph.referrals.marks import Marks

LOOK_SECONDS = 0.5
"""Between two looks for marks, where there were none the last time."""

LATER_SECONDS = 5.0
"""After something went wrong."""


@dataclass(slots=True)
class Follower:
    """Follows marks, whoever left them. `what`: waits where it can't be done; `find`: gives some of the marks; `follow`: does
    what they are for, and forgets them. Both raise StoreUnavailable. `lag`: how long the oldest mark had waited at the last look,
    in seconds; 0 where there was none."""

    what: str
    find: Callable[[], Awaitable[Marks]]
    follow: Callable[[Marks], Awaitable[None]]
    lag: float = 0.0

    async def run(self) -> None:
        """Look and follow until cancelled."""
        # Whoever follows a mark may leave others.
        await forever(self._pause, f"{self.what} wait", later=LATER_SECONDS)

    async def _pause(self) -> float:
        return 0.0 if await self.turn() else LOOK_SECONDS

    async def turn(self) -> bool:
        """Follow the marks that there are; whether there were any. Raises StoreUnavailable."""
        marks = await self.find()
        self.lag = 0.0 if marks.since is None else max(0.0, (datetime.now(UTC) - marks.since).total_seconds())
        if marks.marked:
            await self.follow(marks)
        return bool(marks.marked)

"""When the cache may be believed: the protocol by which no process reads what another one's acknowledged write replaced.

The node `CacheEpoch` says whether the cache is open, over which Redis (its run id), and in which epoch. docs/decisions/0008 says
why nothing simpler will do. In short:

- Every process looks at the node again and again, and believes what it saw for BELIEF seconds from when it began to look.
- A value counts only in the epoch that it was loaded in, and only from the Redis that counts.
- A write is acknowledged once that Redis has dropped what it held, while the belief stood. Where that can't be had the cache is
  closed for everybody, and after WAIT seconds, when nobody believes any more that it is open, the write is acknowledged.
- A cache that has been closed for WAIT seconds is opened again, in a new epoch, by whoever reaches a Redis.
- A cache whose Redis was started again is closed by whoever hears so for that long, written or not: all reads would pass it by.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from graph.cache import Seen
from graph.errors import StoreUnavailable

BELIEF = 1.0
"""Seconds for which what was seen is believed, from when looking began."""

WAIT = 1.1
"""Seconds after a closing in which the last belief from before has ended, on clocks that differ a little."""

LOOK = 0.25
"""Seconds between two looks."""

CALM = 30.0
"""The longest that a cache which is closed again and again is left closed: some process can't reach the Redis that others do."""

logger = logging.getLogger(__name__)


class Node(Protocol):
    """The node that all processes share; see graph.cache. Each raises StoreUnavailable."""

    async def find(self) -> Seen: ...

    async def close(self) -> Seen: ...

    async def open(self, seen: Seen, run_id: str, after_ms: int) -> Seen: ...


class Dropper(Protocol):
    """The Redis that this process reaches."""

    async def drop(self, changed: Mapping[str, int]) -> str | None:
        """Drop values and leases of customers that have these versions now, and tell who watches them; the run id of the Redis
        that did, None where none answered."""
        ...

    async def run_id(self) -> str | None:
        """The run id of the Redis that answers now."""
        ...


@dataclass(frozen=True, slots=True)
class Belief:
    """The cache is open in this epoch over the Redis with this run id."""

    epoch: int
    run_id: str


@dataclass(slots=True)
class Epochs:
    """One process's part. `redis` None: it has none, and closes the cache by its writes where others have one.

    `clock` counts seconds and never goes back.
    """

    node: Node
    redis: Dropper | None
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _seen: Seen | None = None
    #: Made once: it is asked for with each request.
    _believed: Belief = Belief(-1, "")
    _until: float = 0.0
    _opened_at: float = float("-inf")
    _calm: float = WAIT
    _strange_since: float | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def belief(self) -> Belief | None:
        """What may be believed now; None: pass the cache by."""
        seen = self._seen
        if seen is None or not seen.open or seen.run_id is None or self.clock() >= self._until:
            return None
        believed = self._believed
        if believed.epoch != seen.epoch or believed.run_id != seen.run_id:
            believed = self._believed = Belief(seen.epoch, seen.run_id)
        return believed

    @property
    def seen(self) -> Seen | None:
        """The node as it was seen last; None before it was."""
        return self._seen

    async def look(self) -> Seen:
        """Look at the node; raises StoreUnavailable."""
        async with self._looking:
            begun = self.clock()
            seen = await self.node.find()
            self._believe(seen, begun)
        return seen

    async def settle(self, changed: Mapping[str, int]) -> None:
        """Return once no process can read from the cache what customers were before these versions; call it after the commit.

        Raises StoreUnavailable where the graph can't be asked: then the write may not be acknowledged.
        """
        if not changed or await self._dropped(changed):
            return
        before = self.belief()
        seen = await self.look()
        # What was believed may be out of date: a cache that somebody opened just now would be closed for nothing.
        if seen.open and self.belief() != before and await self._dropped(changed):
            return
        if seen.open:
            begun = self.clock()
            seen = await self.node.close()
            self._believe(seen, begun)
            logger.warning("the cache is closed: the Redis that counts did not answer here")
        left = WAIT - (seen.closed_ms or 0) / 1000
        if left > 0:
            await self.sleep(left)

    async def _dropped(self, changed: Mapping[str, int]) -> bool:
        if self.redis is None or self.belief() is None:
            return False
        by = await self.redis.drop(changed)
        # Now, after the answer: a belief that ended meanwhile is none.
        belief = self.belief()
        return by is not None and belief is not None and belief.run_id == by

    async def turn(self) -> None:
        """Look, and open the cache where that is due. Raises StoreUnavailable."""
        seen = await self.look()
        if self.redis is None or (not seen.open and (seen.closed_ms or 0) < self._calm * 1000):
            return
        run_id = await self.redis.run_id()
        begun = self.clock()
        if run_id is None or run_id == seen.run_id:
            self._strange_since = None
            return
        if seen.open:
            await self._mend(begun)
            return
        self._strange_since = None
        opened = await self.node.open(seen, run_id, int(WAIT * 1000))
        self._believe(opened, begun)
        if opened.open:
            # Closed again soon after it was opened last: the longer it stays closed the less its closing costs.
            soon = begun - self._opened_at < CALM
            self._calm = min(CALM, self._calm * 2) if soon else WAIT
            self._opened_at = begun

    async def _mend(self, begun: float) -> None:
        """Close a cache over a Redis that is no more, whose successor answers instead. No write may come that would do so."""
        if self._strange_since is None:
            self._strange_since = begun
        if begun - self._strange_since >= self._calm:
            self._strange_since = None
            self._believe(await self.node.close(), begun)
            logger.warning("the cache is closed: another Redis answers than the one that counts")

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.turn()
            except StoreUnavailable as error:
                logger.warning("the cache is passed by: %s", error)
            except Exception:
                logger.exception("the cache is passed by")
            await self.sleep(LOOK)

    def _believe(self, seen: Seen, begun: float) -> None:
        # An answer may come after that to a later question.
        if begun + BELIEF >= self._until:
            self._seen, self._until = seen, begun + BELIEF

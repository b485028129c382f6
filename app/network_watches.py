"""Telling those who watch referral networks, in this process, what happens in them, wherever that was written.

While the feed can be trusted (app/changes.py), everyone who changes is heard of. One question, for all who watch, then finds out
where these stand. While it can't be, nobody could tell who has changed in a network without reading all of it, each time, for
each watcher: so what is below a root is only counted, and where that comes to something else its watchers are told to read again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from app.changes import ASK_SECONDS, Changes
from app.everyone import Everyone, Heard
from graph.errors import StoreUnavailable
from graph.referrals.below import Extent, NetworkChange, Standing, count_below, find_below
from graph.store import Reader

MOST_WAITING = 5_000
"""Ids in the changes that wait for one watcher: 100 kB or so. With more it is told to read again instead."""

WALKED = 10_000
"""Members of a network that are counted."""

BEYOND_SECONDS = 10.0
"""How often a network is to be read again that has more, or that can't be counted."""

logger = logging.getLogger(__name__)

Extents = tuple[Extent | None, int]


@dataclass(eq=False, slots=True)
class NetworkWatch:
    """One watcher of what is at most `depth` steps below one customer.

    `counted`: what was there when the feed could not be trusted; None where all that happened since the watcher began is known.
    """

    root: str
    depth: int
    counted: Extents | None = None
    _waiting: dict[tuple[str, str | None], NetworkChange] = field(default_factory=dict)
    _ids: int = 0
    _missed: bool = False
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self) -> NetworkChange:
        """Wait until there is news. Several changes of one member may be told as one."""
        await self._some.wait()
        if self._missed:
            self._missed = False
            change = NetworkChange(resync=True)
        else:
            change = self._waiting.pop(next(iter(self._waiting)))
            self._ids -= len(change.path)
        if not self._waiting:
            self._some.clear()
        return change

    def tell(self, change: NetworkChange) -> None:
        about = change.path[-1], change.referral
        before = self._waiting.pop(about, None)
        self._ids += len(change.path) - (0 if before is None else len(before.path))
        self._waiting[about] = change
        self._some.set()
        if self._ids > MOST_WAITING:
            self.miss()

    def miss(self) -> None:
        """Something happened that can't be told."""
        self._waiting.clear()
        self._ids, self._missed = 0, True
        self._some.set()


@dataclass(eq=False, slots=True)
class NetworkWatches:
    """`below` and `extent` ask the graph, and raise StoreUnavailable; see graph.referrals.below. `clock` counts seconds."""

    changes: Changes
    below: Callable[[Collection[str], Collection[str]], Awaitable[list[Standing]]]
    extent: Callable[[str, int], Awaitable[Extent | None]]
    clock: Callable[[], float] = time.monotonic
    _watches: set[NetworkWatch] = field(default_factory=set)
    _everyone: Everyone = field(default_factory=Everyone)

    @classmethod
    def of(cls, changes: Changes, reader: Reader) -> NetworkWatches:
        return cls(changes, partial(find_below, reader), partial(count_below, reader, cap=WALKED))

    @asynccontextmanager
    async def watch(self, root: str, depth: int) -> AsyncIterator[NetworkWatch]:
        """A watch for the length of the block, in force when that begins."""
        watch = NetworkWatch(root, depth)
        if not self.changes.trusted:
            watch.counted = await self._count(watch)
        if not self._watches:
            self.changes.listen(self._everyone)
        self._watches.add(watch)
        self._everyone.wake()
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            if not self._watches:
                self.changes.leave(self._everyone)

    async def run(self) -> None:
        """Follow what changes, for as long as anybody watches, until cancelled."""
        while True:
            try:
                await self._turn()
            except Exception:
                logger.exception("watchers of networks are told to read again")
                self._everyone.miss()
                await asyncio.sleep(ASK_SECONDS)

    async def _turn(self) -> None:
        everyone = self._everyone
        counting = any(not everyone.trusted or watch.counted is not None for watch in self._watches)
        heard = await everyone.next(ASK_SECONDS if counting else None)
        try:
            if heard.customers and self._watches:
                await self._tell(heard.customers)
        except StoreUnavailable as error:
            # Not once more, for it may be too much to ask.
            logger.warning("watchers of networks are told to read again: %s", error)
            heard = replace(heard, missed=True)
        await self._check(heard)

    async def _tell(self, customers: Collection[str]) -> None:
        """Tell each watcher which of these customers stand below its root, and who went from there or never came."""
        roots: dict[str, list[NetworkWatch]] = {}
        for watch in self._watches:
            roots.setdefault(watch.root, []).append(watch)
        found = await self.below(customers, roots)
        for standing in found:
            if standing.asked != standing.customer:
                for watch in roots.get(standing.asked, ()):
                    watch.root = standing.customer
                    watch.miss()
        by_customer = {standing.customer: standing for standing in found}
        for standing in by_customer.values():
            _place(standing, roots)
        for standing in found:
            for referral in standing.astray:
                advocate = by_customer.get(referral.customer)
                if advocate is not None:
                    _place(advocate, roots, astray=referral.referral)

    async def _check(self, heard: Heard) -> None:
        """Have those read again in whose networks something happened while it could not be heard of."""
        counted: dict[tuple[str, int], Extents] = {}
        for watch in list(self._watches):
            if heard.trusted and not heard.missed and watch.counted is None:
                continue
            network = watch.root, watch.depth
            if network not in counted:
                counted[network] = await self._count(watch)
            extent, _ = now = counted[network]
            last = heard.trusted and extent is not None
            if now != watch.counted or (last and extent is not None and not extent.whole):
                watch.miss()
            if extent is not None:
                watch.root = extent.root
            watch.counted = None if last else now

    async def _count(self, watch: NetworkWatch) -> Extents:
        """What is below a root, None where that can't be had; and where it isn't all there is, a number that is another one each
        so often."""
        try:
            extent = await self.extent(watch.root, watch.depth)
        except StoreUnavailable as error:
            logger.warning("a watched network can't be counted: %s", error)
            extent = None
        beyond = extent is None or not extent.whole
        return extent, 1 + int(self.clock() // BEYOND_SECONDS) if beyond else 0


def _place(standing: Standing, roots: Mapping[str, Sequence[NetworkWatch]], *, astray: str | None = None) -> None:
    """Tell those who watch somebody above a customer; `astray`: the referral that it is about, which brings nobody in."""
    way = standing.way
    brought_by = standing.steps[0].referral if standing.steps else None
    for depth, root in enumerate(way):
        # Who would be brought in is a step further down.
        reaches = depth if astray is None else depth + 1
        for watch in roots.get(root, ()):
            if 1 <= reaches <= watch.depth:
                path = tuple(reversed(way[: depth + 1]))
                by = brought_by if depth else None
                watch.tell(NetworkChange(path=path, referral=astray or by, brought_by=by))

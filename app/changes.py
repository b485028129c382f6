"""Telling those who watch customers, in this process, that these have changed, wherever that was written.

While the cache is open, every acknowledged write of any process has left word in the feed of the Redis that counts
(app/epochs.py): following it misses nothing. Whenever that may not be so, before the feed is joined, after it was cut, while the
cache is closed or there is no Redis, the graph is asked for the versions of the customers that are watched.

A place in the feed outlives such a time where the cache turns out to have been open in the same epoch all along: then every write
has left its word there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.cache.wire import Unanswered
from app.epochs import Belief
from app.everyone import Everyone
from app.feed import Feed
from graph.errors import StoreUnavailable

READ_SECONDS = 0.5
"""How long the feed is waited for before what is believed is looked at again."""

ASK_SECONDS = 0.5
"""Between two questions to the graph while the feed can't be trusted."""

GONE = 2**62
"""The version of a customer that was joined to another: newer than any that was seen."""

logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Watch:
    """One watcher of one customer at a time. However slow it is, it takes no more memory."""

    _changes: Changes
    customer: str | None = None
    seen: int = -1
    _missed: int = 0
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    def follow(self, customer: str, version: int) -> bool:
        """From now on hear of this customer, of which this version has been seen; whether it was another one before."""
        moved = customer != self.customer
        if moved:
            self._changes.move(self, customer)
        self.customer, self.seen = customer, version
        return moved

    async def next(self) -> int:
        """Wait until there is news; of how many changes, since this was last asked. The newest of them may be seen already."""
        await self._some.wait()
        self._some.clear()
        missed, self._missed = self._missed, 0
        return missed

    def tell(self, version: int) -> None:
        if version > self.seen:
            self._missed += 1
            self._some.set()


@dataclass(eq=False, slots=True)
class Changes:
    """`versions` asks the graph; it may leave out customers that are no more, and raises StoreUnavailable."""

    versions: Callable[[Collection[str]], Awaitable[Mapping[str, int]]]
    belief: Callable[[], Belief | None]
    feed: Feed | None
    _watches: dict[str, set[Watch]] = field(default_factory=dict)
    _everyone: set[Everyone] = field(default_factory=set)
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    #: Under which the place in the feed is good.
    _joined: Belief | None = None
    #: Whether what changes is heard of now.
    _trusted: bool = False

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """A watch for the length of the block."""
        watch = Watch(self)
        try:
            yield watch
        finally:
            self.move(watch, None)

    def move(self, watch: Watch, customer: str | None) -> None:
        """A watch leaves its customer for another one, or for good."""
        if watch.customer is not None:
            others = self._watches[watch.customer]
            others.discard(watch)
            if not others:
                del self._watches[watch.customer]
        if customer is not None:
            self._watches.setdefault(customer, set()).add(watch)
            self._some.set()

    def listen(self, everyone: Everyone) -> None:
        """Have it hear of every customer that changes from now on."""
        everyone.begin(self._trusted)
        self._everyone.add(everyone)
        self._some.set()

    def leave(self, everyone: Everyone) -> None:
        """Have it hear no more."""
        self._everyone.discard(everyone)

    @property
    def trusted(self) -> bool:
        """Whether whoever listens hears of all that changes from now on."""
        return self._trusted

    async def run(self) -> None:
        """Follow what changes, for as long as anybody watches, until cancelled."""
        while True:
            if not self._watches and not self._everyone:
                self._joined = None
                self._trust(False)
                self._some.clear()
                await self._some.wait()
            try:
                if not await self._followed():
                    await self._ask()
                    await asyncio.sleep(ASK_SECONDS)
            except StoreUnavailable as error:
                logger.warning("watchers wait: %s", error)
                await asyncio.sleep(ASK_SECONDS)
            except Exception:
                logger.exception("watchers wait")
                await asyncio.sleep(ASK_SECONDS)

    async def _followed(self) -> bool:
        """Tell what the feed says next; False where it can't be trusted to say all."""
        belief = self.belief()
        followed = False
        try:
            if self.feed is not None and belief is not None:
                if belief == self._joined:
                    followed = await self._read(self.feed, belief)
                else:
                    followed = await self._join(self.feed, belief)
        except Unanswered:
            pass
        finally:
            self._trust(followed)
        return followed

    async def _join(self, feed: Feed, belief: Belief) -> bool:
        self._joined = None
        return await feed.begin() == belief.run_id and await self._begin(belief)

    async def _read(self, feed: Feed, belief: Belief) -> bool:
        run_id, changed, missed = await feed.read(seconds=READ_SECONDS)
        for customer, version in changed:
            self._tell(customer, version)
            for everyone in self._everyone:
                everyone.tell(customer, version)
        if run_id != belief.run_id:
            self._joined = None
            return False
        return not missed or await self._begin(belief)

    async def _begin(self, belief: Belief) -> bool:
        """From its place in the feed on nothing is missed; what came before was committed before this question."""
        self._joined = None
        await self._ask()
        for everyone in self._everyone:
            everyone.miss()
        self._joined = belief
        return True

    async def _ask(self) -> None:
        watched = list(self._watches)
        versions = await self.versions(watched) if watched else {}
        for customer in watched:
            self._tell(customer, versions.get(customer, GONE))

    def _tell(self, customer: str, version: int) -> None:
        for watch in self._watches.get(customer, ()):
            watch.tell(version)

    def _trust(self, trusted: bool) -> None:
        self._trusted = trusted
        for everyone in self._everyone:
            everyone.trust(trusted)

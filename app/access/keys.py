"""The keys that a process knows: each is read once, until any key changes anywhere, of which it hears within a second."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from app.flights import Flights
from app.forever import forever
from graph import keys
from graph.keys import PREFIX, Key, public_part
from graph.store import Store

LOOK = 0.5
"""Seconds between two looks at whether any key has changed."""

BELIEF = 1.0
"""Seconds for which what is known is believed, from when such a look began: a key that was revoked longer ago is good nowhere."""

ROOM = 20_000
"""Keys, and public parts that there are no keys for, which a process remembers."""

TOLD = 30.0
"""Seconds between two writes of when keys were last used."""


class Keys:
    """Finds keys by what clients send."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[str, Key | None] = OrderedDict()
        self._version = -1
        self._until = float("-inf")
        self._looking = asyncio.Lock()
        self._loads: Flights[str, Key | None] = Flights(self._load, ways=1, size=100)
        self._used: set[str] = set()
        self._told = clock()
        #: Rises whenever what is known may have changed.
        self.generation = 0

    @property
    def believed(self) -> bool:
        """Whether what is known may be believed without a look."""
        return self._clock() < self._until

    async def find(self, text: str) -> Key | None:
        """The key that `text` is; None where it is none, or one that has ended. Raises StoreUnavailable."""
        public = public_part(text)
        if public is None:
            return None
        if not self.believed:
            await self.look()
        if public in self._known:
            self._known.move_to_end(public)
            found = self._known[public]
        else:
            (found,) = await self._loads.load([public])
        if found is None or not found.opens(text) or found.ended(datetime.now(UTC)):
            return None
        return found

    def note(self, key_id: str) -> None:
        """A key was used just now."""
        self._used.add(key_id)

    async def run(self) -> None:
        """Look for ever, so that no request has to; and keep which keys were used."""
        await forever(self._turn, "keys can't be looked at", later=LOOK)

    async def _turn(self) -> float:
        await self.look(again=True)
        if self._used and self._clock() - self._told >= TOLD:
            self._told = self._clock()
            await self.tell()
        return LOOK

    async def tell(self) -> None:
        """Keep which keys were used since this was last done; raises StoreUnavailable."""
        # Tokens are noted as well, of which nothing is kept.
        now, ids = datetime.now(UTC), [each for each in self._used if each.startswith(PREFIX)]
        self._used = set()
        await keys.used(self._store, dict.fromkeys(ids, now))

    async def look(self, *, again: bool = False) -> None:
        """Hear whether any key has changed, also where what was heard last is believed still; raises StoreUnavailable."""
        async with self._looking:
            if self.believed and not again:
                return
            begun = self._clock()
            version = await keys.version(self._store)
            if version != self._version:
                self._known.clear()
                self._version = version
                self.generation += 1
            self._until = begun + BELIEF

    async def _load(self, ids: list[str]) -> Sequence[Key | None]:
        generation = self.generation
        found = await keys.load(self._store, ids)
        if generation == self.generation:
            for each in ids:
                self._known[each] = found.get(each)
            while len(self._known) > ROOM:
                self._known.popitem(last=False)
        return [found.get(each) for each in ids]

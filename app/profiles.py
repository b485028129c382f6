"""Profiles as resolvers get them: from the cache, or else from the graph, kept for the next one who asks.

Requests that ask at once are answered together: one read of Redis, and for what it lacks one statement.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from enum import Enum
from functools import reduce
from itertools import chain
from operator import or_
from time import perf_counter
from typing import Any

from app.admission import Admission
from app.cache.profiles import Cache
from app.epochs import Belief
from app.flights import Flights
from graph.customers import EVERYTHING, Parts, Profile, ProfileKey, load_profiles
from graph.identity import find_customer_ids
from graph.store import Reader
from resolvers.observer import CacheStatus, observed

READS, READ_SIZE = 4, 64
"""Reads of Redis under way at once, and profiles in each."""

LOADS, LOAD_SIZE = 2, 32
"""Statements under way at once, and customers in each."""

HINTS = 20_000
"""Names whose customers this process remembers."""


class _Not(Enum):
    """Why the cache gave no profile: it has none, or it may not be believed."""

    KEPT = "miss"
    BELIEVED = "bypassed"


class CachedProfiles:
    """Profiles by key; `cache` None means that there is none."""

    def __init__(
        self, reader: Reader, cache: Cache | None, belief: Callable[[], Belief | None], admission: Admission | None = None
    ) -> None:
        self._reader = reader
        self._cache = cache
        self._belief = belief
        self._admission = admission or Admission()
        self._hints = Hints(HINTS)
        self._reads = Flights(self._read, ways=READS, size=READ_SIZE)
        self._fills = Flights(self._fill, ways=LOADS, size=LOAD_SIZE)
        self._loads = Flights(self._load, ways=LOADS, size=LOAD_SIZE)
        #: What is still done for answers that are out, and the customers that each is about.
        self._unfinished: dict[asyncio.Task[None], set[ProfileKey]] = {}

    def load(self, keys: Sequence[ProfileKey], parts: Parts = EVERYTHING, /) -> Coroutine[Any, Any, list[Profile | None]]:
        """The profile of each key, in order; None where there is no such customer.

        Profiles hold at least `parts`; what the cache keeps is whole.
        """
        return self._timed(keys, parts) if observed.get().traced else self._find(keys, parts)

    async def _timed(self, keys: Sequence[ProfileKey], parts: Parts) -> list[Profile | None]:
        begun = perf_counter()
        try:
            return await self._find(keys, parts)
        finally:
            observed.get().spent("load profiles", perf_counter() - begun, "profiles", len(keys))

    async def _find(self, keys: Sequence[ProfileKey], parts: Parts) -> list[Profile | None]:
        if self._cache is None or self._cache.bypassed or self._belief() is None:
            return await self._passed_by(keys, parts)
        found = await self._reads.load(keys)
        if len(found) == 1 and type(found[0]) is not _Not:
            _note("hit", 1)
            return found  # type: ignore[return-value]
        if _Not.BELIEVED in found:
            return await self._passed_by(keys, parts)
        missing = [key for key, profile in zip(keys, found, strict=True) if profile is _Not.KEPT]
        _note("hit", len(keys) - len(missing))
        if not missing:
            return found  # type: ignore[return-value]
        _note("miss", len(missing))
        loaded = iter(await self._missed(missing, parts))
        return [next(loaded) if profile is _Not.KEPT else profile for profile in found]  # type: ignore[misc]

    async def _missed(self, keys: Sequence[ProfileKey], parts: Parts) -> Sequence[Profile | None]:
        """Load what the cache lacks; what isn't missed for the first time is kept."""
        first: list[ProfileKey] = []
        again: list[ProfileKey] = []
        for key in keys:
            (again if self._admission.admits(key) else first).append(key)
        if not again:
            return await self._missed_first(first, parts)
        if not first:
            return await self._fills.load(again)
        loaded = await asyncio.gather(self._missed_first(first, parts), self._fills.load(again))
        by_key = dict(zip([*first, *again], chain(*loaded), strict=True))
        return [by_key[key] for key in keys]

    async def _missed_first(self, keys: Sequence[ProfileKey], parts: Parts) -> Sequence[Profile | None]:
        found = await self._loads.load([(key, parts) for key in keys])
        self._admission.note(keys)
        return found

    async def close(self) -> None:
        for flights in (self._reads, self._fills, self._loads):
            await flights.close()
        if self._unfinished:
            await asyncio.wait(self._unfinished)

    async def _passed_by(self, keys: Sequence[ProfileKey], parts: Parts) -> list[Profile | None]:
        _note("bypassed", len(keys))
        return await self._loads.load([(key, parts) for key in keys])

    async def _load(self, asked: list[tuple[ProfileKey, Parts]]) -> list[Profile | None]:
        together = reduce(or_, (parts for _, parts in asked))
        return await load_profiles(self._reader, [key for key, _ in asked], parts=together)

    async def _read(self, keys: list[ProfileKey]) -> list[Profile | _Not]:
        """What the cache has of them."""
        cache, belief = self._cache, self._belief()
        assert cache is not None
        if belief is None:
            return [_Not.BELIEVED] * len(keys)
        if self._unfinished and (theirs := [task for task, about in self._unfinished.items() if not about.isdisjoint(keys)]):
            await asyncio.wait(theirs)
        await self._ask_for_hints(cache, keys)
        found = await self._kept(cache, belief, keys)
        if found is None or cache.bypassed:
            return [_Not.BELIEVED] * len(keys)
        # Ids of customers that were joined to others: what is kept is kept under another id.
        astray = [place for place, key in enumerate(keys) if found[place] is _Not.KEPT and key.id is not None]
        if astray and (led := [place for place in astray if self._hints.get(keys[place]) is not None]):
            others = await self._kept(cache, belief, [keys[place] for place in led], by_hint=True)
            for place, profile in zip(led, others or [], strict=False):
                found[place] = profile
        return found

    async def _kept(
        self, cache: Cache, belief: Belief, keys: Sequence[ProfileKey], *, by_hint: bool = False
    ) -> list[Profile | _Not] | None:
        """What is kept under the ids that keys have, or are hinted to have: a hint counts only if the profile has the key."""
        ids = [key.id if key.id is not None and not by_hint else self._hints.get(key) for key in keys]
        wanted = [id for id in ids if id is not None]
        values = await cache.read(wanted, belief) if wanted else []
        if values is None:
            return None
        kept = dict(zip(wanted, values, strict=True))
        profiles = [None if id is None else kept[id] for id in ids]
        return [
            profile if profile is not None and _confirms(profile, key) else _Not.KEPT
            for profile, key in zip(profiles, keys, strict=True)
        ]

    async def _ask_for_hints(self, cache: Cache, keys: Sequence[ProfileKey]) -> None:
        """Learn from Redis what this process doesn't remember."""
        unknown = [key for key in keys if key.id is None and self._hints.get(key) is None]
        if unknown:
            self._hints.learn(unknown, await cache.aliases([_name(key) for key in unknown]) or [])

    async def _fill(self, keys: list[ProfileKey]) -> list[Profile | None]:
        """Load under leases, taken before the load begins: what is written meanwhile voids them, and nothing stale is kept."""
        cache, belief = self._cache, self._belief()
        if cache is None or belief is None:
            return await load_profiles(self._reader, keys)
        unknown = [key for key in keys if key.id is None and self._hints.get(key) is None]
        if unknown:
            self._hints.learn(unknown, await find_customer_ids(self._reader, [_identifier(key) for key in unknown]))
        ids = [self._hints.get(key) or key.id for key in keys]
        leased = [id for id in dict.fromkeys(ids) if id is not None]
        tokens = dict(zip(leased, await cache.lease(leased), strict=True))
        try:
            profiles = await load_profiles(self._reader, keys)
        except BaseException:
            self._afterwards(cache.release({id: token for id, token in tokens.items() if token}), keys)
            raise
        filled = {profile.id: (profile, token) for profile in profiles if profile and (token := tokens.get(profile.id))}
        led = [(key, profile.id) for key, profile in zip(keys, profiles, strict=True) if profile and profile.id != key.id]
        self._hints.learn([key for key, _ in led], [id for _, id in led])
        aliases = {_name(key): id for key, id in led if key.id is None}
        also = [ProfileKey(id=id) for id in filled]
        self._afterwards(self._fill_cache(cache, belief, list(filled.values()), aliases), [*keys, *also])
        return profiles

    def _afterwards(self, work: Coroutine[Any, Any, None], keys: Sequence[ProfileKey]) -> None:
        """Work that whoever asked has no need to wait for, but whoever asks next. It is named as all that is done for them."""
        loading = asyncio.current_task()
        task = asyncio.create_task(work, name=loading.get_name() if loading else None)
        self._unfinished[task] = set(keys)
        task.add_done_callback(self._unfinished.pop)

    async def _fill_cache(
        self, cache: Cache, belief: Belief, filled: Sequence[tuple[Profile, str]], aliases: Mapping[str, str]
    ) -> None:
        await cache.fill(filled, belief)
        await cache.keep_aliases(aliases)


class Hints:
    """Which customer a key led to last: the profile has to confirm it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._ids: OrderedDict[ProfileKey, str] = OrderedDict()

    def get(self, key: ProfileKey) -> str | None:
        return self._ids.get(key)

    def learn(self, keys: Sequence[ProfileKey], ids: Sequence[str | None]) -> None:
        for key, id in zip(keys, ids, strict=False):
            if id is not None:
                self._ids[key] = id
                self._ids.move_to_end(key)
        while len(self._ids) > self._size:
            self._ids.popitem(last=False)


def _confirms(profile: Profile, key: ProfileKey) -> bool:
    if key.id is not None:
        return key.id == profile.id or key.id in profile.ids
    return any(each.type == key.type and each.value == key.value for each in profile.identifiers)


def _identifier(key: ProfileKey) -> tuple[str, str]:
    assert key.type is not None and key.value is not None
    return key.type, key.value


def _name(key: ProfileKey) -> str:
    return f"{key.type}\x1f{key.value}"


def _note(status: CacheStatus, times: int) -> None:
    if times:
        observed.get().loaded(status, times)

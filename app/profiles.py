"""Profiles as resolvers get them: from the cache, or else from the graph by one statement, kept for the next one who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from time import perf_counter
from typing import Literal

from app.cache import Cache
from app.counters import Counters
from app.epochs import Belief
from graph.customers import Profile, ProfileKey, load_profiles
from graph.identity import find_customer_ids
from graph.store import Reader
from resolvers.observer import observed

CacheStatus = Literal["hit", "miss", "bypassed"]

#: Set by whoever wants to know where the profiles of a request came from; one word is added for each profile asked for.
watched: ContextVar[list[CacheStatus] | None] = ContextVar("watched", default=None)


class CachedProfiles:
    """Profiles by key; `cache` None means that there is none."""

    def __init__(
        self, reader: Reader, cache: Cache | None, belief: Callable[[], Belief | None], counters: Counters | None = None
    ) -> None:
        self._reader = reader
        self._cache = cache
        self._belief = belief
        self._counters = counters or Counters()

    async def load(self, keys: Sequence[ProfileKey], /) -> list[Profile | None]:
        """The profile of each key, in order; None where there is no such customer."""
        begun = perf_counter()
        try:
            return await self._load(keys)
        finally:
            observed.get().spent("load profiles", perf_counter() - begun, "profiles", len(keys))

    async def _load(self, keys: Sequence[ProfileKey]) -> list[Profile | None]:
        cache, belief = self._cache, self._belief()
        if cache is None or belief is None or cache.bypassed:
            self._note("bypassed", len(keys))
            return await load_profiles(self._reader, keys)
        ids = await _hints(cache, keys)
        found = await _read(cache, belief, keys, ids)
        if found is None:
            self._note("bypassed", len(keys))
            return await load_profiles(self._reader, keys)
        await _by_other_ids(cache, belief, keys, ids, found)
        missing = [position for position, profile in enumerate(found) if profile is None]
        self._note("hit", len(keys) - len(missing))
        self._note("miss", len(missing))
        if missing:
            loaded = await self._fill(
                cache, belief, [keys[position] for position in missing], [ids[position] for position in missing]
            )
            for position, profile in zip(missing, loaded, strict=True):
                found[position] = profile
        return found

    async def _fill(self, cache: Cache, belief: Belief, keys: list[ProfileKey], ids: list[str | None]) -> list[Profile | None]:
        """Load under leases, taken before the load begins: what is written meanwhile voids them, and nothing stale is kept."""
        unknown = [position for position, id in enumerate(ids) if id is None]
        if unknown:
            named = await find_customer_ids(self._reader, [_identifier(keys[position]) for position in unknown])
            for position, customer in zip(unknown, named, strict=True):
                ids[position] = customer
        leased = [id for id in dict.fromkeys(ids) if id is not None]
        tokens = dict(zip(leased, await cache.lease(leased), strict=True))
        profiles = await load_profiles(self._reader, keys)
        filled = {profile.id: (profile, token) for profile in profiles if profile and (token := tokens.get(profile.id))}
        await cache.fill(list(filled.values()), belief)
        for position, profile in enumerate(profiles):
            if profile is not None and (position in unknown or profile.id != ids[position]):
                await cache.keep_alias(_name(keys[position]), profile.id)
        return profiles

    def _note(self, status: CacheStatus, times: int) -> None:
        if times:
            self._counters.profiles[status] += times
        notes = watched.get()
        if notes is not None:
            notes.extend([status] * times)


async def _hints(cache: Cache, keys: Sequence[ProfileKey]) -> list[str | None]:
    """The id under which the profile of each key would be kept, where that is known."""
    names = [_name(key) for key in keys if key.id is None]
    hints = iter((await cache.aliases(names) if names else None) or [None] * len(names))
    return [key.id if key.id is not None else next(hints) for key in keys]


async def _read(
    cache: Cache, belief: Belief, keys: Sequence[ProfileKey], ids: Sequence[str | None]
) -> list[Profile | None] | None:
    """What the cache has of them; a hint counts only if the profile it leads to has the identifier."""
    wanted = list(dict.fromkeys(id for id in ids if id is not None))
    values = await cache.read(wanted, belief) if wanted else []
    if values is None or cache.bypassed:
        return None
    kept = dict(zip(wanted, values, strict=True))
    profiles = [None if id is None else kept[id] for id in ids]
    return [profile if profile and _confirms(profile, key) else None for profile, key in zip(profiles, keys, strict=True)]


async def _by_other_ids(
    cache: Cache, belief: Belief, keys: Sequence[ProfileKey], ids: list[str | None], found: list[Profile | None]
) -> None:
    """Fill in what is kept under another id than the one asked for: ids of customers that were joined to others."""
    positions = [position for position, key in enumerate(keys) if key.id is not None and found[position] is None]
    hints = await cache.aliases([_name(keys[position]) for position in positions]) if positions else None
    for position, hint in zip(positions, hints or [], strict=False):
        ids[position] = hint or ids[position]
    led = [position for position, hint in zip(positions, hints or [], strict=False) if hint is not None]
    values = await _read(cache, belief, [keys[each] for each in led], [ids[each] for each in led]) if led else None
    for position, profile in zip(led, values or [], strict=False):
        found[position] = profile


def _confirms(profile: Profile, key: ProfileKey) -> bool:
    if key.id is not None:
        return key.id == profile.id or key.id in profile.ids
    return any(each.type == key.type and each.value == key.value for each in profile.identifiers)


def _identifier(key: ProfileKey) -> tuple[str, str]:
    assert key.type is not None and key.value is not None
    return key.type, key.value


def _name(key: ProfileKey) -> str:
    return f"id\x1f{key.id}" if key.id is not None else f"{key.type}\x1f{key.value}"


def verdict(notes: Iterable[CacheStatus]) -> CacheStatus:
    """One word for all profiles of a request: the least happy of theirs."""
    seen = set(notes)
    return "bypassed" if "bypassed" in seen else "miss" if "miss" in seen else "hit"

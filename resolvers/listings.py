"""Lists of what happened to a customer: the hot set's where that suffices, else a page of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache, cached_property
from typing import Any

import strawberry

from graph.customers import COUNTED, HOT_SET, Facts, Profile
from graph.timeline import KINDS, OwnedEntry, count_entries, page_entries, page_key, time_key
from resolvers.connections import Listing, Window, connect
from resolvers.context import Context
from resolvers.entries import TimelineKind
from resolvers.errors import InvalidPeriod, TooMany

MOST_VALUES = 50
LONGEST_VALUE = 1_000
COUNT_CAP = 10_000

# Sorts behind every character of a key, so that a bound with it appended takes in the bound itself.
_BEHIND = "~"


@strawberry.input(description="Half-open: from <= time < to.")
class Period:
    from_: datetime = strawberry.field(name="from", description="The first moment of it.")
    to: datetime = strawberry.field(description="The first moment behind it.")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which entries are wanted; None selects all, an empty sequence nothing. `since` and `until` are half-open."""

    kinds: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    survey_kinds: tuple[str, ...] | None = None
    open: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(
        cls,
        *,
        kinds: Sequence[TimelineKind] | None = None,
        channels: Sequence[str] | None = None,
        types: Sequence[str] | None = None,
        statuses: Sequence[Enum] | None = None,
        survey_kinds: Sequence[Enum] | None = None,
        open: bool | None = None,
        period: Period | None = None,
    ) -> Asked:
        """What a field's arguments ask for; raises InvalidPeriod or TooMany."""
        nothing_else = channels is None and types is None and statuses is None and survey_kinds is None and open is None
        if nothing_else and period is None and (kinds is None or len(kinds) == 1):
            return _of_kind(kinds[0] if kinds else None)
        if period is not None and period.from_ >= period.to:
            raise InvalidPeriod
        return cls(
            kinds=_names(kinds),
            channels=_texts("channels", channels),
            types=_texts("types", types),
            statuses=_names(statuses),
            survey_kinds=_names(survey_kinds),
            open=open,
            since=period.from_ if period else None,
            until=period.to if period else None,
        )

    @cached_property
    def filters(self) -> dict[str, Any]:
        """The filters besides kinds, as the graph's functions name them."""
        return {
            "channels": self.channels,
            "types": self.types,
            "statuses": self.statuses,
            "survey_kinds": self.survey_kinds,
            "open": self.open,
        }

    @cached_property
    def plain(self) -> bool:
        """Whether nothing but kinds narrows the list."""
        return self.since is None and all(value is None for value in self.filters.values())

    @cached_property
    def known_kinds(self) -> tuple[str, ...] | None:
        """Those of the kinds that there can be entries of so far."""
        return None if self.kinds is None else tuple(kind for kind in KINDS if kind in self.kinds)

    @cached_property
    def nothing(self) -> bool:
        """Whether the arguments rule out every entry."""
        chosen = (self.known_kinds, self.channels, self.types, self.statuses, self.survey_kinds)
        return any(value is not None and not value for value in chosen)


@cache
def _of_kind(kind: TimelineKind | None) -> Asked:
    return Asked(kinds=None if kind is None else (kind.value,))


def _names(values: Sequence[Enum] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(dict.fromkeys(value.value for value in values))


def _texts(argument: str, values: Sequence[str] | None) -> tuple[str, ...] | None:
    if values is None:
        return None
    if len(values) > MOST_VALUES:
        raise TooMany.values(argument, len(values), MOST_VALUES)
    longest = max(map(len, values), default=0)
    if longest > LONGEST_VALUE:
        raise TooMany.characters(argument, longest, LONGEST_VALUE)
    return tuple(dict.fromkeys(values))


def entry_key(owned: OwnedEntry) -> str:
    """Where an entry stands in every list of a customer."""
    return page_key(owned.entry.at, owned.entry.id)


def hot_entries(profile: Profile, asked: Asked, wanted: Window) -> Sequence[OwnedEntry] | None:
    """The beginning of a list that the profile document holds, or None where it doesn't."""
    if not (wanted.at_start and wanted.size <= HOT_SET + 1 and asked.plain):
        return None
    kinds = asked.kinds
    if kinds is None or len(kinds) == 1:
        return profile.owned.get(kinds[0] if kinds else None, ())[: wanted.size]
    return [owned for owned in profile.owned[None] if owned.entry.__struct_config__.tag in kinds][: wanted.size]


def bounds(asked: Asked, wanted: Window) -> tuple[str | None, str | None]:
    """The exclusive bounds `low` and `high` of page_entries: the period, and the window with the rows at its own bounds."""
    low = [] if asked.since is None else [time_key(asked.since)]
    high = [] if asked.until is None else [time_key(asked.until)]
    if wanted.before is not None:
        low.append(f"{wanted.before[:-1]}{chr(ord(wanted.before[-1]) - 1)}{_BEHIND}")
    if wanted.after is not None:
        high.append(wanted.after + _BEHIND)
    return max(low, default=None), min(high, default=None)


def counted(facts: Facts, kinds: Sequence[str]) -> int:
    """How many entries of these kinds there are, from the folded facts."""
    return sum(getattr(facts, COUNTED[kind]) for kind in kinds)


def entry_listing(context: Context, profile: Profile, asked: Asked, *, name: str) -> Listing[OwnedEntry]:
    """The list of a customer's entries that `asked` selects, newest first."""

    def fetch(wanted: Window, /) -> Sequence[OwnedEntry]:
        if asked.nothing:
            return []
        hot = hot_entries(profile, asked, wanted)
        if hot is not None:
            return hot
        return context.ask((profile.id, asked, wanted), lambda: _load(context, profile, asked, wanted))

    def count() -> int | None:
        if asked.nothing:
            return 0
        if asked.plain:
            return counted(profile.facts, KINDS if asked.known_kinds is None else asked.known_kinds)
        return context.ask((profile.id, asked, "count"), lambda: _count(context, profile, asked))

    return Listing(name, fetch, entry_key, count)


async def _load(context: Context, profile: Profile, asked: Asked, wanted: Window) -> list[OwnedEntry]:
    low, high = bounds(asked, wanted)
    found = await page_entries(
        context.reader,
        profile.id,
        kinds=asked.known_kinds,
        low=low,
        high=high,
        limit=wanted.size,
        backwards=wanted.backwards,
        **asked.filters,
    )
    return [OwnedEntry(customer_id=profile.id, entry=entry) for entry in found]


async def _count(context: Context, profile: Profile, asked: Asked) -> int | None:
    low, high = bounds(asked, Window())
    return await count_entries(
        context.reader, profile.id, kinds=asked.known_kinds, low=low, high=high, cap=COUNT_CAP, **asked.filters
    )


def list_entries(context: Context, profile: Profile, asked: Asked, *, name: str, **arguments: Any) -> Any:
    """One page of a customer's entries; `arguments` are first, after, last and before."""
    return connect(context, entry_listing(context, profile, asked, name=name), **arguments)

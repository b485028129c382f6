"""Everything that happens to a customer, in the order of its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec

from graph.communications import Communication
from graph.feedback import Case, Review, SurveyResponse
from graph.purchases import Purchase
from graph.referrals import Referral
from graph.settled import settled
from graph.store import Reader


class Touchpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="TOUCHPOINT"):
    """One contact; `channel` and `campaign` are keys, `properties` is a JSON object as text."""

    id: str
    at: datetime
    channel: str
    type: str
    campaign: str | None = None
    session: str | None = None
    duration_seconds: int | None = None
    url: str | None = None
    sku: str | None = None
    properties: str | None = None


Entry = Touchpoint | Purchase | Review | SurveyResponse | Case | Communication | Referral

#: The kinds that have a list of their own in the profile document, by the tag of their record.
KINDS = ("TOUCHPOINT", "PURCHASE", "REVIEW", "SURVEY_RESPONSE", "CASE", "COMMUNICATION", "REFERRAL")


class OwnedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and the id of the customer whose it is."""

    customer_id: str
    entry: Entry


def page_key(at: datetime, entry_id: str) -> str:
    """Where an entry stands on its timeline: fixed-width UTC time, then id; what cursors carry and keys end with."""
    return f"{time_key(at)}/{entry_id}"


def time_key(at: datetime) -> str:
    """`at` (UTC) in a form whose alphabetical order is that of time: 20261123T170000.000000Z."""
    # strftime takes five times as long, and every event has a key.
    text = at.isoformat(timespec="microseconds")
    return f"{text[:4]}{text[5:7]}{text[8:13]}{text[14:16]}{text[17:26]}Z"


def newest_first(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries in the order of a timeline, ties by id: the order of their page keys."""
    return tuple(sorted(entries, key=attrgetter("at", "id"), reverse=True))


#: Bounds before and behind every page key.
LOWEST, HIGHEST = "", "~"


class EntryPage(msgspec.Struct, frozen=True, kw_only=True):
    version_before: int
    version_after: int
    entries: tuple[Entry, ...]


async def page_entries(
    reader: Reader,
    customer_id: str,
    *,
    limit: int,
    kinds: Sequence[str] | None = None,
    low: str | None = None,
    high: str | None = None,
    backwards: bool = False,
    channels: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    statuses: Sequence[str] | None = None,
    survey_kinds: Sequence[str] | None = None,
    open: bool | None = None,
) -> list[Entry]:
    """Up to `limit` entries of a customer between two exclusive bounds, the newest of them, or with `backwards` the oldest.

    They come newest first either way. A bound is a page key, or a time key: `low` then takes in that very moment, and `high`
    leaves it out. `kinds` of None is the whole timeline. A page costs the same anywhere on a timeline of any length; filters
    cost what they pass over. Unknown customers have no entries.
    """
    filters = _filters(channels=channels, types=types, statuses=statuses, survey_kinds=survey_kinds, open=open)
    asked = {"customer_id": customer_id, "limit": limit, "backwards": backwards, **_range(kinds, low, high), **filters}
    page = await settled(partial(reader.one, "timeline/page_entries", EntryPage, **asked))
    if page is None:
        return []
    found = newest_first(page.entries)
    return list(found[-limit:] if backwards else found[:limit])


class EntryCount(msgspec.Struct, frozen=True, kw_only=True):
    """`seen`: entries looked at, `matching`: those of them that pass the filters."""

    seen: int
    matching: int


async def count_entries(
    reader: Reader,
    customer_id: str,
    *,
    kinds: Sequence[str] | None = None,
    low: str | None = None,
    high: str | None = None,
    channels: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    statuses: Sequence[str] | None = None,
    survey_kinds: Sequence[str] | None = None,
    open: bool | None = None,
    cap: int = 10_000,
) -> int | None:
    """How many entries page_entries would go through; None when more than `cap` would have to be looked at."""
    filters = _filters(channels=channels, types=types, statuses=statuses, survey_kinds=survey_kinds, open=open)
    asked = {"customer_id": customer_id, "limit": cap + 1, **_range(kinds, low, high), **filters}
    counted = await reader.one("timeline/count_entries", EntryCount, **asked)
    if counted is None:
        return 0
    return None if counted.seen > cap else counted.matching


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """`position`: of the id in the question."""

    position: int
    customer_id: str
    entry: Entry


async def load_entries(reader: Reader, ids: Sequence[str]) -> list[OwnedEntry | None]:
    """The entry of each id, in order, with the customer whose it is now; None where there is no such entry."""
    found: list[OwnedEntry | None] = [None] * len(ids)
    for row in await reader.many("timeline/load_entries", EntryRow, ids=list(ids)):
        found[row.position] = OwnedEntry(customer_id=row.customer_id, entry=row.entry)
    return found


def _range(kinds: Sequence[str] | None, low: str | None, high: str | None) -> dict[str, Any]:
    return {
        "kinds": None if kinds is None else list(kinds),
        "low": LOWEST if low is None else low,
        "high": HIGHEST if high is None else high,
    }


def _filters(**given: Sequence[str] | bool | None) -> dict[str, Any]:
    return {name: value if value is None or isinstance(value, bool) else list(value) for name, value in given.items()}

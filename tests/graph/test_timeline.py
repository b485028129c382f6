"""Pages of a timeline against the whole of it, sorted and cut in Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from graph.customers import ProfileKey, load_profiles
from graph.events import record
from graph.events.inputs import TouchpointInput
from graph.store import Store
from graph.timeline import (
    KINDS,
    Entry,
    count_entries,
    load_entries,
    newest_first,
    page_entries,
    page_key,
    time_key,
)
from tests.graph.conftest import AskCypher
from tests.graph.histories import CHANNELS, TYPES, at, by_email, history

EVENTS = 150

EVERYTHING = """
MATCH (:Customer {id: $id})-[:IDENTIFIED_BY]->(:Identifier)-->(t:TimelineEntry)
RETURN t {.id, .kind, .channel, .type, .survey_kind, at: toString(t.at), open: t.closed_at IS NULL,
  status: coalesce(t.purchase_status, t.communication_status, t.referral_status)}
"""


@pytest.fixture
async def ann(graph: Store) -> str:
    """The id of a customer with three identifiers and EVENTS entries of all kinds; another one has some too."""
    outcome = await record(graph, [*history("ann", events=EVENTS, seed=1), *history("bob", events=30, seed=2)])
    assert not outcome.rejected
    [profile] = await load_profiles(graph, [ProfileKey.of("email", "ann@example.com")])
    assert profile is not None
    return profile.id


@pytest.fixture
async def whole(ask: AskCypher, ann: str) -> list[dict[str, Any]]:
    """All entries of that customer, newest first."""
    entries = await ask(EVERYTHING, id=ann)
    assert len(entries) == EVENTS
    return sorted(entries, key=key_of, reverse=True)


def key_of(entry: dict[str, Any]) -> str:
    return page_key(datetime.fromisoformat(entry["at"]).astimezone(UTC), entry["id"])


def selected(whole: Sequence[dict[str, Any]], *, low: str | None = None, high: str | None = None, **filters: Any) -> list[str]:
    """Ids of what a page's arguments ask for, in order, without its limit."""
    columns = {"kinds": "kind", "channels": "channel", "types": "type", "statuses": "status", "survey_kinds": "survey_kind"}
    found = []
    for entry in whole:
        inside = (low is None or key_of(entry) > low) and (high is None or key_of(entry) < high)
        chosen = all(entry[column] in filters[name] for name, column in columns.items() if filters.get(name) is not None)
        if inside and chosen and (filters.get("open") is None or entry["open"] == filters["open"]):
            found.append(entry["id"])
    return found


def ids(entries: Sequence[Entry]) -> list[str]:
    return [entry.id for entry in entries]


FILTERS: list[dict[str, Any]] = [
    {},
    {"kinds": ["TOUCHPOINT"]},
    {"kinds": ["PURCHASE", "REVIEW", "CASE"]},
    {"kinds": list(KINDS)},
    {"kinds": []},
    {"channels": [CHANNELS[0]]},
    {"kinds": ["TOUCHPOINT"], "types": [TYPES[0], TYPES[1]], "channels": CHANNELS[:2]},
    {"kinds": ["PURCHASE"], "statuses": ["PAID", "CANCELLED"]},
    {"kinds": ["COMMUNICATION"], "statuses": ["OPENED"]},
    {"kinds": ["SURVEY_RESPONSE"], "survey_kinds": ["NPS"]},
    {"kinds": ["CASE"], "open": True},
    {"kinds": ["CASE"], "open": False},
    {"types": ["nothing"]},
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
async def test_any_page_is_a_slice_of_the_whole(
    graph: Store, ann: str, whole: list[dict[str, Any]], filters: dict[str, Any]
) -> None:
    chance = random.Random(3)
    keys = [key_of(entry) for entry in whole] + [time_key(at(minute)) for minute in range(0, EVENTS // 3, 5)]
    for _ in range(12):
        low, high = chance.choice([None, *keys]), chance.choice([None, *keys])
        limit = chance.choice((1, 2, 7, 101))
        expected = selected(whole, low=low, high=high, **filters)
        page = await page_entries(graph, ann, low=low, high=high, limit=limit, **filters)
        assert ids(page) == expected[:limit]
        page = await page_entries(graph, ann, low=low, high=high, limit=limit, backwards=True, **filters)
        assert ids(page) == expected[-limit:]
        assert await count_entries(graph, ann, low=low, high=high, **filters) == len(expected)


async def test_walking_page_by_page_meets_everything_once(graph: Store, ann: str, whole: list[dict[str, Any]]) -> None:
    everything = selected(whole)
    for kinds in (None, list(KINDS)):
        forward: list[str] = []
        high = None
        while page := await page_entries(graph, ann, kinds=kinds, high=high, limit=7):
            forward += ids(page)
            high = page_key(page[-1].at, page[-1].id)
        assert forward == everything
        backward: list[str] = []
        low = None
        while page := await page_entries(graph, ann, kinds=kinds, low=low, limit=7, backwards=True):
            backward = ids(page) + backward
            low = page_key(page[0].at, page[0].id)
        assert backward == everything


async def test_a_time_as_low_bound_takes_that_moment_in_and_as_high_bound_leaves_it_out(graph: Store, ann: str) -> None:
    moment = at(10)
    assert await count_entries(graph, ann, low=time_key(moment), high=time_key(moment)) == 0
    from_then = await page_entries(graph, ann, low=time_key(moment), limit=EVENTS)
    until_then = await page_entries(graph, ann, high=time_key(moment), limit=EVENTS)
    assert min(entry.at for entry in from_then) == moment
    assert max(entry.at for entry in until_then) < moment
    assert len(from_then) + len(until_then) == EVENTS


async def test_counting_stops_at_the_cap(graph: Store, ann: str) -> None:
    assert await count_entries(graph, ann, cap=EVENTS) == EVENTS
    assert await count_entries(graph, ann, cap=EVENTS - 1) is None
    assert await count_entries(graph, ann, kinds=list(KINDS), cap=EVENTS - 1) is None
    # What is bounded is the work, so a filter makes no difference.
    assert await count_entries(graph, ann, types=["nothing"], cap=10) is None


async def test_unknown_customers_have_no_entries(graph: Store, ann: str) -> None:
    assert await page_entries(graph, "cus_unknown", limit=5) == []
    assert await count_entries(graph, "cus_unknown") == 0


async def test_entries_by_id_come_in_order_with_their_customer(graph: Store, ann: str) -> None:
    entries = await page_entries(graph, ann, limit=EVENTS)
    [bob] = await load_profiles(graph, [ProfileKey.of("email", "bob@example.com")])
    assert bob is not None
    asked = [bob.entries[0].id, "tou_unknown", *ids(entries), bob.entries[0].id]
    found = await load_entries(graph, asked)
    assert [each and each.entry.id for each in found] == [None if id == "tou_unknown" else id for id in asked]
    assert [each.entry for each in found[2:-1] if each] == entries
    assert {each.customer_id for each in found[2:-1] if each} == {ann}
    assert found[0] is not None
    assert found[0].customer_id == bob.id
    assert await load_entries(graph, []) == []


async def test_every_kind_says_all_it_knows(graph: Store, ann: str) -> None:
    """All three statements that give entries give the same."""
    entries = await page_entries(graph, ann, limit=EVENTS)
    assert {entry.__struct_config__.tag for entry in entries} == set(KINDS)
    assert newest_first(entries) == tuple(entries)
    [profile] = await load_profiles(graph, [ProfileKey(id=ann)])
    assert profile is not None
    by_id = {entry.id: entry for entry in entries}
    assert all(by_id[entry.id] == entry for entry in profile.entries)


async def test_times_of_any_form_keep_their_place(graph: Store) -> None:
    """Neo4j prints times with as many decimals as there are; keys have six."""
    times = [
        at(0),
        at(0).replace(microsecond=1),
        at(0).replace(microsecond=500_000),
        at(0).replace(second=1),
        at(0).replace(second=10),
    ]
    events = [
        TouchpointInput(id=str(n), source="t", at=time, customer=by_email("ann"), channel="web", type="x")
        for n, time in enumerate(times)
    ]
    await record(graph, events)
    [profile] = await load_profiles(graph, [ProfileKey.of("email", "ann@example.com")])
    assert profile is not None
    page = await page_entries(graph, profile.id, limit=10)
    assert [entry.at for entry in page] == times[::-1]
    for entry in page:
        assert ids(await page_entries(graph, profile.id, limit=10, high=page_key(entry.at, entry.id))) == [
            other.id for other in page if other.at < entry.at
        ]

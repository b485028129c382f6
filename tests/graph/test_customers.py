"""The profile document against what the graph holds, under writers, and lists of customers against sorting in Python."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import datetime
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from graph.customers import (
    COUNTED,
    HOT_SET,
    CustomerOrder,
    CustomerRow,
    Facts,
    Parts,
    Profile,
    ProfileKey,
    count_customers,
    load_profiles,
    page_customers,
)
from graph.customers.profiles import TORN_ATTEMPTS, ProfileRow, ProfileRows
from graph.errors import StoreUnavailable
from graph.events import record
from graph.events.inputs import TouchpointInput
from graph.settled import ATTEMPTS, settled
from graph.store import Reader, Store
from graph.timeline import KINDS, page_entries
from tests.graph.conftest import AskCypher
from tests.graph.histories import SOURCE, at, by_email, history
from tests.happenings import touchpoint, user

Record = TypeVar("Record")


async def load(reader: Reader, name: str) -> Profile:
    [profile] = await load_profiles(reader, [ProfileKey.of("email", f"{name}@example.com")])
    assert profile is not None
    return profile


@pytest.fixture
async def ann(graph: Store) -> Profile:
    """A customer with more of most kinds than the document holds."""
    outcome = await record(graph, [*history("ann", events=250, seed=7), *history("bob", events=10, seed=8)])
    assert not outcome.rejected
    return await load(graph, "ann")


async def test_holds_the_newest_of_each_kind_and_of_all(graph: Store, ann: Profile) -> None:
    everything = await page_entries(graph, ann.id, limit=1_000)
    assert len(everything) == 250
    expected = set(everything[: HOT_SET + 1])
    for kind in KINDS:
        expected.update([entry for entry in everything if entry.__struct_config__.tag == kind][: HOT_SET + 1])
    assert list(ann.entries) == [entry for entry in everything if entry in expected]
    assert ann.entries[: HOT_SET + 1] == tuple(everything[: HOT_SET + 1])


async def test_facts_are_those_of_the_entries(graph: Store, ann: Profile) -> None:
    everything = await page_entries(graph, ann.id, limit=1_000)
    kinds = Counter(entry.__struct_config__.tag for entry in everything)
    facts = ann.facts
    assert (facts.touchpoints, facts.purchases, facts.reviews) == (kinds["TOUCHPOINT"], kinds["PURCHASE"], kinds["REVIEW"])
    assert (facts.survey_responses, facts.cases) == (kinds["SURVEY_RESPONSE"], kinds["CASE"])
    assert (facts.communications, facts.referrals) == (kinds["COMMUNICATION"], kinds["REFERRAL"])
    orders = [each for each in everything if each.__struct_config__.tag == "PURCHASE" and each.purchase_status != "CANCELLED"]  # type: ignore[union-attr]
    assert facts.orders == len(orders)
    revenue: Counter[str] = Counter()
    for order in orders:
        revenue[order.total.currency] += order.total.amount  # type: ignore[union-attr]
    assert facts.revenue == dict(revenue)
    assert facts.refunds == {}
    assert facts.first_purchase_at == min(order.at for order in orders)
    assert facts.last_purchase_at == max(order.at for order in orders)


async def test_channels_are_folded_over_the_identifiers(graph: Store, ann: Profile) -> None:
    everything = await page_entries(graph, ann.id, limit=1_000)
    for use in ann.channels:
        on_it = [each for each in everything if each.channel == use.channel]
        touchpoints = [each for each in on_it if each.__struct_config__.tag == "TOUCHPOINT"]
        purchases = [each for each in on_it if each.__struct_config__.tag == "PURCHASE"]
        assert (use.touchpoints, use.purchases) == (len(touchpoints), len(purchases))
    used = {each.channel for each in everything if each.__struct_config__.tag in ("TOUCHPOINT", "PURCHASE")}
    assert used <= {use.channel for use in ann.channels}
    assert [use.channel for use in ann.channels] == sorted(use.channel for use in ann.channels)


async def test_identifiers_come_oldest_first(ann: Profile) -> None:
    assert {(each.type, each.value) for each in ann.identifiers} == {
        ("user_id", "ann"),
        ("email", "ann@example.com"),
        ("device", "ann-phone"),
    }
    assert [each.first_seen_at for each in ann.identifiers] == sorted(each.first_seen_at for each in ann.identifiers)
    assert ann.name == "Ann"
    assert ann.first_seen_at == at(0)


async def test_keys_of_all_kinds_find_the_same_customer(graph: Store, ann: Profile, ask: AskCypher) -> None:
    given = await ask("MATCH (:Customer {id: $id})-[:IDENTIFIED_BY]->(i) RETURN i.customer_id", id=ann.id)
    assert len(given) == 3
    keys = [ProfileKey(id=id) for id in given]
    keys += [ProfileKey.of("email", " ANN@Example.com "), ProfileKey.of("user_id", "ann"), ProfileKey.of("device", "ann-phone")]
    unknown = [
        ProfileKey(id="cus_unknown"),
        ProfileKey.of("email", "nobody@example.com"),
        ProfileKey.of("user_id", "ANN"),
        ProfileKey(),
    ]
    bob = await load(graph, "bob")
    asked = [*unknown, *keys, ProfileKey(id=bob.id), *keys[:1]]
    found = await load_profiles(graph, asked)
    assert found == [None] * len(unknown) + [ann] * len(keys) + [bob, ann]
    assert await load_profiles(graph, []) == []


async def test_parts_switched_off_stay_empty(graph: Store, ann: Profile) -> None:
    key = ProfileKey(id=ann.id)
    [bare] = await load_profiles(
        graph, [key], parts=Parts(kinds=(), channels=False, carts=False, referred_by=False, provenance=False)
    )
    assert bare is not None
    assert (bare.entries, bare.channels, bare.carts, bare.referred_by, bare.trait_states) == ((), (), (), None, ())
    assert (bare.facts, bare.identifiers, bare.name) == (ann.facts, ann.identifiers, ann.name)
    [reviews] = await load_profiles(graph, [key], parts=Parts(kinds=("REVIEW",)))
    assert reviews is not None
    assert reviews.entries == tuple(each for each in ann.entries if each.__struct_config__.tag == "REVIEW")


async def test_a_profile_is_of_one_version_whatever_is_written_meanwhile(graph: Store) -> None:
    """Facts, the newest entry and the version are raised by each write together, so they tell of one another."""
    writing = asyncio.Semaphore(0)
    versions: set[int] = set()

    async def write() -> None:
        for number in range(1, HOT_SET + 1):
            touchpoint = TouchpointInput(
                id=str(number), source=SOURCE, at=at(number), customer=by_email("ann"), channel="web", type=str(number)
            )
            await record(graph, [touchpoint])
        writing.release()

    async def read() -> None:
        while writing.locked():
            [profile] = await load_profiles(graph, [ProfileKey.of("email", "ann@example.com")])
            if profile is not None:
                versions.add(profile.version)
                count = profile.facts.touchpoints
                assert [entry.type for entry in profile.entries] == [str(number) for number in range(count, 0, -1)]  # type: ignore[union-attr]
                assert [use.touchpoints for use in profile.channels] == [count] * (count > 0)

    await asyncio.gather(write(), *(read() for _ in range(3)))
    assert len(versions) > 1
    assert (await load(graph, "ann")).facts.touchpoints == HOT_SET


async def test_facts_that_are_wrong_do_not_keep_a_customer_from_being_read(graph: Store, ask: AskCypher) -> None:
    await record(graph, history("ann", events=3, seed=1))
    await ask("MATCH (c:Customer) SET c.reviews = 100, c.carts = 7")
    profile = await load(graph, "ann")
    assert (profile.facts.reviews, profile.facts.carts, len(profile.entries), profile.carts) == (100, 7, 3, ())


def test_every_kind_is_counted_by_a_fact() -> None:
    assert tuple(COUNTED) == KINDS
    assert set(COUNTED.values()) < set(Facts.__struct_fields__)


class Meddling:
    """The store itself, but whenever it has read a profile the customer turns out to have changed, `times` times over."""

    def __init__(self, store: Store, times: int) -> None:
        self.store = store
        self.times = times
        self.asked: list[int] = []

    async def one(self, name: str, record: type[Record], /, **parameters: Any) -> Record | None:
        found: Any = await self.store.one(name, record, **parameters)
        self.asked.append(len(parameters["keys"]))
        if len(self.asked) <= self.times:
            first, *others = found.rows
            found = ProfileRows(rows=(self.meddled(first), *others))
        return found  # type: ignore[no-any-return]

    async def many(self, name: str, record: type[Record], /, **parameters: Any) -> list[Record]:
        return await self.store.many(name, record, **parameters)

    def meddled(self, row: ProfileRow) -> ProfileRow:
        return replace(row, version_after=-1)


async def test_only_what_moved_is_read_again(graph: Store, ann: Profile) -> None:
    bob = await load(graph, "bob")
    reader = Meddling(graph, times=3)
    found = await load_profiles(reader, [ProfileKey(id=ann.id), ProfileKey(id=bob.id), ProfileKey(id="cus_unknown")])
    assert found == [ann, bob, None]
    assert reader.asked == [3, 1, 1, 1]


async def test_a_customer_that_never_rests_is_an_error_not_a_mixture(graph: Store, ann: Profile) -> None:
    reader = Meddling(graph, times=1_000)
    with pytest.raises(StoreUnavailable, match="try again"):
        await load_profiles(reader, [ProfileKey(id=ann.id)])
    assert len(reader.asked) == ATTEMPTS


class Early(Meddling):
    """The store itself, but `times` times over uses of channels are read that its facts don't count yet."""

    def meddled(self, row: ProfileRow) -> ProfileRow:
        more = [replace(each, touchpoints=each.touchpoints + 1) for each in row.profile.channels]
        return replace(row, profile=replace(row.profile, channels=tuple(more)))


async def test_what_does_not_agree_with_itself_is_read_again(graph: Store) -> None:
    await record(graph, [touchpoint("1", 1, user("ana")), touchpoint("2", 2, user("ana"), channel="app")])
    key = ProfileKey.of("user_id", "ana")
    whole = await load_profiles(graph, [key])
    assert whole[0] is not None and whole[0].facts.touchpoints == 2
    reader = Early(graph, times=2)
    assert await load_profiles(reader, [key]) == whole
    assert len(reader.asked) == 3
    # Facts that never agree are for `c360 doctor` to find; the profile is shown.
    reader = Early(graph, times=1_000)
    assert (await load_profiles(reader, [key]))[0] is not None
    assert len(reader.asked) == TORN_ATTEMPTS + 1


async def test_settled_reads_until_nothing_moved() -> None:
    class Row:
        def __init__(self, before: int, after: int) -> None:
            self.version_before, self.version_after = before, after

    rows = iter([Row(1, 2), Row(2, 3), Row(3, 3), Row(9, 9)])

    async def read() -> Row | None:
        return next(rows)

    found = await settled(read)
    assert found is not None
    assert found.version_after == 3


# ── lists ──

NAMES = ["Ann", "ann", "Bea", "Érik", "山田", "", "Zoë", "bea"]


@pytest.fixture
async def crowd(graph: Store, ask: AskCypher) -> list[dict[str, Any]]:
    """60 customers, of whom many share a name, a revenue and a time, as the graph holds them."""
    chance = random.Random(4)
    rows = [
        {
            "id": f"cus_{number:032x}",
            "name_key": (chance.choice(NAMES) or "~").casefold(),
            "revenue": chance.choice([0, 0, 0, 5, -5, 2**53]),
            "seen": f"2026-01-0{chance.randrange(1, 4)}T00:00:0{chance.choice(['0Z', '0.5Z', '0.000001Z', '7Z'])}",
        }
        for number in range(60)
    ]
    await ask(
        "UNWIND $rows AS row CREATE (:Customer {id: row.id, version: 1, name_key: row.name_key, revenue: row.revenue,"
        " search_text: '', last_seen_at: datetime(row.seen), first_seen_at: datetime(row.seen)})",
        rows=rows,
    )
    return rows


def in_order(rows: list[dict[str, Any]], order: CustomerOrder) -> list[str]:
    column = {CustomerOrder.NAME_ASC: "name_key", CustomerOrder.REVENUE_DESC: "revenue"}.get(order, "seen")

    def place(row: dict[str, Any]) -> tuple[Any, str]:
        return (datetime.fromisoformat(row[column]) if column == "seen" else row[column]), row["id"]

    return [row["id"] for row in sorted(rows, key=place, reverse=order is not CustomerOrder.NAME_ASC)]


@pytest.mark.parametrize("order", CustomerOrder)
async def test_any_page_of_customers_is_a_slice_of_the_whole(
    graph: Store, crowd: list[dict[str, Any]], order: CustomerOrder
) -> None:
    expected = in_order(crowd, order)
    assert await count_customers(graph) == len(expected)
    whole = await page_customers(graph, order, limit=1_000)
    assert [row.id for row in whole] == expected
    assert await page_customers(graph, order, limit=1_000, backwards=True) == whole
    chance = random.Random(5)
    for _ in range(15):
        start, stop = chance.choice([None, *range(60)]), chance.choice([None, *range(60)])
        after, before = start if start is None else whole[start], stop if stop is None else whole[stop]
        inside = whole[0 if start is None else start + 1 : stop]
        limit = chance.choice([1, 5, 100])
        assert await page_customers(graph, order, limit=limit, after=after, before=before) == inside[:limit]
        found = await page_customers(graph, order, limit=limit, after=after, before=before, backwards=True)
        assert found == inside[-limit:]


@pytest.mark.parametrize("order", CustomerOrder)
async def test_a_bound_need_not_be_there_any_more(graph: Store, crowd: list[dict[str, Any]], order: CustomerOrder) -> None:
    whole = await page_customers(graph, order, limit=1_000)
    gone = CustomerRow(id=f"{whole[30].id}0", key=whole[30].key)
    rising = order is CustomerOrder.NAME_ASC
    behind = whole[31:] if rising else whole[30:]
    assert await page_customers(graph, order, limit=100, after=gone) == behind
    assert await page_customers(graph, order, limit=100, before=gone, backwards=True) == whole[: len(whole) - len(behind)]
    assert await page_customers(graph, order, limit=100, before=gone) == whole[: len(whole) - len(behind)]


async def test_an_empty_graph_has_no_customers(graph: Store) -> None:
    assert await count_customers(graph) == 0
    assert await page_customers(graph, CustomerOrder.LAST_SEEN_DESC, limit=5) == []

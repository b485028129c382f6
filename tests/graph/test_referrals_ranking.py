"""Advocates ranked, and the figures of the program, against brute force; totals follow their marks and come out exact."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from graph.doctor import examine
from graph.events import record
from graph.events.inputs import Event
from graph.referrals import judging, ranking, totals
from graph.referrals.ranking import (
    AdvocateOrder,
    AdvocateRow,
    Place,
    TooMuch,
    count_advocates,
    count_customers_seen,
    find_longest_chain,
    find_median_days,
    find_program,
    find_referred_revenue,
    rank_advocates,
)
from graph.referrals.spans import Span
from graph.referrals.totals import find_marks, follow, follow_all
from graph.store import Store
from tests.graph.conftest import AskCypher
from tests.graph.test_referrals_life import buy, profile, told
from tests.graph.test_referrals_networks import PERIOD, RULE, brings, names_of, told_by_chance
from tests.happenings import at, identify
from tests.referral_oracle import Oracle, Period, Ranked, history, reviews

pytestmark = pytest.mark.usefixtures("graph")

WEIGHTS = {"USD": 1.0, "EUR": 1.25}


async def ranked(
    store: Store, names: dict[str, str], order: AdvocateOrder, period: Period | None = None, **more: Any
) -> list[Ranked]:
    """By rank, those with as much in the order of their names."""
    span = None if period is None else Span(*period)
    rows = await rank_advocates(store, order, limit=100, span=span, weights=WEIGHTS, **more)
    keys = [(row.key, row.customer) for row in rows]
    assert keys == sorted(keys, reverse=True)
    found = [
        Ranked(row.key, names[row.customer], row.invited, row.accepted, row.converted, row.network_size, dict(row.net))
        for row in rows
    ]
    return sorted(found, key=lambda each: (-each.key, each.name))


@pytest.mark.parametrize("seed", range(4))
async def test_advocates_and_the_program_are_what_brute_force_says(graph: Store, seed: int) -> None:
    events = history(seed + 100)
    seen = reviews(seed, events)
    oracle = Oracle([*events, *seen], RULE)
    await told_by_chance(graph, events, seed)
    await told_by_chance(graph, seen, seed)
    await follow_all(graph, weights=WEIGHTS)
    names = await names_of(graph, oracle)
    assert await examine(graph, rule=RULE) == []
    for order in AdvocateOrder:
        for period in (None, PERIOD):
            assert await ranked(graph, names, order, period) == oracle.ranked(order.name, WEIGHTS, period), (order, period)
    assert await count_advocates(graph) == len(oracle.ranked("CONVERTED", WEIGHTS))
    for period in (None, PERIOD):
        span = None if period is None else Span(*period)
        found, expected = await find_program(graph, span), oracle.program(period)
        for name in ("invited", "advocates", "accepted", "qualified", "rejected"):
            assert getattr(found, name) == expected[name], name
        assert await find_median_days(graph, span) == pytest.approx(expected["median"])
        assert await find_longest_chain(graph, span) == expected["longest"]
        assert await find_referred_revenue(graph, span) == expected["net"]
    assert await count_customers_seen(graph, Span(at(0), at(100_000))) == len(names)


@pytest.mark.parametrize("seed", range(3))
async def test_totals_made_between_the_writes_come_out_the_same(graph: Store, seed: int) -> None:
    """Marks are followed, some of them, after any of the writes; merges and refunds make numbers fall again."""
    chance = random.Random(seed)
    events = history(seed + 200, merges=4)
    rest = list(events)
    while rest:
        size = chance.randint(1, 15)
        batch, rest = rest[:size], rest[size:]
        assert (await record(graph, batch, rule=RULE)).rejected == ()
        for _ in range(chance.randrange(3)):
            await follow(graph, await find_marks(graph), weights=WEIGHTS)
    await follow_all(graph, weights=WEIGHTS)
    assert await examine(graph, rule=RULE) == []
    oracle = Oracle(events, RULE)
    names = await names_of(graph, oracle)
    assert await ranked(graph, names, AdvocateOrder.NETWORK_REVENUE) == oracle.ranked("NETWORK_REVENUE", WEIGHTS)


async def test_several_follow_while_others_write(graph: Store) -> None:
    events = history(7, people=20, referrals=40, purchases=60)
    done = False

    async def following() -> None:
        while not done:
            await follow(graph, await find_marks(graph), weights=WEIGHTS)

    async def writing(part: list[Event]) -> None:
        for start in range(0, len(part), 3):
            assert (await record(graph, part[start : start + 3], rule=RULE)).rejected == ()

    followers = [asyncio.create_task(following()) for _ in range(3)]
    await asyncio.gather(*(writing(events[number::4]) for number in range(4)))
    done = True
    await asyncio.gather(*followers)
    await follow_all(graph, weights=WEIGHTS)
    assert await examine(graph, rule=RULE) == []
    oracle = Oracle(events, RULE)
    names = await names_of(graph, oracle)
    assert await ranked(graph, names, AdvocateOrder.NETWORK_SIZE) == oracle.ranked("NETWORK_SIZE", WEIGHTS)


async def test_totals_lag_until_marks_are_followed(graph: Store, ask: AskCypher) -> None:
    await told(graph, [*brings(0, 1), *brings(1, 2), buy("1", 5, 2_700, friend="u02")])
    assert await rank_advocates(graph, AdvocateOrder.NETWORK_SIZE, limit=9, weights=WEIGHTS) == []
    marks = await find_marks(graph)
    first, second, third = [(await profile(graph, f"u0{number}")).id for number in range(3)]
    assert set(marks.customers) == {first, second} and marks.since is not None
    await follow_all(graph, weights=WEIGHTS)
    rows = await rank_advocates(graph, AdvocateOrder.NETWORK_SIZE, limit=9, weights=WEIGHTS)
    assert [(row.customer, row.network_size, row.net) for row in rows] == [
        (first, 2, (("USD", 2_700),)),
        (second, 1, (("USD", 2_700),)),
    ]
    assert (await find_marks(graph)).marked == ()
    # What changes nothing leaves none.
    await told(graph, [buy("2", 6, 3_000, friend="u00")])
    assert (await find_marks(graph)).marked == ()
    # A merge takes somebody away below the first, and makes one of two.
    await told(graph, [identify("m", 9, ("user_id", "u00"), ("user_id", "u01"))])
    await follow_all(graph, weights=WEIGHTS)
    (row,) = await rank_advocates(graph, AdvocateOrder.NETWORK_REVENUE, limit=9, weights=WEIGHTS)
    assert (row.accepted, row.network_size, row.net, row.key) == (1, 1, (("USD", 2_700),), 2_700)
    assert await examine(graph) == []
    await ask("MATCH (c:Customer {id: $id}) SET c.network_size = 5, c.below_EUR = 1", id=row.customer)
    assert [(each.what, each.where) for each in await examine(graph)] == [
        ("network below_EUR", row.customer),
        ("network network_size", row.customer),
    ]
    assert third


async def test_pages_go_on_behind_a_place(graph: Store) -> None:
    await told(graph, [event for number in range(1, 9) for event in brings(number // 2, number)])
    await follow_all(graph, weights=WEIGHTS)
    for order in AdvocateOrder:
        for span in (None, Span(at(0), at(99))):

            async def page(limit: int, after: Place | None = None, order: Any = order, span: Any = span) -> list[AdvocateRow]:
                return await rank_advocates(graph, order, limit=limit, after=after, span=span, weights=WEIGHTS)

            whole = await page(100)
            assert len(whole) == 5
            found = await page(2)
            while rest := await page(2, Place(len(found), found[-1].key, found[-1].customer)):
                found += rest
            assert found == whole


async def test_a_period_with_too_much_is_refused(graph: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await told(graph, [buy(str(number), number, 100) for number in range(4)])
    monkeypatch.setattr(ranking, "MOST_IN_PERIOD", 2)
    order = AdvocateOrder.CONVERTED
    with pytest.raises(TooMuch):
        await rank_advocates(graph, order, limit=9, span=Span(at(0), at(3)), weights=WEIGHTS)
    with pytest.raises(TooMuch):
        await find_longest_chain(graph, Span(at(0), at(3)))
    assert await rank_advocates(graph, order, limit=9, span=Span(at(0), at(2)), weights=WEIGHTS) == []
    assert await count_customers_seen(graph, Span(at(0), at(1))) == 1
    assert await count_customers_seen(graph, Span(at(0), at(0))) == 0
    # Two acceptances and a purchase.
    middle = Span(at(1.2), at(3))
    assert await rank_advocates(graph, order, limit=9, span=middle, weights=WEIGHTS) == []
    await told(graph, [*brings(0, 1), *brings(1, 2)])
    with pytest.raises(TooMuch):
        await rank_advocates(graph, order, limit=9, span=middle, weights=WEIGHTS)


@pytest.mark.parametrize(
    ("label", "module", "find"),
    [("NetworkMark", totals, totals.find_marks), ("SuspicionMark", judging, judging.find_suspicion_marks)],
)
async def test_the_oldest_marks_come_first(
    graph: Store, ask: AskCypher, monkeypatch: pytest.MonkeyPatch, label: str, module: ModuleType, find: Any
) -> None:
    monkeypatch.setattr(module, "AT_A_TIME", 2)
    await ask(
        "UNWIND [['a', 3], ['b', 2], ['c', 1], ['a', 4]] AS mark "
        f"CREATE (:{label} {{customer: mark[0], at: datetime({{year: 2026, month: 1, day: mark[1]}})}})"
    )
    found = await find(graph)
    assert (set(found.marked), found.since) == ({"b", "c"}, datetime(2026, 1, 1, tzinfo=UTC))
    await ask(f"MATCH (m:{label}) WHERE m.customer <> 'a' DELETE m")
    found = await find(graph)
    assert (found.marked, found.since) == (("a",), datetime(2026, 1, 3, tzinfo=UTC))

"""Writers that overtake each other between reading and locking: what chance would hardly ever show is made to happen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from graph.customers import load_profiles
from graph.customers.records import ProfileKey
from graph.doctor import examine
from graph.events import Outcome, locks, record
from graph.events.inputs import Event
from graph.events.locks import hold
from graph.feedback import Review
from graph.store import Store
from tests.graph.test_events import keep, profile, told
from tests.happenings import accept, at, cart, identify, invite, purchase, refund, review, status, touchpoint, user

ANA, BEN, CLEO, DAN = (user(name) for name in ("ana", "ben", "cleo", "dan"))


@pytest.fixture
def overtaken(graph: Store, monkeypatch: pytest.MonkeyPatch) -> Overtaken:
    return Overtaken(graph, monkeypatch)


class Overtaken:
    """Runs calls so that each has read what it rests on, and holds nothing yet, when the next one comes and goes."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self._store = store
        self._next: list[Sequence[Event]] = []
        self.outcomes: list[Outcome] = []
        self.seen: list[Seen] = []
        monkeypatch.setattr("graph.events.keep.hold", self._hold)

    async def __call__(self, *calls: Sequence[Event]) -> None:
        first, *self._next = calls
        await self._record(first)
        assert not self._next, "every call was made"

    async def _hold(self, *arguments: object) -> dict[str, int]:
        if self._next:
            overtaking = self._next.pop(0)
            await self._record(overtaking)
        return await hold(*arguments)  # type: ignore[arg-type]

    async def _record(self, call: Sequence[Event]) -> None:
        self.outcomes.append(await record(self._store, call, weights={"USD": 1.0}))
        self.seen.append(await purchases_told_of(self._store))


Seen = dict[str, tuple[int, list[str | None]]]


async def purchases_told_of(store: Store) -> Seen:
    """For ben and cleo the version of the profile, and the purchases that its carts and reviews tell of."""
    found: Seen = {}
    for name in ("ben", "cleo"):
        (each,) = await load_profiles(store, [ProfileKey.of("user_id", name)])
        if each is not None:
            reviews = [entry.purchase_id for entry in each.entries if isinstance(entry, Review)]
            found[name] = each.version, [*(cart.purchase_id for cart in each.carts), *reviews]
    return found


async def story(store: Store, *names: str) -> list[object]:
    return [told(await profile(store, name)) for name in names]


BOUGHT = [touchpoint("t", 0, ANA), purchase("p", 1, ANA, "p1", "30")]
PAID, REFUNDED = status("s", 2, "p1", "PAID"), refund("r", 3, "p1", "12.50")


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        (BOUGHT, ([PAID], [REFUNDED])),
        (BOUGHT[:1], ([REFUNDED], BOUGHT[1:])),
        (BOUGHT[:1], (BOUGHT[1:], [REFUNDED])),
        (BOUGHT[:1], ([REFUNDED], [PAID], BOUGHT[1:])),
        ([*BOUGHT[:1], PAID], (BOUGHT[1:], [REFUNDED])),
        ([*BOUGHT[:1], PAID], ([REFUNDED], BOUGHT[1:])),
        (BOUGHT, ([REFUNDED], [REFUNDED])),
        ([], (BOUGHT, BOUGHT)),
        ([cart("c", 0, ANA, "c1", "s1")], ([cart("d", 1, ANA, "c1", "s2", step="paid")], [cart("e", 2, ANA, "c1", "s3")])),
        (BOUGHT, ([PAID], [identify("i", 4, ("user_id", "ana"), ("user_id", "ben"))], [touchpoint("u", 5, BEN)])),
    ],
)
async def test_who_overtakes_whom_makes_no_difference_to_what_is_told(
    graph: Store, overtaken: Overtaken, before: list[Event], calls: Sequence[list[Event]]
) -> None:
    if before:
        await keep(graph, before)
    await overtaken(*calls)
    events = {event.id for call in calls for event in call}
    assert sum(outcome.accepted for outcome in overtaken.outcomes) == len(events)
    assert await examine(graph) == []
    found = await story(graph, "ana")
    await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
    await keep(graph, [*before, *(event for call in calls for event in call)])
    assert await story(graph, "ana") == found


BEN_S = [purchase("q", 0.5, BEN, "p1", "20", channel="app")]


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        ([*BOUGHT, touchpoint("u", 0, BEN)], ([PAID], BEN_S)),
        ([*BOUGHT, touchpoint("u", 0, BEN)], (BEN_S, [REFUNDED])),
        (BOUGHT, (BEN_S, [PAID], [touchpoint("u", 0, BEN)])),
        (BOUGHT[:1], (BEN_S, BOUGHT[1:])),
        (BOUGHT, (BEN_S, [identify("i", 4, ("user_id", "ana"), ("user_id", "cleo"))])),
    ],
)
async def test_what_overtakes_an_earlier_owner_goes_with_the_thing(
    graph: Store, overtaken: Overtaken, before: list[Event], calls: Sequence[list[Event]]
) -> None:
    await keep(graph, before)
    await overtaken(*calls)
    assert await examine(graph) == []
    found = await story(graph, "ana", "ben")
    assert (await profile(graph, "ben")).facts.purchases == 1
    await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
    await keep(graph, [*before, *(event for call in calls for event in call)])
    assert await story(graph, "ana", "ben") == found


BY_BEN = [review("v", 2, BEN, 5, purchase="p1")]


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        ([cart("c", 0, BEN, "c1", "s1")], ([status("s", 2, "p1", "PAID")], [purchase("p", 1, ANA, "p1", cart="c1")])),
        ([touchpoint("t", 0, BEN)], ([purchase("p", 1, ANA, "p1", cart="c1")], [cart("c", 0, BEN, "c1", "s1")])),
        ([touchpoint("t", 0, BEN)], ([cart("c", 0, BEN, "c1", "s1")], [purchase("p", 1, ANA, "p1", cart="c1")])),
        ([touchpoint("t", 0, BEN)], ([purchase("p", 1, ANA, "p1")], BY_BEN)),
        ([touchpoint("t", 0, BEN)], (BY_BEN, [purchase("p", 1, ANA, "p1")])),
        ([touchpoint("t", 0, BEN), *BY_BEN], ([purchase("p", 1, ANA, "p1")], [review("w", 3, CLEO, 4, purchase="p1")])),
        ([touchpoint("t", 0, BEN), *BY_BEN], ([review("w", 3, CLEO, 4, purchase="p1")], [purchase("p", 1, ANA, "p1")])),
        (
            [cart("c", 0, BEN, "c1", "s1"), purchase("p", 1, ANA, "p1", cart="c1")],
            ([purchase("q", 2, ANA, "p1", cart="c2")], [cart("d", 3, CLEO, "c2", "s1")]),
        ),
    ],
)
async def test_whose_profile_tells_of_another_ones_purchase_has_a_new_version_when_that_comes_or_goes(
    graph: Store, overtaken: Overtaken, before: list[Event], calls: Sequence[list[Event]]
) -> None:
    await keep(graph, before)
    cached = await purchases_told_of(graph)
    await overtaken(*calls)
    for now in overtaken.seen:
        for name, (version, told_of) in now.items():
            assert name not in cached or told_of == cached[name][1] or version > cached[name][0]
        cached = now
    assert await examine(graph) == []
    await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
    await keep(graph, [*before, *(event for call in calls for event in call)])
    in_one_go = await purchases_told_of(graph)
    assert {name: told_of for name, (_, told_of) in in_one_go.items()} == {name: told_of for name, (_, told_of) in cached.items()}


async def test_two_friends_who_use_one_code_at_once_are_two_referrals(graph: Store, overtaken: Overtaken) -> None:
    await keep(graph, [invite("i", 0, ANA, "CODE"), touchpoint("b", 0, BEN), touchpoint("c", 0, CLEO)])
    await overtaken([accept("1", 1, "CODE", BEN)], [accept("2", 2, "CODE", CLEO)])
    ana, ben, cleo = [await profile(graph, name) for name in ("ana", "ben", "cleo")]
    assert ana.facts.referrals == 2
    assert ben.referred_by and cleo.referred_by and ben.referred_by.id != cleo.referred_by.id
    assert await examine(graph) == []


@pytest.mark.parametrize("accepted_first", [True, False])
async def test_an_acceptance_and_its_invitation_at_once_find_each_other(
    graph: Store, overtaken: Overtaken, accepted_first: bool
) -> None:
    await keep(graph, [touchpoint("a", 0, ANA), touchpoint("b", 0, BEN)])
    calls = ([accept("1", 1, "CODE", BEN)], [invite("i", 0, ANA, "CODE")])
    await overtaken(*(calls if accepted_first else reversed(calls)))
    ben = await profile(graph, "ben")
    assert ben.referred_by and ben.referred_by.referral_status == "ACCEPTED"


async def test_acceptances_that_would_close_a_ring_together_do_not(graph: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """ana brings ben, and cleo dan, have read their roots when dan brings ana and ben cleo; then the first two go on at once."""
    names = ("ana", "ben", "cleo", "dan")
    people: list[Event] = [touchpoint(name, 0, user(name)) for name in names]
    await keep(graph, [*people, *(invite(f"i-{name}", 0, user(name), name.upper()) for name in names)])
    overtake, read, held = asyncio.Event(), asyncio.Barrier(3), asyncio.Barrier(2)

    async def trees(*arguments: Any) -> Any:
        found = await find_trees(*arguments)
        if not overtake.is_set():
            await read.wait()
            await overtake.wait()
        return found

    async def both_hold(*arguments: Any) -> dict[str, int]:
        versions = await hold(*arguments)
        # Without the question that is asked again both get here, and neither sees what the other one writes.
        with contextlib.suppress(TimeoutError, asyncio.BrokenBarrierError):
            await asyncio.wait_for(held.wait(), 0.5)
        return versions

    find_trees = locks._trees
    monkeypatch.setattr(locks, "_trees", trees)
    monkeypatch.setattr("graph.events.keep.hold", both_hold)
    first, second = [
        asyncio.create_task(keep(graph, [each])) for each in (accept("1", 1, "ANA", BEN), accept("2", 2, "CLEO", DAN))
    ]
    await read.wait()
    monkeypatch.setattr(locks, "_trees", find_trees)
    monkeypatch.setattr("graph.events.keep.hold", hold)
    await keep(graph, [accept("3", 3, "DAN", ANA)])
    await keep(graph, [accept("4", 4, "BEN", CLEO)])
    overtake.set()
    await asyncio.gather(first, second)
    assert await examine(graph) == []
    profiles = await load_profiles(graph, [ProfileKey.of("user_id", name) for name in names])
    brought = [each.referred_by is not None for each in profiles if each is not None]
    assert brought == [True, True, False, True], "the ring is broken at its latest acceptance"


async def test_another_body_that_overtakes_is_told_from_a_repeat(graph: Store, overtaken: Overtaken) -> None:
    event = touchpoint("1", 1, ANA)
    await overtaken([event], [replace(event, at=at(2))])
    assert sorted(outcome.accepted for outcome in overtaken.outcomes) == [0, 1]
    assert [rejection.code for outcome in overtaken.outcomes for rejection in outcome.rejected] == ["CONFLICT"]

"""The write door on a real Neo4j: once, in any order, each whole or refused, and what it keeps up to date is right."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from graph.customers import Profile, ProfileKey, load_profiles
from graph.doctor import examine
from graph.errors import InvalidEvent
from graph.events import MAX_EVENTS, Outcome, record
from graph.events.inputs import CaseInput, CustomerKey, Event, IdentifierKey, Received
from graph.events.kept import body_of, event_of
from graph.identity.rules import usual_rules
from graph.store import Store
from graph.timeline import Touchpoint
from tests.graph.histories import shared
from tests.happenings import (
    accept,
    at,
    cart,
    case,
    identify,
    invite,
    item,
    message,
    purchase,
    refund,
    review,
    status,
    touchpoint,
    user,
)

ANA = user("ana")
BEN = user("ben")

HISTORY: list[Event] = [
    identify("1", 0, ("user_id", "ana"), ("email", "Ana@Example.com"), traits={"name": "Ana", "tier": "gold"}),
    identify("2", 1, ("anonymous_id", "a-1"), ("user_id", "ana"), traits={"tier": None, "city": "Kyoto"}),
    touchpoint("3", 2, CustomerKey(identifier=IdentifierKey("anonymous_id", "a-1"))),
    touchpoint("4", 3, ANA, channel="app"),
    cart("5", 4, ANA, "c1", "s1"),
    cart("6", 5, ANA, "c1", "s1", "s2", step="payment"),
    purchase("7", 6, ANA, "p1", "30", cart="c1", channel="web"),
    status("8", 7, "p1", "PAID"),
    refund("9", 9, "p1", "12.50"),
    status("10", 8, "p1", "DELIVERED"),
    purchase("11", 10, ANA, "p2", "99"),
    status("12", 11, "p2", "CANCELLED"),
    purchase("13", 12, ANA, "p1", "35", cart="c1", channel="web"),
    review("14", 13, ANA, 4, "sku-p1", purchase="p1", text="良い品でした"),
    case("15", 14, ANA, "k1", subject="Late", complaint=True),
    case("16", 16, ANA, "k1", closed_at=at(16), resolution="sent again"),
    message("17", 15, ANA, "m1", "SENT", campaign="spring"),
    message("18", 17, ANA, "m1", "OPENED"),
    invite("19", 18, ANA, "ANA-1", friend=IdentifierKey("email", "ben@example.com")),
    accept("20", 20, "ANA-1", CustomerKey(email="ben@example.com")),
    identify("21", 21, ("user_id", "ben"), ("email", "ben@example.com"), traits={"name": "Ben"}),
]


async def profile(store: Store, name: str) -> Profile:
    found = (await load_profiles(store, [ProfileKey.of("user_id", name)]))[0]
    assert found is not None
    return found


def told(profile: Profile) -> Any:
    """A profile without what chance or the order of arrival decides: random ids, how often it was written, which sum is first."""
    sums = {name: dict(sorted(getattr(profile.facts, name).items())) for name in ("revenue", "refunds")}
    facts = msgspec.structs.replace(profile.facts, **sums)
    return [
        re.sub(r"[a-z]{3}_[0-9a-f]{32}", "an id", str(part))
        for part in (
            profile.name, profile.email, profile.traits, facts, profile.channels, profile.first_seen_at,
            profile.last_seen_at, profile.identifiers, profile.provenance(usual_rules()), profile.referred_by, profile.entries,
            profile.carts,
        )
    ]  # fmt: skip


async def keep(store: Store, events: Sequence[Event]) -> Outcome:
    outcome = await record(store, events, weights={"USD": 1.0})
    assert outcome.rejected == ()
    return outcome


async def test_one_history_is_told_as_it_was(graph: Store) -> None:
    outcome = await keep(graph, HISTORY)
    assert (outcome.accepted, outcome.duplicates) == (len(HISTORY), 0)
    ana = await profile(graph, "ana")
    assert (ana.name, ana.email, ana.traits) == ("Ana", "ana@example.com", {"city": "Kyoto"})
    assert (ana.facts.orders, ana.facts.purchases, ana.facts.revenue, ana.facts.refunds) == (1, 2, {"USD": 3500}, {"USD": 1250})
    assert ana.facts.first_purchase_at == ana.facts.last_purchase_at == at(6)
    bought = next(entry for entry in ana.entries if entry.id.startswith("pur") and getattr(entry, "number", "") == "p1")
    assert [change.purchase_status for change in bought.status_history] == [  # type: ignore[union-attr]
        "PLACED", "PAID", "DELIVERED", "PARTLY_REFUNDED", "PLACED",
    ]  # fmt: skip
    assert ana.carts[0].purchase_id == bought.id and ana.carts[0].checkout_step == "payment"
    assert len(ana.carts[0].items) == 2
    ben = await profile(graph, "ben")
    assert ben.referred_by is not None and ben.referred_by.referral_status == "ACCEPTED"
    assert await examine(graph) == []


async def test_sent_again_nothing_changes(graph: Store) -> None:
    first = await keep(graph, HISTORY)
    before = await profile(graph, "ana")
    again = await keep(graph, HISTORY + HISTORY[:3])
    assert (again.accepted, again.duplicates, again.touched) == (0, len(HISTORY) + 3, {})
    assert await profile(graph, "ana") == before
    assert first.touched[before.id] == before.version


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_in_any_batches_tells_the_same(graph: Store, seed: int) -> None:
    await keep(graph, HISTORY)
    expected = [told(await profile(graph, name)) for name in ("ana", "ben")]
    await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
    chance = random.Random(seed)
    shuffled = HISTORY + chance.sample(HISTORY, 5)
    chance.shuffle(shuffled)
    while shuffled:
        size = chance.randint(1, 6)
        batch, shuffled = shuffled[:size], shuffled[size:]
        await keep(graph, batch)
    for name, story in zip(("ana", "ben"), expected, strict=True):
        for part, was in zip(told(await profile(graph, name)), story, strict=True):
            assert part == was
    assert await examine(graph) == []


async def test_another_body_under_the_same_key_is_refused_and_its_neighbours_are_kept(graph: Store) -> None:
    await keep(graph, [touchpoint("1", 1, ANA)])
    changed = replace(touchpoint("1", 1, ANA), type="other")
    outcome = await record(graph, [touchpoint("0", 0, ANA), changed, touchpoint("2", 2, ANA)])
    assert (outcome.accepted, [(each.index, each.code) for each in outcome.rejected]) == (2, [(1, "CONFLICT")])
    twice = await record(graph, [touchpoint("3", 3, ANA), replace(touchpoint("3", 3, ANA), type="other")])
    assert (twice.accepted, [(each.index, each.code) for each in twice.rejected]) == (1, [(1, "CONFLICT")])
    assert (await profile(graph, "ana")).facts.touchpoints == 4


async def test_an_unknown_id_is_refused_and_makes_nobody(graph: Store) -> None:
    unknown = CustomerKey(id="cus_" + "0" * 32)
    lost = invite("1", 1, unknown, "X", friend=IdentifierKey("email", "friend@example.com"))
    outcome = await record(graph, [lost, touchpoint("2", 2, ANA)])
    assert [(each.index, each.code) for each in outcome.rejected] == [(0, "NOT_FOUND")]
    assert len(outcome.touched) == 1
    assert await load_profiles(graph, [ProfileKey.of("email", "friend@example.com")]) == [None]


async def test_an_id_once_given_names_the_customer_after_a_merge(graph: Store) -> None:
    await keep(graph, [touchpoint("1", 1, ANA), touchpoint("2", 2, BEN)])
    ana, ben = await profile(graph, "ana"), await profile(graph, "ben")
    merged = await keep(graph, [identify("3", 3, ("user_id", "ana"), ("user_id", "ben")), purchase("4", 4, BEN, "p", "7")])
    assert set(merged.touched) == {ana.id, ben.id}
    by_ids = await load_profiles(graph, [ProfileKey(id=ana.id), ProfileKey(id=ben.id)])
    assert by_ids[0] == by_ids[1] and by_ids[0] is not None
    assert by_ids[0].id == ana.id and by_ids[0].version > max(ana.version, ben.version)
    assert by_ids[0].facts.touchpoints == 2 and by_ids[0].facts.revenue == {"USD": 700}
    await keep(graph, [touchpoint("5", 5, CustomerKey(id=ben.id))])
    assert (await profile(graph, "ana")).facts.touchpoints == 3
    assert await examine(graph) == []


async def test_writers_at_once_make_each_customer_once_and_lose_nothing(graph: Store) -> None:
    names = [user(f"u{number}") for number in range(8)]

    async def write(writer: int) -> None:
        for turn in range(5):
            events: list[Event] = [touchpoint(f"{writer}-{turn}-{n}", n, names[n]) for n in range(8)]
            events.append(identify(f"{writer}-{turn}", 0, ("user_id", "u0"), ("user_id", f"u{writer % 4}")))
            events.append(purchase(f"{writer}-{turn}-p", 1, names[writer], f"{writer}-{turn}", "1"))
            random.Random(writer).shuffle(events)
            await keep(graph, events)

    await asyncio.gather(*(write(writer) for writer in range(8)))
    assert await examine(graph) == []
    merged = await profile(graph, "u0")
    assert merged.facts.touchpoints == 4 * 40 and len(merged.identifiers) == 4
    assert merged.facts.revenue == {"USD": 4 * 500}


async def test_versions_only_rise(graph: Store) -> None:
    seen: list[int] = []
    for hour in range(4):
        outcome = await keep(graph, [touchpoint(str(hour), hour, ANA)])
        seen += outcome.touched.values()
    assert seen == sorted(set(seen))


async def test_a_call_of_too_many_events_is_refused_whole(graph: Store) -> None:
    with pytest.raises(InvalidEvent) as caught:
        await record(graph, [touchpoint("1", 1, ANA)] * (MAX_EVENTS + 1))
    assert caught.value.code == "TOO_LARGE"


@pytest.mark.parametrize(
    ("event", "code", "path"),
    [
        (replace(touchpoint("1", 1, ANA), at=at(0).replace(tzinfo=None)), "INVALID", "at"),
        (replace(touchpoint("1", 1, ANA), at=at(0) + timedelta(days=365 * 80)), "INVALID", "at"),
        (replace(touchpoint("1", 1, ANA), at=at(0).replace(year=1903)), "INVALID", "at"),
        (touchpoint("", 1, ANA), "INVALID", "id"),
        (touchpoint("1\x1f2", 1, ANA), "INVALID", "id"),
        (touchpoint("x" * 513, 1, ANA), "TOO_LARGE", "id"),
        (touchpoint("1", 1, user("x" * 10_000)), "TOO_LARGE", "customer.identifier.value"),
        (touchpoint("1", 1, user("\ufdfa" * 300)), "TOO_LARGE", "customer.identifier.value"),
        (touchpoint("1", 1, CustomerKey(email="\ufdfa" * 300)), "TOO_LARGE", "customer.email"),
        (identify("1", 1, ("phone", "\u3000")), "INVALID", "identifiers.0.value"),
        (touchpoint("1", 1, CustomerKey()), "INVALID", "customer"),
        (touchpoint("1", 1, CustomerKey(id="pur_" + "0" * 32)), "INVALID", "customer.id"),
        (touchpoint("1", 1, ANA, url="x" * 10_001), "TOO_LARGE", "url"),
        (touchpoint("1", 1, ANA, duration_seconds=-1), "INVALID", "duration_seconds"),
        (touchpoint("1", 1, ANA, properties={"n": float("nan")}), "INVALID", "properties.n"),
        (touchpoint("1", 1, ANA, properties={"n": 2**63}), "INVALID", "properties.n"),
        (touchpoint("1", 1, ANA, properties={"n": [[[[[[[[[[[1]]]]]]]]]]]}), "TOO_LARGE", "properties.n"),
        (touchpoint("1", 1, ANA, properties={"n": [0] * 3_000}), "TOO_LARGE", "properties.n"),
        (purchase("1", 1, ANA, "p", items=(item("s", "1", quantity="-1"),)), "INVALID", "items.0.quantity"),
        (purchase("1", 1, ANA, "p", items=(item("s", "1", quantity="1e999999999"),)), "INVALID", "items.0.quantity"),
        (purchase("1", 1, ANA, "p", items=(item("s", "1", quantity="1e-999999999"),)), "INVALID", "items.0.quantity"),
        (purchase("1", 1, ANA, "p", items=(item("s", "1", quantity="0e-999999999"),)), "TOO_LARGE", "items.0.quantity"),
        (purchase("1", 1, ANA, "p", items=(item("s", "1", quantity="0." + "3" * 40),)), "TOO_LARGE", "items.0.quantity"),
        (purchase("1", 1, ANA, "p", items=(item("s", "1"),) * 501), "TOO_LARGE", "items"),
        (purchase("1", 1, ANA, "p", status="LOST"), "INVALID", "status"),
        (
            purchase("1", 1, ANA, "p", items=(replace(item("s", "1"), category=("x" * 300,) * 2),)),
            "TOO_LARGE",
            "items.0.category",
        ),
        (touchpoint("1", 1, CustomerKey(email="none")), "INVALID", "customer.email"),
        (identify("1", 1, ("email", "a@b c")), "INVALID", "identifiers.0.value"),
        (identify("1", 1, ("phone", "unknown")), "INVALID", "identifiers.0.value"),
        (review("1", 1, ANA, 6), "INVALID", "rating"),
        (identify("1", 1), "INVALID", "identifiers"),
        (identify("1", 1, *[("email", f"{n}@example.com") for n in range(21)]), "TOO_LARGE", "identifiers"),
    ],
)
async def test_what_is_wrong_in_every_order_is_refused_by_name(graph: Store, event: Event, code: str, path: str) -> None:
    outcome = await record(graph, [touchpoint("before", 1, ANA), event, touchpoint("after", 2, ANA)])
    assert outcome.accepted == 2
    assert [(each.index, each.code) for each in outcome.rejected] == [(1, code)]
    assert outcome.rejected[0].message.startswith(f"{path}: ")


async def test_what_was_refused_is_no_duplicate(graph: Store) -> None:
    nobody = CustomerKey(id="cus_" + "0" * 32)
    outcome = await record(graph, [touchpoint("1", 1, nobody), touchpoint("1", 1, nobody), touchpoint("2", 1, ANA)])
    assert (outcome.accepted, outcome.duplicates) == (1, 0)
    assert [(each.index, each.code) for each in outcome.rejected] == [(0, "NOT_FOUND"), (1, "NOT_FOUND")]


async def test_a_time_of_receipt_is_no_part_of_an_event(graph: Store) -> None:
    def came(minutes: int, subject: str = "Late") -> CaseInput:
        received = Received.of(at(minutes))
        return replace(case("1", 0, ANA, "k1", subject=subject), at=received, opened_at=received)

    assert (await record(graph, [came(1)])).accepted == 1
    outcome = await record(graph, [came(2), came(3, "Lost")])
    assert (outcome.duplicates, [each.code for each in outcome.rejected]) == (1, ["CONFLICT"])
    assert event_of(body_of(came(1))) == replace(came(1), at=at(1), opened_at=at(1))


#: Two people are named with one purchase, cart, case and message each; whose they are is what the earliest event says.
SHARED: list[list[Event]] = [
    [
        purchase("1", 2, ANA, "p", "20", channel="web"),
        purchase("2", 1, BEN, "p", "30", channel="app"),
        purchase("3", 3, ANA, "p", "25", channel="store"),
        refund("4", 4, "p", "5"),
    ],
    [cart("1", 2, ANA, "c", "s1"), cart("2", 1, BEN, "c", "s2"), purchase("3", 3, ANA, "p", "5", cart="c")],
    [case("1", 2, ANA, "k", subject="Late"), case("2", 1, BEN, "k", complaint=True), case("3", 3, BEN, "k", closed_at=at(3))],
    [
        message("1", 2, ANA, "m", "SENT", campaign="spring"),
        message("2", 1, BEN, "m", "PLANNED"),
        message("3", 3, ANA, "m", "OPENED"),
    ],
]


async def both(store: Store) -> list[Profile | None]:
    return await load_profiles(store, [ProfileKey.of("user_id", name) for name in ("ana", "ben")])


@pytest.mark.parametrize(
    ("events", "known"),
    [*((events, False) for events in SHARED), (SHARED[0], True)],
    ids=["purchase", "cart", "case", "message", "purchase of known customers"],
)
async def test_whose_a_thing_is_does_not_depend_on_the_order_of_arrival(graph: Store, events: list[Event], known: bool) -> None:
    stories = []
    for order in permutations(events):
        await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
        if known:
            await keep(graph, [touchpoint("a", 2.5, ANA), touchpoint("b", 2.5, BEN)])
        for event in order:
            before = await both(graph)
            outcome = await keep(graph, [event])
            for was, now in zip(before, await both(graph), strict=True):
                if now is not None and now != was:
                    assert outcome.touched[now.id] == now.version > (0 if was is None else was.version)
        assert await examine(graph) == []
        owners = [await profile(graph, name) for name in ("ana", "ben")]
        things = [each.id for owner in owners for each in (*owner.entries, *owner.carts) if not isinstance(each, Touchpoint)]
        stories.append([[told(owner) for owner in owners], things])
    assert all(story == stories[0] for story in stories)
    ben = await profile(graph, "ben")
    assert len(ben.entries) + len(ben.carts) == 1 + known and ben.first_seen_at == at(1)


@pytest.mark.parametrize("seed", range(8))
async def test_what_several_people_are_named_with_is_told_the_same_in_any_order(graph: Store, seed: int) -> None:
    names = ("ana", "ben", "cem")
    joined = [identify(f"i-{name}", 0, ("user_id", name), ("email", f"{name}@example.com")) for name in names]
    events: list[Event] = [*joined, *shared(names, events=60, seed=seed)]
    await keep(graph, events)
    assert await examine(graph) == []
    expected = [told(await profile(graph, name)) for name in names]
    await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
    chance = random.Random(seed)
    chance.shuffle(events)
    while events:
        size = chance.randint(1, 6)
        batch, events = events[:size], events[size:]
        await keep(graph, batch)
    assert await examine(graph) == []
    assert [told(await profile(graph, name)) for name in names] == expected


async def test_a_thing_that_is_filed_anew_goes_where_a_merge_of_the_same_call_leads(graph: Store) -> None:
    await keep(graph, [purchase("1", 2, ANA, "p", "20"), touchpoint("2", 1, user("cem"))])
    merged = identify("4", 3, ("user_id", "ben"), ("user_id", "cem"))
    await keep(graph, [purchase("3", 1, BEN, "p", "30"), merged])
    ana, ben = await profile(graph, "ana"), await profile(graph, "cem")
    assert (ana.facts.purchases, ana.facts.revenue, ana.facts.first_purchase_at) == (0, {}, None)
    assert (ben.facts.purchases, ben.facts.revenue, len(ben.identifiers)) == (1, {"USD": 2000}, 2)
    assert await examine(graph) == []


async def test_who_is_named_by_what_is_filed_under_another_is_a_customer_with_all_facts(graph: Store) -> None:
    await keep(graph, [purchase("1", 1, ANA, "p", "20")])
    await keep(graph, [purchase("2", 2, BEN, "p", "30")])
    ben = await profile(graph, "ben")
    assert (ben.first_seen_at, ben.last_seen_at, ben.facts.purchases) == (at(2), at(2), 0)
    assert await examine(graph) == []

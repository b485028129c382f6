"""Suspicious referrals: each kind with what proves it, in any order of arrival, and what becomes of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import networkx
import pytest

from graph.doctor import examine
from graph.events.inputs import Event, IdentifierKey, ReferralReviewInput
from graph.migrations import migrate
from graph.referrals import Referral
from graph.referrals.judging import find_suspicion_marks, judge, judge_all
from graph.referrals.rings import MOST_MEMBERS
from graph.referrals.suspicion import Flag, Suspect, Suspicions, flags_of, read, traces_of, written
from graph.store import Store
from tests import happenings
from tests.graph.conftest import AskCypher
from tests.graph.test_referrals_life import CODE, RULE, accept, buy, invite, made_by, profile, refund, standing, told
from tests.happenings import at, identify, user

pytestmark = pytest.mark.usefixtures("graph")

SUSPICIONS = Suspicions(crowd=3, minutes=60)
HOME = {"kind": "home", "line1": "1 Inkwell Lane", "city": "Kyoto", "postalCode": "600-8001", "country": "JP"}
SAME = {"kind": "work", "line1": "１ INKWELL  lane.", "postalCode": "6008001", "country": "jp"}


def traits(who: str, hours: float = 0, **known: Any) -> Event:
    return identify(f"t-{who}-{hours}", hours, ("user_id", who), traits=known)


async def judged(store: Store) -> None:
    await judge_all(store, rule=RULE, suspicions=SUSPICIONS)


async def told_in_pieces(store: Store, events: Sequence[Event], chance: random.Random) -> None:
    """A few at a time, between which what was left to be looked at may be looked at in part."""
    start = 0
    while start < len(events):
        size = chance.randint(1, 6)
        await told(store, events[start : start + size])
        start += size
        if chance.random() < 0.6:
            await judge(store, await find_suspicion_marks(store), rule=RULE, suspicions=SUSPICIONS)
    await judged(store)


async def the_one(store: Store, name: str = "ana") -> Referral:
    (found,) = await made_by(store, name)
    return found


async def codes(store: Store, name: str = "ana") -> list[list[str]]:
    return [[flag.code for flag in read(each.flags)] for each in await made_by(store, name)]


async def flags(store: Store, name: str = "ana") -> tuple[Flag, ...]:
    return read((await the_one(store, name)).flags)


BROUGHT: list[Event] = [invite(), accept()]


@pytest.mark.parametrize(
    ("ana", "ben", "code", "note"),
    [
        ({"deviceId": "D-1"}, {"deviceId": "d1"}, "SHARED_DEVICE", "devices in common by deviceId: 1"),
        (
            {"deviceId": 17},
            {"deviceFingerprint": ["x", "17"]},
            "SHARED_DEVICE",
            "devices in common by deviceFingerprint, deviceId: 1",
        ),
        (
            {"cardFingerprint": ["b", "c"]},
            {"cardFingerprint": ["c", "b"]},
            "SHARED_PAYMENT",
            "means of payment in common by cardFingerprint: 2",
        ),
        (
            {"addresses": [HOME]},
            {"addresses": [{"line1": "elsewhere", "city": "Oslo"}, SAME]},
            "SHARED_ADDRESS",
            "postal addresses in common by addresses: 1",
        ),
    ],
)
@pytest.mark.parametrize("last", range(3))
async def test_what_advocate_and_friend_share_is_found_whatever_comes_last(
    graph: Store, ana: dict[str, Any], ben: dict[str, Any], code: str, note: str, last: int
) -> None:
    calls = [[traits("ana", **ana)], [traits("ben", **ben)], BROUGHT]
    calls.append(calls.pop(last))
    for call in calls:
        await told(graph, call)
        await judged(graph)
    referral = await the_one(graph)
    assert referral.referral_status == "IN_REVIEW"
    (flag,) = read(referral.flags)
    (evidence,) = flag.evidence
    assert (flag.code, evidence.note) == (code, note)
    assert evidence.customer_ids == ((await profile(graph, "ana")).id, (await profile(graph, "ben")).id)
    assert await examine(graph, RULE, SUSPICIONS) == []
    # It is told of like any change.
    assert (await profile(graph, "ben")).referred_by == referral


async def test_what_a_trait_was_once_still_counts(graph: Store) -> None:
    await told(graph, [*BROUGHT, traits("ana", 1, deviceId="a"), traits("ben", 1, deviceId="a"), traits("ben", 2, deviceId="b")])
    await judged(graph)
    assert await codes(graph) == [["SHARED_DEVICE"]]


async def test_another_trait_that_tells_the_same_is_named_too(graph: Store) -> None:
    await told(graph, [*BROUGHT, traits("ana", 1, deviceId="a"), traits("ben", 1, deviceId="a")])
    await judged(graph)
    await told(graph, [traits("ana", 2, deviceFingerprint="a")])
    await judged(graph)
    assert (await flags(graph))[0].evidence[0].note == "devices in common by deviceFingerprint, deviceId: 1"
    assert await examine(graph, RULE, SUSPICIONS) == []


@pytest.mark.parametrize(
    ("ana", "ben"),
    [
        ({"deviceId": ""}, {"deviceId": "  "}),
        ({"deviceId": None}, {"deviceId": None}),
        ({"deviceId": True}, {"deviceId": True}),
        ({"deviceId": {"a": 1}}, {"deviceId": {"a": 1}}),
        ({"plan": "gold"}, {"plan": "gold"}),
        ({"addresses": [{"city": "Kyoto"}]}, {"addresses": [{"city": "Kyoto"}]}),
        ({"addresses": [{"line1": "1"}]}, {"addresses": [{"line1": "1"}]}),
        ({"addresses": "x"}, {"addresses": "x"}),
        ({"addresses": [None, 3, {"line1": 5}]}, {"addresses": [None, 3, {"line1": 5}]}),
        ({"deviceId": "a"}, {"cardFingerprint": "a"}),
    ],
)
async def test_what_says_nothing_is_not_shared(graph: Store, ana: dict[str, Any], ben: dict[str, Any]) -> None:
    await told(graph, [*BROUGHT, traits("ana", **ana), traits("ben", **ben)])
    await judged(graph)
    assert (await the_one(graph)).flags is None and (await the_one(graph)).referral_status == "ACCEPTED"


async def test_flags_that_are_not_what_was_found_are_named(graph: Store, ask: AskCypher) -> None:
    others = [event for name in ("cho", "dan") for event in (invite(name, advocate=name), accept(name, friend=f"{name}-friend"))]
    await told(graph, [*BROUGHT, *others, traits("ana", deviceId="a"), traits("ben", deviceId="a")])
    # Not before it was looked at.
    assert await examine(graph, RULE, SUSPICIONS) == []
    await judged(graph)
    assert await examine(graph, RULE, SUSPICIONS) == []
    right = (await the_one(graph)).flags
    await ask("MATCH (r:Referral) SET r.flags = CASE WHEN r.flags IS NULL THEN '[]' END")
    found = {(each.what, each.expected, each.actual) for each in await examine(graph, RULE, SUSPICIONS)}
    assert {("referral flags", str(right), "None"), ("referral flags", "None", "[]")} <= found
    assert not any(each.what == "referral flags" for each in await examine(graph, RULE))


async def test_a_suspicious_referral_waits_for_somebody_to_look(graph: Store) -> None:
    shared = [traits("ana", deviceId="a"), traits("ben", deviceId="a")]
    await told(graph, [*BROUGHT, *shared, buy("1", 5, 5_000)])
    await judged(graph)
    referral = await the_one(graph)
    assert (referral.referral_status, referral.qualified_at) == ("IN_REVIEW", at(5))

    async def reviewed(hours: float, *, approve: bool) -> Referral:
        review = ReferralReviewInput(
            id=f"v{hours}", source="desk", at=at(hours), referral=referral.id, approve=approve, reason="looked at"
        )
        await told(graph, [review])
        await judged(graph)
        assert await examine(graph, RULE, SUSPICIONS) == []
        return await the_one(graph)

    assert (await reviewed(6, approve=True)).referral_status == "QUALIFIED"
    rejected = await reviewed(7, approve=False)
    assert (rejected.referral_status, rejected.ended_reason) == ("REJECTED", "looked at")
    assert (await reviewed(8, approve=True)).referral_status == "QUALIFIED"
    await told(graph, [refund("1", 9, 5_000)])
    assert (await the_one(graph)).referral_status == "REVERSED"


async def test_one_customer_twice_is_a_self_referral(graph: Store) -> None:
    await told(graph, [*BROUGHT, identify("m", 5, ("user_id", "ana"), ("user_id", "ben"), ("email", "a@example.com"))])
    await judged(graph)
    referral = await the_one(graph)
    assert (referral.referral_status, referral.ended_reason) == ("REJECTED", "SELF_REFERRAL")
    (flag,) = read(referral.flags)
    (evidence,) = flag.evidence
    assert (flag.code, evidence.customer_ids, evidence.identifier_type) == (
        "SELF_REFERRAL",
        ((await profile(graph, "ana")).id,),
        "user_id",
    )


@pytest.mark.parametrize("length", [2, 3, 6])
async def test_a_ring_names_all_its_members(graph: Store, length: int) -> None:
    for step in range(length):
        name, friend = f"u{step}", f"u{(step + 1) % length}"
        await told(graph, [invite(name, step, name), accept(name, step + 0.5, friend)])
    await judged(graph)
    ids = [(await profile(graph, f"u{step}")).id for step in range(length)]
    for step in range(length - 1):
        assert await flags(graph, f"u{step}") == ()
    (flag,) = await flags(graph, f"u{length - 1}")
    assert flag.code == "RING" and set(flag.evidence[0].customer_ids) == set(ids)


def back(hours: float, whom: str = "ana") -> Event:
    return happenings.invite(f"back-{whom}", hours, user("ben"), f"b-{whom}", friend=IdentifierKey("user_id", whom))


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_friend_who_had_invited_the_advocate_closes_a_ring(graph: Store, order: tuple[int, ...]) -> None:
    events = [invite(), accept(), back(0.5)]
    for number in order:
        await told(graph, [events[number]])
        await judged(graph)
    referral = await the_one(graph)
    (flag,) = read(referral.flags)
    assert (flag.code, flag.evidence[0].note) == ("RING", "a ring of 2, each of whom invited the other")
    assert flag.evidence[0].customer_ids == ((await profile(graph, "ana")).id, (await profile(graph, "ben")).id)
    assert referral.referral_status == "IN_REVIEW"
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_who_invites_the_advocate_afterwards_closes_none(graph: Store) -> None:
    await told(graph, [*BROUGHT, back(1), back(0.5, "somebody else")])
    await judged(graph)
    assert (await the_one(graph)).flags is None
    # Somebody else turns out to be the advocate.
    await told(graph, [identify("m", 5, ("user_id", "ana"), ("user_id", "somebody else"))])
    await judged(graph)
    assert await codes(graph) == [["RING"]]
    assert await examine(graph, RULE, SUSPICIONS) == []


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_a_ring_is_found_though_one_of_its_invitations_was_never_accepted(graph: Store, order: tuple[int, ...]) -> None:
    """Cho invited Ana, who invited Ben, who brings in Cho."""
    events = [
        happenings.invite("1", 0, user("cho"), "c", friend=IdentifierKey("user_id", "ana")),
        happenings.invite("2", 1, user("ana"), "a", friend=IdentifierKey("user_id", "ben")),
        invite("b", 2, "ben"),
        accept("b", 3, "cho"),
    ]
    for number in order:
        await told(graph, [events[number]])
        await judged(graph)
    (flag,) = await flags(graph, "ben")
    assert (flag.code, flag.evidence[0].note) == ("RING", "a ring of 3, each of whom invited the one before")
    assert flag.evidence[0].customer_ids == tuple([(await profile(graph, name)).id for name in ("ben", "ana", "cho")])
    assert await examine(graph, RULE, SUSPICIONS) == []


@pytest.mark.parametrize("seed", range(12))
async def test_rings_among_invitations_are_those_that_a_brute_force_search_finds(graph: Store, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"u{number}" for number in range(chance.randint(4, 9))]
    events: list[Event] = []
    ways: Any = networkx.MultiDiGraph()
    for number in range(3 * len(names)):
        advocate, friend = chance.choices(names, k=2)
        hours = chance.choice([number, chance.randint(0, 40)])
        whom = IdentifierKey("user_id", friend) if chance.random() < 0.7 else None
        events.append(happenings.invite(f"i{number}", hours, user(advocate), f"c{number}", friend=whom))
        if whom is not None:
            ways.add_edge(friend, advocate, at=at(hours))
        if chance.random() < 0.5:
            later = hours + chance.randint(0, 10)
            events.append(accept(f"c{number}", later, friend))
            ways.add_edge(friend, advocate, at=at(later))
    if chance.random() < 0.5:
        both = chance.sample(names, 2)
        events.append(identify("both", 0, *(("user_id", each) for each in both), traits={}))
        ways = networkx.relabel_nodes(ways, {both[0]: both[1]})
    chance.shuffle(events)
    await told_in_pieces(graph, events, chance)
    assert await examine(graph, RULE, SUSPICIONS) == []
    people = {name: await profile(graph, name) for name in ways}
    named = {id: name for name, who in people.items() for id in who.ids}
    for who in people.values():
        for referral in (each for each in who.entries if isinstance(each, Referral)):
            found = [flag.evidence[0] for flag in read(referral.flags) if "invited" in flag.evidence[0].note]
            if referral.accepted_at is None or referral.ended_reason in ("SELF_REFERRAL", "CYCLE"):
                assert found == []
                continue
            earlier = [(way[0], way[1]) for way in ways.edges(data="at") if way[2] < referral.accepted_at]
            members = _shortest(earlier, named[who.id], named[str(referral.friend_id)])
            assert [len(evidence.customer_ids) for evidence in found] == ([] if members is None else [members]), referral


def _shortest(ways: list[tuple[str, str]], begin: str, end: str) -> int | None:
    """Members of the smallest ring that it closes when `begin` brings in `end`."""
    graph: Any = networkx.DiGraph([*ways, (begin, begin), (end, end)])
    if not networkx.has_path(graph, begin, end):
        return None
    members = len(networkx.shortest_path(graph, begin, end))
    return members if members <= MOST_MEMBERS else None


def crowd(*hours: float) -> list[Event]:
    return [
        event
        for number, each in enumerate(hours)
        for event in (invite(f"c{number}", 0), accept(f"c{number}", each, f"friend {number}"))
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_a_burst_flags_all_that_are_in_it(graph: Store, seed: int) -> None:
    events = crowd(1, 5, 5.4, 5.9, 8, 8.9)
    chance = random.Random(seed)
    chance.shuffle(events)
    await told_in_pieces(graph, events, chance)
    found = {each.code: each for each in await made_by(graph, "ana")}
    assert [found[f"c{number}"].referral_status for number in range(6)] == [
        "ACCEPTED",
        *["IN_REVIEW"] * 3,
        *["ACCEPTED"] * 2,
    ]
    (flag,) = read(found["c2"].flags)
    assert flag.code == "BURST" and len(flag.evidence[0].customer_ids) == 4
    assert flag.evidence[0].note == "at least 3 friends of one advocate accepted within 60 minutes"
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_however_large_a_burst_is_all_of_it_is_flagged(graph: Store) -> None:
    count = 20
    await told(graph, [standing(), *(accept(CODE, 1 + number / 1_000, f"f{number:02}") for number in range(count))])
    await judged(graph)
    found = await made_by(graph, "ana")
    assert len(found) == count and {each.referral_status for each in found} == {"IN_REVIEW"}
    notes = {evidence.note for each in found for flag in read(each.flags) for evidence in flag.evidence}
    # As many as count, on either side.
    assert notes == {f"at least {number} friends of one advocate accepted within 60 minutes" for number in range(4, 8)}
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_a_burst_is_one_also_where_one_of_it_was_rejected_or_came_by_another_before(graph: Store) -> None:
    await told(graph, [*crowd(1, 1.2, 1.4), invite("before", 0, "cho"), happenings.accept("0", 0.5, "before", user("friend 2"))])
    await judged(graph)
    found = {each.code: each for each in await made_by(graph, "ana")}
    assert {name: each.referral_status for name, each in found.items()} == {
        "c0": "IN_REVIEW",
        "c1": "IN_REVIEW",
        "c2": "SUPERSEDED",
    }
    assert {each.flags for each in found.values()} == {found["c0"].flags} and await examine(graph, RULE, SUSPICIONS) == []
    review = ReferralReviewInput(id="v", source="desk", at=at(3), referral=found["c0"].id, approve=False, reason="bought")
    await told(graph, [review])
    await judged(graph)
    assert {name: each.referral_status for name, each in {each.code: each for each in await made_by(graph, "ana")}.items()} == {
        "c0": "REJECTED",
        "c1": "IN_REVIEW",
        "c2": "SUPERSEDED",
    }
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_those_whom_one_brought_in_under_two_names_are_a_burst(graph: Store) -> None:
    others = [
        invite("d", 0, "bea"),
        *(happenings.accept(f"d{number}", 1.1 + number / 10, "d", user(f"d{number}")) for number in (0, 1)),
    ]
    await told(graph, [*crowd(1), *others])
    await judged(graph)
    assert await codes(graph) == [[]]
    await told(graph, [identify("m", 5, ("user_id", "ana"), ("user_id", "bea"))])
    await judged(graph)
    assert await codes(graph) == [["BURST"]] * 3
    assert await examine(graph, RULE, SUSPICIONS) == []


@pytest.mark.parametrize("first", ["ana", "bea"])
async def test_what_is_known_of_an_advocate_under_another_name_counts(graph: Store, first: str) -> None:
    """Bea, of whom a device is known, was looked at before it turns out that she is Ana."""
    friends = [traits("ben", 1, deviceId="a"), traits("cho", 1, deviceId="b")]
    await told(graph, [identify("0", 0, ("user_id", first)), *BROUGHT, *friends, traits("bea", 1, deviceId="a")])
    await told(graph, [invite("d", 0, "bea"), accept("d", 1, "cho")])
    await judged(graph)
    await told(graph, [identify("m", 5, ("user_id", "ana"), ("user_id", "bea"))])
    await judged(graph)
    found = {each.code: [flag.code for flag in read(each.flags)] for each in await made_by(graph, "ana")}
    assert found == {"c": ["SHARED_DEVICE"], "d": []}
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_what_came_too_late_is_looked_at_all_the_same(graph: Store) -> None:
    """Whoever brought Ben in before may be rejected yet."""
    await told(graph, [invite("before", 0, "cho"), accept("before", 0.5), *BROUGHT])
    await judged(graph)
    await told(graph, [traits("ana", 2, deviceId="a")])
    await judged(graph)
    await told(graph, [traits("ben", 3, deviceId="a")])
    await judged(graph)
    referral = await the_one(graph)
    assert (referral.referral_status, [flag.code for flag in read(referral.flags)]) == ("SUPERSEDED", ["SHARED_DEVICE"])
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_who_accepts_again_and_again_is_no_crowd(graph: Store) -> None:
    await told(graph, [event for code in "abc" for event in (invite(code), accept(code, friend="ben"))])
    await judged(graph)
    assert await codes(graph) == [[]] * 3


async def test_all_that_accepted_at_the_same_time_are_a_burst(graph: Store) -> None:
    await told(graph, [standing(), *(accept(CODE, 1, f"f{number}") for number in range(12))])
    await judged(graph)
    assert await codes(graph) == [["BURST"]] * 12
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_referrals_of_before_there_was_a_crowd_to_look_for_belong_to_it(graph: Store, ask: AskCypher) -> None:
    await told(graph, crowd(1, 1.2, 1.4))
    await ask("MATCH (r:Referral) REMOVE r.inviter")
    await ask("MATCH (m:Migration) WHERE m.name STARTS WITH 'V0010' DETACH DELETE m")
    assert await migrate(graph) == ["V0010__crowds"]
    await judged(graph)
    assert await codes(graph) == [["BURST"]] * 3


@pytest.mark.parametrize("reason", ["CYCLE", "SELF_REFERRAL"])
async def test_a_review_raises_no_flag_by_its_words(graph: Store, reason: str) -> None:
    await told(graph, BROUGHT)
    referral = await the_one(graph)
    review = ReferralReviewInput(id="v", source="desk", at=at(3), referral=referral.id, approve=False, reason=reason)
    await told(graph, [review])
    await judged(graph)
    referral = await the_one(graph)
    assert (referral.referral_status, referral.ended_reason, referral.flags) == ("REJECTED", reason, None)
    assert await examine(graph, RULE, SUSPICIONS) == []


async def test_who_was_approved_before_accepting_is_looked_at_all_the_same(graph: Store) -> None:
    await told(graph, [invite(), traits("ana", deviceId="a"), traits("ben", deviceId="a")])
    referral = await the_one(graph)
    for hours, status in ((0.5, "IN_REVIEW"), (3, "ACCEPTED")):
        review = ReferralReviewInput(
            id=f"v{hours}", source="desk", at=at(hours), referral=referral.id, approve=True, reason="fine"
        )
        await told(graph, [review, accept()])
        await judged(graph)
        assert (await the_one(graph)).referral_status == status
    assert await examine(graph, RULE, SUSPICIONS) == []


def suspect(friend: str, minutes: Sequence[float]) -> tuple[Suspect, list[tuple[str, int]]]:
    crowd = [(f"f{number}", int(each * 60_000)) for number, each in enumerate(sorted(minutes))]
    accepted = datetime.fromtimestamp(dict(crowd)[friend] / 1_000, UTC)
    found = Suspect(
        referral="r", friend=friend, advocate="a", at=accepted, reason=None, flags=None, friend_states=(),
        advocate_states=(), joined=(), ring=(), invites=False,
    )  # fmt: skip
    return found, crowd


def test_a_crowd_is_as_wide_as_its_time() -> None:
    rule = Suspicions(crowd=3, minutes=10)
    for minutes, friend, expected in (
        ((0, 5, 10), "f1", 0),
        ((0, 5, 9.99), "f1", 3),
        ((0, 5, 9, 10), "f0", 3),
        ((0, 5, 9, 10, 12), "f2", 4),
        ((0, 1), "f0", 0),
    ):
        found, others = suspect(friend, minutes)
        burst = flags_of(found, others, rule)
        assert (len(burst[0].evidence[0].customer_ids) - 1 if burst else 0) == expected, minutes
    found, others = suspect("f0", [0] * 250)
    (flag,) = flags_of(found, others, rule)
    assert len(flag.evidence[0].customer_ids) == 100 and flag.evidence[0].note.startswith("at least 250 ")
    assert flags_of(found, others, Suspicions(crowd=None)) == ()


def test_flags_are_read_as_they_were_written() -> None:
    found, others = suspect("f0", [0] * 30)
    flags = flags_of(found, others, Suspicions(crowd=3))
    assert read(written(flags)) == flags and written(()) is None and read(None) == ()
    assert all(not values for values in traces_of((), Suspicions()).values())

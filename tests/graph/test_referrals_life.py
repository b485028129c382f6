"""How far a referral comes: accepted, qualified by what the friend buys, reversed, reviewed, run out, in any order of arrival."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from graph.customers import Profile, ProfileKey, load_profiles
from graph.doctor import examine
from graph.events import record
from graph.events.inputs import (
    AcceptInput,
    Event,
    InviteInput,
    PurchaseInput,
    ReferralCodeInput,
    ReferralReviewInput,
    RefundInput,
)
from graph.events.kept import Kept
from graph.events.referring import code_of
from graph.money import Money
from graph.referrals import Referral, Rule
from graph.store import Store
from tests import happenings
from tests.happenings import at, identify, user

RULE = Rule(days=30, least={"USD": 2_000})
DAY = 24.0


def invite(code: str = "c", hours: float = 0, advocate: str = "ana") -> Event:
    return happenings.invite(f"i-{code}", hours, user(advocate), code)


def accept(code: str = "c", hours: float = 1, friend: str = "ben") -> Event:
    return happenings.accept(f"a-{code}-{friend}", hours, code, user(friend))


def buy(number: str, hours: float, cents: int, currency: str = "USD", friend: str = "ben") -> Event:
    bought = happenings.purchase(f"p-{number}", hours, user(friend), number, items=())
    return replace(bought, total=Money(cents, currency))


def refund(number: str, hours: float, cents: int) -> Event:
    return happenings.refund(f"r-{number}-{hours}", hours, number, str(Decimal(cents) / 100))


def cancel(number: str, hours: float) -> Event:
    return happenings.status(f"s-{number}-{hours}", hours, number, "CANCELLED")


async def told(store: Store, events: Sequence[Event], *, rule: Rule = RULE, size: int = 100) -> None:
    for start in range(0, len(events), size):
        outcome = await record(store, events[start : start + size], rule=rule)
        assert outcome.rejected == ()


async def profile(store: Store, name: str) -> Profile:
    (found,) = await load_profiles(store, [ProfileKey.of("user_id", name)])
    assert found is not None
    return found


async def made_by(store: Store, name: str) -> list[Referral]:
    return [entry for entry in (await profile(store, name)).entries if isinstance(entry, Referral)]


async def the_one(store: Store, name: str = "ana") -> Referral:
    (found,) = await made_by(store, name)
    return found


CASES: list[tuple[list[Event], str, str | None, float | None, float | None]] = [
    # What is told beside the invitation and the acceptance; status, why it ended, hours of qualification and end.
    ([], "ACCEPTED", None, None, None),
    ([buy("1", 2, 2_000)], "QUALIFIED", None, 2, None),
    ([buy("1", 2, 1_999)], "ACCEPTED", None, None, None),
    ([buy("1", 0.5, 5_000)], "ACCEPTED", None, None, None),
    ([buy("1", 1 + 30 * DAY, 5_000)], "ACCEPTED", None, None, None),
    ([buy("1", 1 + 30 * DAY - 0.01, 5_000)], "QUALIFIED", None, 1 + 30 * DAY - 0.01, None),
    ([buy("1", 2, 5_000, "CHF")], "ACCEPTED", None, None, None),
    ([buy("1", 2, 100), buy("2", 3, 3_000), buy("3", 4, 4_000)], "QUALIFIED", None, 3, None),
    ([buy("1", 2, 3_000), cancel("1", 3)], "ACCEPTED", None, None, None),
    ([buy("1", 2, 3_000), cancel("1", 3), buy("2", 4, 3_000)], "QUALIFIED", None, 4, None),
    ([buy("1", 2, 3_000), refund("1", 5, 500)], "QUALIFIED", None, 2, None),
    ([buy("1", 2, 3_000), refund("1", 5, 1_001)], "REVERSED", "REFUNDED", 2, 5),
    ([buy("1", 2, 3_000), refund("1", 5, 3_000), buy("2", 6, 3_000)], "REVERSED", "REFUNDED", 2, 5),
    ([buy("2", 6, 3_000), buy("1", 2, 3_000)], "QUALIFIED", None, 2, None),
]


@pytest.mark.parametrize("case", range(len(CASES)))
async def test_what_becomes_of_a_referral(graph: Store, case: int) -> None:
    events, status, reason, qualified, ended = CASES[case]
    await told(graph, [invite(), accept(), *events], size=1)
    found = await the_one(graph)
    assert (found.referral_status, found.ended_reason) == (status, reason)
    assert found.qualified_at == (None if qualified is None else at(qualified))
    assert found.ended_at == (None if ended is None else at(ended))
    assert await examine(graph, RULE) == []
    brought = (await profile(graph, "ben")).referred_by
    assert brought == found


async def test_the_order_of_arrival_changes_nothing(graph: Store) -> None:
    story = [invite(), accept(), buy("1", 2, 3_000), refund("1", 5, 2_000)]
    for turn, order in enumerate(permutations(story)):
        named = [_told_of(event, turn) for event in order]
        await told(graph, named, size=1)
        found = await the_one(graph, f"ana{turn}")
        assert (found.referral_status, found.qualified_at, found.ended_at) == ("REVERSED", at(2), at(5)), order
    assert await examine(graph, RULE) == []


def _told_of(event: Event, turn: int) -> Event:
    """The same story of other people."""
    names: dict[type[Event], dict[str, Any]] = {
        InviteInput: {"advocate": user(f"ana{turn}"), "code": f"c{turn}"},
        AcceptInput: {"friend": user(f"ben{turn}"), "code": f"c{turn}"},
        PurchaseInput: {"customer": user(f"ben{turn}"), "number": f"n{turn}"},
        RefundInput: {"purchase": f"n{turn}"},
    }
    return replace(event, id=f"{event.id}-{turn}", **names[type(event)])


async def test_any_purchase_will_do_where_no_amount_is_asked(graph: Store) -> None:
    rule = Rule(days=30)
    await told(graph, [invite(), accept(), buy("1", 2, 1, "CHF")], rule=rule)
    assert (await the_one(graph)).referral_status == "QUALIFIED"
    assert await examine(graph, rule) == []


async def test_what_two_identifiers_of_the_friend_bought_counts_once_they_are_one(graph: Store) -> None:
    await told(graph, [invite(), accept(), buy("1", 2, 3_000, friend="benjamin")])
    assert (await the_one(graph)).referral_status == "ACCEPTED"
    await told(graph, [identify("m", 3, ("user_id", "ben"), ("user_id", "benjamin"))])
    assert (await the_one(graph)).referral_status == "QUALIFIED"
    assert await examine(graph, RULE) == []


async def test_only_who_brought_a_friend_in_qualifies(graph: Store) -> None:
    await told(graph, [invite("late", 0, "cho"), accept("late", 5), invite(), accept(), buy("1", 6, 3_000)], size=1)
    assert (await the_one(graph, "cho")).referral_status == "SUPERSEDED"
    assert (await the_one(graph)).referral_status == "QUALIFIED"


async def test_the_advocate_hears_of_it(graph: Store) -> None:
    await told(graph, [invite(), accept()])
    before = await profile(graph, "ana")
    outcome = await record(graph, [buy("1", 2, 3_000)], rule=RULE)
    after = await profile(graph, "ana")
    assert outcome.touched[after.id] == after.version > before.version
    # What changes nothing of it leaves the advocate, whom others may be waiting for, alone.
    outcome = await record(graph, [buy("2", 3, 3_000)], rule=RULE)
    assert after.id not in outcome.touched


def standing(hours: float = 0, expires: float | None = None) -> ReferralCodeInput:
    end = None if expires is None else at(expires)
    return ReferralCodeInput(id="code", source="test", at=at(hours), advocate=user("ana"), campaign="spring", expires_at=end)


CODE = code_of(Kept.of(0, standing()))


@pytest.mark.parametrize("size", [1, 10])
async def test_any_number_of_friends_accept_with_a_standing_code(graph: Store, size: int) -> None:
    # The first comes before the code itself.
    friends = [accept(CODE, 1, "ben"), standing(), accept(CODE, 2, "cho"), accept(CODE, 3, "dan")]
    await told(graph, friends, size=size)
    made = await made_by(graph, "ana")
    assert [each.referral_status for each in made] == ["ACCEPTED"] * 3
    assert {each.campaign for each in made} == {"spring"} and {each.code for each in made} == {CODE}
    assert [each.invited_at for each in made] == [each.accepted_at for each in made] == [at(3), at(2), at(1)]
    assert await examine(graph, RULE) == []


async def test_with_a_code_that_has_run_out_nobody_is_brought_in(graph: Store) -> None:
    await told(graph, [standing(0, expires=2), accept(CODE, 2, "ben"), accept(CODE, 1.9, "cho"), buy("1", 3, 3_000)], size=1)
    late, early = await made_by(graph, "ana")
    assert (late.referral_status, late.ended_reason, late.ended_at) == ("EXPIRED", "EXPIRED", at(2))
    assert early.referral_status == "ACCEPTED"
    assert (await profile(graph, "ben")).referred_by is None
    # Somebody else may.
    await told(graph, [invite("other", 3, "dan"), accept("other", 4, "ben")])
    assert (await profile(graph, "ben")).referred_by is not None
    assert await examine(graph, RULE) == []


async def test_an_invitation_runs_out_after_the_days_of_the_rule(graph: Store) -> None:
    rule = replace(RULE, open_days=2)
    await told(graph, [invite(), accept(hours=2 * DAY), invite("d"), accept("d", 2 * DAY - 1, "cho")], rule=rule)
    states = {each.code: (each.referral_status, each.ended_at) for each in await made_by(graph, "ana")}
    assert states == {"c": ("EXPIRED", at(2 * DAY)), "d": ("ACCEPTED", None)}
    assert await examine(graph, rule) == []


def review(name: str, hours: float, referral: str, *, approve: bool) -> ReferralReviewInput:
    return ReferralReviewInput(id=name, source="test", at=at(hours), referral=referral, approve=approve, reason=f"{name} said so")


async def test_whom_a_review_rejects_was_brought_in_by_somebody_else_or_nobody(graph: Store) -> None:
    await told(graph, [invite(), accept(), invite("late", 0, "cho"), accept("late", 5), buy("1", 6, 3_000)])
    mine, theirs = await the_one(graph), await the_one(graph, "cho")
    outcome = await record(graph, [review("no", 7, mine.id, approve=False)], rule=RULE)
    assert outcome.customers == {(await profile(graph, name)).id for name in ("ana", "ben")}
    rejected = await the_one(graph)
    assert (rejected.referral_status, rejected.ended_reason, rejected.ended_at) == ("REJECTED", "no said so", at(7))
    brought = (await profile(graph, "ben")).referred_by
    assert brought is not None and brought.id == theirs.id and brought.referral_status == "QUALIFIED"
    assert await examine(graph, RULE) == []
    # The newest counts, whenever it comes.
    await told(graph, [review("yes", 9, mine.id, approve=True)])
    await told(graph, [review("older", 8, mine.id, approve=False)])
    assert (await the_one(graph)).referral_status == "QUALIFIED"
    assert (await the_one(graph, "cho")).referral_status == "SUPERSEDED"
    assert await examine(graph, RULE) == []


async def test_a_review_of_what_is_no_referral_is_refused(graph: Store) -> None:
    outcome = await record(graph, [review("no", 1, "ref_0", approve=False), invite()], rule=RULE)
    (refused,) = outcome.rejected
    assert (refused.index, refused.code, outcome.accepted) == (0, "NOT_FOUND", 1)


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_kept_equals_the_function_from_scratch(graph: Store, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"u{number}" for number in range(5)]
    events: list[Event] = []
    for number in range(12):
        hours = chance.uniform(0, 20)
        events.append(invite(f"c{number}", hours, chance.choice(names)))
        events.append(accept(f"c{number}", hours + chance.uniform(0, 3), chance.choice(names)))
    for number in range(12):
        hours = chance.uniform(0, 40 * DAY) if chance.random() < 0.3 else chance.uniform(0, 30)
        cents, currency = chance.choice((1_500, 2_000, 4_000)), chance.choice(("USD", "USD", "JPY"))
        events.append(buy(f"n{number}", hours, cents, currency, chance.choice(names)))
        if chance.random() < 0.4:
            events.append(refund(f"n{number}", hours + 1, chance.choice((500, 2_000))))
        if chance.random() < 0.2:
            events.append(cancel(f"n{number}", hours + 2))
    events.append(identify("m", 0, ("user_id", names[0]), ("user_id", names[1])))
    chance.shuffle(events)
    # Whoever reviews has to find somebody.
    events.insert(0, invite("first", 0, names[2]))
    while events:
        size = chance.randint(1, 9)
        batch, events = events[:size], events[size:]
        await told(graph, batch)
        made = await made_by(graph, names[2]) if chance.random() < 0.3 else []
        if made:
            verdict = review(f"v{len(events)}", chance.uniform(0, 50), chance.choice(made).id, approve=chance.random() < 0.5)
            await told(graph, [verdict])
        assert await examine(graph, RULE) == []

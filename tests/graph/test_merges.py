"""Merges by hand and their undoing: nothing is left behind, whatever came in between."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from graph.doctor import examine
from graph.events import record
from graph.events.inputs import CustomerKey, Event, IdentifierKey, MergeInput, UndoMergeInput
from graph.events.outcomes import Outcome
from graph.identity.rules import IdentityRules, Limit, TypeRule, usual_rules
from graph.store import Store
from tests.graph.conftest import AskCypher
from tests.graph.test_identity_resolution import RULE, RULES, Name, as_read, history, kept, versions_of
from tests.happenings import accept, at, identify, invite, purchase, touchpoint, user

EVERYTHING = "MATCH (n) WHERE NOT n:Migration AND NOT n:CacheEpoch DETACH DELETE n"
LATE = 100.0
FREE = IdentityRules()


def named(name: Name) -> CustomerKey:
    return CustomerKey(identifier=IdentifierKey(*name))


def merge(id: str, keep: CustomerKey, absorb: CustomerKey, hours: float = LATE) -> MergeInput:
    return MergeInput(id=id, source="desk", at=at(hours), keep=keep, absorb=absorb, reason="the same person", actor="ops")


def undo(id: str, merge: str, hours: float = LATE + 1, *, keep_apart: bool = False) -> UndoMergeInput:
    return UndoMergeInput(
        id=id, source="desk", at=at(hours), merge=merge, reason="two people", actor="ops", keep_apart=keep_apart
    )


async def told(graph: Store, *events: Event, rules: IdentityRules = RULES) -> Outcome:
    return await record(graph, events, rule=RULE, identity_rules=rules)


async def refusal(graph: Store, event: Event) -> tuple[str, str]:
    (rejected,) = (await told(graph, event)).rejected
    return rejected.code, rejected.message


async def standing(ask: AskCypher) -> list[str]:
    """Merges that nobody undid, newest first."""
    return await ask("MATCH (m:Merge) WHERE m.undone_at IS NULL RETURN m.id ORDER BY m.merged_at DESC, m.id DESC")


async def both(graph: Store, *names: str) -> list[Any]:
    return await as_read(graph, [("user_id", name) for name in names])


async def test_undone_merges_leave_nothing_behind(graph: Store, ask: AskCypher) -> None:
    """Histories by chance, some of them told while customers are merged; once all merges are undone, everything is as it is where
    nobody ever merged anybody."""
    compared = 0
    for seed in range(40):
        await ask(EVERYTHING)
        compared += await _merged_and_undone(graph, ask, seed)
    assert compared > 10


async def _merged_and_undone(graph: Store, ask: AskCypher, seed: int) -> bool:
    """Whether any merge was undone, and all of them."""
    chance = random.Random(seed)
    events = history(seed)
    chance.shuffle(events)
    before, meanwhile = events[: len(events) // 2], events[len(events) // 2 :]
    await told(graph, *before)
    names = sorted({name for group in (await kept(ask)).values() for name in group})
    merged: list[str] = []
    for number in range(4):
        keep, absorb = (named(name) for name in chance.sample(names, 2)) if len(names) > 1 else (None, None)
        if keep is not None and absorb is not None and not (await told(graph, merge(f"m{number}", keep, absorb))).rejected:
            (newest,) = await ask("MATCH (m:Merge {key: $key}) RETURN m.id", key=f"desk\x1fm{number}")
            merged.append(newest)
        assert await examine(graph, RULE, identity_rules=RULES) == []
        size = chance.randint(0, 3)
        for each in meanwhile[:size]:
            assert not (await told(graph, each)).rejected
        del meanwhile[:size]
    for each in meanwhile:
        assert not (await told(graph, each)).rejected
    chance.shuffle(merged)
    waiting, redundant, turn = merged, list[str](), 0
    while waiting and turn < 100:
        turn += 1
        id, *waiting = waiting
        seen = await versions_of(graph, names)
        (rejected,) = (await told(graph, undo(f"u{turn}", id))).rejected or (None,)
        now = await versions_of(graph, names)
        assert all(version >= seen[name] for name, version in now.items())
        if rejected is not None:
            assert rejected.code == "BLOCKED"
            # By another merge, which may be undone first; else by evidence by which they are one anyhow.
            (waiting if "by merge" in rejected.message else redundant).append(id)
    assert turn < 100
    if redundant:
        # A merge that stays is stronger than all evidence: what else is set aside for a limit isn't what it would be without it.
        assert await examine(graph, RULE, identity_rules=RULES) == []
        return False
    found, groups = await as_read(graph, names), await kept(ask)
    await ask(EVERYTHING)
    for each in events:
        assert not (await told(graph, each)).rejected
    assert await kept(ask) == groups
    assert await as_read(graph, names) == found
    assert await examine(graph, RULE, identity_rules=RULES) == []
    return bool(merged)


async def test_a_merge_goes_by_the_id_that_was_kept_and_undone_by_both(graph: Store, ask: AskCypher) -> None:
    await told(
        graph, identify("1", 1, ("user_id", "ann")), identify("2", 0, ("user_id", "ben")), purchase("3", 2, user("ben"), "n")
    )
    before = await both(graph, "ann", "ben")
    assert not (await told(graph, merge("m", user("ann"), user("ben")), rules=FREE)).rejected
    assert await kept(ask) == {("user_id", "ann"): frozenset({("user_id", "ann"), ("user_id", "ben")})}
    one, other = await both(graph, "ann", "ben")
    assert one == other and len(one["entries"]) == 1
    (id,) = await standing(ask)
    assert not (await told(graph, undo("u", id), rules=FREE)).rejected
    assert await both(graph, "ann", "ben") == before
    assert await standing(ask) == []
    assert (await refusal(graph, undo("u2", id)))[0] == "CONFLICT"


async def test_a_third_one_that_both_are_linked_with_blocks_unless_they_are_kept_apart(graph: Store, ask: AskCypher) -> None:
    rules = IdentityRules()
    await told(graph, identify("1", 1, ("user_id", "ann")), identify("2", 2, ("user_id", "ben")), rules=rules)
    await told(graph, merge("m", user("ann"), user("ben")), rules=rules)
    for number, name in enumerate(("ann", "ben")):
        await told(graph, identify(f"e{number}", 3 + number, ("user_id", name), ("email", "e@example.com")), rules=rules)
    (id,) = await standing(ask)
    (rejected,) = (await told(graph, undo("u", id), rules=rules)).rejected
    assert rejected.code == "BLOCKED" and "email and user_id by identify from test" in rejected.message
    assert "example.com" not in rejected.message
    assert not (await told(graph, undo("v", id, keep_apart=True), rules=rules)).rejected
    email = ("email", "e@example.com")
    apart = {("user_id", "ann"): frozenset({("user_id", "ann"), email}), ("user_id", "ben"): frozenset({("user_id", "ben")})}
    assert await kept(ask) == apart
    # Nothing that is said of it later joins them again.
    await told(graph, identify("again", 200, ("user_id", "ben"), email), rules=rules)
    assert await kept(ask) == apart
    assert await examine(graph, RULE, identity_rules=rules) == []
    # But somebody who looks at them may.
    assert not (await told(graph, merge("n", user("ben"), user("ann"), 300), rules=rules)).rejected
    assert await kept(ask) == {("user_id", "ben"): frozenset({("user_id", "ann"), ("user_id", "ben"), email})}
    (id,) = await standing(ask)
    assert not (await told(graph, undo("w", id, 301), rules=rules)).rejected
    assert await kept(ask) == apart
    assert await examine(graph, RULE, identity_rules=rules) == []


async def test_what_evidence_joined_is_undone_by_keeping_it_apart(graph: Store, ask: AskCypher) -> None:
    await told(graph, identify("1", 1, ("email", "a@x.com")), identify("2", 2, ("email", "b@x.com")))
    await told(graph, identify("3", 3, ("email", "a@x.com"), ("email", "b@x.com")))
    (id,) = await standing(ask)
    assert len(await kept(ask)) == 1
    assert not (await told(graph, undo("u", id))).rejected
    assert len(await kept(ask)) == 2 and await standing(ask) == []
    await told(graph, identify("4", 4, ("email", "b@x.com"), ("email", "a@x.com")))
    assert len(await kept(ask)) == 2
    assert await examine(graph, RULE, identity_rules=RULES) == []


@pytest.mark.parametrize("hours", (0.5, 3))
@pytest.mark.parametrize("known", (True, False))
async def test_two_who_share_a_browser_are_taken_apart_again(graph: Store, ask: AskCypher, known: bool, hours: float) -> None:
    """Whether or not the second one was ever seen before, and whoever came first."""
    rules = usual_rules()
    ann, ben, browser, mail = ("user_id", "ann"), ("user_id", "ben"), ("anonymous_id", "x"), ("email", "ben@example.com")
    await told(graph, identify("1", 1, browser, ann), identify("more", 1, ann, ("anonymous_id", "y")), rules=rules)
    if known:
        await told(graph, touchpoint("2", hours, user("ben")), rules=rules)
    await told(graph, identify("3", hours, mail, ben, browser), rules=rules)
    assert len(await kept(ask)) == 1
    (id,) = await standing(ask)
    assert not (await told(graph, undo("u", id), rules=rules)).rejected
    hers, his = {ann, ("anonymous_id", "y")}, {ben, mail}
    # It was hers when he came to be known; where all that is heard of him is this, it was his first.
    (his if hours < 1 and not known else hers).add(browser)
    apart = {frozenset(hers), frozenset(his)}
    assert {*(await kept(ask)).values()} == apart and await standing(ask) == []
    await told(graph, identify("4", 50, browser, ben), identify("5", 51, ben, mail), rules=rules)
    assert {*(await kept(ask)).values()} == apart
    assert await examine(graph, RULE, identity_rules=rules) == []


async def test_two_on_one_browser_who_come_at_once_are_taken_apart_by_who_had_it_first(graph: Store, ask: AskCypher) -> None:
    rules = usual_rules()
    ann, ben, browser = ("user_id", "ann"), ("user_id", "ben"), ("anonymous_id", "x")
    await told(graph, identify("1", 1, browser, ann), identify("2", 2, browser, ben), rules=rules)
    (id,) = await standing(ask)
    assert not (await told(graph, undo("u", id), rules=rules)).rejected
    assert await kept(ask) == {ann: frozenset({ann, browser}), ben: frozenset({ben})}


async def test_two_of_one_type_that_come_together_are_taken_apart_again(graph: Store, ask: AskCypher) -> None:
    ann, ben = ("user_id", "ann"), ("user_id", "ben")
    await told(graph, identify("1", 1, ben, ann, ("email", "a@example.com")), rules=FREE)
    (id,) = await standing(ask)
    assert not (await told(graph, undo("u", id), rules=FREE)).rejected
    assert len(await kept(ask)) == 2
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_what_is_undone_leaves_other_merges_as_they_are(graph: Store, ask: AskCypher) -> None:
    """Though nobody goes by the names any more that the customers had: two are one still, until that is undone too."""
    mail, account, phone = ("email", "e@example.com"), ("user_id", "u"), ("phone", "+811")
    await told(graph, *(identify(name[0], number, name) for number, name in enumerate((mail, account, phone))), rules=FREE)
    await told(graph, identify("1", 10, mail, account), rules=FREE)
    (older,) = await standing(ask)
    await told(graph, identify("2", 11, account, phone), rules=FREE)
    (newer,) = set(await standing(ask)) - {older}
    assert not (await told(graph, undo("u1", older), rules=FREE)).rejected
    assert await standing(ask) == [newer]
    assert {len(group) for group in (await kept(ask)).values()} == {1, 2}
    assert not (await told(graph, undo("u2", newer), rules=FREE)).rejected
    assert len(await kept(ask)) == 3 and await standing(ask) == []
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_what_evidence_joins_beside_a_merge_by_hand_is_undone_by_itself(graph: Store, ask: AskCypher) -> None:
    await told(graph, *(identify(name, number, ("user_id", name)) for number, name in enumerate("cak")), rules=FREE)
    await told(graph, identify("1", 10, ("user_id", "a"), ("user_id", "c")), merge("m", user("k"), user("a")), rules=FREE)
    assert len(await kept(ask)) == 1
    by_hand = await ask("MATCH (m:Merge) WHERE m.key IS NOT NULL RETURN m.id")
    (evident,) = set(await standing(ask)) - set(by_hand)
    assert not (await told(graph, undo("u1", *by_hand), rules=FREE)).rejected
    assert sorted(map(len, (await kept(ask)).values())) == [1, 2] and await standing(ask) == [evident]
    assert not (await told(graph, undo("u2", evident), rules=FREE)).rejected
    assert len(await kept(ask)) == 3
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_a_merge_that_is_taken_back_with_others_in_the_same_call_is_set_aside(graph: Store, ask: AskCypher) -> None:
    await told(graph, *(identify(name, number, ("user_id", name)) for number, name in enumerate("abc")), rules=FREE)
    await told(graph, merge("m1", user("b"), user("c"), 100), rules=FREE)
    await told(graph, merge("m2", user("a"), user("b"), 101), rules=FREE)
    newer, older = await standing(ask)
    assert not (await told(graph, undo("u1", older, 102), rules=FREE)).rejected
    # C was on the other side, and comes to A just before the two sides are kept apart.
    outcome = await told(graph, merge("m3", user("a"), user("c"), 103), undo("u2", newer, 104, keep_apart=True), rules=FREE)
    assert not outcome.rejected and len(await kept(ask)) == 3
    assert await ask("MATCH ()-[link:LINKED {event: 'desk\x1fm3'}]->() RETURN link.aside") == ["veto"]
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_what_late_evidence_parts_is_logged_as_undone(graph: Store, ask: AskCypher) -> None:
    email = ("email", "e1@example.com")
    await told(graph, identify("1", 3, ("user_id", "ben")), identify("2", 3, email))
    await told(graph, identify("3", 3, ("user_id", "ben"), email))
    assert len(await standing(ask)) == 1
    # Ann had that address before him.
    await told(graph, identify("4", 1, ("user_id", "ann"), email))
    assert await kept(ask) == {
        ("user_id", "ann"): frozenset({("user_id", "ann"), email}),
        ("user_id", "ben"): frozenset({("user_id", "ben")}),
    }
    assert await ask("MATCH (m:Merge) WHERE m.kept_id <> m.absorbed_id RETURN m.undone_at IS NOT NULL ORDER BY m.merged_at") == [
        True
    ]


async def test_an_older_merge_is_undone_under_a_newer_one(graph: Store, ask: AskCypher) -> None:
    await told(graph, *(identify(name, number, ("phone", name)) for number, name in enumerate(("+811", "+812", "+813"))))
    one, two, three = (named(("phone", f"+81{number}")) for number in (1, 2, 3))
    await told(graph, merge("m1", one, two, 100))
    await told(graph, merge("m2", one, three, 101))
    newer, older = await standing(ask)
    assert not (await told(graph, undo("u1", older, 102))).rejected
    assert {len(group) for group in (await kept(ask)).values()} == {1, 2}
    # Two is one of them again by both of them: then the older one alone takes it out of neither.
    await told(graph, merge("m3", one, two, 103))
    third = (await standing(ask))[0]
    assert not (await told(graph, undo("u2", newer, 104))).rejected
    await told(graph, merge("m4", two, three, 105))
    fourth = (await standing(ask))[0]
    await told(graph, identify("x", 3, ("phone", "+811"), ("phone", "+813")))
    code, message = await refusal(graph, undo("u3", third, 106))
    assert code == "BLOCKED" and f"by merge {fourth}" in message
    assert await examine(graph, RULE, identity_rules=RULES) == []


async def test_an_undo_finds_those_it_is_about_wherever_they_are_by_now(graph: Store, ask: AskCypher) -> None:
    """Two pairs are merged, then the pairs with each other, and the pairs are taken apart: the merge of the pairs still joins the
    two by whom it was stated, neither of whom the pairs went by."""
    await told(graph, *(identify(f"p{number}", number, ("user_id", f"p{number}")) for number in range(4)), rules=FREE)
    alone = {("user_id", f"p{number}"): frozenset({("user_id", f"p{number}")}) for number in range(4)}
    for number, (one, other) in enumerate((("p0", "p1"), ("p2", "p3"), ("p1", "p3"))):
        assert not (await told(graph, merge(f"m{number}", user(one), user(other), 100 + number), rules=FREE)).rejected
    pairs, *both_pairs = (await standing(ask))[0], *(await standing(ask))[1:]
    for number, id in enumerate(both_pairs):
        assert not (await told(graph, undo(f"u{number}", id, 200 + number), rules=FREE)).rejected
        assert await examine(graph, RULE, identity_rules=FREE) == []
    assert {len(group) for group in (await kept(ask)).values()} == {1, 2}
    assert not (await told(graph, undo("last", pairs, 300, keep_apart=True), rules=FREE)).rejected
    assert await kept(ask) == alone
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_what_is_refused_leaves_nothing(graph: Store, ask: AskCypher) -> None:
    """What evidence joined can't be undone while a merge by hand says the same: nor is a veto of it kept."""
    await told(graph, *(identify(name, number, ("phone", name)) for number, name in enumerate(("+811", "+812"))), rules=FREE)
    await told(graph, identify("x", 3, ("phone", "+811"), ("phone", "+812")), identify("y", 4, ("phone", "+813")), rules=FREE)
    (by_evidence,) = await standing(ask)
    await told(graph, merge("m", named(("phone", "+811")), named(("phone", "+813"))), rules=FREE)
    await told(graph, identify("z", 5, ("phone", "+812"), ("phone", "+813")), rules=FREE)
    by_hand = next(id for id in await standing(ask) if id != by_evidence)
    before = await ask("MATCH (n) WHERE NOT n:Migration RETURN [labels(n), properties(n)]")
    code, message = await refusal(graph, undo("u", by_hand))
    assert code == "BLOCKED" and "by identify" in message
    assert await ask("MATCH (n) WHERE NOT n:Migration RETURN [labels(n), properties(n)]") == before
    one, two = named(("phone", "+811")), named(("phone", "+812"))
    assert (await refusal(graph, merge("n", one, two)))[0] == "INVALID"
    assert await ask("MATCH (n) WHERE NOT n:Migration RETURN [labels(n), properties(n)]") == before


async def test_evidence_is_not_undone_against_a_merge_by_hand(graph: Store, ask: AskCypher) -> None:
    """Two and four are parted, and four is merged with one by hand: to part one from both of them would set that aside."""
    await told(graph, *(identify(f"i{number}", number, ("phone", f"+81{number}")) for number in (1, 2, 4)), rules=FREE)
    await told(graph, identify("y", 5, ("phone", "+812"), ("phone", "+814")), rules=FREE)
    (earlier,) = await standing(ask)
    await told(graph, identify("x", 6, ("phone", "+811"), ("phone", "+812")), rules=FREE)
    later = next(id for id in await standing(ask) if id != earlier)
    assert not (await told(graph, undo("u", earlier), rules=FREE)).rejected
    assert not (await told(graph, merge("m", named(("phone", "+811")), named(("phone", "+814")), 200), rules=FREE)).rejected
    assert len(await kept(ask)) == 1
    (veto,) = await ask("MATCH (v:Veto) RETURN v.id")
    (rejected,) = (await told(graph, undo("v", later, 300), rules=FREE)).rejected
    assert rejected.code == "BLOCKED" and "by merge" in rejected.message
    assert await ask("MATCH (v:Veto) RETURN v.id") == [veto] and len(await kept(ask)) == 1
    assert not (await told(graph, undo("w", later, 301, keep_apart=True), rules=FREE)).rejected
    assert len(await kept(ask)) == 3, "the merge joins nobody any more, nor does it lift the veto between two and four"
    assert await examine(graph, RULE, identity_rules=FREE) == []


@pytest.mark.parametrize("further", [False, True])
async def test_what_is_kept_apart_stays_so_where_a_merge_of_others_is_undone(graph: Store, ask: AskCypher, further: bool) -> None:
    """Two who were kept apart became one by what joined them with others; without that, nobody said that they were."""
    ann, ben, cho, dan = (("user_id", name) for name in ("ann", "ben", "cho", "dan"))
    await told(graph, *(identify(name[1], 1, name) for name in (ann, ben, cho, dan)), rules=FREE)
    decided: list[Event] = [merge("m0", named(ann), named(ben), 100)]
    assert not (await told(graph, *decided, rules=FREE)).rejected
    (first,) = await standing(ask)
    assert not (await told(graph, undo("u0", first, keep_apart=True), rules=FREE)).rejected
    decided = [merge("m1", named(cho), named(ann), 103), merge("m3", named(cho), named(ben), 105)]
    if further:
        decided = [decided[0], merge("m2", named(dan), named(ben), 104), merge("m3", named(cho), named(dan), 105)]
    assert not (await told(graph, *decided, rules=FREE)).rejected
    assert len(await kept(ask)) == (1 if further else 2)
    for key in ("m1", "m2") if further else ("m1",):
        (id,) = await ask("MATCH (m:Merge {key: $key}) RETURN m.id", key=f"desk\x1f{key}")
        assert not (await told(graph, undo(f"u{key}", id, 106), rules=FREE)).rejected
    before = await kept(ask)
    assert not (await told(graph, identify("e", 7, ann, ben), rules=FREE)).rejected
    assert await kept(ask) == before
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_a_merge_goes_by_the_id_that_is_kept_whatever_the_clock_says(graph: Store, ask: AskCypher) -> None:
    await told(graph, *(identify(name, 1, ("user_id", name)) for name in ("ann", "ben", "cho")), rules=FREE)
    assert not (await told(graph, merge("m1", user("ben"), user("cho"), 101), rules=FREE)).rejected
    assert not (await told(graph, merge("m2", user("ann"), user("ben"), 100), rules=FREE)).rejected
    assert (await kept(ask)).keys() == {("user_id", "ann")}
    assert len(await standing(ask)) == 2
    assert await examine(graph, RULE, identity_rules=FREE) == []


@pytest.mark.parametrize("order", [("ann", "ben"), ("ben", "ann")])
async def test_what_an_identifier_joined_that_neither_had_is_undone(graph: Store, ask: AskCypher, order: tuple[str, str]) -> None:
    """Seen before both of them, it names the customer that they become part of, and stays with Ann: she had it first."""
    await told(graph, identify("1", 10, ("user_id", "ann")), identify("2", 11, ("user_id", "ben")), rules=FREE)
    email = ("email", "e@example.com")
    await told(graph, identify("3", 1, ("user_id", "ann"), email), identify("4", 2, ("user_id", "ben"), email), rules=FREE)
    assert (await kept(ask)).keys() == {email}
    find = "MATCH (m:Merge)-[:ABSORBED]->(:Identifier {value: $name}) RETURN m.id"
    merges = [id for name in order for id in await ask(find, name=name)]
    outcomes = [await told(graph, undo(id, id), rules=FREE) for id in merges]
    # To part the one from the other is all that the second one could do.
    assert [outcome.rejected[0].code if outcome.rejected else None for outcome in outcomes] == [None, "CONFLICT"]
    assert set((await kept(ask)).values()) == {frozenset({("user_id", "ann"), email}), frozenset({("user_id", "ben")})}
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_what_is_decided_dates_nobody_back(graph: Store, ask: AskCypher) -> None:
    """Sources may have clocks that are ahead; when somebody was first seen is a matter of what happened."""
    await told(graph, identify("1", 10, ("user_id", "ann")), identify("2", 11, ("user_id", "ben")), rules=FREE)
    assert not (await told(graph, merge("m", user("ben"), user("ann"), 5), rules=FREE)).rejected
    assert await examine(graph, RULE, identity_rules=FREE) == []
    (id,) = await standing(ask)
    assert not (await told(graph, undo("u", id, 6), rules=FREE)).rejected
    assert await examine(graph, RULE, identity_rules=FREE) == []
    assert len(await kept(ask)) == 2


LIMITED = IdentityRules(types={"user_id": TypeRule(100, Limit(1))})


async def test_nobody_is_merged_against_the_rules(graph: Store, ask: AskCypher) -> None:
    await told(
        graph, *(identify(name, 1, ("user_id", name), ("email", f"{name}@x.com")) for name in ("ann", "ben")), rules=LIMITED
    )
    before = await kept(ask)
    (rejected,) = (
        await told(graph, merge("m", CustomerKey(email="ann@x.com"), CustomerKey(email="ben@x.com")), rules=LIMITED)
    ).rejected
    assert rejected.code == "BLOCKED" and "1 user_id" in rejected.message
    assert await kept(ask) == before and await ask("MATCH (m:Merge) RETURN m.id") == []
    assert await examine(graph, RULE, identity_rules=LIMITED) == []


async def test_bad_input(graph: Store, ask: AskCypher) -> None:
    await told(graph, identify("1", 1, ("user_id", "ann"), ("email", "a@x.com")), identify("2", 1, ("user_id", "ben")))
    assert (await refusal(graph, merge("m1", user("ann"), CustomerKey(email="a@x.com"))))[0] == "INVALID"
    assert (await refusal(graph, merge("m2", user("ann"), user("nobody"))))[0] == "NOT_FOUND"
    assert (await refusal(graph, merge("m3", CustomerKey(id="cus_" + "0" * 32), user("ann"))))[0] == "NOT_FOUND"
    assert (await refusal(graph, undo("u", "mrg_" + "0" * 32)))[0] == "NOT_FOUND"
    assert await ask("MATCH (i:Identifier {value: 'nobody'}) RETURN i.id") == []
    await ask("MATCH (c:Customer)-[:IDENTIFIED_BY]->(:Identifier {value: 'ben'}) SET c.erased_at = datetime() RETURN 1")
    assert (await refusal(graph, merge("m4", user("ann"), user("ben"))))[0] == "ERASED"
    assert await ask("MATCH (m:Merge) RETURN m.id") == []
    await told(graph, *(identify(name[1], 2, name) for name in (("phone", "+81311111111"), ("email", "d@x.com"))))
    assert not (await told(graph, merge("m5", named(("phone", "+81311111111")), CustomerKey(email="d@x.com")))).rejected
    (id,) = await standing(ask)
    await ask("MATCH (c:Customer) SET c.erased_at = datetime() RETURN 1")
    assert (await refusal(graph, undo("u5", id)))[0] == "ERASED"
    assert await standing(ask) == [id]


def brought(number: int, advocate: str, friend: str, hours: float) -> list[Event]:
    return [
        invite(f"i{number}", hours, user(advocate), f"c{number}"),
        accept(f"a{number}", hours + 0.5, f"c{number}", user(friend)),
    ]


async def test_an_undo_gives_nobody_two_referrers(graph: Store, ask: AskCypher) -> None:
    """While they are one the earlier acceptance counts; once they are two again, each has its own."""
    await told(graph, *brought(1, "ann", "cho", 1), *brought(2, "ben", "dan", 2), rules=FREE)
    before = await both(graph, "ann", "ben", "cho", "dan")
    await told(graph, merge("m", user("cho"), user("dan")), rules=FREE)
    edges = "MATCH (:Customer)-[r:REFERRED]->(c:Customer) RETURN c.id"
    assert len(await ask(edges)) == 1
    (id,) = await standing(ask)
    await told(graph, undo("u", id), rules=FREE)
    friends = await ask(edges)
    assert len(friends) == len(set(friends)) == 2
    assert await both(graph, "ann", "ben", "cho", "dan") == before
    assert await examine(graph, RULE, identity_rules=FREE) == []


async def test_an_undo_closes_no_ring(graph: Store, ask: AskCypher) -> None:
    """Cho, who is also Eve, was brought in by Ann before; apart from Eve, her acceptance would close a ring of three."""
    early = brought(0, "ann", "eve", 0)
    await told(graph, *early, *brought(1, "ann", "ben", 1), *brought(2, "ben", "cho", 2), rules=FREE)
    await told(graph, merge("m", user("cho"), user("eve")), rules=FREE)
    # While Ann brought all of them in, whom Cho brings in is Ann herself.
    await told(graph, *brought(3, "cho", "ann", 3), rules=FREE)
    (id,) = await standing(ask)
    await told(graph, undo("u", id), rules=FREE)
    assert await examine(graph, RULE, identity_rules=FREE) == []
    rings = "MATCH (c:Customer)-[:REFERRED*1..10]->(d:Customer) WHERE c = d RETURN c.id"
    assert await ask(rings) == []
    found = await both(graph, "ann", "ben", "cho", "eve")
    await ask(EVERYTHING)
    await told(graph, *early, *(event for number, pair in enumerate((("ann", "ben"), ("ben", "cho"), ("cho", "ann")), 1)
                                for event in brought(number, *pair, number)), rules=FREE)  # fmt: skip
    assert await both(graph, "ann", "ben", "cho", "eve") == found


async def test_what_came_while_they_were_one_goes_to_whom_it_was_filed_under(graph: Store, ask: AskCypher) -> None:
    await told(graph, identify("1", 1, ("user_id", "ann")), identify("2", 2, ("user_id", "ben")), rules=FREE)
    await told(graph, merge("m", user("ann"), user("ben")), rules=FREE)
    profile: Sequence[Any] = await ask("MATCH (c:Customer) RETURN c.id")
    await told(graph, touchpoint("t", 3, user("ben")), purchase("p", 4, CustomerKey(id=profile[0]), "n", "25"), rules=FREE)
    (id,) = await standing(ask)
    await told(graph, undo("u", id), rules=FREE)
    one, other = await both(graph, "ann", "ben")
    assert len(one["entries"]) == len(other["entries"]) == 1
    rows = await ask("MATCH (c:Customer) WITH c ORDER BY c.id RETURN [c.touchpoints, c.purchases]")
    assert sorted(map(tuple, rows), key=str) == [(0, 1), (1, 0)]
    assert await examine(graph, RULE, identity_rules=FREE) == []

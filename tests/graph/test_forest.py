"""The referral forest: rings are broken at their latest acceptance, and what is kept equals the function from scratch."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.customers import Profile, ProfileKey, load_profiles
from graph.doctor import examine
from graph.events import record
from graph.events.inputs import Event, ReferralCodeInput
from graph.events.kept import Kept
from graph.events.referring import code_of
from graph.referrals.forest import Pointer, candidate, ring_closers
from graph.store import Store
from tests.happenings import accept, at, identify, invite, user
from tests.referral_oracle import reviews


def pointer(friend: int, advocate: int, order: int) -> Pointer:
    return Pointer(str(friend), str(advocate), f"ref_{friend}", order, "")


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 3)), min_size=1, max_size=12))
def test_without_its_closers_every_graph_of_candidates_is_a_forest(drawn: list[tuple[int, int]]) -> None:
    candidates = {str(n): pointer(n, advocate % len(drawn), order) for n, (advocate, order) in enumerate(drawn)}
    candidates = {friend: each for friend, each in candidates.items() if each.advocate != friend}
    graph: nx.DiGraph[str] = nx.DiGraph([(each.advocate, each.friend) for each in candidates.values()])
    expected = {max(ring, key=lambda friend: candidates[friend].age) for ring in nx.simple_cycles(graph)}
    closers = ring_closers(candidates)
    assert closers == expected
    graph.remove_edges_from([(candidates[friend].advocate, friend) for friend in closers])
    assert graph.number_of_nodes() == 0 or nx.is_forest(graph)


def test_the_earliest_acceptance_that_names_somebody_else_counts() -> None:
    first, second = pointer(1, 2, 5), pointer(1, 3, 4)
    assert candidate([pointer(1, 1, 1), first, second]) == second
    assert candidate([pointer(1, 1, 1)]) is None


def referral(name: str, hours: float, advocate: str, friend: str) -> list[Event]:
    return [invite(f"i-{name}", hours, user(advocate), name), accept(f"a-{name}", hours + 0.5, name, user(friend))]


async def profile(store: Store, name: str) -> Profile:
    found = (await load_profiles(store, [ProfileKey.of("user_id", name)]))[0]
    assert found is not None
    return found


@pytest.mark.parametrize("length", range(1, 7))
async def test_a_ring_is_broken_at_its_latest_acceptance(graph: Store, length: int) -> None:
    for step in range(length):
        await record(graph, referral(f"c{step}", step, f"u{step}", f"u{(step + 1) % length}"))
    last = await profile(graph, "u0")
    assert last.referred_by is None
    ended = next(
        entry for entry in (await profile(graph, f"u{length - 1}")).entries if getattr(entry, "code", "") == f"c{length - 1}"
    )
    assert (ended.referral_status, ended.ended_reason) == (  # type: ignore[union-attr]
        "REJECTED",
        "SELF_REFERRAL" if length == 1 else "CYCLE",
    )
    for step in range(1, length):
        brought = (await profile(graph, f"u{step}")).referred_by
        assert brought is not None and brought.code == f"c{step - 1}"


async def test_an_earlier_acceptance_that_arrives_late_supersedes(graph: Store) -> None:
    await record(graph, referral("late", 10, "ana", "cho"))
    await record(graph, referral("early", 1, "ben", "cho"))
    brought = (await profile(graph, "cho")).referred_by
    assert brought is not None and brought.code == "early"
    lost = (await profile(graph, "ana")).entries[0]
    assert lost.referral_status == "SUPERSEDED"  # type: ignore[union-attr]


async def test_an_advocates_profile_changes_when_a_friend_accepts(graph: Store) -> None:
    first, second = referral("c", 1, "ana", "ben")
    await record(graph, [first])
    before = await profile(graph, "ana")
    outcome = await record(graph, [second])
    after = await profile(graph, "ana")
    assert outcome.touched[after.id] == after.version > before.version
    assert after.entries[0].referral_status == "ACCEPTED"  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(8))
async def test_what_is_kept_equals_the_function_from_scratch(graph: Store, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"u{n}" for n in range(7)]
    events: list[Event] = []
    for number in range(18):
        advocate, friend = chance.choice(names), chance.choice(names)
        events += referral(f"c{number}", chance.randint(0, 20), advocate, friend)
    for number in range(2):
        pair = chance.sample(names, 2)
        events.append(identify(f"m{number}", 0, ("user_id", pair[0]), ("user_id", pair[1])))
    chance.shuffle(events)
    while events:
        size = chance.randint(1, 9)
        batch, events = events[:size], events[size:]
        outcome = await record(graph, batch)
        assert outcome.rejected == ()
        assert await examine(graph) == []


HISTORIES, TOGETHER = int(os.environ.get("C360_HISTORIES", 100)), 100


@pytest.mark.parametrize("start", range(0, HISTORIES, TOGETHER))
async def test_a_hundred_histories_side_by_side_equal_the_function_from_scratch(graph: Store, start: int) -> None:
    """Acceptances in any order, rings, codes that ran out, reviews and merges: each among six people of its own, so that
    one look at the graph after each round tells of all of them. `make fuzz` makes thousands of them."""
    histories = [_history(seed) for seed in range(start, min(start + TOGETHER, HISTORIES))]
    chance = random.Random(start)
    while any(events or late for events, late in histories):
        batch = []
        for events, late in histories:
            size, told = chance.randint(0, 6), events or late
            batch += told[:size]
            del told[:size]
        for part in range(0, len(batch), 50):
            outcome = await record(graph, batch[part : part + 50])
            assert outcome.rejected == ()
        assert await examine(graph) == []


def _history(seed: int) -> tuple[list[Event], list[Event]]:
    """What happened, and what reviews say of it later: nobody reviews what isn't there yet."""
    chance = random.Random(seed)
    names = [f"{seed}.{number}" for number in range(6)]
    events: list[Event] = []
    for number in range(chance.randint(4, 14)):
        name, hours, advocate, friend = f"{seed}/{number}", chance.randint(0, 12), chance.choice(names), chance.choice(names)
        if chance.random() < 0.7:
            events += referral(name, hours, advocate, friend)
            continue
        ends = at(hours + chance.choice((0.25, 5)))
        made = ReferralCodeInput(id=name, source="test", at=at(hours), advocate=user(advocate), expires_at=ends)
        events += [made, accept(f"a-{name}", hours + 0.5, code_of(Kept.of(0, made)), user(friend))]
    for number in range(chance.randint(0, 2)):
        one, other = chance.sample(names, 2)
        events.append(identify(f"{seed}/m{number}", 0, ("user_id", one), ("user_id", other)))
    chance.shuffle(events)
    return events, [replace(each, id=f"{seed}/{each.id}") for each in reviews(seed, events)]

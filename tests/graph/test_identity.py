"""Identifiers, whose they are, and where each trait came from."""

from __future__ import annotations

import json
import random
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.customers import ProfileKey, load_profiles
from graph.events import record, traits
from graph.events.inputs import CustomerKey, Event, IdentifierKey, IdentifyInput
from graph.identity import TraitValue, find_customer_ids, forms, load_identifiers, provenance
from graph.identity.rules import IdentityRules, TraitRule
from graph.store import Store
from tests import happenings
from tests.graph.histories import SOURCE, at, history, identify

MOST_OVERRIDDEN = 20
RULES = IdentityRules()


def observation(minute: int, value: Any, *, source: str = "crm", event: str = "e") -> list[Any]:
    return [at(minute).isoformat(), source, event, value]


def state(**traits: list[list[Any]]) -> str:
    return json.dumps(traits)


def test_the_newest_observation_survives_whichever_identifier_it_was_made_under() -> None:
    found = provenance(
        [
            state(name=[observation(3, "Ann B."), observation(1, "A.")], plan=[observation(1, "gold")]),
            state(name=[observation(2, "Ann")]),
        ],
        RULES,
    )
    assert [each.name for each in found] == ["name", "plan"]
    assert (found[0].value, found[0].at, found[0].source) == ("Ann B.", at(3), "crm")
    assert [each.value for each in found[0].overridden] == ["Ann", "A."]
    assert found[1].overridden == ()


def test_ties_go_by_source_then_event() -> None:
    [name] = provenance(
        [
            state(name=[observation(1, "a", source="crm", event="2")]),
            state(name=[observation(1, "b", source="crm", event="10")]),
            state(name=[observation(1, "c", source="web", event="1")]),
        ],
        RULES,
    )
    assert [name.value, *(each.value for each in name.overridden)] == ["c", "a", "b"]


def test_a_removed_trait_says_who_removed_what() -> None:
    [phone] = provenance([state(phone=[observation(2, None), observation(1, "+12025550123")])], RULES)
    assert (phone.value, phone.at) == (None, at(2))
    assert [each.value for each in phone.overridden] == ["+12025550123"]


def test_values_may_be_any_json() -> None:
    [address] = provenance([state(address=[observation(1, {"city": "京都", "lines": [1, None, True]})])], RULES)
    assert address.value == {"city": "京都", "lines": [1, None, True]}


@given(st.lists(st.lists(st.integers(0, 40), max_size=30, unique=True), max_size=6))
def test_any_split_over_identifiers_gives_the_newest_21(split: list[list[int]]) -> None:
    states = [
        state(name=[observation(minute, minute, event=str(minute)) for minute in sorted(minutes, reverse=True)][:21])
        for minutes in split
        if minutes
    ]
    expected = sorted({minute for minutes in split for minute in minutes}, reverse=True)[: 1 + MOST_OVERRIDDEN]
    found = provenance(states, RULES)
    if not expected:
        assert found == ()
        return
    assert [found[0].value, *(each.value for each in found[0].overridden)] == expected
    assert all(isinstance(each, TraitValue) for each in found[0].overridden)


async def test_the_door_keeps_what_provenance_tells(graph: Store) -> None:
    first = identify("ann", name="Ann", plan="gold")
    web = IdentifyInput(
        id="2",
        source="web",
        at=at(1),
        identifiers=(IdentifierKey("email", "ann@example.com"),),
        traits={"name": "Ann Lee", "plan": None, "addresses": [{"kind": "home", "city": "京都", "postal_code": "600"}]},
    )
    await record(graph, [web, first])
    [profile] = await load_profiles(graph, [ProfileKey.of("email", "ann@example.com")])
    assert profile is not None
    by_name = {each.name: each for each in profile.provenance(RULES)}
    assert (by_name["name"].value, by_name["name"].source) == ("Ann Lee", "web")
    assert [(each.value, each.source) for each in by_name["name"].overridden] == [("Ann", SOURCE)]
    assert by_name["plan"].value is None
    assert (profile.name, profile.traits) == ("Ann Lee", None)
    assert [(each.kind, each.city) for each in profile.addresses] == [("home", "京都")]


async def test_identifiers_oldest_first_by_any_id(graph: Store) -> None:
    await record(graph, [*history("ann", events=5, seed=1)])
    [profile] = await load_profiles(graph, [ProfileKey.of("user_id", "ann")])
    assert profile is not None
    assert await load_identifiers(graph, profile.id) == list(profile.identifiers)
    assert await load_identifiers(graph, "cus_unknown") == []


async def test_whose_a_key_is(graph: Store) -> None:
    await record(graph, [identify("ann"), identify("bob")])
    [ann, bob] = await load_profiles(graph, [ProfileKey.of("email", "ann@example.com"), ProfileKey.of("user_id", "bob")])
    assert ann is not None
    assert bob is not None
    keys: list[tuple[str, str] | str] = [
        ("email", "bob@example.com"),
        ann.id,
        ("email", "nobody@example.com"),
        "cus_unknown",
        ("device", "ann-phone"),
    ]
    assert await find_customer_ids(graph, keys) == [bob.id, ann.id, None, None, ann.id]
    assert await find_customer_ids(graph, []) == []


async def test_ids_of_before_a_merge_lead_to_the_customer_of_now(graph: Store) -> None:
    one = IdentifyInput(
        id="1", source=SOURCE, at=at(0), identifiers=(IdentifierKey("email", "ann@example.com"),), traits={"a": 1}
    )
    two = IdentifyInput(id="2", source=SOURCE, at=at(1), identifiers=(IdentifierKey("device", "d"),), traits={"b": 2})
    await record(graph, [one, two])
    before = await find_customer_ids(graph, [("email", "ann@example.com"), ("device", "d")])
    assert len(set(before)) == 2
    both = (IdentifierKey("email", "ann@example.com"), IdentifierKey("device", "d"))
    await record(graph, [IdentifyInput(id="3", source=SOURCE, at=at(2), identifiers=both)])
    after = await find_customer_ids(graph, [id for id in before if id])
    assert after[0] == after[1]
    assert after[0] in before
    [profile] = await load_profiles(graph, [ProfileKey(id=before[1])])
    assert profile is not None
    assert profile.traits == {"a": 1, "b": 2}
    assert {each.value for each in profile.identifiers} == {"ann@example.com", "d"}
    assert profile.last_seen_at == at(2)


async def test_which_address_stands_for_a_customer_does_not_depend_on_the_order_of_arrival(graph: Store) -> None:
    names = []
    for number, order in enumerate(permutations(range(3))):
        name, a, b = f"u{number}", ("email", f"a{number}@example.com"), ("email", f"b{number}@example.com")
        events: list[Event] = [
            happenings.identify(f"{name}-1", 5, ("user_id", name), a),
            happenings.identify(f"{name}-2", 3, ("user_id", name), b),
            happenings.touchpoint(f"{name}-3", 1, CustomerKey(email=a[1])),
        ]
        for position in order:
            assert (await record(graph, [events[position]])).accepted == 1
        names.append(name)
    profiles = await load_profiles(graph, [ProfileKey.of("user_id", name) for name in names])
    assert [profile.email for profile in profiles if profile] == [f"b{number}@example.com" for number in range(6)]


def test_long_identifiers_are_not_remembered_however_many_come() -> None:
    before = forms._remembered.cache_info().currsize
    for number in range(100):
        assert forms.normalised("email", f" {number}{'A' * 10_000}") == ("email", f"{number}{'a' * 10_000}")
    assert forms._remembered.cache_info().currsize == before


TOLD = [
    observation(1, "old", source="web"),
    observation(2, "crm", source="crm", event="c"),
    observation(3, "often", source="web"),
    observation(4, "often", source="app"),
    observation(5, "new", source="shop"),
]
SURVIVOR = {
    "newest": (TraitRule(), "new"),
    "oldest": (TraitRule("oldest"), "old"),
    "frequent": (TraitRule("frequent"), "often"),
    "a source": (TraitRule("source", ("crm", "app")), "crm"),
    "a source that says nothing": (TraitRule("source", ("erp",)), "new"),
}


@pytest.mark.parametrize("rule", SURVIVOR)
def test_which_value_survives_is_a_rule_in_any_order(rule: str) -> None:
    by, value = SURVIVOR[rule]
    for stated in ({"plan": by}, {"any": by}):
        for order in list(permutations(TOLD))[::7]:
            [found] = provenance([state(plan=[each]) for each in order], IdentityRules(traits=stated))
            assert found.value == value
            lost = [each.value for each in found.overridden]
            assert len(lost) == 4 and [each.at for each in found.overridden] == sorted(
                (each.at for each in found.overridden), reverse=True
            )


@pytest.mark.parametrize("rule", SURVIVOR)
def test_what_is_removed_does_not_come_back(rule: str) -> None:
    rules = IdentityRules(traits={"plan": SURVIVOR[rule][0]})
    [found] = provenance([state(plan=[each]) for each in (*TOLD, observation(6, None))], rules)
    assert found.value is None
    [found] = provenance([state(plan=[each]) for each in (*TOLD, observation(6, None), observation(7, "again"))], rules)
    assert found.value == "again"


@pytest.mark.parametrize("by", ("oldest", "source", "newest", "frequent"))
def test_what_was_removed_before_many_others_does_not_come_back(by: str) -> None:
    rules = IdentityRules(traits={"n": TraitRule(by, ("crm",))})  # type: ignore[arg-type]
    told = [observation(0, "A", source="crm", event="0"), observation(1, None, source="web", event="1")]
    told += [observation(2 + number, "B", source="web", event=str(2 + number)) for number in range(60)]
    state: traits.State = {}
    for at_, source, event, value in told:
        state = traits.merged([state, {"n": [(at_, source, event, value)]}])
    assert traits.survivors(state, rules) == {"n": "B"}


@pytest.mark.parametrize("seed", range(20))
def test_any_of_many_values_can_survive(seed: int) -> None:
    """Of hundreds few are kept, and those are the same whatever came together with what."""
    chance = random.Random(seed)
    told = [observation(number + 1, number, source=f"s{chance.randrange(5)}", event=str(number)) for number in range(200)]
    told.insert(0, observation(0, -1, source="seldom", event="x"))
    expected = {"oldest": -1, "source": -1, "newest": 199}
    chance.shuffle(told)
    parts = [told[start : start + 40] for start in range(0, len(told), 40)]
    states: list[traits.State] = []
    for part in parts:
        known: traits.State = {}
        for at_, source, event, value in part:
            known = traits.merged([known, {"n": [(at_, source, event, value)]}])
        states.append(known)
    for by, value in expected.items():
        rules = IdentityRules(traits={"n": TraitRule(by, ("seldom",))})  # type: ignore[arg-type]
        assert traits.survivors(traits.merged(states), rules) == {"n": value}

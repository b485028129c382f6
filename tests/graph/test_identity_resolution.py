"""Who is who, as the write door keeps it: what follows from all that was said, in whatever order, pieces and repeats it came."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import msgspec
import pytest

from graph.customers import Profile, ProfileKey, load_profiles
from graph.doctor import examine
from graph.events import record
from graph.events.inputs import CustomerKey, Event, IdentifierKey, IdentifyInput
from graph.identity.around import find_around
from graph.identity.components import components
from graph.identity.evidence import Link, Member
from graph.identity.rules import IdentityRules, Limit, TypeRule
from graph.referrals import Rule
from graph.store import Store, asking
from graph.times import microseconds
from tests import happenings
from tests.graph.conftest import AskCypher
from tests.happenings import identify, touchpoint, user

RULES = IdentityRules(
    most=5,
    types={
        "user_id": TypeRule(100, Limit(1)),
        "email": TypeRule(80, Limit(2)),
        "phone": TypeRule(70),
        "anonymous_id": TypeRule(10, Limit(2, days=1)),
    },
    blocked={"any": ("null",)},
)
RULE = Rule(days=30, least={"USD": 2_000})

Name = tuple[str, str]


def history(seed: int) -> list[Event]:
    """People with few identifiers, which many share."""
    chance = random.Random(seed)
    names: list[Name] = [
        (type, value)
        for type in ("user_id", "email", "phone", "anonymous_id")
        for value in ["null", *(_value(type, number) for number in range(chance.randint(1, 3)))]
        if value != "null" or (type not in ("email", "phone") and chance.random() < 0.3)
    ]
    events: list[Event] = []
    codes = [f"code{number}" for number in range(18)]
    chance.shuffle(codes)
    for number in range(chance.randint(3, 18)):
        hours = chance.choice([number, chance.randrange(48)])
        key = CustomerKey(identifier=IdentifierKey(*chance.choice(names)))
        kind = chance.random()
        if kind < 0.6:
            named = chance.sample(names, min(len(names), chance.choice((1, 2, 2, 2, 3))))
            events.append(identify(f"i{number}", hours, *named, traits={"name": f"N{number}", "plan": chance.choice("abc")}))
        elif kind < 0.8:
            events += _happened(number, hours, key, chance)
        elif kind < 0.9:
            events.append(happenings.invite(f"v{number}", hours, key, f"code{number}"))
        else:
            events.append(happenings.accept(f"a{number}", hours, codes.pop(), key))
    return events


def _happened(number: int, hours: float, key: CustomerKey, chance: random.Random) -> list[Event]:
    """Something of every kind that a customer has to do with, and what is said of it later by somebody who names it alone."""
    bought = f"n{number}"
    return chance.choice(
        [
            [touchpoint(f"t{number}", hours, key)],
            [happenings.purchase(f"p{number}", hours, key, bought, "25.00")],
            [
                happenings.purchase(f"p{number}", hours, key, bought, "25.00"),
                happenings.status(f"s{number}", hours + 1, bought, "PAID"),
                happenings.refund(f"f{number}", hours + 2, bought, "5.00"),
            ],
            [happenings.consent(f"g{number}", hours, key, "offers", chance.choice(("GRANTED", "WITHDRAWN")))],
            [happenings.review(f"r{number}", hours, key, chance.randint(1, 5), f"sku-{number}")],
            [happenings.case(f"c{number}", hours, key, f"case{number}")],
            [happenings.message(f"m{number}", hours, key, f"message{number}", "SENT")],
            [happenings.cart(f"b{number}", hours, key, f"cart{number}", "sku-1", "sku-2")],
        ]
    )


def _value(type: str, number: int) -> str:
    return f"e{number}@example.com" if type == "email" else f"+8190000000{number}" if type == "phone" else f"{type[0]}{number}"


def expected(events: Sequence[Event]) -> dict[Name, frozenset[Name]]:
    """The customers, each by the identifier that it is named after."""
    seen: dict[Name, int] = {}
    links: dict[tuple[Name, Name], Link] = {}
    for event in events:
        at = microseconds(event.at)
        if isinstance(event, IdentifyInput):
            named = [(each.type, each.value) for each in event.identifiers]
        else:
            keys = (getattr(event, name, None) for name in ("customer", "advocate", "friend"))
            named = [(key.identifier.type, key.identifier.value) for key in keys if key is not None]
        if not named:
            continue
        for name in named:
            seen[name] = min(at, seen.get(name, at))
        strongest = min(named, key=lambda name: (RULES.blocks(*name), -RULES.strength(name[0]), *name))
        for name in named:
            if name != strongest:
                strength = min(RULES.strength(name[0]), RULES.strength(strongest[0]))
                link = Link(
                    a=str(strongest), b=str(name), rule="identify", strength=strength, at=at, source=event.source,
                    event=f"{event.source}\x1f{event.id}",
                )  # fmt: skip
                known = links.get((strongest, name))
                links[strongest, name] = link if known is None else min(link, known, key=lambda each: each.age)
    names = {str(name): name for name in seen}
    members = [Member(id=id, type=name[0], value=name[1], customer_id=id, seen_at=seen[name]) for id, name in names.items()]
    found = components(members, links.values(), [], RULES)
    return {names[id]: frozenset(names[each] for each in group) for id, group in found.groups.items()}


async def kept(ask: AskCypher) -> dict[Name, frozenset[Name]]:
    rows = await ask(
        "MATCH (c:Customer) RETURN [c.id, COLLECT { MATCH (c)-[:IDENTIFIED_BY]->(i) RETURN [i.type, i.value, i.customer_id] }]"
    )
    found = {}
    for id, identifiers in rows:
        (namesake,) = [(type, value) for type, value, customer_id in identifiers if customer_id == id]
        found[namesake] = frozenset((type, value) for type, value, _ in identifiers)
    return found


async def versions_of(graph: Store, names: Sequence[Name]) -> dict[Name, int]:
    profiles = await load_profiles(graph, [ProfileKey(type=type, value=value) for type, value in names])
    return {name: profile.version for name, profile in zip(names, profiles, strict=True) if profile is not None}


async def told(graph: Store, events: Sequence[Event]) -> None:
    outcome = await record(graph, events, rule=RULE, identity_rules=RULES)
    assert outcome.rejected == ()


async def as_read(graph: Store, names: Sequence[Name]) -> list[Any]:
    """What is told of customers, but for ids and versions."""
    profiles = await load_profiles(graph, [ProfileKey(type=type, value=value) for type, value in names])
    return [_plain(profile) for profile in profiles]


def _plain(profile: Profile | None) -> Any:
    assert profile is not None
    told = msgspec.to_builtins(profile)
    for name in ("id", "version", "ids"):
        told.pop(name, None)
    return _without_ids(told)


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(each) for name, each in value.items() if not name.endswith("_id") and name != "trait_states"}
    if isinstance(value, (list, tuple)):
        return [_without_ids(each) for each in value]
    return value


def _differences(one: Any, other: Any, path: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(one.keys() | other.keys())
        return [each for key in keys for each in _differences(one.get(key), other.get(key), f"{path}.{key}")]
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and len(one) == len(other):
        return [each for place in range(len(one)) for each in _differences(one[place], other[place], f"{path}.{place}")]
    return [] if one == other else [f"{path}: {one!r} != {other!r}"]


@pytest.mark.parametrize("seed", range(60))
async def test_customers_follow_from_what_was_said_in_any_order(graph: Store, ask: AskCypher, seed: int) -> None:
    events = history(seed)
    chance = random.Random(seed)
    customers = expected(events)
    names = sorted(name for group in customers.values() for name in group)
    before: list[Any] | None = None
    for _ in range(3):
        await ask("MATCH (n) WHERE NOT n:Migration AND NOT n:CacheEpoch DETACH DELETE n")
        arriving = events + chance.choices(events, k=3)
        chance.shuffle(arriving)
        versions: dict[Name, int] = {}
        while arriving:
            size = chance.choice((1, 1, 2, 5))
            await told(graph, arriving[:size])
            del arriving[:size]
            seen = await versions_of(graph, names)
            # Whoever takes only what is newer than what it has misses nothing, whatever becomes of the customer.
            assert all(version >= versions.get(name, 0) for name, version in seen.items())
            versions = seen
        assert await kept(ask) == customers
        assert await examine(graph, RULE, identity_rules=RULES) == []
        found = await as_read(graph, names)
        for one, other in zip(found, before or found, strict=True):
            assert one == other, _differences(one, other)
        before = found


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_late_evidence_parts_customers(graph: Store, ask: AskCypher, order: tuple[int, ...]) -> None:
    """Two user ids under one mail address: whose it was first has it."""
    events: list[Event] = [
        identify("1", 1, ("user_id", "ann"), ("email", "e1@example.com")),
        identify("2", 2, ("user_id", "ben"), ("email", "e1@example.com")),
        touchpoint("3", 3, CustomerKey(identifier=IdentifierKey("email", "e1@example.com"))),
        touchpoint("4", 4, user("ben")),
    ]
    for number in order:
        await told(graph, [events[number]])
    assert await kept(ask) == {
        ("user_id", "ann"): frozenset({("user_id", "ann"), ("email", "e1@example.com")}),
        ("user_id", "ben"): frozenset({("user_id", "ben")}),
    }
    assert await examine(graph, RULE, identity_rules=RULES) == []


async def test_a_hundred_identifiers(graph: Store, ask: AskCypher) -> None:
    """In one event they are too many, and in several the rules of a customer hold: what has no place waits as evidence."""
    rules = IdentityRules(most=60, types={"user_id": TypeRule(100)})
    named = [("device", f"d{number:03}") for number in range(99)]
    (rejected,) = (await record(graph, [identify("all", 1, ("user_id", "ann"), *named)], identity_rules=rules)).rejected
    assert rejected.code == "TOO_LARGE" and "at most 20: name the others in further events" in rejected.message
    for start in (*range(0, 99, 19), *range(0, 99, 19)):
        event = identify(f"{start}", start, ("user_id", "ann"), *named[start : start + 19])
        assert not (await record(graph, [event], identity_rules=rules)).rejected
    assert sorted(len(group) for group in (await kept(ask)).values()) == [1] * 40 + [60]
    assert await examine(graph, identity_rules=rules) == []
    standing = await ask("MATCH ()-[link:LINKED]->() RETURN link.standing")
    assert sorted(standing) == [False] * 40 + [True] * 59


@pytest.mark.parametrize("length", [1_001, 10_000])
async def test_an_identifier_of_ten_thousand_characters_is_refused_alone(graph: Store, ask: AskCypher, length: int) -> None:
    events = [identify("long", 1, ("user_id", "x" * length)), identify("short", 1, ("user_id", "x"))]
    (rejected,) = (await record(graph, events)).rejected
    assert rejected.index == 0 and rejected.message.startswith("identifiers.0.value")
    assert await ask("MATCH (i:Identifier) RETURN i.value") == ["x"]


async def test_sources_that_contradict_each_other_for_ever_change_nothing_but_the_times(graph: Store, ask: AskCypher) -> None:
    """Either says again and again whose an address is: whoever said it first is believed, and nothing grows."""
    email = ("email", "e1@example.com")
    events = {"crm": ("user_id", "ann"), "shop": ("user_id", "ben")}
    for turn in range(30):
        for number, (source, name) in enumerate(events.items()):
            event = identify(f"{source}{turn}", 2 * turn + number, name, email)
            await told(graph, [replace(event, source=source)])
        assert await kept(ask) == {
            name: frozenset({name, email}) if name[1] == "ann" else frozenset({name}) for name in events.values()
        }
    assert await ask("MATCH (:Identifier)-[link:LINKED]->(:Identifier) RETURN link.standing ORDER BY link.standing") == [
        False,
        True,
    ]
    assert await ask("MATCH (m:Merge) RETURN count(m)") == [0]
    assert await examine(graph, RULE, identity_rules=RULES) == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
async def test_a_link_that_turns_out_to_be_earlier_counts_within_the_days_of_others(
    graph: Store, ask: AskCypher, order: tuple[int, ...]
) -> None:
    """Two anonymous ids a day: the third one was linked on the second day, until it is heard of on the first."""
    phone, *ids = ("phone", "+819000000001"), *(("anonymous_id", f"a{number}") for number in range(3))
    hours = (0, 1, 30, 2)
    events = [identify(f"{number}", hours[number], phone, ids[min(number, 2)]) for number in range(4)]
    for number in order:
        await told(graph, [events[number]])
    assert sorted(map(len, (await kept(ask)).values())) == [1, 3]
    assert await examine(graph, RULE, identity_rules=RULES) == []


async def test_each_is_looked_at_with_its_own_however_many_come_at_once(
    graph: Store, ask: AskCypher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late evidence takes from each of many what lets another one have it: the same in one call as one by one."""
    monkeypatch.setattr("graph.identity.around.MOST_CUSTOMERS", 4)
    monkeypatch.setattr("graph.identity.around.AT_ONCE", 3)
    rules = IdentityRules(types={"user_id": TypeRule(100, Limit(1)), "email": TypeRule(80, Limit(1))})
    early, late = [], []
    for number in range(10):
        mail, other = (("email", f"{each}{number}@example.com") for each in "eg")
        early += [
            identify(f"{number}u", 10, ("user_id", f"u{number}"), mail),
            identify(f"{number}v", 20, ("user_id", f"v{number}"), mail),
        ]
        late.append(identify(f"{number}w", 5, ("user_id", f"u{number}"), other))
    await record(graph, early, identity_rules=rules)
    await record(graph, late, identity_rules=rules)
    groups = sorted(sorted(value for _, value in group) for group in (await kept(ask)).values())
    expected = [[f"{mail}{number}@example.com", f"{user}{number}"] for mail, user in ("ev", "gu") for number in range(10)]
    assert groups == expected
    assert await examine(graph, identity_rules=rules) == []


async def test_where_more_hang_together_than_are_looked_at_nothing_is_lost(
    graph: Store, ask: AskCypher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device of a shop, and a rule by which hardly any of its links stands: each event is kept, and looks at few others."""
    monkeypatch.setattr("graph.identity.around.MOST_CUSTOMERS", 4)
    rules = IdentityRules(most=2, types={"user_id": TypeRule(100)})
    for number in range(12):
        event = identify(f"{number}", number, ("user_id", f"u{number:02}"), ("device", "till"))
        assert not (await record(graph, [event], identity_rules=rules)).rejected
    groups = sorted(map(sorted, (await kept(ask)).values()))
    assert groups == [[("device", "till"), ("user_id", "u00")], *([("user_id", f"u{number:02}")] for number in range(1, 12))]
    assert await ask("MATCH ()-[link:LINKED]->() RETURN count(link)") == [12]
    (customer,) = await ask("MATCH (c:Customer)-[:IDENTIFIED_BY]->(:Identifier {value: 'till'}) RETURN c.id")
    assert len((await find_around(asking(graph), [customer], rules)).rows) == 4

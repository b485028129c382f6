"""Which identifiers are one person: whatever the order in which it was said, and undone to the letter."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec
import networkx as nx
import pytest

from graph.identity.components import MICROSECONDS_A_DAY, Components, components
from graph.identity.evidence import BY_HAND, Link, Member, Veto
from graph.identity.paths import shortest_path, weakest
from graph.identity.rules import IdentityRules, Limit, TypeRule

RULES = IdentityRules(
    types={
        "user_id": TypeRule(100, Limit(1)),
        "email": TypeRule(80, Limit(3)),
        "phone": TypeRule(70),
        "anonymous_id": TypeRule(10, Limit(2, days=7)),
    },
    blocked={"any": ("null",), "email": ("Info@example.com",)},
    most=8,
)
TYPES = ("user_id", "email", "phone", "anonymous_id")


def member(name: str, type: str = "phone", *, seen: int = 0, value: str | None = None) -> Member:
    return Member(id=name, type=type, value=value or name, customer_id=f"cus_{name}", seen_at=seen)


def link(a: str, b: str, *, strength: int = 10, at: int = 0, rule: str = "identify", kept: str | None = None) -> Link:
    return Link(a=a, b=b, rule=rule, strength=strength, at=at, source="test", event=f"{rule} {a} {b} {at}", kept=kept)


def groups(found: Components) -> dict[str, str]:
    return {id: "".join(sorted(group)) for id, group in found.groups.items()}


def resolved(members: Iterable[Member], links: Iterable[Link], vetoes: Iterable[Veto] = ()) -> dict[str, str]:
    return groups(components(members, links, vetoes, RULES))


def history(seed: int) -> tuple[list[Member], list[Link], list[Veto]]:
    chance = random.Random(seed)
    names = [chr(ord("a") + number) for number in range(chance.randint(2, 14))]
    members = [
        member(name, chance.choice(TYPES), seen=chance.randrange(5), value=chance.choice((name, name, name, "null")))
        for name in names
    ]
    types = {each.id: each.type for each in members}
    links = []
    for _ in range(chance.randint(1, 20)):
        a, b = chance.sample(names, 2)
        at = chance.randrange(20) * MICROSECONDS_A_DAY
        if chance.random() < 0.2:
            links.append(link(a, b, strength=1_000, at=at, rule=BY_HAND, kept=f"cus_{chance.choice((a, b))}"))
        else:
            links.append(link(a, b, strength=min(RULES.strength(types[a]), RULES.strength(types[b])), at=at))
    vetoes = []
    for number in range(chance.choice((0, 0, 1, 2))):
        picked = chance.sample(names, min(len(names), 4))
        vetoes.append(Veto(id=f"v{number}", one=frozenset(picked[::2]), other=frozenset(picked[1::2])))
    return members, links, vetoes


@pytest.mark.parametrize("seed", range(300))
def test_what_comes_out_hangs_on_no_order(seed: int) -> None:
    members, links, vetoes = history(seed)
    found = components(members, links, vetoes, RULES)
    chance = random.Random(seed)
    for _ in range(5):
        again = links + chance.choices(links, k=3)
        for each in (members, again, vetoes):
            chance.shuffle(each)
        assert components(members, again, vetoes, RULES) == found


@pytest.mark.parametrize("seed", range(300))
def test_what_stands_keeps_every_rule_and_what_is_set_aside_would_break_one(seed: int) -> None:
    members, links, vetoes = history(seed)
    found = components(members, links, vetoes, RULES)
    by_id = {each.id: each for each in members}
    assert sorted(each for group in found.groups.values() for each in group) == sorted(by_id)
    standing: nx.Graph[str] = nx.Graph()
    standing.add_nodes_from(by_id)
    standing.add_edges_from((each.a, each.b) for each in links if each not in found.aside)
    assert {frozenset(group) for group in nx.connected_components(standing)} == set(found.groups.values())
    for id, group in found.groups.items():
        assert id in {by_id[each].customer_id for each in group}
        assert lawful(group, by_id, links, vetoes)
    for each, reason in found.aside.items():
        (one,) = (group for group in found.groups.values() if each.a in group)
        (other,) = (group for group in found.groups.values() if each.b in group)
        assert one is not other and reason
        if not reason.startswith("blocked"):
            assert not lawful(one | other, by_id, links, vetoes)


def lawful(group: frozenset[str], members: dict[str, Member], links: Sequence[Link], vetoes: Sequence[Veto]) -> bool:
    """By the letter of the rules, one by one."""
    if len(group) > RULES.most or any(group & veto.one and group & veto.other for veto in vetoes):
        return False
    told = [each for each in links if not any(RULES.blocks(members[end].type, members[end].value) for end in (each.a, each.b))]
    for type, limit in RULES.limits.items():
        ids = [each for each in group if members[each].type == type]
        if limit.days is None:
            if len(ids) > limit.most:
                return False
            continue
        for chosen in combinations(ids, limit.most + 1):
            times = [min(each.at for each in told if one in (each.a, each.b)) for one in chosen]
            if max(times) - min(times) < limit.days * MICROSECONDS_A_DAY:
                return False
    return True


def test_the_strongest_and_earliest_evidence_decides() -> None:
    members = [member("a", "user_id"), member("b", "user_id"), member("x", "email")]
    first, second = link("a", "x", at=5), link("b", "x", at=1)
    assert resolved(members, [first]) == {"cus_a": "ax", "cus_b": "b"}
    # What comes late and is older parts a from x.
    assert resolved(members, [first, second]) == {"cus_a": "a", "cus_b": "bx"}
    stronger = link("a", "x", strength=80, at=9)
    assert resolved(members, [first, second, stronger]) == {"cus_a": "ax", "cus_b": "b"}


def test_what_was_set_aside_counts_again_when_nothing_stands_against_it() -> None:
    members = [member("a", "user_id"), member("b", "user_id"), member("x", "email")]
    by_hand = link("b", "x", strength=1_000, rule=BY_HAND, kept="cus_b")
    links = [link("a", "x"), by_hand]
    found = components(members, links, [], RULES)
    assert groups(found) == {"cus_a": "a", "cus_b": "bx"} and list(found.aside.values()) == ["limit: 1 user_id"]
    assert resolved(members, links[:1]) == {"cus_a": "ax", "cus_b": "b"}


def test_a_veto_keeps_sides_apart_and_nobody_else() -> None:
    members = [member(name) for name in "abcd"]
    links = [link("a", "b"), link("b", "c", at=1), link("c", "d", at=2)]
    veto = Veto(id="v", one=frozenset("ab"), other=frozenset("cd"))
    assert resolved(members, links, [veto]) == {"cus_a": "ab", "cus_c": "cd"}
    # Somebody who came since goes where the evidence says.
    newcomer = [*members, member("e")]
    assert resolved(newcomer, [*links, link("e", "d", at=3), link("e", "a", at=4)], [veto]) == {"cus_a": "ab", "cus_c": "cde"}


def test_values_that_name_nobody_link_nobody() -> None:
    members = [member("a"), member("b"), member("c", "email", value="Info@Example.com"), member("d", "user_id", value="NULL")]
    links = [link("a", "c"), link("b", "c"), link("a", "d"), link("b", "d")]
    found = components(members, links, [], RULES)
    assert len(found.groups) == 4 and set(found.aside.values()) == {"blocked: email", "blocked: user_id"}


def test_a_limit_of_a_time_counts_what_was_linked_within_it() -> None:
    members = [member("p"), *(member(name, "anonymous_id") for name in "abc")]
    days = {"a": 0, "b": 3, "c": 6}
    links = [link("p", name, at=day * MICROSECONDS_A_DAY) for name, day in days.items()]
    assert set(resolved(members, links).values()) == {"abp", "c"}
    links[-1] = link("p", "c", at=7 * MICROSECONDS_A_DAY)
    assert set(resolved(members, links).values()) == {"abcp"}


def test_a_customer_is_named_by_the_newest_choice_else_by_its_oldest_identifier() -> None:
    members = [member("a", "email", seen=2), member("b", "email", seen=1), member("c", "phone", seen=1)]
    assert resolved(members, [link("a", "b"), link("b", "c")]) == {"cus_b": "abc"}
    first = link("a", "b", strength=1_000, at=1, rule=BY_HAND, kept="cus_a")
    assert resolved(members, [first, link("b", "c")]) == {"cus_a": "abc"}
    second = link("b", "c", strength=1_000, at=2, rule=BY_HAND, kept="cus_c")
    assert resolved(members, [first, second]) == {"cus_c": "abc"}
    # A choice that isn't among them any more names nobody.
    assert resolved(members, [replaced(first, kept="cus_z")]) == {"cus_b": "ab", "cus_c": "c"}


def replaced(one: Link, *, kept: str) -> Link:
    return Link(a=one.a, b=one.b, rule=one.rule, strength=one.strength, at=one.at, source=one.source, event=one.event, kept=kept)


def test_the_way_between_two_identifiers_is_the_shortest() -> None:
    links = [link("a", "b", strength=80), link("b", "c", strength=10), link("a", "d", strength=20), link("d", "c", strength=70)]
    # As short as the other, but its weakest link is stronger.
    path = shortest_path(links, "a", "c")
    assert path == links[2:] and weakest(path) == links[2]
    assert shortest_path(links, "c", "a") == links[:1:-1]
    assert shortest_path([*links, link("a", "c", strength=1)], "a", "c") == [link("a", "c", strength=1)]
    assert shortest_path(links, "a", "a") == [] and weakest([]) is None
    assert shortest_path(links, "a", "z") is None


def test_a_hundred_identifiers_of_a_shared_device_part_nobody() -> None:
    """The most that one device links are a customer; the others stay themselves."""
    members = [member("device", "anonymous_id"), *(member(f"p{number:03}") for number in range(100))]
    links = [link("device", f"p{number:03}", at=number) for number in range(100)]
    found = components(members, links, [], RULES)
    assert sorted(len(group) for group in found.groups.values())[-2:] == [1, RULES.most]
    assert len(found.aside) == 100 - RULES.most + 1
    assert components(members, links, [], msgspec.structs.replace(RULES, most=200)).aside == {}

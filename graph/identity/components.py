"""Which identifiers are one person: a pure function of all that was ever linked and parted.

Links are replayed in an order of their own, the strongest first. One that would join what a veto keeps apart, or make a customer
of more identifiers than a rule allows, is set aside; it counts again as soon as nothing stands against it, for then all are
replayed. So what comes out hangs on what is known, and never on the order in which it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.identity.evidence import BY_HAND, Link, Member, Veto
from graph.identity.rules import IdentityRules, Limit

MICROSECONDS_A_DAY = 86_400_000_000

BLOCKED = "blocked"
"""How the reason begins for which links of what names nobody are set aside."""


def blocked(type: str) -> str:
    """Why a link of a value that names nobody is set aside."""
    return f"{BLOCKED}: {type}"


@dataclass(frozen=True, slots=True)
class Components:
    """`groups`: the identifiers of each customer, by its public id; `aside`: links that don't stand, each with the reason."""

    groups: Mapping[str, frozenset[str]]
    aside: Mapping[Link, str]


def components(members: Iterable[Member], links: Iterable[Link], vetoes: Iterable[Veto], rules: IdentityRules) -> Components:
    """The customers that these identifiers make up. Links of identifiers that aren't among them count for nothing."""
    replay = _Replay({each.id: each for each in members}, rules, list(vetoes))
    known = sorted(
        (each for each in links if each.a in replay.members and each.b in replay.members),
        key=lambda each: turn(each, replay.members),
    )
    for link in known:
        replay.linked(link)
    for link in known:
        replay.join(link)
    groups = {id(group): group for group in replay.groups.values()}
    chosen = [link for link in known if link.rule == BY_HAND and link not in replay.aside]
    named = {_public_id(group, chosen, rules, replay.members): frozenset(group.ids) for group in groups.values()}
    return Components(named, replay.aside)


def turn(link: Link, members: Mapping[str, Member]) -> tuple[Any, ...]:
    """Where a link stands in the order of all. Of those of one event what they link decides: ids tell who came first."""
    a, b = members[link.a], members[link.b]
    return *link.turn[:4], a.type, a.value, b.type, b.value


def oldest(ids: Iterable[str], members: Mapping[str, Member], rules: IdentityRules) -> str:
    """The identifier that a customer of these is named after, unless a merge by hand says otherwise."""

    def age(id: str) -> tuple[int, int, str, str]:
        each = members[id]
        return each.seen_at, -rules.strength(each.type), each.type, each.value

    return min(ids, key=age)


@dataclass(slots=True)
class _Group:
    """`sides`: the sides of vetoes that it has somebody of."""

    ids: set[str]
    types: Counter[str]
    sides: set[tuple[str, bool]]


@dataclass(slots=True)
class _Replay:
    """`linked_at`: when each identifier was first linked with another."""

    members: dict[str, Member]
    rules: IdentityRules
    vetoes: Sequence[Veto]
    groups: dict[str, _Group] = field(init=False)
    linked_at: dict[str, int] = field(default_factory=dict)
    aside: dict[Link, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sides: dict[str, set[tuple[str, bool]]] = {}
        for veto in self.vetoes:
            for side, ids in ((False, veto.one), (True, veto.other)):
                for each in ids:
                    sides.setdefault(each, set()).add((veto.id, side))
        self.groups = {
            each.id: _Group({each.id}, Counter((each.type,)), sides.get(each.id, set())) for each in self.members.values()
        }

    def _name(self, id: str) -> tuple[str, str]:
        return self.members[id].type, self.members[id].value

    def linked(self, link: Link) -> None:
        # What names nobody tells nothing of when the other was linked.
        if any(self.rules.blocks(*self._name(each)) for each in (link.a, link.b)):
            return
        for each in (link.a, link.b):
            self.linked_at[each] = min(link.at, self.linked_at.get(each, link.at))

    def join(self, link: Link) -> None:
        one, other = self.groups[link.a], self.groups[link.b]
        if one is other:
            return
        obstacle = self._obstacle(link, one, other)
        if obstacle is not None:
            self.aside[link] = obstacle
            return
        if len(one.ids) < len(other.ids):
            one, other = other, one
        one.ids |= other.ids
        one.types += other.types
        one.sides |= other.sides
        for each in other.ids:
            self.groups[each] = one

    def _obstacle(self, link: Link, one: _Group, other: _Group) -> str | None:
        for id in (link.a, link.b):
            if self.rules.blocks(*self._name(id)):
                return blocked(self.members[id].type)
        if any((veto, not side) in other.sides for veto, side in one.sides):
            return "veto"
        if len(one.ids) + len(other.ids) > self.rules.most:
            return f"limit: {self.rules.most} identifiers"
        for type, limit in self.rules.limits.items():
            if one.types[type] + other.types[type] > limit.most and self._exceeds(type, limit, one.ids | other.ids):
                return f"limit: {limit.most} {type}"
        return None

    def _exceeds(self, type: str, limit: Limit, ids: set[str]) -> bool:
        if limit.days is None:
            return True
        times = sorted(self.linked_at[each] for each in ids if self.members[each].type == type)
        window = limit.days * MICROSECONDS_A_DAY
        return any(last - first < window for first, last in zip(times, times[limit.most :], strict=False))


def _public_id(group: _Group, chosen: Sequence[Link], rules: IdentityRules, members: Mapping[str, Member]) -> str:
    """The id that the newest merge by hand chose, else that of the oldest identifier."""
    ids = {members[each].customer_id for each in group.ids}
    kept = [link for link in chosen if link.a in group.ids and link.kept in ids]
    if kept:
        newest = max(kept, key=lambda link: link.age)
        assert newest.kept is not None
        return newest.kept
    return members[oldest(group.ids, members, rules)].customer_id

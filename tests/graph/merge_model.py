"""What merges, vetoes and their undoing come to, in memory and in few lines: what tests hold the graph against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import networkx as nx

from graph.events.inputs import (
    AcceptInput,
    ConsentInput,
    Event,
    IdentifyInput,
    InviteInput,
    MergeInput,
    PurchaseInput,
    RefundInput,
    TouchpointInput,
    UndoMergeInput,
)
from graph.identity.rules import IdentityRules

RULES = IdentityRules()

Name = tuple[str, str]
Group = frozenset[Name]
Age = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Link:
    """`lifts`: vetoes that don't count as long as it does; `kept`: who names the customer, of a merge by hand."""

    a: Name
    b: Name
    strength: int
    age: Age
    kept: Name | None = None
    lifts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Merge:
    """By hand it has the name of its link; `sides`: all that either had, and of each whoever stands for it."""

    id: str
    link: str | None
    sides: tuple[Group, Group]
    ends: tuple[Name, Name]


def parts(sides: tuple[Group, Group], one: Group, other: Group) -> bool:
    """Whether a veto with these sides keeps two groups apart."""
    return bool((sides[0] & one and sides[1] & other) or (sides[0] & other and sides[1] & one))


@dataclass(slots=True)
class Model:
    """`told`: what happened, and no decisions; `evidence`, `by_hand`: links; `vetoes`: sides by id; `done`: undone merges."""

    told: list[Event] = field(default_factory=list)
    seen: dict[Name, float] = field(default_factory=dict)
    evidence: dict[tuple[Name, Name], Link] = field(default_factory=dict)
    by_hand: dict[str, Link] = field(default_factory=dict)
    vetoes: dict[str, tuple[Group, Group]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def tell(self, event: Event) -> None:
        self.told.append(event)
        at = event.at.timestamp()
        if isinstance(event, IdentifyInput):
            names = [(each.type, each.value) for each in event.identifiers]
            strongest = min(names, key=lambda name: (-RULES.strength(name[0]), name))
            for name in names:
                if name != strongest:
                    strength = min(RULES.strength(name[0]), RULES.strength(strongest[0]))
                    link = Link(strongest, name, strength, (at, event.id))
                    known = self.evidence.get((strongest, name), link)
                    self.evidence[strongest, name] = min(link, known, key=lambda each: each.age)
        else:
            names = [self.who(event)] if not isinstance(event, RefundInput) else []
        for name in names:
            self.seen[name] = min(at, self.seen.get(name, at))

    @staticmethod
    def who(event: Event) -> Name:
        key = next(getattr(event, name) for name in ("customer", "advocate", "friend") if hasattr(event, name))
        return key.identifier.type, key.identifier.value

    def links(self) -> list[Link]:
        return [*self.evidence.values(), *self.by_hand.values()]

    def groups(self) -> tuple[dict[Name, Group], set[Link]]:
        """Whose each name is, and the links that stand."""
        lifted = {veto for link in self.by_hand.values() for veto in link.lifts}
        vetoes = [sides for id, sides in self.vetoes.items() if id not in lifted]
        found, standing = {name: frozenset([name]) for name in self.seen}, set[Link]()
        for link in sorted(self.links(), key=lambda link: (-link.strength, link.age, link.a, link.b)):
            one, other = found[link.a], found[link.b]
            if one != other and any(parts(sides, one, other) for sides in vetoes):
                continue
            standing.add(link)
            found |= dict.fromkeys(one | other, one | other)
        return found, standing

    def called(self, group: Group, standing: Iterable[Link]) -> Name:
        """Whom a customer is named after."""
        chosen = [link for link in standing if link.kept is not None and link.a in group and link.kept in group]
        if chosen:
            kept = max(chosen, key=lambda link: link.age).kept
            assert kept is not None
            return kept
        return min(group, key=lambda name: (self.seen[name], -RULES.strength(name[0]), name))

    def merge(self, event: MergeInput, keep: Name, absorb: Name) -> str | None:
        """The code by which it is refused, or None."""
        if not {keep, absorb} <= self.seen.keys():
            return "NOT_FOUND"
        groups, standing = self.groups()
        ours, theirs = groups[keep], groups[absorb]
        if ours == theirs:
            return "INVALID"
        lifts = self._counting(ours, theirs)
        # What is decided later counts as later, whatever the clock says.
        later = [link.age[0] + 1e-6 for link in standing if link.kept is not None and link.a in ours | theirs]
        age = max([event.at.timestamp(), *later]), event.id
        self.by_hand[event.id] = Link(keep, absorb, 1_000, age, self.called(ours, standing), frozenset(lifts))
        if self.groups()[0][keep] >= ours | theirs:
            return None
        del self.by_hand[event.id]
        return "BLOCKED"

    def undo(self, event: UndoMergeInput, merge: Merge) -> str | None:
        if merge.id in self.done:
            return "CONFLICT"
        was = self.by_hand, self.vetoes
        standing = {each.age for each in self.groups()[1] if each.kept}
        lifted = {id: self._between(id) for id in self.by_hand}
        self.by_hand = {id: link for id, link in self.by_hand.items() if id != merge.link}
        if merge.link is None or event.keep_apart:
            self.vetoes = self.vetoes | {event.id: merge.sides}
        # A merge lifts the vetoes between whom it joins, but for those that were between them by the one that is undone.
        lost = {id: lifted[id] - self._between(id) for id in self.by_hand}
        self.by_hand = {id: replace(link, lifts=link.lifts - lost[id]) for id, link in self.by_hand.items()}
        groups, still = self.groups()
        one, other = merge.ends
        others = [link for link in self.by_hand.values() if link.age in standing and link not in still]
        if not event.keep_apart and (groups[one] == groups[other] or others):
            self.by_hand, self.vetoes = was
            return "BLOCKED"
        self.done.add(merge.id)
        return None

    def _between(self, id: str) -> set[str]:
        """The vetoes between the two whom a merge joins, but for it."""
        merges, link = self.by_hand, self.by_hand[id]
        self.by_hand = {other: merges[other] for other in merges if other != id}
        groups, _ = self.groups()
        found = self._counting(groups[link.a], groups[link.b])
        self.by_hand = merges
        return found

    def _counting(self, ours: Group, theirs: Group) -> set[str]:
        """The vetoes that keep two apart, and that no merge lifts."""
        lifted = {veto for link in self.by_hand.values() for veto in link.lifts}
        return {id for id, sides in self.vetoes.items() if id not in lifted and parts(sides, ours, theirs)}

    def customers(self) -> dict[Name, tuple[Group, Counter[str], Name | None]]:
        """Customers by whom they are named after: who is in them, what they did, and who brought them in."""
        groups, standing = self.groups()
        called = {group: self.called(group, standing) for group in groups.values()}
        did = {group: Counter[str]() for group in called}
        bought = {event.number: groups[self.who(event)] for event in self.told if isinstance(event, PurchaseInput)}
        for event in self.told:
            if isinstance(event, TouchpointInput):
                did[groups[self.who(event)]]["touchpoints"] += 1
            elif isinstance(event, ConsentInput):
                did[groups[self.who(event)]][f"{event.purpose} {event.status}"] += 1
            elif isinstance(event, PurchaseInput):
                did[groups[self.who(event)]].update({"purchases": 1, "revenue": 0 if event.total is None else event.total.amount})
            elif isinstance(event, RefundInput) and event.purchase in bought:
                did[bought[event.purchase]]["refunds"] += event.amount.amount
        brought = self._forest(groups)
        return {called[group]: (group, did[group], called[brought[group]] if group in brought else None) for group in called}

    def _forest(self, groups: dict[Name, Group]) -> dict[Group, Group]:
        """Of each customer the advocate: by the earliest acceptance that names somebody else, unless it closes a ring last."""
        codes = {event.code: groups[self.who(event)] for event in self.told if isinstance(event, InviteInput)}
        first: dict[Group, tuple[float, Group]] = {}
        for event in self.told:
            if isinstance(event, AcceptInput) and event.code in codes:
                friend, advocate, at = groups[self.who(event)], codes[event.code], event.at.timestamp()
                if friend != advocate and (friend not in first or at < first[friend][0]):
                    first[friend] = at, advocate
        edges: nx.DiGraph[Group] = nx.DiGraph([(friend, advocate) for friend, (_, advocate) in first.items()])
        closers = {max(ring, key=lambda friend: first[friend][0]) for ring in nx.simple_cycles(edges)}
        return {friend: advocate for friend, (_, advocate) in first.items() if friend not in closers}

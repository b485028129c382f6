"""What becomes of customers once all evidence of who they are is looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from graph.identity.around import Around
from graph.identity.components import BLOCKED, components
from graph.identity.evidence import BY_HAND, Evidence, Link, Member, Veto
from graph.identity.rules import IdentityRules


@dataclass(slots=True)
class Regrouped:
    """`now`: whose each identifier is, `parts`: who a customer of before is; `made`: customers that weren't there, `gone`: those
    that aren't any more; `moved`: identifiers that change hands; `losing`: customers of before that lose some; `changed`: those
    that have others than before; `aside`: why links don't stand, None where they do, of those of which that is new; `contested`:
    whether there is evidence around them that doesn't stand, a veto, or a merge by hand; `members`: all identifiers, by id;
    `standing`: all links that stand; `reasons`: why others don't; `by_hand`: links that somebody stated, whether they stand or
    not; `vetoes`: those that count."""

    around: Around = field(default_factory=Around)
    now: Mapping[str, str] = field(default_factory=dict)
    parts: dict[str, set[str]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)
    losing: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    aside: dict[Evidence, str | None] = field(default_factory=dict)
    contested: dict[str, bool] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)
    standing: list[Link] = field(default_factory=list)
    reasons: Mapping[Evidence, str] = field(default_factory=dict)
    by_hand: list[Link] = field(default_factory=list)
    vetoes: list[Veto] = field(default_factory=list)

    def parted(self) -> list[str]:
        """All identifiers of customers whose identifiers are several customers' now."""
        return [id for id, before in self.around.owners.items() if len(self.parts[before]) > 1]


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody decided: links and vetoes that are to be, evidence that is to count no more, and the vetoes that merges lift
    from now on."""

    links: tuple[Link, ...] = ()
    vetoes: tuple[Veto, ...] = ()
    undone: frozenset[Evidence] = frozenset()
    lifts: Mapping[Evidence, tuple[str, ...]] = field(default_factory=dict)


def regroup(
    around: Around,
    new: Iterable[Member],
    seen: Mapping[str, int],
    links: Iterable[Link],
    rules: IdentityRules,
    decided: Decided | None = None,
) -> Regrouped:
    """`new`: identifiers that weren't there; `seen`: when identifiers were first seen, as far as that changed; `links`: evidence
    that comes now; `decided`: what somebody decides now."""
    decided = decided or Decided()
    members = around.members | {each.id: each for each in new}
    for id, at in seen.items():
        if id in members:
            members[id] = msgspec.structs.replace(members[id], seen_at=at)
    stated = _stated(around, links, decided)
    lifted = {veto for link in stated.values() for veto in link.lifts}
    vetoes = [veto for veto in (*around.vetoes(), *decided.vetoes) if veto.id not in lifted]
    found = components(members.values(), stated.values(), vetoes, rules)
    result = Regrouped(around, now={id: customer for customer, ids in found.groups.items() for id in ids})
    for id, member in members.items():
        before, customer = around.owners.get(id, member.customer_id), result.now[id]
        result.parts.setdefault(before, set()).add(customer)
        if id not in around.owners:
            result.changed.add(customer)
        elif before != customer:
            result.moved[id] = customer
            result.losing.add(before)
            result.changed.update((before, customer))
    result.made = found.groups.keys() - around.rows.keys()
    result.gone = around.rows.keys() - found.groups.keys()
    result.changed -= result.gone
    reasons = {link.evidence: reason for link, reason in found.aside.items()}
    for evidence in stated:
        if not members.keys() >= {evidence[0], evidence[1]}:
            # It leads to somebody who was left out, as those are who share what names nobody.
            continue
        reason = reasons.get(evidence)
        if evidence not in around.aside or around.aside[evidence] != reason:
            result.aside[evidence] = reason
    among = [link for link in stated.values() if members.keys() >= {link.a, link.b}]
    result.standing = [link for link in among if link.evidence not in reasons]
    result.by_hand = [link for link in among if link.rule == BY_HAND]
    result.members, result.reasons, result.vetoes = members, reasons, vetoes
    sides = [side for veto in (*around.vetoes(), *decided.vetoes) for side in (veto.one, veto.other)]
    _note_contested(result, found.groups, stated, reasons, {id for side in sides for id in side})
    return result


def _stated(around: Around, links: Iterable[Link], decided: Decided) -> dict[Evidence, Link]:
    """All that is said of who is one, each piece as it was said first."""
    stated = dict(around.links)
    for link in (*links, *decided.links):
        known = stated.get(link.evidence)
        if known is None or link.age < known.age:
            stated[link.evidence] = link
    for evidence, lifts in decided.lifts.items():
        if evidence in stated:
            stated[evidence] = msgspec.structs.replace(stated[evidence], lifts=lifts)
    return {evidence: link for evidence, link in stated.items() if evidence not in decided.undone}


def _note_contested(
    result: Regrouped,
    groups: Mapping[str, frozenset[str]],
    stated: Mapping[Evidence, Link],
    reasons: Mapping[Evidence, str],
    apart: set[str],
) -> None:
    # What names nobody is set aside whatever else is said.
    doubtful = {evidence for evidence, reason in reasons.items() if not reason.startswith(BLOCKED)}
    ends = {end for link in stated.values() if link.evidence in doubtful or link.rule == BY_HAND for end in (link.a, link.b)}
    ends |= apart
    for customer, ids in groups.items():
        contested = not ends.isdisjoint(ids)
        row = result.around.rows.get(customer)
        if contested != bool(row and row["contested"]):
            result.contested[customer] = contested

"""What is known of who is who around some customers: their identifiers, and all that ever linked or parted them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.identity.evidence import Evidence, Link, Member, Veto
from graph.identity.rules import IdentityRules
from graph.store import Ask

MOST_CUSTOMERS = 1_000
"""Customers that are looked at together. Where more hang together, by links of which few can stand, they are looked at with those
that are nearest. Others that are asked about at the same time don't count."""

AT_ONCE = 1_000
"""Customers whose evidence is asked for by one statement."""


@dataclass(slots=True)
class Around:
    """`asked`: the customers around whom it is; `owners`: whose each identifier is, by its id; `aside`: why links were set aside,
    None where they stand; `rows`: what told of it all, by customer."""

    asked: set[str] = field(default_factory=set)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    links: dict[Evidence, Link] = field(default_factory=dict)
    aside: dict[Evidence, str | None] = field(default_factory=dict)
    sides: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def vetoes(self) -> list[Veto]:
        return [
            Veto(id=id, one=frozenset(sides.get("one", ())), other=frozenset(sides.get("other", ())))
            for id, sides in self.sides.items()
        ]


async def find_around(ask: Ask, customers: Iterable[str], rules: IdentityRules) -> Around:
    """All that has to do with who these customers are, and with whoever may be one of them if something else counts than did."""
    found = Around(set(customers))
    together: dict[str, set[str]] = {}
    ahead = sorted(found.asked)
    while ahead:
        leads: set[str] = set()
        for start in range(0, len(ahead), AT_ONCE):
            rows: list[dict[str, Any]] = (await ask("identity/find_evidence", customer_ids=ahead[start : start + AT_ONCE]))[0]
            for row in rows:
                beyond = set(_take_in(found, row, rules))
                for each in (row["customer"], *beyond):
                    _join(together, row["customer"], each)
                leads |= beyond
        ahead = _nearest(together, found.rows.keys(), sorted(leads - found.rows.keys()))
    return found


def _join(together: dict[str, set[str]], one: str, other: str) -> None:
    small, large = sorted((together.setdefault(each, {each}) for each in (one, other)), key=len)
    if small is not large:
        large |= small
        together.update(dict.fromkeys(small, large))


def _nearest(together: Mapping[str, set[str]], known: Iterable[str], leads: list[str]) -> list[str]:
    """Of those to whom links lead as many as are looked at beside those whom they hang together with."""
    looked_at = Counter(id(together[each]) for each in known)
    chosen = []
    for each in leads:
        group = id(together[each])
        if looked_at[group] < MOST_CUSTOMERS:
            looked_at[group] += 1
            chosen.append(each)
    return chosen


def _take_in(found: Around, row: dict[str, Any], rules: IdentityRules) -> Iterator[str]:
    """What is known of one customer; gives those to whom its links lead."""
    found.rows[row["customer"]] = row
    for id, type, value, customer_id, seen_at in row["identifiers"]:
        found.members[id] = Member(id=id, type=type, value=value, customer_id=customer_id, seen_at=seen_at)
        found.owners[id] = row["customer"]
    for (a, *one), (b, *other), rule, at, source, event, kept, lifts, aside, beyond in row["links"]:
        link = Link(
            a=a,
            b=b,
            rule=rule,
            strength=rules.link_strength(rule, one[0], other[0]),
            at=at,
            source=source,
            event=event,
            kept=kept,
            lifts=tuple(lifts),
        )
        found.links[link.evidence] = link
        found.aside[link.evidence] = aside
        # Who shares what names nobody has nothing to do with each other.
        if not (rules.blocks(*one) or rules.blocks(*other)):
            yield beyond
    for veto, side, id in row["vetoes"]:
        found.sides.setdefault(veto, {}).setdefault(side, set()).add(id)

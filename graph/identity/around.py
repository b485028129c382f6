"""What is known of who is who around some customers: their identifiers, and all that ever linked or parted them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graph.identity.evidence import Evidence, Link, Member, Veto
from graph.identity.rules import IdentityRules
from graph.store import Ask

MOST_CUSTOMERS = 1_000
"""Customers that are looked at together. Where more hang together, by links of which few can stand, they are looked at with those
that are nearest."""


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
    ahead = sorted(found.asked)
    while ahead and len(found.rows) < MOST_CUSTOMERS:
        rows: list[dict[str, Any]] = (await ask("identity/find_evidence", customer_ids=ahead))[0]
        beyond = {each for row in rows for each in _take_in(found, row, rules)}
        ahead = sorted(beyond - found.rows.keys())[: MOST_CUSTOMERS - len(found.rows)]
    return found


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

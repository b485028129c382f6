"""What customers are by their identifiers, and the forest by its acceptances."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import asdict

from graph.doctor import findings
from graph.doctor.findings import Finding, different, nonzero, pages
from graph.events import traits
from graph.identity.around import find_around
from graph.identity.regrouping import Regrouped, regroup
from graph.identity.rules import IdentityRules
from graph.referrals import Rule
from graph.referrals.forest import Pointer, candidate, pointer_of, ring_closers
from graph.referrals.settling import find_acceptances, states_of
from graph.store import Ask, Store, asking
from graph.timeline import page_key


class CustomerFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    identifiers: int
    kept: dict[str, Any]
    counted: dict[str, Any]
    sums: list[tuple[str, int]]
    counted_sums: list[tuple[str, int]]


class EdgeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An edge of the forest. `sums`: of the friend; `status` and `qualified`: of the referral."""

    friend: str
    advocate: str
    accepted_at: datetime
    status: str
    qualified: bool
    sums: list[tuple[str, int]]
    kept: dict[str, Any]
    kept_sums: list[tuple[str, int]]

    def expected(self) -> dict[str, Any]:
        net: dict[str, int] = {}
        for name, amount in self.sums:
            kind, _, currency = name.partition("_")
            net[f"net_{currency}"] = net.get(f"net_{currency}", 0) + (amount if kind == "revenue" else -amount)
        return nonzero(net) | {
            "converted": int(self.qualified and self.status != "REVERSED"),
            "member_key": f"{self.advocate}/{page_key(self.accepted_at, self.friend)}",
        }


class TraitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`identifiers`: type, value, when first seen (milliseconds), trait state."""

    id: str
    kept: dict[str, Any]
    identifiers: list[tuple[str, str, int, str | None]]


async def trait_findings(store: Store, rules: IdentityRules) -> AsyncIterator[Finding]:
    async for customer in pages(store, "facts/find_trait_facts", TraitFacts, lambda row: row.id, limit=findings.HEAVY_PAGE):
        state = traits.merged(traits.read_state(text) for *_, text in customer.identifiers)
        row = traits.customer_row(
            customer.id, state, [(type, value, seen) for type, value, seen, _ in customer.identifiers], rules
        )
        expected = {name: row[name] for name in customer.kept}
        for finding in different("customer", customer.id, _found_by(expected), _found_by(customer.kept)):
            yield finding


def _found_by(row: dict[str, Any]) -> dict[str, Any]:
    """The same with the words in one order: theirs depends on the ages of identifiers, and finds the same."""
    return row | {"search_text": " ".join(sorted(set((row["search_text"] or "").split())))}


async def customer_findings(store: Store, rule: Rule, identity_rules: IdentityRules) -> AsyncIterator[Finding]:
    seen = _Seen({}, {})
    page: list[str] = []
    async for customer in pages(store, "facts/find_customer_facts", CustomerFacts, lambda row: row.id):
        expected = customer.counted | nonzero(dict(customer.counted_sums))
        for finding in different("customer", customer.id, expected, customer.kept | nonzero(dict(customer.sums))):
            yield finding
        if customer.identifiers == 0:
            yield Finding("customer identifiers", customer.id, "1 or more", "0")
        page.append(customer.id)
        if len(page) == findings.HEAVY_PAGE:
            for finding in await _page_findings(store, page, rule, identity_rules, seen):
                yield finding
            page = []
    for finding in await _page_findings(store, page, rule, identity_rules, seen):
        yield finding
    closers = ring_closers(seen.candidates)
    stated = {friend: (pointer.referral, friend in closers) for friend, pointer in seen.candidates.items()}
    for finding in different("referrer", "", stated, seen.pointers):
        yield finding


@dataclass(frozen=True, slots=True)
class _Seen:
    """The forest as it follows from what was accepted, and as it is kept."""

    candidates: dict[str, Pointer]
    pointers: dict[str, tuple[str, bool]]


async def _page_findings(
    store: Store, customers: list[str], rule: Rule, identity_rules: IdentityRules, seen: _Seen
) -> list[Finding]:
    ask = asking(store)
    around = await find_around(ask, customers, identity_rules)
    return [
        *_regrouped(regroup(around, (), {}, (), identity_rules), set(customers)),
        *await _referred(store, ask, customers, rule, seen),
    ]


def _regrouped(found: Regrouped, customers: set[str]) -> Iterator[Finding]:
    """Who is who of these customers, where all evidence says otherwise than is kept."""
    owners = found.around.owners
    for identifier, customer in found.moved.items():
        if owners[identifier] in customers:
            yield Finding("identifier's customer", identifier, customer, owners[identifier])
    for evidence, reason in found.aside.items():
        if owners[evidence[0]] in customers:
            yield Finding("link set aside", " ".join(evidence[:2]), str(reason), str(found.around.aside[evidence]))
    for customer in found.contested.keys() & customers:
        yield Finding("customer contested", customer, str(found.contested[customer]), str(not found.contested[customer]))


async def _referred(store: Store, ask: Ask, customers: list[str], rule: Rule, seen: _Seen) -> list[Finding]:
    """What these customers accepted: into the forest, and how far each referral has come."""
    acceptances = await find_acceptances(ask, customers)
    stated: dict[str, list[Pointer]] = {}
    for each in acceptances:
        if each.counts:
            stated.setdefault(each.friend, []).append(pointer_of(each))
    for friend, pointers in stated.items():
        chosen = candidate(pointers)
        if chosen is not None:
            seen.candidates[friend] = chosen
    wanted = set(customers)
    for row in (await ask("referrals/find_pointers", customer_ids=customers))[0]:
        if row["friend"] in wanted:
            seen.pointers[row["friend"]] = (row["referral"], row["closed"])
    found: list[Finding] = []
    for edge in await store.many("facts/find_edge_facts", EdgeFacts, customer_ids=customers):
        found += different("referred", edge.friend, edge.expected(), edge.kept | nonzero(dict(edge.kept_sums)))
    for each, state in await states_of(ask, acceptances, rule):
        found += different("referral", each.referral, asdict(state), asdict(each.state))
    return found

"""What customers are by their identifiers, and the forest by its acceptances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from graph.doctor import findings
from graph.doctor.findings import Finding, different, nonzero, pages
from graph.events import traits
from graph.forest import Pointer, candidate, pointer_of, ring_closers
from graph.store import Store


class CustomerFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    identifiers: int
    kept: dict[str, Any]
    counted: dict[str, Any]
    sums: list[tuple[str, int]]
    counted_sums: list[tuple[str, int]]


class TraitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`identifiers`: type, value, when first seen (milliseconds), trait state."""

    id: str
    kept: dict[str, Any]
    identifiers: list[tuple[str, str, int, str | None]]


async def trait_findings(store: Store) -> AsyncIterator[Finding]:
    async for customer in pages(store, "facts/find_trait_facts", TraitFacts, lambda row: row.id, limit=findings.HEAVY_PAGE):
        state = traits.merged(traits.read_state(text) for *_, text in customer.identifiers)
        row = traits.customer_row(customer.id, state, [(type, value, seen) for type, value, seen, _ in customer.identifiers])
        expected = {name: row[name] for name in customer.kept}
        for finding in different("customer", customer.id, _found_by(expected), _found_by(customer.kept)):
            yield finding


def _found_by(row: dict[str, Any]) -> dict[str, Any]:
    """The same with the words in one order: theirs depends on the ages of identifiers, and finds the same."""
    return row | {"search_text": " ".join(sorted(set((row["search_text"] or "").split())))}


async def customer_findings(store: Store) -> AsyncIterator[Finding]:
    candidates: dict[str, Pointer] = {}
    pointers: dict[str, tuple[str, bool]] = {}
    page: list[str] = []
    async for customer in pages(store, "facts/find_customer_facts", CustomerFacts, lambda row: row.id):
        expected = customer.counted | nonzero(dict(customer.counted_sums))
        for finding in different("customer", customer.id, expected, customer.kept | nonzero(dict(customer.sums))):
            yield finding
        if customer.identifiers == 0:
            yield Finding("customer identifiers", customer.id, "1 or more", "0")
        page.append(customer.id)
        if len(page) == findings.PAGE:
            await _forest(store, page, candidates, pointers)
            page = []
    await _forest(store, page, candidates, pointers)
    closers = ring_closers(candidates)
    stated = {friend: (pointer.referral, friend in closers) for friend, pointer in candidates.items()}
    for finding in different("referrer", "", stated, pointers):
        yield finding


async def _forest(
    store: Store, customers: list[str], candidates: dict[str, Pointer], pointers: dict[str, tuple[str, bool]]
) -> None:
    stated: dict[str, list[Pointer]] = {}
    for row in (await store.one("referrals/find_acceptances", list[dict[str, Any]], customer_ids=customers)) or []:
        stated.setdefault(row["friend"], []).append(pointer_of(row))
    for friend, acceptances in stated.items():
        chosen = candidate(acceptances)
        if chosen is not None:
            candidates[friend] = chosen
    wanted = set(customers)
    for row in (await store.one("referrals/find_pointers", list[dict[str, Any]], customer_ids=customers)) or []:
        if row["friend"] in wanted:
            pointers[row["friend"]] = (row["referral"], row["closed"])

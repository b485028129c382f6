"""Recomputes what the write door keeps up to date, from what is filed, and names every difference. There must be none."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from graph.forest import Pointer, candidate, pointer_of, ring_closers
from graph.store import Store

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference: `what` is wrong at `where` (an id), `actual` is kept although `expected` follows from what is filed."""

    what: str
    where: str
    expected: str
    actual: str


class IdentifierFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kept: dict[str, Any]
    counted: dict[str, Any]
    sums: list[tuple[str, int]]
    payments: list[tuple[str, int, int]]


class CustomerFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    identifiers: int
    kept: dict[str, Any]
    counted: dict[str, Any]


async def examine(store: Store) -> list[Finding]:
    """Every difference between what is kept of identifiers, customers and the referral forest, and what is filed.

    Reads page by page; for the forest it keeps one candidate for each referred customer in memory.
    """
    findings: list[Finding] = []
    async for identifier in _pages(store, "facts/find_identifier_facts", IdentifierFacts, lambda row: row.id):
        findings += _different("identifier", identifier.id, identifier.counted, identifier.kept)
        findings += _different("identifier", identifier.id, _sums(identifier.payments), _nonzero(dict(identifier.sums)))
    candidates: dict[str, Pointer] = {}
    pointers: dict[str, tuple[str, bool]] = {}
    page: list[str] = []
    async for customer in _pages(store, "facts/find_customer_facts", CustomerFacts, lambda row: row.id):
        findings += _different("customer", customer.id, customer.counted, customer.kept)
        if customer.identifiers == 0:
            findings.append(Finding("customer identifiers", customer.id, "1 or more", "0"))
        page.append(customer.id)
        if len(page) == PAGE:
            await _forest(store, page, candidates, pointers)
            page = []
    await _forest(store, page, candidates, pointers)
    closers = ring_closers(candidates)
    expected = {friend: (pointer.referral, friend in closers) for friend, pointer in candidates.items()}
    return findings + _different("referrer", "", expected, pointers)


Row = TypeVar("Row")


async def _pages(store: Store, name: str, record: type[Row], key: Callable[[Row], str]) -> AsyncIterator[Row]:
    after = ""
    while rows := await store.many(name, record, after=after, limit=PAGE):
        for row in rows:
            yield row
        after = key(rows[-1])


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


def _sums(payments: list[tuple[str, int, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for currency, total, refunded in payments:
        sums[f"revenue_{currency}"] += total
        sums[f"refunds_{currency}"] += refunded
    return _nonzero(dict(sums))


def _nonzero(sums: dict[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sums.items() if amount}


def _different(what: str, where: str, expected: dict[str, Any], actual: dict[str, Any]) -> list[Finding]:
    return [
        Finding(f"{what} {name}" if where else what, where or name, str(expected.get(name)), str(actual.get(name)))
        for name in sorted(expected.keys() | actual.keys())
        if expected.get(name) != actual.get(name)
    ]

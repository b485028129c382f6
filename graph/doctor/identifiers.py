"""What is filed under identifiers, against what they count."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from graph.doctor import findings
from graph.doctor.findings import Finding, different, nonzero, pages
from graph.doctor.purchases import Use, misused, walk_of
from graph.store import Store


class IdentifierFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kept: dict[str, Any]
    counted: dict[str, Any]
    sums: list[tuple[str, int]]
    payments: list[tuple[str, int, int]]


async def identifier_findings(store: Store) -> AsyncIterator[Finding]:
    page: list[str] = []
    elsewhere: dict[str, list[Use]] = {}
    doubtful: set[str] = set()
    async for identifier in pages(store, "facts/find_identifier_facts", IdentifierFacts, lambda row: row.id):
        for finding in (
            *different("identifier", identifier.id, identifier.counted, identifier.kept),
            *different("identifier", identifier.id, _sums(identifier.payments), nonzero(dict(identifier.sums))),
        ):
            yield finding
        page.append(identifier.id)
        if len(page) == findings.HEAVY_PAGE:
            for finding in await _filed(store, page, elsewhere, doubtful):
                yield finding
            page = []
    for finding in await _filed(store, page, elsewhere, doubtful):
        yield finding
    # Only now it is known what the purchases of others say of them.
    again = sorted(doubtful | elsewhere.keys())
    for begin in range(0, len(again), findings.HEAVY_PAGE):
        for finding in misused(await walk_of(store, again[begin : begin + findings.HEAVY_PAGE]), elsewhere):
            yield finding


async def _filed(store: Store, page: list[str], elsewhere: dict[str, list[Use]], doubtful: set[str]) -> list[Finding]:
    """What is wrong with the purchases of a page; adds what these say of others, and on whose channels there is more to say."""
    walk = await walk_of(store, page)
    for identifier, use in walk.elsewhere:
        elsewhere.setdefault(identifier, []).append(use)
    doubtful.update(finding.where for finding in misused(walk, {}))
    return walk.findings


def _sums(payments: list[tuple[str, int, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for currency, total, refunded in payments:
        sums[f"revenue_{currency}"] += total
        sums[f"refunds_{currency}"] += refunded
    return nonzero(dict(sums))

"""What is kept of whole networks, by what is kept of the networks they consist of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from graph.doctor.findings import Finding, different, nonzero, pages
from graph.referrals.totals import find_marks
from graph.store import Store


class NetworkFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kept: dict[str, Any]
    counted: dict[str, Any]
    sums: list[tuple[str, int]]
    counted_sums: list[tuple[str, int]]


async def network_findings(store: Store) -> AsyncIterator[Finding]:
    """None while there are marks: then totals lag behind, as they may."""
    if (await find_marks(store)).marked:
        return
    async for customer in pages(store, "facts/find_network_facts", NetworkFacts, lambda row: row.id):
        expected = customer.counted | nonzero(dict(customer.counted_sums))
        for finding in different("network", customer.id, expected, customer.kept | nonzero(dict(customer.sums))):
            yield finding

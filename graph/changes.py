"""Which version of each customer there is: what watchers compare with what they have seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from graph.store import Reader

AT_A_TIME = 5_000


async def find_versions(reader: Reader, customers: Collection[str]) -> Mapping[str, int]:
    """The versions of these customers; those that were joined to others are left out. Raises StoreUnavailable."""
    ids = list(customers)
    found: dict[str, int] = {}
    for start in range(0, len(ids), AT_A_TIME):
        rows = await reader.one("changes/find_versions", list[tuple[str, int]], ids=ids[start : start + AT_A_TIME])
        found |= dict(rows or [])
    return found

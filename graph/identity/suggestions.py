"""Likely duplicates: found anew over all customers, kept to be looked at, and never applied by themselves."""

from __future__ import annotations

from functools import partial

import msgspec

from graph import ids
from graph.addresses import address_keys
from graph.identity.likeness import Likely, Suggestion, suggest
from graph.store import Reader, Store, Transaction

PAGE = 2_000
"""Customers that are read, and suggestions that are written, at once."""


class LikelyRow(msgspec.Struct, frozen=True, kw_only=True):
    """`addresses`: JSON, as the customer has them."""

    id: str
    name: str | None
    birth_date: str | None
    addresses: str | None

    def likely(self) -> Likely:
        stated = msgspec.json.decode(self.addresses) if self.addresses else []
        return Likely(id=self.id, name=self.name, birth_date=self.birth_date, addresses=frozenset(address_keys(stated)))


class MergeSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Two customers who may be one, by their ids as they are now. `order_key`: where it stands, the most likely last."""

    id: str
    score: float
    reasons: tuple[str, ...]
    customers: tuple[str, str]
    order_key: str


async def renew_suggestions(store: Store) -> list[Suggestion]:
    """Find likely duplicates among all customers, about half a kilobyte of memory each, and keep them in place of those of
    before. Raises StoreUnavailable."""
    found: list[Likely] = []
    after = ""
    while rows := await store.many("identity/page_likely", LikelyRow, after=after, limit=PAGE):
        found += [row.likely() for row in rows if row.name or row.addresses]
        after = rows[-1].id
    suggestions = suggest(found)
    run = ids.mint("suggestion")
    for start in range(0, len(suggestions), PAGE):
        await store.write(partial(_record, rows=[_row(each) for each in suggestions[start : start + PAGE]], run=run))
    await store.write(lambda transaction: transaction.run("identity/forget_suggestions", run=run))
    return suggestions


async def _record(transaction: Transaction, *, rows: list[dict[str, object]], run: str) -> None:
    await transaction.run("identity/record_suggestions", rows=rows, run=run)


async def page_suggestions(reader: Reader, *, limit: int, after: str | None = None) -> list[MergeSuggestion]:
    """Up to `limit` suggestions, the most likely first, from one on, named by its order_key. Those whose customers have become
    one since, or are kept apart, are left out. Raises StoreUnavailable."""
    return await reader.many("identity/page_suggestions", MergeSuggestion, key=after or "~", limit=limit)


def _row(each: Suggestion) -> dict[str, object]:
    id = ids.name("suggestion", f"{each.one} {each.other}")
    return {
        "id": id,
        "one": each.one,
        "other": each.other,
        "score": each.score,
        "reasons": list(each.reasons),
        "order_key": f"{each.score:.4f}/{id}",
    }

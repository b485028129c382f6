"""The queue of what is committed but not yet published, by transactions: taken, published, deleted, never read by a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from graph.answers import Request
from graph.store import Store, Transaction


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction changed: customers, with the versions that they have since. `receipt`: the key of its receipt; `age`:
    the seconds that it has waited."""

    receipt: str
    customers: tuple[str, ...]
    versions: tuple[int, ...]
    age: float

    @property
    def touched(self) -> dict[str, int]:
        return dict(zip(self.customers, self.versions, strict=True))


async def record(transaction: Transaction, versions: Mapping[str, int], receipt: Request | None) -> None:
    """Leave word of the customers that the transaction changed, under its receipt if it has one: one row however many they are,
    for a merge may give thousands of friends another advocate, and a row for each takes a tenth of what a transaction may
    remember."""
    if versions:
        customers = sorted(versions)
        await transaction.run(
            "outbox/record_outbox",
            receipt=(receipt or Request.receipt()).key,
            customers=customers,
            versions=[versions[customer] for customer in customers],
        )


async def waiting(store: Store, *, limit: int) -> list[Row]:
    """Up to `limit` rows of the queue, the oldest first."""
    return await store.many("outbox/find_outbox", Row, limit=limit)


async def forget(store: Store, receipts: Iterable[str]) -> None:
    """Delete rows that others left behind and that were published; what another relay has deleted is no matter. Receipts stay:
    whoever committed may still look for them."""
    await _forget(store, sorted(receipts), "outbox/forget_outbox")


async def forget_told(store: Store, receipts: Iterable[str]) -> None:
    """Delete rows that were published, with the receipts of their transactions, whose callers have been answered."""
    await _forget(store, sorted(receipts), "outbox/forget_outbox", "answers/forget_answers")


async def _forget(store: Store, keys: Sequence[str], *statements: str) -> None:
    async def work(transaction: Transaction) -> None:
        for name in statements:
            await transaction.run(name, keys=list(keys))

    if keys:
        await store.write(work)

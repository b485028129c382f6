"""The queue of customers whose changes are committed but not yet published: taken, published, deleted, never read by a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.store import Store, Transaction

Row = tuple[str, int]


async def waiting(store: Store, *, limit: int) -> list[Row]:
    """Up to `limit` rows of the queue: (customer id, version)."""
    found = await store.one("outbox/find_outbox", list[list[object]], limit=limit)
    # Of a row that another relay has just deleted nothing is left but nulls.
    return [(str(customer), int(str(version))) for customer, version in found or [] if customer is not None]


async def forget(store: Store, rows: Iterable[Row], receipts: Sequence[str] = ()) -> None:
    """Delete rows that were published, and the receipts of their transactions; what another relay has deleted is no matter."""
    given = [list(row) for row in sorted(rows)]
    if given or receipts:
        await store.write(lambda transaction: _forget(transaction, given, list(receipts)))


async def _forget(transaction: Transaction, rows: list[list[object]], receipts: list[str]) -> None:
    if rows:
        await transaction.run("outbox/forget_outbox", rows=rows)
    if receipts:
        await transaction.run("answers/forget_answers", keys=receipts)

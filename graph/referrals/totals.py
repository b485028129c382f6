"""What each network comes to, kept so that advocates can be ranked by it.

The transaction that changes an edge of the forest leaves a mark with the advocate it leads from, and locks nobody further up.
Marks are followed afterwards: the totals of an advocate are made anew from what stands at those whom it brought in, and where
they came out otherwise the next one up is marked. So totals lag behind for as long as there are marks, and are exact when there
are none.
"""

from __future__ import annotations

from collections.abc import Mapping

from graph.referrals.marks import Marks
from graph.store import Store, Transaction

AT_A_TIME = 200
"""Advocates whose totals are made in one transaction, about: each is held meanwhile, and there may be one with many friends."""


async def find_marks(store: Store) -> Marks:
    """Marks that wait. Raises StoreUnavailable."""
    found = await store.one("referrals/find_marks", Marks, limit=AT_A_TIME)
    assert found is not None
    return found


async def follow(store: Store, marks: Marks, *, weights: Mapping[str, float]) -> None:
    """Make the totals of these customers what they follow from, and mark those above them where they are others than before.

    `weights`: units of the reporting currency for one minor unit of each currency; they only order advocates by revenue. Raises
    StoreUnavailable.
    """

    async def work(transaction: Transaction) -> None:
        ids = sorted(marks.customers)
        held = (await transaction.run("customers/lock_customers", rows=[[id, 0] for id in ids]))[0] if ids else []
        if len(held) < len(ids):
            # One was merged away since: its mark stays, and is found again as that of whom it is part of.
            return
        # In this order: what is marked from now on is looked at once more.
        await transaction.run("referrals/forget_marks", customers=sorted(marks.marked))
        if ids:
            await transaction.run("referrals/record_totals", ids=ids, weights=dict(weights))

    await store.write(work)


async def follow_all(store: Store, *, weights: Mapping[str, float]) -> None:
    """Follow marks until there are none. Raises StoreUnavailable."""
    while (marks := await find_marks(store)).marked:
        await follow(store, marks, weights=weights)

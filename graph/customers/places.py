"""Where customers stand among the others: in an order, when they were found another way, and by fifths."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from graph.customers.lists import CustomerOrder, CustomerRow
from graph.store import Reader


class Quintiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where the second to the fifth fifth begin, over all customers with orders: four values each, ascending.

    `last_purchase_at`: seconds since 1970; `revenue`: minor units of the reporting currency.
    """

    last_purchase_at: tuple[float, float, float, float]
    orders: tuple[int, int, int, int]
    revenue: tuple[int, int, int, int]


async def load_places(reader: Reader, ids: Sequence[str], order: CustomerOrder) -> list[CustomerRow]:
    """The key of each customer in an order, in no order themselves. Times are nanoseconds since 1970 here."""
    return await reader.many("customers/load_places", CustomerRow, ids=list(ids), order=order.value)


async def load_quintiles(reader: Reader) -> Quintiles | None:
    """The boundaries as of now; None where no customer has orders. Reads every customer: not for a request to wait for."""
    return await reader.one("customers/load_quintiles", Quintiles)

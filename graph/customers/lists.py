"""Lists of customers: in an order that an index has, or by what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import msgspec

from graph.search import text_query
from graph.store import Reader

MOST_FOUND = 1_000

_FIRST_TIME, _LAST_TIME = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
_INT64 = 2**63


class CustomerOrder(Enum):
    """What lists can be ordered by; ties by id, in the same direction. The value is the stem of the statement's name."""

    LAST_SEEN_DESC = "last_seen"
    FIRST_SEEN_DESC = "first_seen"
    REVENUE_DESC = "revenue"
    NAME_ASC = "name"


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's id and where it stands in the list: a time as text, an amount, a name, or how well it matches."""

    id: str
    key: str | int | float


@dataclass(frozen=True, slots=True)
class _Ends:
    """Keys before and behind every customer in the order of the index."""

    lowest: str | int
    highest: str | int


_ENDS = {
    CustomerOrder.LAST_SEEN_DESC: _Ends(_FIRST_TIME, _LAST_TIME),
    CustomerOrder.FIRST_SEEN_DESC: _Ends(_FIRST_TIME, _LAST_TIME),
    CustomerOrder.REVENUE_DESC: _Ends(-_INT64, _INT64 - 1),
    CustomerOrder.NAME_ASC: _Ends("", "\U0010ffff"),
}


async def page_customers(
    reader: Reader,
    order: CustomerOrder,
    *,
    limit: int,
    after: CustomerRow | None = None,
    before: CustomerRow | None = None,
    backwards: bool = False,
) -> list[CustomerRow]:
    """Up to `limit` customers behind `after` and ahead of `before`, both exclusive: the first, or with `backwards` the last.

    Rows come in the list's order either way. A page costs the same anywhere in a list of any length.
    """
    start, stop = (before, after) if backwards else (after, before)
    rising = (order is CustomerOrder.NAME_ASC) is not backwards
    if start is None:
        start = _end(order, lowest=rising)
    rows = await reader.many(
        f"customers/page_by_{order.value}{'_backwards' if backwards else ''}",
        CustomerRow,
        key=start.key,
        id=start.id,
        limit=limit,
    )
    if stop is not None:
        bound = _place(order, stop)
        rows = [row for row in rows if (_place(order, row) < bound) is rising and row.id != stop.id]
    return rows[::-1] if backwards else rows


def _end(order: CustomerOrder, *, lowest: bool) -> CustomerRow:
    ends = _ENDS[order]
    return CustomerRow(id="" if lowest else "~", key=ends.lowest if lowest else ends.highest)


def _place(order: CustomerOrder, row: CustomerRow) -> tuple[datetime | str | int | float, str]:
    if order in (CustomerOrder.LAST_SEEN_DESC, CustomerOrder.FIRST_SEEN_DESC):
        return datetime.fromisoformat(str(row.key)), row.id
    return row.key, row.id


async def count_customers(reader: Reader) -> int:
    """How many customers there are, at no cost."""
    return await reader.one("customers/count_customers", int) or 0


async def search_customers(reader: Reader, text: str, *, limit: int = MOST_FOUND) -> list[CustomerRow]:
    """Customers that have every word of `text` in a name or an identifier, the last word as a beginning; best match first.

    Accents, capitals and widths make no difference, nor does hiragana for katakana. At most `limit`, and never more than
    MOST_FOUND. Text without a letter or a digit finds nobody.
    """
    query = text_query(text)
    if query is None:
        return []
    return await reader.many("customers/find_customers_by_text", CustomerRow, query=query, limit=min(limit, MOST_FOUND))

"""Advocates in the order of what they brought in, and how the whole of it goes. docs/metrics.md defines each figure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from graph.referrals.networks import CURRENCIES, by_currency
from graph.referrals.spans import Span
from graph.store import Reader

MOST_IN_PERIOD = 1_000_000
"""Purchases and acceptances of a period: where there are more, nobody is ranked by it."""

_INT64 = 2**63


class AdvocateOrder(Enum):
    """What advocates are ranked by. The value is the end of the statement's name."""

    CONVERTED = "converted"
    NETWORK_SIZE = "network_size"
    NETWORK_REVENUE = "network_revenue"


class AdvocateRow(msgspec.Struct, frozen=True, kw_only=True):
    """An advocate's id and figures. `key`: by which it is ranked, revenue in minor units of the reporting currency; `net`: that
    of the network, less refunds, in minor units by currency."""

    customer: str
    key: int
    invited: int
    accepted: int
    converted: int
    network_size: int
    net: tuple[tuple[str, int], ...]


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """`names`: of all currencies that there are; `sums`: in minor units, of up to four of them, from the one asked for on."""

    names: tuple[str, ...]
    sums: tuple[int, ...]


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where an advocate stands. `rank`: from 1, no two the same."""

    rank: int
    key: int
    customer: str


class TooMuch(Exception):
    """More happened in a period than is looked at."""


_FIRST_PLACE = Place(0, _INT64 - 1, "~")


async def rank_advocates(
    reader: Reader,
    order: AdvocateOrder,
    *,
    limit: int,
    after: Place | None = None,
    span: Span | None = None,
    weights: Mapping[str, float],
) -> list[AdvocateRow]:
    """Up to `limit` advocates behind a place, or the first, those with most first; ties by id.

    For all time they are ranked by totals, which may lag behind, see graph.referrals.totals. Raises TooMuch for a span with more
    than MOST_IN_PERIOD purchases and acceptances, and StoreUnavailable.
    """
    start = after or _FIRST_PLACE
    place = {"key": start.key, "id": start.customer, "limit": limit}
    if span is None:
        return await reader.many(f"referrals/rank_by_{order.value}", AdvocateRow, **place)
    await _refuse_too_much(reader, span)
    times = {**span.times, **span.keys}
    return await reader.many("referrals/rank_in_period", AdvocateRow, order=order.value, weights=dict(weights), **times, **place)


async def count_advocates(reader: Reader) -> int:
    """How many customers brought in somebody who stands."""
    return await reader.one("referrals/count_advocates", int) or 0


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """`advocates`: customers who invited."""

    invited: int
    advocates: int
    accepted: int
    qualified: int
    rewarded: int
    rejected: int


async def find_program(reader: Reader, span: Span | None = None) -> Program:
    """How referrals go, in a time or all the time. Raises StoreUnavailable."""
    name, times = _in_time("find_program", span)
    found = await reader.one(name, Program, **times)
    assert found is not None
    return found


async def find_median_days(reader: Reader, span: Span | None = None) -> float | None:
    """Days from the acceptance, in a time or any, to the qualifying purchase: the median, None without any. Raises
    StoreUnavailable."""
    name, times = _in_time("find_median_days", span)
    return await reader.one(name, float | None, **times)  # type: ignore[arg-type]


async def find_longest_chain(reader: Reader, span: Span | None = None) -> int:
    """How many steps it is to the root from whoever stands deepest, of those who accepted in a time. Raises TooMuch for
    a time with more than MOST_IN_PERIOD purchases and acceptances, and StoreUnavailable."""
    if span is not None:
        await _refuse_too_much(reader, span)
    name, times = _in_time("find_longest_chain", span)
    return await reader.one(name, int, **times) or 0


async def find_referred_revenue(reader: Reader, span: Span | None = None) -> dict[str, int]:
    """What everyone who was brought in bought in a time, less refunds, in minor units by currency. Raises StoreUnavailable."""
    if span is not None:
        found = await reader.one("referrals/find_referred_revenue_in_period", list[tuple[str, int]], **span.times)
        return {currency: amount for currency, amount in found or [] if amount}
    net: dict[str, int] = {}
    first = 0
    while sums := await reader.one("referrals/find_referred_revenue", Sums, skip=first):
        net |= by_currency(sums.names[first:], sums.sums)
        first += CURRENCIES
        if first >= len(sums.names):
            break
    return net


async def count_customers_seen(reader: Reader, span: Span) -> int:
    """How many customers there were at the end of a time. Raises StoreUnavailable."""
    return await reader.one("customers/count_customers_seen", int, until=span.until.isoformat()) or 0


async def _refuse_too_much(reader: Reader, span: Span) -> None:
    if (await reader.one("referrals/count_in_period", int, most=MOST_IN_PERIOD, **span.times) or 0) > MOST_IN_PERIOD:
        raise TooMuch


def _in_time(stem: str, span: Span | None) -> tuple[str, dict[str, str]]:
    """The statement of that name, or the one that looks at a time alone, and its parameters."""
    return (f"referrals/{stem}", {}) if span is None else (f"referrals/{stem}_in_period", span.times)

"""Down the forest: how many customers somebody brought in, directly or through others, and what they are worth.

docs/metrics.md defines each figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from graph.referrals.spans import Span
from graph.referrals.tracing import LONGEST
from graph.store import Reader

TOGETHER = 12
"""Generations that one statement walks."""

CURRENCIES = 4
"""Currencies that one statement sums."""

MOST = 250_000
"""Once there are more members nobody is looked for below: the generation that went beyond is the last that is told. So many take
about a second, of the two that a statement has."""

MOST_IN_PERIOD = 100_000
"""Members whose purchases of a period are looked up: all those of the generations that hold no more than so many."""


@dataclass(frozen=True, slots=True)
class Generation:
    """`customers`: members, `converted`: those of them whose referral qualified and was not reversed, `net`: their revenue less
    refunds in minor units, by currency."""

    customers: int
    converted: int
    net: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Network:
    """`generations`: from those whom the customer itself brought in, without empty ones at the end; each that is told is told
    whole. `truncated`: whether there may be more, behind a bound."""

    generations: tuple[Generation, ...]
    truncated: bool

    @property
    def size(self) -> int:
        return sum(each.customers for each in self.generations)

    @property
    def depth(self) -> int:
        """The last generation with a member: in a period one who accepted in it."""
        return max((depth for depth, each in enumerate(self.generations, 1) if each.customers), default=0)

    @property
    def converted(self) -> int:
        return sum(each.converted for each in self.generations)

    @property
    def net(self) -> dict[str, int]:
        """Of all members, by currency."""
        return summed(each.net for each in self.generations)


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """Some generations as one statement has them: members, conversions, and sums in up to four currencies, from the one asked for
    on; `below`: where to go on."""

    names: tuple[str, ...]
    generations: tuple[tuple[int, ...], ...]
    below: tuple[str, ...]


class GenerationInPeriod(msgspec.Struct, frozen=True, kw_only=True):
    depth: int
    customers: int
    converted: int
    net: tuple[tuple[str, int], ...]


def summed(sums: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Sums by currency, of several."""
    total: dict[str, int] = {}
    for each in sums:
        for currency, amount in each.items():
            total[currency] = total.get(currency, 0) + amount
    return total


async def trace_network(reader: Reader, customer_id: str, *, depth: int | None = None) -> Network:
    """The network of a customer, or so many generations of it. Raises StoreUnavailable."""
    asked = LONGEST if depth is None else depth
    generations: list[Generation] = []
    customers, seen = [customer_id], 0
    while customers:
        walked, customers = await _walk(reader, customers, asked - len(generations), seen)
        generations += walked
        seen += sum(each.customers for each in walked)
    told = _told(generations)
    return Network(told, truncated=(seen > MOST and len(told) < asked) or (depth is None and len(told) == LONGEST))


async def trace_network_in_period(reader: Reader, customer_id: str, span: Span, *, depth: int | None = None) -> Network:
    """The same, of those who accepted in a time; `net` is that of what all members bought in it, whenever they accepted. Raises
    StoreUnavailable."""
    whole = await trace_network(reader, customer_id, depth=depth)
    looked_at, members = 0, 0
    for each in whole.generations:
        members += each.customers
        if members > MOST_IN_PERIOD:
            break
        looked_at += 1
    found = await reader.many(
        "referrals/trace_network_in_period",
        GenerationInPeriod,
        customer_id=customer_id,
        generations=looked_at,
        **span.times,
        **span.keys,
    )
    generations = [
        Generation(each.customers, each.converted, dict(each.net)) for each in sorted(found, key=lambda each: each.depth)
    ]
    return Network(_told(generations), truncated=whole.truncated or looked_at < len(whole.generations))


async def _walk(reader: Reader, customers: list[str], depth: int, seen: int) -> tuple[list[Generation], list[str]]:
    """Up to TOGETHER generations below these customers, behind so many members, and who is in the last of them if more are to
    come."""
    found: Walk | None = None
    sums: list[dict[str, int]] = [{} for _ in range(TOGETHER)]
    first = 0
    while found is None or first < len(found.names):
        walk = await reader.one(
            "referrals/trace_network", Walk, customer_ids=customers, generations=depth, seen=seen, most=MOST, skip=first
        )
        assert walk is not None
        found = found or walk
        for net, row in zip(sums, walk.generations, strict=True):
            net |= by_currency(walk.names[first:], row[2:])
        first += CURRENCIES
    generations = [Generation(row[0], row[1], net) for row, net in zip(found.generations, sums, strict=True)]
    return generations[:depth], list(found.below)


def by_currency(names: tuple[str, ...], amounts: tuple[int, ...]) -> dict[str, int]:
    """Sums that there are, by the currencies of which the names of properties tell."""
    return {name.removeprefix("net_"): amount for name, amount in zip(names, amounts, strict=False) if amount}


def _told(generations: list[Generation]) -> tuple[Generation, ...]:
    """Without those at the end that hold nobody, and are worth nothing."""
    last = max((place for place, each in enumerate(generations, 1) if each.customers or any(each.net.values())), default=0)
    return tuple(generations[:last])

"""What a customer is worth."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

import msgspec
import strawberry
from strawberry import Parent

from graph import money
from graph.customers import Facts, Profile
from graph.customers.places import Quintiles as Boundaries
from graph.errors import StoreUnavailable
from graph.referrals.networks import Network
from resolvers.context import Context, Info
from resolvers.errors import InvalidDecay, InvalidDepth
from resolvers.fields import resolved
from resolvers.money import Money, Rates
from resolvers.requirements import needs, needs_nothing_more
from resolvers.scopes import REFERRAL

REFRESH_SECONDS = 60.0
# A refresh that takes long is done seldom: at most this share of the time goes into it.
REFRESH_SHARE = 0.02


@dataclass(frozen=True)
class Worth:
    """Sums of `facts`, those of a customer, in one currency, each worked out once. Each raises NotConvertible where a rate is
    missing."""

    customer: str
    facts: Facts
    rates: Rates
    currency: str

    @classmethod
    def of(cls, profile: Profile, rates: Rates, currency: str) -> Worth:
        """That of a customer; the last one is kept with the document, for most ask in one currency."""
        last: Worth | None = profile.made.get("worth")
        if last is None or last.currency != currency or last.rates is not rates:
            last = profile.made["worth"] = cls(profile.id, profile.facts, rates, currency)
        return last

    @cached_property
    def revenue(self) -> money.Money | None:
        """None where there are orders and none of them states an amount: unknown isn't 0."""
        if self.facts.orders and not self.facts.revenue:
            return None
        return self.rates.total(self.facts.revenue, self.currency)

    @cached_property
    def refunds(self) -> money.Money:
        return self.rates.total(self.facts.refunds, self.currency)

    @cached_property
    def average_order(self) -> money.Money | None:
        """Revenue by orders, rounded half to even; None without orders."""
        revenue = self.revenue
        if revenue is None or not self.facts.orders:
            return None
        return money.Money(round(Fraction(revenue.amount, self.facts.orders)), self.currency)

    @cached_property
    def historic(self) -> money.Money | None:
        """Revenue less refunds."""
        return None if self.revenue is None else money.Money(round(self.exact), self.currency)

    @cached_property
    def exact(self) -> Fraction:
        """The same in minor units, not rounded; nothing where it is unknown."""
        sums = dict(self.facts.revenue)
        for currency, amount in self.facts.refunds.items():
            sums[currency] = sums.get(currency, 0) - amount
        return self.rates.exact(sums, self.currency)


def score(facts: Facts, boundaries: Boundaries, rates: Rates) -> str:
    """Recency, frequency and monetary value as fifths of all customers with orders, 5 the best: "5-4-5".

    A value equal to a boundary belongs to the lower fifth. Amounts are compared in the reporting currency.
    """
    assert facts.last_purchase_at is not None
    recency = 1 + bisect_left(boundaries.last_purchase_at, facts.last_purchase_at.timestamp())
    frequency = 1 + bisect_left(boundaries.orders, facts.orders)
    monetary = 1 + bisect_left(boundaries.revenue, rates.total(facts.revenue, rates.reporting).amount)
    return f"{recency}-{frequency}-{monetary}"


@strawberry.type(description="Recency, frequency and monetary value.", directives=[needs_nothing_more()])
class RFM:
    recency_days: int = strawberry.field(description="Whole days since the last purchase.")
    frequency: int = strawberry.field(description="How many orders.")
    monetary: Money | None = strawberry.field(description="Revenue.")
    score: str = strawberry.field(description='Each by quintile of all customers with orders, 5 the best: "5-4-5".')


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The source of RFM."""

    recency_days: int
    frequency: int
    monetary: money.Money | None
    score: str

    @classmethod
    def of(cls, worth: Worth, boundaries: Boundaries | None, now: datetime) -> Placement | None:
        facts = worth.facts
        if boundaries is None or not facts.orders or facts.last_purchase_at is None:
            return None
        return cls(
            recency_days=max(0, (now - facts.last_purchase_at).days),
            frequency=facts.orders,
            monetary=worth.revenue,
            score=score(facts, boundaries, worth.rates),
        )


MOST_GENERATIONS = 20


class Extended(msgspec.Struct, frozen=True):
    """The source of ExtendedValue: how many generations below a customer count, and how much less each than the one above."""

    worth: Worth
    generations: int
    decay: Fraction

    def figures(self, context: Context) -> Network:
        """The network, as far as it counts."""
        customer, depth = self.worth.customer, self.generations
        (found,) = context.ask(("extended", customer, depth), lambda: context.sources.networks.load([(customer, depth)]))
        return found

    def below(self, context: Context) -> money.Money:
        """What the network is worth, rounded once, half to even; raises NotConvertible."""
        rates, currency = self.worth.rates, self.worth.currency
        generations = enumerate(self.figures(context).generations, 1)
        exact = sum((self.decay**depth * rates.exact(each.net, currency) for depth, each in generations), Fraction(0))
        return money.Money(round(exact), currency)


def extend(worth: Worth, generations: int, decay: float) -> Extended:
    """The value of a customer with that of its network; raises InvalidDepth and InvalidDecay."""
    if not 1 <= generations <= MOST_GENERATIONS:
        raise InvalidDepth(generations, MOST_GENERATIONS, argument="generations")
    if not 0 <= decay <= 1:
        raise InvalidDecay(decay)
    # As it was written: 0.1 is a tenth, and no binary fraction next to it.
    return Extended(worth, generations, Fraction(repr(decay)))


@strawberry.type(
    description="What a customer is worth together with those whom the customer brought in.", directives=[needs_nothing_more()]
)
class ExtendedValue:
    @resolved("Revenue less refunds of the customer.")
    @staticmethod
    def own(extended: Parent[Extended]) -> Money | None:
        return extended.worth.historic  # type: ignore[return-value]

    @resolved("That of each generation of the network, times decay as often as it is away.")
    @staticmethod
    def network(extended: Parent[Extended], info: Info) -> Money | None:
        return extended.below(info.context)  # type: ignore[return-value]

    @resolved("Both together; null where the customer's own is unknown.")
    @staticmethod
    def total(extended: Parent[Extended], info: Info) -> Money | None:
        own = extended.worth.historic
        if own is None:
            return None
        # Of the two as they are shown, so that they add up.
        return money.Money(own.amount + extended.below(info.context).amount, own.currency)  # type: ignore[return-value]

    @resolved("Whether a bound of the service cut the network short.")
    @staticmethod
    def truncated(extended: Parent[Extended], info: Info) -> bool:
        return extended.figures(info.context).truncated


@strawberry.type(
    description=(
        "orders: purchases that were not cancelled, wholly refunded ones included; revenue: their totals before refunds; "
        "refunds: what was paid back."
    ),
    directives=[needs_nothing_more()],
)
class CustomerValue:
    """Sums over several currencies are exact until they are rounded once, half to even, to minor units."""

    @resolved("Purchases that were not cancelled.")
    @staticmethod
    def orders(worth: Parent[Worth]) -> int:
        return worth.facts.orders

    @resolved("The earliest of them.")
    @staticmethod
    def first_purchase_at(worth: Parent[Worth]) -> datetime | None:
        return worth.facts.first_purchase_at

    @resolved("The latest of them.")
    @staticmethod
    def last_purchase_at(worth: Parent[Worth]) -> datetime | None:
        return worth.facts.last_purchase_at

    @resolved("What was bought, before refunds; null where no order states an amount.")
    @staticmethod
    def revenue(worth: Parent[Worth]) -> Money | None:
        return worth.revenue  # type: ignore[return-value]

    @resolved("What was paid back.")
    @staticmethod
    def refunds(worth: Parent[Worth]) -> Money | None:
        return worth.refunds  # type: ignore[return-value]

    @resolved("Revenue by orders; null without orders.")
    @staticmethod
    def average_order(worth: Parent[Worth]) -> Money | None:
        return worth.average_order  # type: ignore[return-value]

    @resolved("Recency, frequency and monetary value; null without orders.")
    @staticmethod
    def rfm(worth: Parent[Worth], info: Info) -> RFM | None:
        context = info.context
        boundaries = context.ask("quintiles", context.sources.quintiles.current)
        return Placement.of(worth, boundaries, context.now())  # type: ignore[return-value]

    @resolved("Revenue less refunds.")
    @staticmethod
    def historic_lifetime_value(worth: Parent[Worth]) -> Money | None:
        return worth.historic  # type: ignore[return-value]

    @resolved(
        "Own revenue plus what the customers brought in, over n generations (1..20), each generation weighed by decay^depth.",
        scopes=needs(REFERRAL),
    )
    @staticmethod
    def extended_value(worth: Parent[Worth], generations: int | None = 3, decay: float | None = 0.5) -> ExtendedValue:
        return extend(worth, 3 if generations is None else generations, 0.5 if decay is None else decay)  # type: ignore[return-value]


class QuintileCopy:
    """This process's copy of the boundaries: loaded by the first request that asks, then refreshed in the background."""

    def __init__(self, load: Callable[[], Awaitable[Boundaries | None]]) -> None:
        self._load = load
        self._known: Boundaries | None = None
        self._loaded = False
        self._next = 0.0
        self._task: asyncio.Task[None] | None = None

    async def current(self) -> Boundaries | None:
        """The boundaries as of a minute ago or so; None while no customer has orders, or Neo4j doesn't answer."""
        if self._task is None and time.monotonic() >= self._next:
            self._task = asyncio.create_task(self._refresh())
        if not self._loaded and self._task is not None:
            await asyncio.shield(self._task)
        return self._known

    async def _refresh(self) -> None:
        started = time.monotonic()
        try:
            self._known = await self._load()
            self._loaded = True
        except StoreUnavailable:
            # The boundaries of before are better than none; the next request after the pause asks again.
            pass
        finally:
            took = time.monotonic() - started
            self._next = time.monotonic() + max(REFRESH_SECONDS, took / REFRESH_SHARE)
            self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

"""Advocates ranked by what they brought in, and the referral program as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import msgspec
import orjson
import strawberry
from strawberry import Parent

from graph.referrals import ranking
from graph.referrals.ranking import AdvocateRow, Place, TooMuch, count_advocates, rank_advocates
from graph.referrals.spans import Span
from resolvers.connections import Connection, Listing, Window, connect, forwards
from resolvers.context import Context, Info
from resolvers.entries import LazyCustomer, find_customer
from resolvers.errors import TooLarge
from resolvers.fields import resolved
from resolvers.listings import Period
from resolvers.money import Money
from resolvers.referrals.networks import span_of
from resolvers.requirements import needs
from resolvers.scalars import CurrencyCode
from resolvers.scopes import REFERRAL


@strawberry.enum(description="What advocates are ranked by; most first.")
class AdvocateOrder(Enum):
    CONVERTED = "CONVERTED"
    NETWORK_SIZE = "NETWORK_SIZE"
    NETWORK_REVENUE = "NETWORK_REVENUE"


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """The source of Advocate: one at its place, with the currency of its figures. `row` None: whom a page is asked for behind."""

    place: Place
    row: AdvocateRow | None
    currency: str


@strawberry.type(description="A customer who brought others in.", directives=[needs(REFERRAL)])
class Advocate:
    @resolved("The customer.")
    @staticmethod
    def customer(ranked: Parent[Ranked], info: Info) -> LazyCustomer:
        return find_customer(info.context, ranked.place.customer)

    @resolved("Where the customer stands among all, from 1; no two share one.")
    @staticmethod
    def rank(ranked: Parent[Ranked]) -> int:
        return ranked.place.rank

    @resolved("Invitations, whether anybody accepted or not.")
    @staticmethod
    def invited(ranked: Parent[Ranked]) -> int:
        return _row(ranked).invited

    @resolved("Friends whom the customer itself brought in.")
    @staticmethod
    def accepted(ranked: Parent[Ranked]) -> int:
        return _row(ranked).accepted

    @resolved("Those of them who made the qualifying purchase, which was not reversed.")
    @staticmethod
    def converted(ranked: Parent[Ranked]) -> int:
        return _row(ranked).converted

    @resolved("Everyone whom the customer brought in, be it through others.")
    @staticmethod
    def network_size(ranked: Parent[Ranked]) -> int:
        return _row(ranked).network_size

    @resolved("What all of them bought, less refunds.")
    @staticmethod
    def network_revenue(ranked: Parent[Ranked], info: Info) -> Money | None:
        return info.context.rules.rates.total(dict(_row(ranked).net), ranked.currency)  # type: ignore[return-value]


def _row(ranked: Ranked) -> AdvocateRow:
    assert ranked.row is not None
    return ranked.row


def advocates(
    info: Info,
    order_by: AdvocateOrder | None = AdvocateOrder.NETWORK_REVENUE,
    period: Period | None = None,
    currency: CurrencyCode | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Connection[Advocate]:
    context = info.context
    order, span = ranking.AdvocateOrder[(order_by or AdvocateOrder.NETWORK_REVENUE).name], span_of(period)
    listing = _listing(context, order, span, currency or context.rules.rates.reporting)
    return connect(context, listing, first=first, after=after)


def _listing(context: Context, order: ranking.AdvocateOrder, span: Span | None, currency: str) -> Listing[Ranked]:
    def fetch(wanted: Window, /) -> Sequence[Ranked]:
        before = None if wanted.after is None else msgspec.convert(orjson.loads(wanted.after), Place)
        size = wanted.size - (before is not None)
        rows = context.ask(("advocates", order, span, before, size), lambda: _rank(context, order, span, size, before))
        first = 1 if before is None else before.rank + 1
        ranked = [Ranked(Place(rank, row.key, row.customer), row, currency) for rank, row in enumerate(rows, first)]
        # Whoever stood there when its cursor was given stood ahead of these.
        return ranked if before is None else [Ranked(before, None, currency), *ranked]

    def count() -> int | None:
        return None if span is not None else context.ask("count of advocates", lambda: count_advocates(context.reader))

    def key(ranked: Ranked) -> str:
        return orjson.dumps(msgspec.to_builtins(ranked.place)).decode()

    # A place among those of one time is none among those of another.
    name = f"Query.advocates by {order.name}" + ("" if span is None else f" from {span.since} to {span.until}")
    return Listing(name, forwards(fetch), key, count)


async def _rank(
    context: Context, order: ranking.AdvocateOrder, span: Span | None, size: int, after: Place | None
) -> Sequence[AdvocateRow]:
    weights = context.rules.rates.weights
    try:
        return await rank_advocates(context.reader, order, limit=size, after=after, span=span, weights=weights)
    except TooMuch:
        raise TooLarge.period(ranking.MOST_IN_PERIOD) from None


class ProgramQuestion(msgspec.Struct, frozen=True):
    """The source of ReferralProgram: of which time, and the currency of its figures."""

    span: Span | None
    currency: str

    def figures(self, context: Context) -> ranking.Program:
        """What the graph says of it."""
        return context.ask(("program", self.span), lambda: ranking.find_program(context.reader, self.span))

    def customers(self, context: Context) -> int:
        """How many there were at the end of the time."""
        span = self.span or Span(context.now(), context.now())
        return context.ask(("customers seen", self.span), lambda: ranking.count_customers_seen(context.reader, span))


@strawberry.type(
    description="How referrals go. In a period: invitations made in it, all else by acceptances in it.",
    directives=[needs(REFERRAL)],
)
class ReferralProgram:
    @resolved("Invitations.")
    @staticmethod
    def invited(asked: Parent[ProgramQuestion], info: Info) -> int:
        return asked.figures(info.context).invited

    @resolved("Acceptances that brought somebody in.")
    @staticmethod
    def accepted(asked: Parent[ProgramQuestion], info: Info) -> int:
        return asked.figures(info.context).accepted

    @resolved("Those of them whose friend made the qualifying purchase, which was not reversed.")
    @staticmethod
    def qualified(asked: Parent[ProgramQuestion], info: Info) -> int:
        return asked.figures(info.context).qualified

    @resolved("Those of them that were paid for.")
    @staticmethod
    def rewarded(asked: Parent[ProgramQuestion], info: Info) -> int:
        return asked.figures(info.context).rewarded

    @resolved("Acceptances that were rejected.")
    @staticmethod
    def rejected(asked: Parent[ProgramQuestion], info: Info) -> int:
        return asked.figures(info.context).rejected

    @resolved("Qualified by accepted; null without any.")
    @staticmethod
    def conversion_rate(asked: Parent[ProgramQuestion], info: Info) -> float | None:
        found = asked.figures(info.context)
        return _ratio(found.qualified, found.accepted)

    @resolved("Invitations by customers who invited; null without any.")
    @staticmethod
    def invitations_per_advocate(asked: Parent[ProgramQuestion], info: Info) -> float | None:
        found = asked.figures(info.context)
        return _ratio(found.invited, found.advocates)

    @resolved(
        "How many new customers each customer brings in: invitations by all customers there were, times acceptances by "
        "invitations. Above 1 they grow by themselves. Null without customers."
    )
    @staticmethod
    def k_factor(asked: Parent[ProgramQuestion], info: Info) -> float | None:
        return _ratio(asked.figures(info.context).accepted, asked.customers(info.context))

    @resolved("The median of days from an acceptance to the qualifying purchase; null without any.")
    @staticmethod
    def median_days_to_convert(asked: Parent[ProgramQuestion], info: Info) -> float | None:
        context = info.context
        return context.ask(("median", asked.span), lambda: ranking.find_median_days(context.reader, asked.span))

    @resolved("How many referrals lead from the root to whoever stands deepest, of those who accepted.")
    @staticmethod
    def longest_chain(asked: Parent[ProgramQuestion], info: Info) -> int:
        context = info.context
        return context.ask(("longest", asked.span), lambda: _find_longest_chain(context, asked.span))

    @resolved("What everyone who was brought in bought, less refunds; in a period, what they bought in it.")
    @staticmethod
    def revenue(asked: Parent[ProgramQuestion], info: Info) -> Money | None:
        context = info.context
        net: Any = context.ask(("referred", asked.span), lambda: ranking.find_referred_revenue(context.reader, asked.span))
        return context.rules.rates.total(net, asked.currency)  # type: ignore[return-value]


async def _find_longest_chain(context: Context, span: Span | None) -> int:
    try:
        return await ranking.find_longest_chain(context.reader, span)
    except TooMuch:
        raise TooLarge.period(ranking.MOST_IN_PERIOD) from None


def referral_program(info: Info, period: Period | None = None, currency: CurrencyCode | None = None) -> ReferralProgram:
    return ProgramQuestion(span_of(period), currency or info.context.rules.rates.reporting)  # type: ignore[return-value]


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None

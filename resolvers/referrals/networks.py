"""Down the referral network: those whom a customer brought in, directly or through others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import msgspec
import strawberry
from strawberry import Parent

from graph.customers import Profile
from graph.referrals.members import Member, Selection, page_members
from graph.referrals.networks import Generation, Network, trace_network_in_period
from graph.referrals.spans import Span
from resolvers.connections import Connection, Listing, Window, connect, forwards
from resolvers.context import Context, Info
from resolvers.errors import GoneCursor, InvalidPeriod
from resolvers.fields import about, resolved
from resolvers.listings import Period
from resolvers.money import Money
from resolvers.referrals.chains import SEEN, depth_of
from resolvers.referrals.members import ReferralMember
from resolvers.requirements import needs
from resolvers.scopes import REFERRAL

USUAL = 20
"""Generations of a network, or fewer, nearly always."""


class NetworkQuestion(msgspec.Struct, frozen=True):
    """The source of ReferralNetwork: whose network, how much of it, and the currency of its figures."""

    selection: Selection
    depth: int | None
    currency: str

    def figures(self, context: Context) -> Network:
        """What the graph says of it."""
        chosen = self.selection

        async def ask() -> Network:
            if chosen.span is not None:
                return await trace_network_in_period(context.reader, chosen.root, chosen.span, depth=self.depth)
            (found,) = await context.sources.networks.load([(chosen.root, self.depth)])
            return found

        return context.ask(("network", chosen, self.depth), ask)


class GenerationAt(msgspec.Struct, frozen=True, gc=False):
    """The source of ReferralGeneration."""

    depth: int
    generation: Generation
    currency: str


@strawberry.type(description="Those of a network whom as many referrals lead to.", directives=[SEEN])
class ReferralGeneration:
    depth: int = strawberry.field(description="How many referrals lead to them, from 1.")

    @resolved("How many there are; in a period, who accepted in it.")
    @staticmethod
    def customers(placed: Parent[GenerationAt]) -> int:
        return placed.generation.customers

    @resolved("How many of those made the qualifying purchase, which was not reversed.")
    @staticmethod
    def converted(placed: Parent[GenerationAt]) -> int:
        return placed.generation.converted

    @resolved("What all of them bought, less refunds; in a period, what they bought in it.", scopes=needs(REFERRAL))
    @staticmethod
    def revenue(placed: Parent[GenerationAt], info: Info) -> Money | None:
        return info.context.rules.rates.total(placed.generation.net, placed.currency)  # type: ignore[return-value]


@strawberry.type(
    description="maxDepth limits what is asked for; truncated tells that a bound of the service cut it short.", directives=[SEEN]
)
class ReferralNetwork:
    @resolved("How many customers belong to it; in a period, who accepted in it.")
    @staticmethod
    def size(asked: Parent[NetworkQuestion], info: Info) -> int:
        return asked.figures(info.context).size

    @resolved("How many generations it has.")
    @staticmethod
    def depth(asked: Parent[NetworkQuestion], info: Info) -> int:
        return asked.figures(info.context).depth

    @resolved("How many of its customers made the qualifying purchase, which was not reversed.")
    @staticmethod
    def converted(asked: Parent[NetworkQuestion], info: Info) -> int:
        return asked.figures(info.context).converted

    @resolved(
        "What its customers bought, less refunds; in a period, what they bought in it, whenever they accepted.",
        scopes=needs(REFERRAL),
    )
    @staticmethod
    def revenue(asked: Parent[NetworkQuestion], info: Info) -> Money | None:
        return info.context.rules.rates.total(asked.figures(info.context).net, asked.currency)  # type: ignore[return-value]

    @resolved("Whether there is more of it, behind a bound of the service: ask again from a member of the last generation.")
    @staticmethod
    def truncated(asked: Parent[NetworkQuestion], info: Info) -> bool:
        return asked.figures(info.context).truncated

    @resolved("Each generation, the nearest first; at most 1,000.", size=about(USUAL))
    @staticmethod
    def generations(asked: Parent[NetworkQuestion], info: Info) -> list[ReferralGeneration]:
        found = asked.figures(info.context).generations
        info.context.budget.spend(len(found))
        return [GenerationAt(depth, each, asked.currency) for depth, each in enumerate(found, 1)]  # type: ignore[misc]

    @resolved(
        "Its customers, nearest first, within a generation in the order of their advocates, then of the time; in a period, who "
        "accepted in it."
    )
    @staticmethod
    def members(
        asked: Parent[NetworkQuestion], info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[ReferralMember]:
        return connect(info.context, _listing(info.context, asked), first=first, after=after)


def find_network(
    context: Context, profile: Profile, *, depth: int | None, period: Period | None, currency: str | None
) -> NetworkQuestion:
    """The network of a customer; raises InvalidDepth and InvalidPeriod."""
    selection = Selection(root=profile.id, depth=depth_of(depth), span=span_of(period))
    return NetworkQuestion(selection, depth, currency or context.rules.rates.reporting)


def span_of(period: Period | None) -> Span | None:
    """The period as the graph takes it; raises InvalidPeriod."""
    if period is None:
        return None
    if period.from_ >= period.to:
        raise InvalidPeriod
    return Span(period.from_.astimezone(UTC), period.to.astimezone(UTC))


def _listing(context: Context, asked: NetworkQuestion) -> Listing[Member]:
    selection = asked.selection

    def fetch(wanted: Window, /) -> Sequence[Member]:
        found = context.ask(("members", selection, wanted), lambda: _page(context, selection, wanted))
        context.tell_of(each.customer for each in found)
        return found

    def count() -> int | None:
        found = asked.figures(context)
        return None if found.truncated else found.size

    # A place among those of one time, or of fewer generations, is none among all.
    span = "" if selection.span is None else f" from {selection.span.since} to {selection.span.until}"
    return Listing(f"ReferralNetwork.members to {selection.depth}{span}", forwards(fetch), lambda member: member.customer, count)


async def _page(context: Context, selection: Selection, wanted: Window) -> Sequence[Member]:
    try:
        return await page_members(context.reader, selection, limit=wanted.size, after=wanted.after)
    except LookupError:
        raise GoneCursor("after") from None

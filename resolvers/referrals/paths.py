"""From one customer to another by accepted referrals."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry import Parent

from graph.referrals.tracing import Link, Way, find_way
from resolvers.context import Context, Info
from resolvers.directory import CustomerKey, asked_key
from resolvers.entries import LazyCustomer, LazyReferral, find_customer, find_referral
from resolvers.errors import Forbidden, NotThere
from resolvers.fields import at_most, resolved
from resolvers.referrals.chains import SEEN


@strawberry.enum(description="Which way a step of a path goes.")
class ReferralDirection(Enum):
    REFERRED = "REFERRED"
    REFERRED_BY = "REFERRED_BY"


@strawberry.type(description="One customer on the way.", directives=[SEEN])
class ReferralPathStep:
    @resolved("The customer.", id_of=lambda link: link.customer)
    @staticmethod
    def customer(link: Parent[Link], info: Info) -> LazyCustomer:
        return find_customer(info.context, link.customer)

    @resolved("The referral that leads here from the step before; null for the first.", id_of=lambda link: link.referral)
    @staticmethod
    def via_referral(link: Parent[Link], info: Info) -> LazyReferral | None:
        return None if link.referral is None else find_referral(info.context, link.referral)

    @resolved("REFERRED_BY: this one brought in the step before; REFERRED: was brought in by it. Null for the first.")
    @staticmethod
    def direction(link: Parent[Link]) -> ReferralDirection | None:
        return None if link.up is None else "REFERRED_BY" if link.up else "REFERRED"  # type: ignore[return-value]


@strawberry.type(description="Up to the first customer who brought both in, be it through others, and down.", directives=[SEEN])
class ReferralPath:
    @resolved("How many referrals it takes.")
    @staticmethod
    def length(way: Parent[Way]) -> int:
        return len(way.links) - 1

    @resolved("The first who brought both in; one of the two, where that one did.", id_of=lambda way: way.common)
    @staticmethod
    def common_advocate(way: Parent[Way], info: Info) -> LazyCustomer:
        return find_customer(info.context, way.common)

    @resolved("All customers on the way, both ends included; at most 2,001.", size=at_most(2_001))
    @staticmethod
    def steps(way: Parent[Way], info: Info) -> list[ReferralPathStep]:
        info.context.budget.spend(len(way.links))
        info.context.tell_of(link.customer for link in way.links)
        return list(way.links)  # type: ignore[arg-type]


@strawberry.type(description="How two customers are linked.", directives=[SEEN])
class ReferralPathResult:
    @resolved("The way; null where nobody brought both in.")
    @staticmethod
    def path(found: Parent[tuple[Way | None, bool]]) -> ReferralPath | None:
        return found[0]  # type: ignore[return-value]

    @resolved("Whether a chain of more than 1,000 steps was met before one could tell.")
    @staticmethod
    def truncated(found: Parent[tuple[Way | None, bool]]) -> bool:
        return found[1]


def referral_path(
    info: Info, from_: Annotated[CustomerKey, strawberry.argument(name="from")], to: CustomerKey
) -> ReferralPathResult:
    context = info.context
    start, end = _id_of(context, from_, "from"), _id_of(context, to, "to")
    found: Any = context.ask(("way", start, end), lambda: find_way(context.sources.chains.load, start, end))
    given: ReferralPathResult = found
    return given


def _id_of(context: Context, key: CustomerKey, argument: str) -> str:
    """Whom a key names; raises NotThere, and Forbidden where a customer's own token names somebody else."""
    asked = asked_key(context, key, argument)
    if context.principal.customer is not None and context.own_by(asked) is None:
        raise Forbidden.others()
    profile = context.customer(asked)
    if profile is None:
        raise NotThere("customer")
    return profile.id

"""What all entries of a timeline have in common."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import Parent

from graph.customers import ProfileKey
from graph.timeline import OwnedEntry
from resolvers.catalogue import Channel, find_channel
from resolvers.context import Context, Info
from resolvers.fields import resolved
from resolvers.nodes import Node

if TYPE_CHECKING:
    from resolvers.customers import Customer
    from resolvers.referrals import Referral

LazyCustomer = Annotated["Customer", strawberry.lazy("resolvers.customers")]
LazyReferral = Annotated["Referral", strawberry.lazy("resolvers.referrals")]


@strawberry.enum(description="What an entry of the timeline tells of.")
class TimelineKind(Enum):
    TOUCHPOINT = "TOUCHPOINT"
    PURCHASE = "PURCHASE"
    REVIEW = "REVIEW"
    SURVEY_RESPONSE = "SURVEY_RESPONSE"
    CASE = "CASE"
    REFERRAL = "REFERRAL"
    STAGE_CHANGE = "STAGE_CHANGE"
    COMMUNICATION = "COMMUNICATION"
    REWARD = "REWARD"


@strawberry.interface(
    description=(
        "Everything that happens to a customer, in the order of `at`: for a purchase the time of purchase, for a referral of the "
        "invitation (on the advocate's timeline), for a communication of sending or, until then, of the plan."
    )
)
class TimelineEntry(Node):
    at: datetime = strawberry.field(description="When it happened.")

    @resolved("What it tells of.")
    @staticmethod
    def kind(owned: Parent[OwnedEntry]) -> TimelineKind:
        return owned.entry.__struct_config__.tag  # type: ignore[return-value]

    @resolved("Where it happened, if that is known.")
    @staticmethod
    def channel(owned: Parent[OwnedEntry], info: Info) -> Channel | None:
        return find_channel(info.context, owned.entry.channel)

    @resolved("Whose timeline it stands on.")
    @staticmethod
    def customer(owned: Parent[OwnedEntry], info: Info) -> LazyCustomer:
        return find_customer(info.context, owned.customer_id)


def find_customer(context: Context, customer_id: str) -> Any:
    """The customer that an id in the graph names; ids there resolve for ever."""
    context.budget.spend(1)
    profile = context.customer(ProfileKey(id=customer_id))
    if profile is None:
        raise LookupError(f"no customer has the id {customer_id}")
    return profile


def find_referral(context: Context, referral_id: str) -> Any:
    """The referral that an id in the graph names."""
    context.budget.spend(1)
    owned = context.entry(referral_id)
    if owned is None:
        raise LookupError(f"no referral has the id {referral_id}")
    return owned

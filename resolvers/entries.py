"""What all entries of a timeline have in common."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.customers import ProfileKey
from resolvers.catalogue import Channel
from resolvers.context import Context, Info
from resolvers.fields import resolved
from resolvers.nodes import Node

if TYPE_CHECKING:
    from resolvers.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("resolvers.customers")]


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
    """`owner` is the id of the customer whose entry it is, `channel_key` the key of its channel."""

    owner: strawberry.Private[str]
    channel_key: strawberry.Private[str | None]
    at: datetime = strawberry.field(description="When it happened.")
    kind: TimelineKind = strawberry.field(description="What it tells of.")

    @resolved("Where it happened, if that is known.")
    async def channel(self, info: Info) -> Channel | None:
        return await Channel.load(info.context, self.channel_key)

    @resolved("Whose timeline it stands on.")
    async def customer(self, info: Info) -> LazyCustomer:
        return await load_customer(info.context, self.owner)


async def load_customer(context: Context, customer_id: str) -> Customer:
    """The customer that an id in the graph names; ids there resolve for ever."""
    # A customer has entries and an entry has a customer: one of the two modules must wait.
    from resolvers.customers import Customer

    context.budget.spend(1)
    profile = await context.customers.load(ProfileKey(id=customer_id))
    if profile is None:
        raise LookupError(f"no customer has the id {customer_id}")
    return Customer.of(profile, context)


def common(record: Any, owner: str, kind: TimelineKind) -> dict[str, Any]:
    """The fields of TimelineEntry from the record of any kind."""
    return {"id": strawberry.ID(record.id), "at": record.at, "kind": kind, "owner": owner, "channel_key": record.channel}

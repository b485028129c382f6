"""Messages to customers."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import Parent

from graph import communications
from graph.timeline import OwnedEntry
from resolvers.catalogue import Campaign, find_campaign
from resolvers.context import Info
from resolvers.entries import TimelineEntry
from resolvers.fields import resolved
from resolvers.requirements import needs_any
from resolvers.scopes import OWN, PROFILE


@strawberry.enum(description="What became of a message.")
class CommunicationStatus(Enum):
    PLANNED = "PLANNED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    OPENED = "OPENED"
    CLICKED = "CLICKED"
    CONVERTED = "CONVERTED"
    BOUNCED = "BOUNCED"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    SUPPRESSED = "SUPPRESSED"
    CANCELLED = "CANCELLED"


@strawberry.type(
    description="A message to a customer: planned, sent, and what became of it.", directives=[needs_any(PROFILE, OWN)]
)
class Communication(TimelineEntry):
    record = communications.Communication
    communication_status: CommunicationStatus = strawberry.field(description="What became of it.")
    planned_at: datetime | None = strawberry.field(description="When it is, or was, to be sent.")
    sent_at: datetime | None = strawberry.field(description="When it was sent.")
    purpose: str = strawberry.field(description="What it is for, such as marketing or service; consent is asked for by purpose.")

    @resolved("The campaign it is part of.")
    @staticmethod
    def campaign(owned: Parent[OwnedEntry], info: Info) -> Campaign | None:
        return find_campaign(info.context, owned.entry.campaign)  # type: ignore[union-attr]

"""Messages to customers."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from graph import communications
from resolvers.catalogue import Campaign
from resolvers.context import Info
from resolvers.entries import TimelineEntry, TimelineKind, common
from resolvers.fields import resolved


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


@strawberry.type(description="A message to a customer: planned, sent, and what became of it.")
class Communication(TimelineEntry):
    campaign_key: strawberry.Private[str | None]
    communication_status: CommunicationStatus = strawberry.field(description="What became of it.")
    planned_at: datetime | None = strawberry.field(description="When it is, or was, to be sent.")
    sent_at: datetime | None = strawberry.field(description="When it was sent.")
    purpose: str = strawberry.field(description="What it is for, such as marketing or service; consent is asked for by purpose.")

    @classmethod
    def of(cls, record: communications.Communication, owner: str) -> Communication:
        return cls(
            **common(record, owner, TimelineKind.COMMUNICATION),
            campaign_key=record.campaign,
            communication_status=CommunicationStatus(record.communication_status),
            planned_at=record.planned_at,
            sent_at=record.sent_at,
            purpose=record.purpose,
        )

    @resolved("The campaign it is part of.")
    async def campaign(self, info: Info) -> Campaign | None:
        return await Campaign.load(info.context, self.campaign_key)

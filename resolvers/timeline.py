"""Touchpoints, and the timeline that they and everything else stand on."""

from __future__ import annotations

from typing import Any

import orjson
import strawberry
from strawberry.scalars import JSON

from graph import timeline
from graph.communications import Communication as CommunicationRecord
from graph.feedback import Case as CaseRecord
from graph.feedback import Review as ReviewRecord
from graph.feedback import SurveyResponse as SurveyResponseRecord
from graph.purchases import Purchase as PurchaseRecord
from graph.referrals import Referral as ReferralRecord
from resolvers.catalogue import Campaign, Product
from resolvers.communications import Communication
from resolvers.context import Info
from resolvers.entries import TimelineEntry, TimelineKind, common
from resolvers.feedback import Case, Review, SurveyResponse
from resolvers.fields import resolved
from resolvers.purchases import Purchase
from resolvers.referrals import Referral


@strawberry.type(description="One contact: a page view, a store visit, a call.")
class Touchpoint(TimelineEntry):
    campaign_key: strawberry.Private[str | None]
    sku: strawberry.Private[str | None]
    stored_properties: strawberry.Private[str | None]
    type: str = strawberry.field(description="What sort of contact, such as page_view, in the source's words.")
    session: strawberry.ID | None = strawberry.field(description="The visit it belongs to.")
    duration_seconds: int | None = strawberry.field(description="How long it took.")
    url: str | None = strawberry.field(description="The page.")

    @classmethod
    def of(cls, record: timeline.Touchpoint, owner: str) -> Touchpoint:
        return cls(
            **common(record, owner, TimelineKind.TOUCHPOINT),
            campaign_key=record.campaign,
            sku=record.sku,
            stored_properties=record.properties,
            type=record.type,
            session=None if record.session is None else strawberry.ID(record.session),
            duration_seconds=record.duration_seconds,
            url=record.url,
        )

    @resolved("The campaign that led to it.")
    async def campaign(self, info: Info) -> Campaign | None:
        return await Campaign.load(info.context, self.campaign_key)

    @resolved("The product it was about.")
    async def product(self, info: Info) -> Product | None:
        return await Product.load(info.context, self.sku)

    @resolved("Whatever else the source said of it.")
    def properties(self) -> JSON | None:
        return None if self.stored_properties is None else orjson.loads(self.stored_properties)


_TYPES: dict[type[Any], Any] = {
    timeline.Touchpoint: Touchpoint,
    PurchaseRecord: Purchase,
    ReviewRecord: Review,
    SurveyResponseRecord: SurveyResponse,
    CaseRecord: Case,
    CommunicationRecord: Communication,
    ReferralRecord: Referral,
}


def entry_of(record: timeline.Entry, owner: str) -> TimelineEntry:
    """An entry of whatever kind, owned by the customer with the id `owner`."""
    entry: TimelineEntry = _TYPES[type(record)].of(record, owner)
    return entry


#: The types of entries, which the schema reaches only through their interface.
ENTRY_TYPES = tuple(_TYPES.values())

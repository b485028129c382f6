"""Touchpoints, and the timeline that they and everything else stand on."""

from __future__ import annotations

import orjson
import strawberry
from strawberry import Parent
from strawberry.scalars import JSON

from graph import timeline
from graph.timeline import OwnedEntry
from resolvers.catalogue import Campaign, Product, find_campaign, find_product
from resolvers.communications import Communication
from resolvers.context import Info
from resolvers.entries import TimelineEntry
from resolvers.feedback import Case, Review, SurveyResponse
from resolvers.fields import resolved
from resolvers.purchases import Purchase
from resolvers.referrals import Referral


@strawberry.type(description="One contact: a page view, a store visit, a call.")
class Touchpoint(TimelineEntry):
    record = timeline.Touchpoint
    type: str = strawberry.field(description="What sort of contact, such as page_view, in the source's words.")
    session: strawberry.ID | None = strawberry.field(description="The visit it belongs to.")
    duration_seconds: int | None = strawberry.field(description="How long it took.")
    url: str | None = strawberry.field(description="The page.")

    @resolved("The campaign that led to it.")
    @staticmethod
    def campaign(owned: Parent[OwnedEntry], info: Info) -> Campaign | None:
        return find_campaign(info.context, owned.entry.campaign)  # type: ignore[union-attr]

    @resolved("The product it was about.")
    @staticmethod
    def product(owned: Parent[OwnedEntry], info: Info) -> Product | None:
        return find_product(info.context, owned.entry.sku)  # type: ignore[union-attr]

    @resolved("Whatever else the source said of it.")
    @staticmethod
    def properties(owned: Parent[OwnedEntry]) -> JSON | None:
        text = owned.entry.properties  # type: ignore[union-attr]
        return None if text is None else orjson.loads(text)


#: The types of entries, which the schema reaches only through their interface.
ENTRY_TYPES = (Touchpoint, Purchase, Review, SurveyResponse, Case, Communication, Referral)

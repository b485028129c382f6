"""Touchpoints, and the timeline that they and everything else stand on."""

from __future__ import annotations

import orjson
import strawberry
from strawberry import Parent
from strawberry.scalars import JSON

from graph import timeline
from graph.customers import Parts
from graph.timeline import OwnedEntry
from resolvers.catalogue import Campaign, Product, find_campaign, find_product
from resolvers.communications import Communication
from resolvers.context import Info
from resolvers.entries import TimelineEntry
from resolvers.feedback import Case, Review, SurveyResponse
from resolvers.fields import personal, resolved, stored
from resolvers.masks import hidden
from resolvers.purchases import Purchase
from resolvers.referrals import Referral
from resolvers.requirements import needs_any
from resolvers.scopes import OWN, PROFILE

DETAILS = Parts.only(touchpoint_details=True)


@strawberry.type(description="One contact: a page view, a store visit, a call.", directives=[needs_any(PROFILE, OWN)])
class Touchpoint(TimelineEntry):
    record = timeline.Touchpoint
    type: str = strawberry.field(description="What sort of contact, such as page_view, in the source's words.")
    session: strawberry.ID | None = personal("The visit it belongs to.", needs=DETAILS)
    duration_seconds: int | None = stored("How long it took.", needs=DETAILS)
    url: str | None = personal("The page.", needs=DETAILS)

    @resolved("The campaign that led to it.", needs=DETAILS)
    @staticmethod
    def campaign(owned: Parent[OwnedEntry], info: Info) -> Campaign | None:
        return find_campaign(info.context, owned.entry.campaign)  # type: ignore[union-attr]

    @resolved("The product it was about.", needs=DETAILS)
    @staticmethod
    def product(owned: Parent[OwnedEntry], info: Info) -> Product | None:
        return find_product(info.context, owned.entry.sku)  # type: ignore[union-attr]

    @resolved("Whatever else the source said of it.", needs=DETAILS, mask=hidden)
    @staticmethod
    def properties(owned: Parent[OwnedEntry]) -> JSON | None:
        text = owned.entry.properties  # type: ignore[union-attr]
        return None if text is None else orjson.loads(text)


#: The types of entries, which the schema reaches only through their interface.
ENTRY_TYPES = (Touchpoint, Purchase, Review, SurveyResponse, Case, Communication, Referral)

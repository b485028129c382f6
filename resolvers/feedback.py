"""Reviews, survey responses and service cases."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import Parent

from graph import feedback
from graph.timeline import OwnedEntry
from resolvers.catalogue import Product, find_product
from resolvers.context import Info
from resolvers.entries import TimelineEntry
from resolvers.fields import personal, resolved
from resolvers.purchases import Purchase, find_purchase
from resolvers.requirements import needs_any
from resolvers.scopes import OWN, PROFILE


@strawberry.type(description="What a customer wrote of a product, or of a purchase.", directives=[needs_any(PROFILE, OWN)])
class Review(TimelineEntry):
    record = feedback.Review
    rating: int = strawberry.field(description="From 1 to 5.")
    title: str | None = personal("Its heading.")
    text: str | None = personal("What was written.")

    @resolved("What was reviewed.")
    @staticmethod
    def product(owned: Parent[OwnedEntry], info: Info) -> Product | None:
        return find_product(info.context, owned.entry.sku)  # type: ignore[union-attr]

    @resolved("The purchase that was reviewed, where it is known.")
    @staticmethod
    def purchase(owned: Parent[OwnedEntry], info: Info) -> Purchase | None:
        return find_purchase(info.context, owned.entry.purchase_id)  # type: ignore[union-attr]


@strawberry.enum(description="Net promoter score 0..10, satisfaction 1..5, effort 1..7, or a scale of one's own.")
class SurveyKind(Enum):
    NPS = "NPS"
    CSAT = "CSAT"
    CES = "CES"
    CUSTOM = "CUSTOM"


@strawberry.type(description="An answer to a survey.", directives=[needs_any(PROFILE, OWN)])
class SurveyResponse(TimelineEntry):
    record = feedback.SurveyResponse
    survey: str = strawberry.field(description="Which survey.")
    survey_kind: SurveyKind = strawberry.field(description="What it measures.")
    score: int | None = strawberry.field(description="On the scale of its kind.")
    comment: str | None = personal("What was said beside.")


@strawberry.type(description="A service case: a question, a fault, a complaint.", directives=[needs_any(PROFILE, OWN)])
class Case(TimelineEntry):
    record = feedback.Case
    number: str = strawberry.field(description="What the source calls it.")
    subject: str | None = personal("What it is about.")
    complaint: bool = strawberry.field(description="Whether the customer complained.")
    priority: str | None = strawberry.field(description="How pressing it is, in the source's words.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    first_response_at: datetime | None = strawberry.field(description="When it was first answered.")
    closed_at: datetime | None = strawberry.field(description="When it was closed; null while it is open.")
    resolution: str | None = personal("How it was solved.")
    deflected: bool = strawberry.field(description="Solved by self-service or a chatbot, without an agent.")

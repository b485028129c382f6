"""Reviews, survey responses and service cases."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from graph import feedback
from resolvers.catalogue import Product
from resolvers.context import Info
from resolvers.entries import TimelineEntry, TimelineKind, common
from resolvers.fields import resolved
from resolvers.purchases import Purchase


@strawberry.type(description="What a customer wrote of a product, or of a purchase.")
class Review(TimelineEntry):
    sku: strawberry.Private[str | None]
    purchase_id: strawberry.Private[str | None]
    rating: int = strawberry.field(description="From 1 to 5.")
    title: str | None = strawberry.field(description="Its heading.")
    text: str | None = strawberry.field(description="What was written.")

    @classmethod
    def of(cls, record: feedback.Review, owner: str) -> Review:
        return cls(
            **common(record, owner, TimelineKind.REVIEW),
            sku=record.sku,
            purchase_id=record.purchase_id,
            rating=record.rating,
            title=record.title,
            text=record.text,
        )

    @resolved("What was reviewed.")
    async def product(self, info: Info) -> Product | None:
        return await Product.load(info.context, self.sku)

    @resolved("The purchase that was reviewed, where it is known.")
    async def purchase(self, info: Info) -> Purchase | None:
        return await Purchase.load(info.context, self.purchase_id)


@strawberry.enum(description="Net promoter score 0..10, satisfaction 1..5, effort 1..7, or a scale of one's own.")
class SurveyKind(Enum):
    NPS = "NPS"
    CSAT = "CSAT"
    CES = "CES"
    CUSTOM = "CUSTOM"


@strawberry.type(description="An answer to a survey.")
class SurveyResponse(TimelineEntry):
    survey: str = strawberry.field(description="Which survey.")
    survey_kind: SurveyKind = strawberry.field(description="What it measures.")
    score: int | None = strawberry.field(description="On the scale of its kind.")
    comment: str | None = strawberry.field(description="What was said beside.")

    @classmethod
    def of(cls, record: feedback.SurveyResponse, owner: str) -> SurveyResponse:
        return cls(
            **common(record, owner, TimelineKind.SURVEY_RESPONSE),
            survey=record.survey,
            survey_kind=SurveyKind(record.survey_kind),
            score=record.score,
            comment=record.comment,
        )


@strawberry.type(description="A service case: a question, a fault, a complaint.")
class Case(TimelineEntry):
    number: str = strawberry.field(description="What the source calls it.")
    subject: str | None = strawberry.field(description="What it is about.")
    complaint: bool = strawberry.field(description="Whether the customer complained.")
    priority: str | None = strawberry.field(description="How pressing it is, in the source's words.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    first_response_at: datetime | None = strawberry.field(description="When it was first answered.")
    closed_at: datetime | None = strawberry.field(description="When it was closed; null while it is open.")
    resolution: str | None = strawberry.field(description="How it was solved.")
    deflected: bool = strawberry.field(description="Solved by self-service or a chatbot, without an agent.")

    @classmethod
    def of(cls, record: feedback.Case, owner: str) -> Case:
        return cls(
            **common(record, owner, TimelineKind.CASE),
            number=record.number,
            subject=record.subject,
            complaint=record.complaint,
            priority=record.priority,
            opened_at=record.opened_at,
            first_response_at=record.first_response_at,
            closed_at=record.closed_at,
            resolution=record.resolution,
            deflected=record.deflected,
        )

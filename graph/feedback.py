"""What customers tell: reviews, survey responses, service cases."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Review(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="REVIEW"):
    """`rating` 1..5; `purchase_id` where the reviewed purchase is known."""

    id: str
    at: datetime
    rating: int
    channel: str | None = None
    sku: str | None = None
    purchase_id: str | None = None
    title: str | None = None
    text: str | None = None


class SurveyResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="SURVEY_RESPONSE"):
    id: str
    at: datetime
    survey: str
    survey_kind: str
    channel: str | None = None
    score: int | None = None
    comment: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="CASE"):
    id: str
    at: datetime
    number: str
    opened_at: datetime
    complaint: bool = False
    deflected: bool = False
    channel: str | None = None
    subject: str | None = None
    priority: str | None = None
    first_response_at: datetime | None = None
    closed_at: datetime | None = None
    resolution: str | None = None

"""Everything that happens to a customer, in the order of its time."""

from __future__ import annotations

from datetime import datetime

import msgspec

from graph.communications import Communication
from graph.feedback import Case, Review, SurveyResponse
from graph.purchases import Purchase
from graph.referrals import Referral


class Touchpoint(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="TOUCHPOINT"):
    """One contact; `channel` and `campaign` are keys, `properties` is a JSON object as text."""

    id: str
    at: datetime
    channel: str
    type: str
    campaign: str | None = None
    session: str | None = None
    duration_seconds: int | None = None
    url: str | None = None
    sku: str | None = None
    properties: str | None = None


Entry = Touchpoint | Purchase | Review | SurveyResponse | Case | Communication | Referral

#: The kinds that have a list of their own in the profile document, by the tag of their record.
KINDS = ("TOUCHPOINT", "PURCHASE", "REVIEW", "SURVEY_RESPONSE", "CASE", "COMMUNICATION", "REFERRAL")


class OwnedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and the id of the customer whose it is."""

    customer_id: str
    entry: Entry


def page_key(at: datetime, entry_id: str) -> str:
    """Where an entry stands on its timeline: fixed-width UTC time, then id; what cursors carry and keys end with."""
    return f"{time_key(at)}/{entry_id}"


def time_key(at: datetime) -> str:
    """`at` (UTC) in a form whose alphabetical order is that of time: 20261123T170000.000000Z."""
    return at.strftime("%Y%m%dT%H%M%S.%fZ") if at.year > 999 else f"{at.year:04d}{at.strftime('%m%dT%H%M%S.%fZ')}"



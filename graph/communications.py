"""Messages to customers, and what became of them."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Communication(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="COMMUNICATION"):
    """`at` is the time of sending or, until then, of the plan."""

    id: str
    at: datetime
    communication_status: str
    purpose: str
    channel: str | None = None
    campaign: str | None = None
    offer: str | None = None
    planned_at: datetime | None = None
    sent_at: datetime | None = None

"""What customers are given and spend: points, by the rows of a ledger."""

from __future__ import annotations

from datetime import datetime

import msgspec


class RewardEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="REWARD"):
    """A row of the ledger. `points`: less than nothing where they are taken; `available_at` and `expires_at`: from and until when
    they can be spent, None for at once and for ever."""

    id: str
    at: datetime
    entry_type: str
    points: int
    reward_status: str
    reason: str
    channel: str | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None

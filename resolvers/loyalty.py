"""What customers are given and spend: points, by the rows of a ledger."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from graph import loyalty
from resolvers.entries import TimelineEntry
from resolvers.requirements import needs_any
from resolvers.scopes import OWN, PROFILE


@strawberry.enum(description="What a row of the ledger tells of.")
class RewardEntryType(Enum):
    EARNED = "EARNED"
    REDEEMED = "REDEEMED"
    EXPIRED = "EXPIRED"
    REVERSED = "REVERSED"


@strawberry.enum(description="What has become of the points of a row, by the rows after it.")
class RewardStatus(Enum):
    PENDING = "PENDING"
    AVAILABLE = "AVAILABLE"
    REDEEMED = "REDEEMED"
    EXPIRED = "EXPIRED"
    REVERSED = "REVERSED"


@strawberry.type(
    description="A row of the ledger. Rows never change: what becomes of one is told by later rows.",
    directives=[needs_any(PROFILE, OWN)],
)
class RewardEntry(TimelineEntry):
    record = loyalty.RewardEntry
    entry_type: RewardEntryType = strawberry.field(description="What it tells of.")
    points: int = strawberry.field(description="How many points; less than nothing where they are taken.")
    available_at: datetime | None = strawberry.field(description="From when they can be spent; null for at once.")
    expires_at: datetime | None = strawberry.field(description="Until when they can be spent; null for ever.")
    reward_status: RewardStatus = strawberry.field(description="What has become of them.")
    reason: str = strawberry.field(description="What they are for.")

"""Why a referral is suspicious."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry import Parent

from graph.referrals.suspicion import Evidence, Flag
from resolvers.fields import about, at_most, resolved
from resolvers.requirements import needs
from resolvers.scopes import REFERRAL


@strawberry.enum(description="What makes a referral suspicious.")
class ReferralFlagCode(Enum):
    SELF_REFERRAL = "SELF_REFERRAL"
    SHARED_DEVICE = "SHARED_DEVICE"
    SHARED_PAYMENT = "SHARED_PAYMENT"
    SHARED_ADDRESS = "SHARED_ADDRESS"
    RING = "RING"
    BURST = "BURST"


@strawberry.type(description="What proves it.", directives=[needs(REFERRAL)])
class ReferralEvidence:
    @resolved("The customers concerned; at most 100.", size=at_most(100))
    @staticmethod
    def customer_ids(evidence: Parent[Evidence]) -> list[strawberry.ID]:
        return list(evidence.customer_ids)  # type: ignore[arg-type]

    identifier_type: str | None = strawberry.field(description="Of the identifier that proves it, where one does.")
    note: str = strawberry.field(description="What they have in common; nothing personal stands in it.")


@strawberry.type(description="That a referral is suspicious.", directives=[needs(REFERRAL)])
class ReferralFlag:
    @resolved("What makes it so.")
    @staticmethod
    def code(flag: Parent[Flag]) -> ReferralFlagCode:
        return flag.code  # type: ignore[return-value]

    @resolved("What proves it.", size=about(1))
    @staticmethod
    def evidence(flag: Parent[Flag]) -> list[ReferralEvidence]:
        return list(flag.evidence)  # type: ignore[arg-type]

"""Who brought whom in."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from graph import referrals
from graph.customers import Profile, ProfileKey
from resolvers.catalogue import Campaign
from resolvers.connections import Connection
from resolvers.context import Info
from resolvers.entries import LazyCustomer, TimelineEntry, TimelineKind, common, load_customer
from resolvers.fields import resolved
from resolvers.identity import Identifier
from resolvers.listings import Asked, list_entries


@strawberry.enum(description="How far a referral has come.")
class ReferralStatus(Enum):
    INVITED = "INVITED"
    ACCEPTED = "ACCEPTED"
    IN_REVIEW = "IN_REVIEW"
    QUALIFIED = "QUALIFIED"
    REWARDED = "REWARDED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    REVERSED = "REVERSED"
    SUPERSEDED = "SUPERSEDED"


@strawberry.type(description="An invitation by an advocate, and what became of it.")
class Referral(TimelineEntry):
    friend_id: strawberry.Private[str | None]
    campaign_key: strawberry.Private[str | None]
    invited: strawberry.Private[referrals.Invitee | None]
    code: str | None = strawberry.field(description="What the friend accepts with.")
    referral_status: ReferralStatus = strawberry.field(description="How far it has come.")
    invited_at: datetime = strawberry.field(description="When the friend was invited.")
    accepted_at: datetime | None = strawberry.field(description="When the friend accepted.")
    qualified_at: datetime | None = strawberry.field(description="When the friend made the qualifying purchase.")
    ended_at: datetime | None = strawberry.field(description="When it was rejected, superseded, reversed, or ran out.")
    ended_reason: str | None = strawberry.field(description="Why it ended.")

    @classmethod
    def of(cls, record: referrals.Referral, owner: str | None = None) -> Referral:
        """A referral stands on its advocate's timeline, whoever's profile it was read from."""
        return cls(
            **common(record, owner or record.advocate_id, TimelineKind.REFERRAL),
            friend_id=record.friend_id,
            campaign_key=record.campaign,
            invited=record.invitee,
            code=record.code,
            referral_status=ReferralStatus(record.referral_status),
            invited_at=record.invited_at,
            accepted_at=record.accepted_at,
            qualified_at=record.qualified_at,
            ended_at=record.ended_at,
            ended_reason=record.ended_reason,
        )

    @resolved("Who invited.")
    async def advocate(self, info: Info) -> LazyCustomer:
        return await load_customer(info.context, self.owner)

    @resolved("Who accepted.")
    async def friend(self, info: Info) -> LazyCustomer | None:
        return None if self.friend_id is None else await load_customer(info.context, self.friend_id)

    @resolved("The identifier that was invited, where one was named.")
    async def invitee(self, info: Info) -> Identifier | None:
        if self.invited is None:
            return None
        profile = await info.context.customers.load(ProfileKey(id=self.invited.customer_id))
        known = () if profile is None else profile.identifiers
        wanted = (self.invited.type, self.invited.value)
        return next((Identifier.of(each) for each in known if (each.type, each.value) == wanted), None)

    @resolved("The campaign it is part of.")
    async def campaign(self, info: Info) -> Campaign | None:
        return await Campaign.load(info.context, self.campaign_key)


@strawberry.type(description="A customer's place in the referral network.")
class CustomerReferral:
    profile: strawberry.Private[Profile]

    @resolved("The referral that brought this customer in.")
    def referred_by(self) -> Referral | None:
        record = self.profile.referred_by
        return None if record is None else Referral.of(record)

    @resolved("The referrals this customer made, the latest invitation first.")
    async def referred(
        self, info: Info, statuses: list[ReferralStatus] | None = None, first: int | None = None, after: str | None = None
    ) -> Connection[Referral]:
        asked = Asked.of(kinds=[TimelineKind.REFERRAL], statuses=statuses)
        return await list_entries(
            info.context, self.profile, asked, name="CustomerReferral.referred", build=Referral.of, first=first, after=after
        )

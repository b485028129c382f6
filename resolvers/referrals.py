"""Who brought whom in."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import Parent

from graph import referrals
from graph.customers import Parts, Profile, ProfileKey
from graph.timeline import OwnedEntry
from resolvers.catalogue import Campaign, find_campaign
from resolvers.connections import Connection
from resolvers.context import Info
from resolvers.entries import LazyCustomer, TimelineEntry, TimelineKind, find_customer
from resolvers.fields import resolved, stored
from resolvers.identity import Identifier
from resolvers.listings import Asked, list_entries
from resolvers.requirements import needs_any
from resolvers.scopes import OWN, PROFILE, REFERRAL

SEEN = needs_any(REFERRAL, OWN)
"""Who brought whom in; that there was an invitation stands on the advocate's timeline, as everything does."""


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


@strawberry.type(description="An invitation by an advocate, and what became of it.", directives=[needs_any(PROFILE, OWN)])
class Referral(TimelineEntry):
    record = referrals.Referral
    code: str | None = stored("What the friend accepts with.", scopes=SEEN)
    referral_status: ReferralStatus = stored("How far it has come.", scopes=SEEN)
    invited_at: datetime = stored("When the friend was invited.", scopes=SEEN)
    accepted_at: datetime | None = stored("When the friend accepted.", scopes=SEEN)
    qualified_at: datetime | None = stored("When the friend made the qualifying purchase.", scopes=SEEN)
    ended_at: datetime | None = stored("When it was rejected, superseded, reversed, or ran out.", scopes=SEEN)
    ended_reason: str | None = stored("Why it ended.", scopes=SEEN)

    @resolved("Who invited.", scopes=SEEN)
    @staticmethod
    def advocate(owned: Parent[OwnedEntry], info: Info) -> LazyCustomer:
        return find_customer(info.context, owned.customer_id)

    @resolved("Who accepted.", scopes=SEEN)
    @staticmethod
    def friend(owned: Parent[OwnedEntry], info: Info) -> LazyCustomer | None:
        friend_id = owned.entry.friend_id  # type: ignore[union-attr]
        return None if friend_id is None else find_customer(info.context, friend_id)

    @resolved("The identifier that was invited, where one was named.", scopes=SEEN)
    @staticmethod
    def invitee(owned: Parent[OwnedEntry], info: Info) -> Identifier | None:
        invited = owned.entry.invitee  # type: ignore[union-attr]
        if invited is None:
            return None
        profile = info.context.customer(ProfileKey(id=invited.customer_id))
        known = () if profile is None else profile.identifiers
        if not info.context.sees(profile):
            # When a friend was seen, and by whom, is the friend's.
            return None
        return next((each for each in known if (each.type, each.value) == (invited.type, invited.value)), None)  # type: ignore[return-value]

    @resolved("The campaign it is part of.", scopes=SEEN)
    @staticmethod
    def campaign(owned: Parent[OwnedEntry], info: Info) -> Campaign | None:
        return find_campaign(info.context, owned.entry.campaign)  # type: ignore[union-attr]


@strawberry.type(description="A customer's place in the referral network.", directives=[SEEN])
class CustomerReferral:
    @resolved("The referral that brought this customer in.", needs=Parts.only(referred_by=True))
    @staticmethod
    def referred_by(profile: Parent[Profile]) -> Referral | None:
        record = profile.referred_by
        # It stands on its advocate's timeline, whoever's profile it was read from.
        return None if record is None else OwnedEntry(customer_id=record.advocate_id, entry=record)  # type: ignore[return-value]

    @resolved("The referrals this customer made, the latest invitation first.", needs=Parts.only("REFERRAL"))
    @staticmethod
    def referred(
        profile: Parent[Profile],
        info: Info,
        statuses: list[ReferralStatus] | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Referral]:
        asked = Asked.of(kinds=[TimelineKind.REFERRAL], statuses=statuses)
        return list_entries(info.context, profile, asked, name="CustomerReferral.referred", first=first, after=after)

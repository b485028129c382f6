"""Who brought whom in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from urllib.parse import quote

import strawberry
from strawberry import Parent

from graph import referrals
from graph.customers import Parts, Profile, ProfileKey
from graph.referrals import suspicion
from graph.referrals.codes import count_codes, page_codes
from graph.timeline import OwnedEntry
from resolvers.catalogue import Campaign, Channel, find_campaign, find_channel
from resolvers.connections import Connection, Listing, Window, connect
from resolvers.context import Context, Info
from resolvers.entries import LazyCustomer, TimelineEntry, TimelineKind, find_customer
from resolvers.fields import about, one_for_each, resolved, stored
from resolvers.identity import Identifier
from resolvers.listings import Asked, Period, bounds, list_entries
from resolvers.loyalty import RewardEntry
from resolvers.referrals.chains import SEEN, ReferralChain, climb
from resolvers.referrals.flags import ReferralFlag
from resolvers.referrals.networks import ReferralNetwork, find_network
from resolvers.requirements import needs, needs_any
from resolvers.scalars import CurrencyCode
from resolvers.scopes import OWN, PROFILE, REFERRAL


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

    @resolved("How far it has come.", scopes=SEEN)
    @staticmethod
    def referral_status(owned: Parent[OwnedEntry], info: Info) -> ReferralStatus:
        record: referrals.Referral = owned.entry  # type: ignore[assignment]
        # What the clock does to it nobody writes down.
        lapses = record.referral_status == "INVITED" and record.expires_at is not None
        lapsed = lapses and record.ran_out(info.context.now())
        return "EXPIRED" if lapsed else record.referral_status  # type: ignore[return-value]

    invited_at: datetime = stored("When the friend was invited.", scopes=SEEN)
    accepted_at: datetime | None = stored("When the friend accepted.", scopes=SEEN)
    qualified_at: datetime | None = stored("When the friend made the qualifying purchase.", scopes=SEEN)
    ended_at: datetime | None = stored("When it was rejected, superseded, reversed, or ran out.", scopes=SEEN)
    ended_reason: str | None = stored("Why it ended.", scopes=SEEN)

    @resolved("Why it is suspicious: then it is in review instead of qualified.", size=about(1), scopes=needs(REFERRAL))
    @staticmethod
    def flags(owned: Parent[OwnedEntry]) -> list[ReferralFlag]:
        return list(suspicion.read(owned.entry.flags))  # type: ignore[union-attr, arg-type]

    @resolved("What it earned whom: empty as long as it isn't rewarded.", size=about(2))
    @staticmethod
    def rewards(owned: Parent[OwnedEntry]) -> list[RewardEntry]:
        # Nothing pays yet: no referral goes beyond QUALIFIED.
        return []

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


@strawberry.type(description="A standing code: any number of friends accept with it.", directives=[SEEN])
class ReferralCode:
    code: str = strawberry.field(description="What friends accept with.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="Until when friends can accept with it; null for ever.")

    @resolved("Where friends go with it, if the settings say so.")
    @staticmethod
    def url(record: Parent[referrals.ReferralCode], info: Info) -> str | None:
        where = info.context.rules.referral_url
        return None if where is None else where.replace("{code}", quote(record.code, safe=""))

    @resolved("The campaign it is part of.")
    @staticmethod
    def campaign(record: Parent[referrals.ReferralCode], info: Info) -> Campaign | None:
        return find_campaign(info.context, record.campaign)

    @resolved("The channel it is handed out in.")
    @staticmethod
    def channel(record: Parent[referrals.ReferralCode], info: Info) -> Channel | None:
        return find_channel(info.context, record.channel)


def code_listing(context: Context, profile: Profile) -> Listing[referrals.ReferralCode]:
    """All standing codes of a customer, newest first."""

    def fetch(wanted: Window, /) -> Sequence[referrals.ReferralCode]:
        low, high = bounds(Asked(), wanted)
        return context.ask(
            (profile.id, "codes", wanted),
            lambda: page_codes(context.reader, profile.id, low=low, high=high, backwards=wanted.backwards, limit=wanted.size),
        )

    def count() -> int:
        return context.ask((profile.id, "codes", "count"), lambda: count_codes(context.reader, profile.id))

    return Listing("CustomerReferral.codes", fetch, lambda record: record.place, count)


@strawberry.type(description="A customer's place in the referral network.", directives=[SEEN])
class CustomerReferral:
    @resolved("The standing codes this customer was given, newest first.")
    @staticmethod
    def codes(
        profile: Parent[Profile], info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[ReferralCode]:
        return connect(info.context, code_listing(info.context, profile), first=first, after=after)

    @resolved("The referral that brought this customer in.", needs=Parts.only(referred_by=True))
    @staticmethod
    def referred_by(profile: Parent[Profile]) -> Referral | None:
        record = profile.referred_by
        # It stands on its advocate's timeline, whoever's profile it was read from.
        return None if record is None else OwnedEntry(customer_id=record.advocate_id, entry=record)  # type: ignore[return-value]

    @resolved(
        "Upstream: the referrer first, the root advocate last; at most 1,000.",
        size=one_for_each("maxDepth", of="steps", usual=100),
    )
    @staticmethod
    def chain(profile: Parent[Profile], info: Info, max_depth: int | None = 100) -> ReferralChain:
        return climb(info.context, profile, max_depth)  # type: ignore[return-value]

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

    @resolved("Downstream: everyone this customer brought in, directly or through others, to any depth, nearest first.")
    @staticmethod
    def network(
        profile: Parent[Profile],
        info: Info,
        max_depth: int | None = None,
        period: Period | None = None,
        currency: CurrencyCode | None = None,
    ) -> ReferralNetwork:
        return find_network(info.context, profile, depth=max_depth, period=period, currency=currency)  # type: ignore[return-value]

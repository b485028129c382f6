"""The unified profile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import strawberry
from strawberry.scalars import JSON

from graph import customers as records
from graph.customers import HOT_SET, Profile, ProfileKey
from graph.identity import Identifier as IdentifierRecord
from graph.identity import TraitProvenance as ProvenanceRecord
from graph.purchases import Cart as CartRecord
from graph.purchases import page_carts
from graph.timeline import page_key
from resolvers.catalogue import Channel
from resolvers.communications import Communication
from resolvers.connections import Connection, Listing, Window, connect, in_memory
from resolvers.context import Context, Info, Rules
from resolvers.entries import TimelineEntry, TimelineKind
from resolvers.feedback import Case, Review, SurveyKind, SurveyResponse
from resolvers.fields import resolved
from resolvers.identity import Identifier, TraitProvenance
from resolvers.listings import Asked, Period, bounds, list_entries
from resolvers.nodes import Node
from resolvers.purchases import Cart, Purchase, PurchaseStatus
from resolvers.referrals import CustomerReferral
from resolvers.scalars import CurrencyCode
from resolvers.timeline import Touchpoint, entry_of
from resolvers.value import CustomerValue


@strawberry.type(description="A postal address.")
class Address:
    kind: str = strawberry.field(description="What it is used for: home, billing, shipping.")
    line1: str | None = strawberry.field(description="The first line.")
    line2: str | None = strawberry.field(description="The second line.")
    city: str | None = strawberry.field(description="The city.")
    region: str | None = strawberry.field(description="The state, prefecture or county.")
    postal_code: str | None = strawberry.field(description="The postal code.")
    country: str | None = strawberry.field(description="ISO 3166-1 alpha-2.")

    @classmethod
    def of(cls, record: records.Address) -> Address:
        return cls(
            kind=record.kind,
            line1=record.line1,
            line2=record.line2,
            city=record.city,
            region=record.region,
            postal_code=record.postal_code,
            country=record.country,
        )


@strawberry.type(description="How much a customer uses a channel.")
class CustomerChannel:
    key: strawberry.Private[str]
    touchpoints: int = strawberry.field(description="Contacts there.")
    purchases: int = strawberry.field(description="Purchases there.")
    first_at: datetime = strawberry.field(description="The first of both.")
    last_at: datetime = strawberry.field(description="The last of both.")
    preferred: bool = strawberry.field(description="Whether it is the channel used most; of equals, the one used last.")

    @classmethod
    def of(cls, record: records.CustomerChannel, *, preferred: bool) -> CustomerChannel:
        return cls(
            key=record.channel,
            touchpoints=record.touchpoints,
            purchases=record.purchases,
            first_at=record.first_at,
            last_at=record.last_at,
            preferred=preferred,
        )

    @resolved("The channel.")
    async def channel(self, info: Info) -> Channel:
        found = await Channel.load(info.context, self.key)
        if found is None:
            raise LookupError("a channel in use isn't there")
        return found


@strawberry.type(description="One person, or account, as all channels together know them.")
class Customer(Node):
    profile: strawberry.Private[Profile]
    erased_at: datetime | None = strawberry.field(description="Set on the tombstone that keeps other people's chains whole.")
    name: str | None = strawberry.field(description="The whole name.")
    given_name: str | None = strawberry.field(description="The given name.")
    family_name: str | None = strawberry.field(description="The family name.")
    email: str | None = strawberry.field(description="The primary e-mail address.")
    phone: str | None = strawberry.field(description="The primary phone number, E.164.")
    birth_date: date | None = strawberry.field(description="The date of birth.")
    gender: str | None = strawberry.field(description="The gender, in the source's words.")
    locale: str | None = strawberry.field(description="BCP 47.")
    time_zone: str | None = strawberry.field(description="IANA.")
    country: str | None = strawberry.field(description="ISO 3166-1 alpha-2.")
    first_seen_at: datetime | None = strawberry.field(description="The first time anything was heard of them.")
    last_seen_at: datetime | None = strawberry.field(description="The last time anything was heard of them.")
    traits: JSON | None = strawberry.field(description="What sources said of them beyond the fields here.")

    @classmethod
    def of(cls, profile: Profile, context: Context) -> Customer:
        # Whatever below leads back to this customer finds it loaded.
        context.customers.prime(ProfileKey(id=profile.id), profile)
        return cls(
            profile=profile,
            id=strawberry.ID(profile.id),
            erased_at=profile.erased_at,
            name=profile.name,
            given_name=profile.given_name,
            family_name=profile.family_name,
            email=profile.email,
            phone=profile.phone,
            birth_date=birth_date(profile.birth_date),
            gender=profile.gender,
            locale=profile.locale,
            time_zone=profile.time_zone,
            country=profile.country,
            first_seen_at=profile.first_seen_at,
            last_seen_at=profile.last_seen_at,
            traits=other_traits(profile),
        )

    @resolved("Where each trait came from: source, time, and the values that lost.")
    async def provenance(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[TraitProvenance]:
        rows = sorted(self.profile.provenance, key=provenance_key)
        listing = in_memory("Customer.provenance", rows, provenance_key)
        return await connect(info.context, listing, TraitProvenance.of, first=first, after=after)

    @resolved("Everything that names this customer.")
    async def identifiers(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Identifier]:
        rows = sorted(self.profile.identifiers, key=identifier_key)
        listing = in_memory("Customer.identifiers", rows, identifier_key)
        return await connect(info.context, listing, Identifier.of, first=first, after=after)

    @resolved("Postal addresses; at most 20.")
    def addresses(self) -> list[Address]:
        return [Address.of(address) for address in self.profile.addresses[:20]]

    @resolved("The organization this person belongs to, if any.")
    async def account(self, info: Info) -> Customer | None:
        key = account_key(self.profile)
        profile = None if key is None else await info.context.customers.load(key)
        return None if profile is None or profile.id == self.profile.id else Customer.of(profile, info.context)

    @resolved("The channels used, the one used most first.")
    def channels(self) -> list[CustomerChannel]:
        used = sorted(self.profile.channels, key=use_order, reverse=True)
        return [CustomerChannel.of(record, preferred=place == 0) for place, record in enumerate(used)]

    @resolved("Everything that happened, newest first. An empty list of kinds or channels selects nothing.")
    async def timeline(
        self,
        info: Info,
        kinds: list[TimelineKind] | None = None,
        channels: list[str] | None = None,
        period: Period | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[TimelineEntry]:
        asked = Asked.of(kinds=kinds, channels=channels, period=period)
        return await list_entries(
            info.context, self.profile, asked, name="Customer.timeline", build=entry_of,
            first=first, after=after, last=last, before=before,
        )  # fmt: skip

    @resolved("Contacts, newest first.")
    async def touchpoints(
        self,
        info: Info,
        types: list[str] | None = None,
        channels: list[str] | None = None,
        period: Period | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Touchpoint]:
        asked = Asked.of(kinds=[TimelineKind.TOUCHPOINT], types=types, channels=channels, period=period)
        return await list_entries(
            info.context, self.profile, asked, name="Customer.touchpoints", build=Touchpoint.of, first=first, after=after
        )

    @resolved("Purchases, newest first.")
    async def purchases(
        self,
        info: Info,
        statuses: list[PurchaseStatus] | None = None,
        period: Period | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Purchase]:
        asked = Asked.of(kinds=[TimelineKind.PURCHASE], statuses=statuses, period=period)
        return await list_entries(
            info.context, self.profile, asked, name="Customer.purchases", build=Purchase.of, first=first, after=after
        )

    @resolved("Reviews, newest first.")
    async def reviews(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Review]:
        asked = Asked.of(kinds=[TimelineKind.REVIEW])
        return await list_entries(
            info.context, self.profile, asked, name="Customer.reviews", build=Review.of, first=first, after=after
        )

    @resolved("Answers to surveys, newest first.")
    async def survey_responses(
        self, info: Info, kinds: list[SurveyKind] | None = None, first: int | None = None, after: str | None = None
    ) -> Connection[SurveyResponse]:
        asked = Asked.of(kinds=[TimelineKind.SURVEY_RESPONSE], survey_kinds=kinds)
        return await list_entries(
            info.context, self.profile, asked, name="Customer.surveyResponses", build=SurveyResponse.of, first=first, after=after
        )

    @resolved("Service cases, newest first; only open or only closed ones where `open` says so.")
    async def cases(
        self,
        info: Info,
        open: bool | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Case]:
        asked = Asked.of(kinds=[TimelineKind.CASE], open=open)
        return await list_entries(
            info.context, self.profile, asked, name="Customer.cases", build=Case.of, first=first, after=after
        )

    @resolved("The open one; abandonedAt is set once it has been left.")
    def cart(self, info: Info) -> Cart | None:
        record = open_cart(self.profile, info.context.rules)
        return None if record is None else Cart.of(record, info.context)

    @resolved("Earlier ones, abandoned or bought, newest first.")
    async def carts(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Cart]:
        listing = cart_listing(info.context, self.profile)
        return await connect(info.context, listing, lambda record: Cart.of(record, info.context), first=first, after=after)

    @resolved("What this customer is worth, in `currency` or else in the reporting currency.")
    def value(self, info: Info, currency: CurrencyCode | None = None) -> CustomerValue | None:
        return CustomerValue.of(self.profile.facts, info.context.rules.rates, currency)

    @resolved("This customer's place in the referral network.")
    def referral(self) -> CustomerReferral | None:
        return CustomerReferral(profile=self.profile)

    @resolved("The communication calendar: what was sent, and what is planned.")
    async def communications(
        self, info: Info, period: Period | None = None, first: int | None = None, after: str | None = None
    ) -> Connection[Communication]:
        asked = Asked.of(kinds=[TimelineKind.COMMUNICATION], period=period)
        return await list_entries(
            info.context, self.profile, asked, name="Customer.communications", build=Communication.of, first=first, after=after
        )


def birth_date(text: str | None) -> date | None:
    """A stored birth date; None for text that is no date, for sources send what they like."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None


def account_key(profile: Profile) -> ProfileKey | None:
    """What the newest statement of the account names; None for a trait of that name that is something else."""
    match (profile.traits or {}).get("account"):
        case {"type": str(type), "value": str(value)}:
            return ProfileKey.of(type, value)
    return None


def other_traits(profile: Profile) -> JSON | None:
    """The traits that no field shows."""
    if account_key(profile) is None:
        return None if profile.traits is None else JSON(profile.traits)
    others = {name: value for name, value in (profile.traits or {}).items() if name != "account"}
    return JSON(others) if others else None


def provenance_key(record: ProvenanceRecord) -> str:
    return record.name


def identifier_key(record: IdentifierRecord) -> str:
    return f"{record.type}\0{record.value}"


def use_order(record: records.CustomerChannel) -> tuple[int, datetime, str]:
    """How much a channel is used; of equals the one used last is more."""
    return record.touchpoints + record.purchases, record.last_at, record.channel


def open_cart(profile: Profile, rules: Rules) -> CartRecord | None:
    """The newest cart of the hot set that wasn't bought."""
    return next((cart for cart in profile.carts if cart.became(after=rules.cart_abandoned_after) is None), None)


def cart_key(cart: CartRecord) -> str:
    return page_key(cart.opened_at, cart.id)


def cart_listing(context: Context, profile: Profile) -> Listing[CartRecord]:
    """All carts but the open one, newest first."""
    opened = open_cart(profile, context.rules)
    hidden = None if opened is None else opened.id

    async def fetch(wanted: Window, /) -> Sequence[CartRecord]:
        # One more, for the open one may be among them.
        if wanted.at_start and (wanted.size < len(profile.carts) or len(profile.carts) <= HOT_SET):
            rows: Sequence[CartRecord] = profile.carts
        else:
            low, high = bounds(Asked(), wanted)
            rows = await context.once.ask(
                (profile.id, "carts", wanted),
                lambda: page_carts(context.reader, profile.id, low=low, high=high, limit=wanted.size + 1),
            )
        return [cart for cart in rows if cart.id != hidden][: wanted.size]

    async def count() -> int:
        return profile.facts.carts - (hidden is not None)

    return Listing("Customer.carts", fetch, cart_key, count)

"""The unified profile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
import strawberry
from strawberry import Parent
from strawberry.scalars import JSON

from graph import customers as records
from graph.customers import HOT_SET, Parts, Profile, ProfileKey
from graph.identity import Identifier as IdentifierRecord
from graph.identity import TraitProvenance as ProvenanceRecord
from graph.purchases import Cart as CartRecord
from graph.purchases import page_carts
from graph.timeline import KINDS, page_key
from resolvers import masks
from resolvers.catalogue import Channel, find_channel
from resolvers.communications import Communication
from resolvers.connections import Connection, Listing, Window, connect, in_memory
from resolvers.context import Context, Info
from resolvers.entries import TimelineEntry, TimelineKind
from resolvers.feedback import Case, Review, SurveyKind, SurveyResponse
from resolvers.fields import about, at_most, personal, resolved
from resolvers.identity import Identifier, IdentifierInput, TraitProvenance
from resolvers.identity.merges import IdentityLink, Merge, evidence_between, list_merges
from resolvers.listings import Asked, Period, bounds, list_entries
from resolvers.masks import hidden
from resolvers.nodes import Node
from resolvers.purchases import Cart, Purchase, PurchaseStatus
from resolvers.referrals import CustomerReferral
from resolvers.requirements import needs_any, needs_nothing_more
from resolvers.scalars import CurrencyCode
from resolvers.scopes import OWN, PROFILE, REFERRAL
from resolvers.sources import Rules
from resolvers.timeline import Touchpoint
from resolvers.value import CustomerValue, Worth


@strawberry.type(description="A postal address.", directives=[needs_nothing_more()])
class Address:
    kind: str = strawberry.field(description="What it is used for: home, billing, shipping.")
    line1: str | None = personal("The first line.")
    line2: str | None = personal("The second line.")
    city: str | None = personal("The city.")
    region: str | None = personal("The state, prefecture or county.")
    postal_code: str | None = personal("The postal code.")
    country: str | None = personal("ISO 3166-1 alpha-2.")


class Used(msgspec.Struct, frozen=True, gc=False):
    """The source of CustomerChannel; `key`: of the channel."""

    key: str
    touchpoints: int
    purchases: int
    first_at: datetime
    last_at: datetime
    preferred: bool


@strawberry.type(description="How much a customer uses a channel.", directives=[needs_nothing_more()])
class CustomerChannel:
    touchpoints: int = strawberry.field(description="Contacts there.")
    purchases: int = strawberry.field(description="Purchases there.")
    first_at: datetime = strawberry.field(description="The first of both.")
    last_at: datetime = strawberry.field(description="The last of both.")
    preferred: bool = strawberry.field(description="Whether it is the channel used most; of equals, the one used last.")

    @resolved("The channel.")
    @staticmethod
    def channel(used: Parent[Used], info: Info) -> Channel:
        found = find_channel(info.context, used.key)
        if found is None:
            raise LookupError("a channel in use isn't there")
        return found


@strawberry.type(description="One person, or account, as all channels together know them.", directives=[needs_any(PROFILE, OWN)])
class Customer(Node):
    record = Profile
    erased_at: datetime | None = strawberry.field(description="Set on the tombstone that keeps other people's chains whole.")
    name: str | None = personal("The whole name.", mask=masks.of_name)
    given_name: str | None = personal("The given name.", mask=masks.of_name)
    family_name: str | None = personal("The family name.", mask=masks.of_name)
    email: str | None = personal("The primary e-mail address.", mask=masks.of_email)
    phone: str | None = personal("The primary phone number, E.164.", mask=masks.of_phone)

    @resolved("The date of birth.", mask=hidden)
    @staticmethod
    def birth_date(profile: Parent[Profile]) -> date | None:
        return birth_date(profile.birth_date)

    gender: str | None = personal("The gender, in the source's words.")
    locale: str | None = personal("BCP 47.")
    time_zone: str | None = personal("IANA.")
    country: str | None = personal("ISO 3166-1 alpha-2.")
    first_seen_at: datetime | None = personal("The first time anything was heard of them.")
    last_seen_at: datetime | None = personal("The last time anything was heard of them.")

    @resolved("What sources said of them beyond the fields here.", mask=hidden)
    @staticmethod
    def traits(profile: Parent[Profile]) -> JSON | None:
        return other_traits(profile)

    @resolved("Where each trait came from: source, time, and the values that lost.", needs=Parts.only(provenance=True))
    @staticmethod
    def provenance(
        profile: Parent[Profile], info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[TraitProvenance]:
        rows = sorted(profile.provenance(info.context.rules.identity), key=provenance_key)
        listing = in_memory("Customer.provenance", rows, provenance_key)
        return connect(info.context, listing, first=first, after=after)

    @resolved("Everything that names this customer.")
    @staticmethod
    def identifiers(
        profile: Parent[Profile], info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[Identifier]:
        rows = sorted(profile.identifiers, key=identifier_key)
        listing = in_memory("Customer.identifiers", rows, identifier_key)
        return connect(info.context, listing, first=first, after=after)

    @resolved("Postal addresses; at most 20.", size=at_most(20))
    @staticmethod
    def addresses(profile: Parent[Profile]) -> list[Address]:
        return profile.addresses[:20]  # type: ignore[return-value]

    @resolved("The organization this person belongs to, if any.", mask=hidden)
    @staticmethod
    def account(profile: Parent[Profile], info: Info) -> Customer | None:
        key = account_key(profile)
        account = None if key is None else info.context.customer(key)
        return None if account is None or account.id == profile.id else account  # type: ignore[return-value]

    @resolved("The channels used, the one used most first.", needs=Parts.only(channels=True), size=about(20))
    @staticmethod
    def channels(profile: Parent[Profile]) -> list[CustomerChannel]:
        used = sorted(profile.channels, key=use_order, reverse=True)
        return [
            Used(each.channel, each.touchpoints, each.purchases, each.first_at, each.last_at, place == 0)  # type: ignore[misc]
            for place, each in enumerate(used)
        ]

    @resolved(
        "Everything that happened, newest first. An empty list of kinds or channels selects nothing.", needs=Parts.only(*KINDS)
    )
    @staticmethod
    def timeline(
        profile: Parent[Profile],
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
        return list_entries(
            info.context, profile, asked, name="Customer.timeline",
            first=first, after=after, last=last, before=before,
        )  # fmt: skip

    @resolved("Contacts, newest first.", needs=Parts.only("TOUCHPOINT"))
    @staticmethod
    def touchpoints(
        profile: Parent[Profile],
        info: Info,
        types: list[str] | None = None,
        channels: list[str] | None = None,
        period: Period | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Touchpoint]:
        asked = Asked.of(kinds=[TimelineKind.TOUCHPOINT], types=types, channels=channels, period=period)
        return list_entries(info.context, profile, asked, name="Customer.touchpoints", first=first, after=after)

    @resolved("Purchases, newest first.", needs=Parts.only("PURCHASE"))
    @staticmethod
    def purchases(
        profile: Parent[Profile],
        info: Info,
        statuses: list[PurchaseStatus] | None = None,
        period: Period | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Purchase]:
        asked = Asked.of(kinds=[TimelineKind.PURCHASE], statuses=statuses, period=period)
        return list_entries(info.context, profile, asked, name="Customer.purchases", first=first, after=after)

    @resolved("Reviews, newest first.", needs=Parts.only("REVIEW"))
    @staticmethod
    def reviews(profile: Parent[Profile], info: Info, first: int | None = None, after: str | None = None) -> Connection[Review]:
        asked = Asked.of(kinds=[TimelineKind.REVIEW])
        return list_entries(info.context, profile, asked, name="Customer.reviews", first=first, after=after)

    @resolved("Answers to surveys, newest first.", needs=Parts.only("SURVEY_RESPONSE"))
    @staticmethod
    def survey_responses(
        profile: Parent[Profile],
        info: Info,
        kinds: list[SurveyKind] | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[SurveyResponse]:
        asked = Asked.of(kinds=[TimelineKind.SURVEY_RESPONSE], survey_kinds=kinds)
        return list_entries(info.context, profile, asked, name="Customer.surveyResponses", first=first, after=after)

    @resolved("Service cases, newest first; only open or only closed ones where `open` says so.", needs=Parts.only("CASE"))
    @staticmethod
    def cases(
        profile: Parent[Profile],
        info: Info,
        open: bool | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Case]:
        asked = Asked.of(kinds=[TimelineKind.CASE], open=open)
        return list_entries(info.context, profile, asked, name="Customer.cases", first=first, after=after)

    @resolved("The open one; abandonedAt is set once it has been left.", needs=Parts.only(carts=True))
    @staticmethod
    def cart(profile: Parent[Profile], info: Info) -> Cart | None:
        return open_cart(profile, info.context.rules)  # type: ignore[return-value]

    @resolved("Earlier ones, abandoned or bought, newest first.", needs=Parts.only(carts=True))
    @staticmethod
    def carts(profile: Parent[Profile], info: Info, first: int | None = None, after: str | None = None) -> Connection[Cart]:
        listing = cart_listing(info.context, profile)
        return connect(info.context, listing, first=first, after=after)

    @resolved("What this customer is worth, in `currency` or else in the reporting currency.")
    @staticmethod
    def value(profile: Parent[Profile], info: Info, currency: CurrencyCode | None = None) -> CustomerValue | None:
        rates = info.context.rules.rates
        return Worth.of(profile, rates, currency or rates.reporting)  # type: ignore[return-value]

    @resolved("This customer's place in the referral network.", scopes=needs_any(REFERRAL, OWN))
    @staticmethod
    def referral(profile: Parent[Profile]) -> CustomerReferral | None:
        return profile  # type: ignore[return-value]

    @resolved("The communication calendar: what was sent, and what is planned.", needs=Parts.only("COMMUNICATION"))
    @staticmethod
    def communications(
        profile: Parent[Profile],
        info: Info,
        period: Period | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Communication]:
        asked = Asked.of(kinds=[TimelineKind.COMMUNICATION], period=period)
        return list_entries(info.context, profile, asked, name="Customer.communications", first=first, after=after)

    @resolved("Customers that became one with this one, newest first, also those that were undone.")
    @staticmethod
    def merges(profile: Parent[Profile], info: Info, first: int | None = None, after: str | None = None) -> Connection[Merge]:
        return list_merges(info.context, profile, first=first, after=after)

    @resolved(
        "Why two identifiers belong to this one customer: the shortest path of evidence between them, weakest link marked.",
        size=about(3),
    )
    @staticmethod
    def identity_evidence(
        profile: Parent[Profile],
        info: Info,
        from_: Annotated[IdentifierInput, strawberry.argument(name="from")],
        to: IdentifierInput,
    ) -> list[IdentityLink] | None:
        return evidence_between(info.context, profile, from_, to)


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

    def fetch(wanted: Window, /) -> Sequence[CartRecord]:
        # One more, for the open one may be among them.
        if wanted.at_start and (wanted.size < len(profile.carts) or len(profile.carts) <= HOT_SET):
            rows: Sequence[CartRecord] = profile.carts
        else:
            low, high = bounds(Asked(), wanted)
            rows = context.ask(
                (profile.id, "carts", wanted),
                lambda: page_carts(context.reader, profile.id, low=low, high=high, limit=wanted.size + 1),
            )
        return [cart for cart in rows if cart.id != hidden][: wanted.size]

    def count() -> int:
        return profile.facts.carts - (hidden is not None)

    return Listing("Customer.carts", fetch, cart_key, count)

"""What mutations take: the events of the contract, and how they become the events of the write door."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from strawberry.scalars import JSON

from graph.errors import InvalidEvent, MoneyError
from graph.events import inputs
from graph.events.limits import MAX_ITEMS
from graph.money import Money
from resolvers.communications import CommunicationStatus
from resolvers.directory import CustomerKey
from resolvers.feedback import SurveyKind
from resolvers.identity import IdentifierInput
from resolvers.purchases import PurchaseStatus
from resolvers.scalars import CurrencyCode

_ID = "Its id within the source: sending it again changes nothing."
_SOURCE = "The system that it comes from."
_AT = "When it happened."
_CUSTOMER = "Whom it is about. An id must exist; an identifier is created when first seen."
_CHANNEL = "The key of the channel; one never heard of is created."
_CAMPAIGN = "The key of the campaign; one never heard of is created."


@strawberry.enum(description="What a customer says to a purpose.")
class ConsentStatus(Enum):
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@strawberry.input(description="An amount, exact.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="In major units, with no more decimals than the currency has.")
    currency: CurrencyCode = strawberry.field(description="Its currency.")


@strawberry.input(
    description="A line of a purchase or cart, as the source states it; what it doesn't state is left out, never 0."
)
class PurchaseItemInput:
    sku: str = strawberry.field(description="The product; one never heard of is created.")
    quantity: Decimal = strawberry.field(description="How many, or how much.")
    title: str | None = strawberry.field(default=None, description="What the product is called.")
    category: list[str] | None = strawberry.field(default=None, description="Where it belongs, the widest first.")
    unit_price: MoneyInput | None = strawberry.field(default=None, description="The price of one.")
    discount: MoneyInput | None = strawberry.field(default=None, description="What was taken off the line.")
    total: MoneyInput | None = strawberry.field(default=None, description="What the line came to.")


@strawberry.input(description="These identifiers are one customer, with these traits.")
class IdentifyInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    identifiers: list[IdentifierInput] = strawberry.field(description="At most 20; they are joined to one customer.")
    traits: JSON | None = strawberry.field(
        default=None, description="An object; a trait of null is removed, an empty one is not."
    )
    account: IdentifierInput | None = strawberry.field(default=None, description="The organization the customer belongs to.")


@strawberry.input(description="One contact: a page view, a visit to a store, a call.")
class TouchpointInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    channel: str = strawberry.field(description=_CHANNEL)
    type: str = strawberry.field(description="Free text such as page_view.")
    campaign: str | None = strawberry.field(default=None, description=_CAMPAIGN)
    session: str | None = strawberry.field(default=None, description="The visit that it belongs to.")
    duration_seconds: int | None = strawberry.field(default=None, description="How long it lasted.")
    url: str | None = strawberry.field(default=None, description="The page.")
    sku: str | None = strawberry.field(default=None, description="The product that it was about.")
    properties: JSON | None = strawberry.field(default=None, description="An object with whatever else is known.")


@strawberry.input(description="A cart as it now stands; a purchase that names it closes it.")
class CartInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    cart: str = strawberry.field(description="The cart's key within the source.")
    items: list[PurchaseItemInput] = strawberry.field(description="All that is in it; at most 500 lines.")
    channel: str | None = strawberry.field(default=None, description=_CHANNEL)
    total: MoneyInput | None = strawberry.field(default=None, description="What it comes to; without it the sum of its lines.")
    checkout_step: str | None = strawberry.field(default=None, description="How far the checkout is.")


@strawberry.input(description="A purchase; a later one of the same number changes it.")
class PurchaseInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    number: str = strawberry.field(description="Its number, unique within the source.")
    items: list[PurchaseItemInput] = strawberry.field(description="Its lines; at most 500.")
    channel: str | None = strawberry.field(default=None, description=_CHANNEL)
    status: PurchaseStatus | None = strawberry.field(default=PurchaseStatus.PLACED, description="Its status as of `at`.")
    total: MoneyInput | None = strawberry.field(default=None, description="What was paid; without it the sum of its lines.")
    coupon: str | None = strawberry.field(default=None, description="The coupon that was redeemed.")
    cart: str | None = strawberry.field(default=None, description="The cart it was, which it closes.")
    campaign: str | None = strawberry.field(default=None, description=_CAMPAIGN)


@strawberry.input(description="A purchase reached a status.")
class PurchaseStatusInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    purchase: str = strawberry.field(description="The purchase's number; it may be stated later.")
    status: PurchaseStatus = strawberry.field(description="The status.")


@strawberry.input(description="Money was paid back.")
class RefundInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    purchase: str = strawberry.field(description="The purchase's number; it may be stated later.")
    amount: MoneyInput = strawberry.field(description="How much; more than the purchase came to is kept, and capped when read.")
    reason: str | None = strawberry.field(default=None, description="Why.")


@strawberry.input(description="A review of a product or of a purchase.")
class ReviewInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    rating: int = strawberry.field(description="1 to 5.")
    sku: str | None = strawberry.field(default=None, description="The product.")
    purchase: str | None = strawberry.field(default=None, description="The purchase's number.")
    title: str | None = strawberry.field(default=None, description="Its heading.")
    text: str | None = strawberry.field(default=None, description="The review itself.")
    channel: str | None = strawberry.field(default=None, description=_CHANNEL)


@strawberry.input(description="An answer to a survey.")
class SurveyResponseInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    survey: str = strawberry.field(description="Which survey.")
    survey_kind: SurveyKind = strawberry.field(description="What its score means.")
    score: int | None = strawberry.field(
        default=None, description="NPS 0 to 10, CSAT 1 to 5, CES 1 to 7, CUSTOM any whole number."
    )
    comment: str | None = strawberry.field(default=None, description="What was said.")
    channel: str | None = strawberry.field(default=None, description=_CHANNEL)


@strawberry.input(description="A service case; a later event about the same case fills in and changes what it states.")
class CaseInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    case: str = strawberry.field(description="The case's number within the source.")
    subject: str | None = strawberry.field(default=None, description="What it is about.")
    complaint: bool | None = strawberry.field(default=None, description="Whether it is a complaint.")
    priority: str | None = strawberry.field(default=None, description="How urgent it is.")
    channel: str | None = strawberry.field(default=None, description=_CHANNEL)
    opened_at: datetime | None = strawberry.field(default=None, description="When it was opened.")
    first_response_at: datetime | None = strawberry.field(default=None, description="When it was first answered.")
    closed_at: datetime | None = strawberry.field(default=None, description="When it was closed.")
    resolution: str | None = strawberry.field(default=None, description="What came of it.")
    deflected: bool | None = strawberry.field(default=None, description="Whether it was settled without a person.")


@strawberry.input(description="A message to a customer, and what became of it.")
class CommunicationInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    message: str = strawberry.field(description="The message's key within the source.")
    channel: str = strawberry.field(description=_CHANNEL)
    purpose: str = strawberry.field(description="What it is for: marketing, service, whatever consent is asked for.")
    status: CommunicationStatus = strawberry.field(description="What became of it.")
    campaign: str | None = strawberry.field(default=None, description=_CAMPAIGN)
    offer: str | None = strawberry.field(default=None, description="The offer it made.")
    planned_at: datetime | None = strawberry.field(default=None, description="When it is to be sent.")


@strawberry.input(description="What a customer allows, or no longer does.")
class ConsentInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    customer: CustomerKey = strawberry.field(description=_CUSTOMER)
    purpose: str = strawberry.field(description="The purpose.")
    status: ConsentStatus = strawberry.field(description="What the customer says to it.")
    channel: str | None = strawberry.field(default=None, description="The channel it is about; all where it is left out.")
    expires_at: datetime | None = strawberry.field(default=None, description="Until when.")


@strawberry.input(description="An advocate invites a friend.")
class InviteInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    advocate: CustomerKey = strawberry.field(description="Who invites.")
    friend: IdentifierInput | None = strawberry.field(default=None, description="Who is invited, where that is known.")
    channel: str | None = strawberry.field(default=None, description=_CHANNEL)
    campaign: str | None = strawberry.field(default=None, description=_CAMPAIGN)
    code: str | None = strawberry.field(default=None, description="What the friend accepts with; the service makes one.")


@strawberry.input(
    description="A friend accepts an invitation; `at` may lie before the code was made, for histories are imported."
)
class AcceptInput:
    id: str = strawberry.field(description=_ID)
    source: str = strawberry.field(description=_SOURCE)
    at: datetime = strawberry.field(description=_AT)
    code: str = strawberry.field(description="The code; it may be stated later.")
    friend: CustomerKey = strawberry.field(description="Who accepts.")


@strawberry.input(
    one_of=True,
    description="One event. It has an identity of its own, (source, id): sending it again changes nothing. The things it "
    "speaks of have keys of their own within the source. A later event about the same thing changes that thing; the newest "
    "`at` wins, whatever the order of arrival.",
)
class EventInput:
    identify: strawberry.Maybe[IdentifyInput] = strawberry.field(
        description="These identifiers are one customer, with these traits."
    )
    touchpoint: strawberry.Maybe[TouchpointInput] = strawberry.field(description="One contact.")
    cart: strawberry.Maybe[CartInput] = strawberry.field(description="A cart as it now stands.")
    purchase: strawberry.Maybe[PurchaseInput] = strawberry.field(description="A purchase.")
    purchase_status: strawberry.Maybe[PurchaseStatusInput] = strawberry.field(description="A purchase reached a status.")
    refund: strawberry.Maybe[RefundInput] = strawberry.field(description="Money was paid back.")
    review: strawberry.Maybe[ReviewInput] = strawberry.field(description="A review.")
    survey_response: strawberry.Maybe[SurveyResponseInput] = strawberry.field(description="An answer to a survey.")
    case: strawberry.Maybe[CaseInput] = strawberry.field(description="A service case.")
    communication: strawberry.Maybe[CommunicationInput] = strawberry.field(description="A message, and what became of it.")
    consent: strawberry.Maybe[ConsentInput] = strawberry.field(description="What a customer allows, or no longer does.")
    invite: strawberry.Maybe[InviteInput] = strawberry.field(description="An advocate invites a friend.")
    accept: strawberry.Maybe[AcceptInput] = strawberry.field(description="A friend accepts an invitation.")


def event_of(given: EventInput) -> inputs.Event:
    """The event of the write door. Raises InvalidEvent, with the field's path, for what is no amount of its currency."""
    for kind, type_ in inputs.EVENT_TYPES.items():
        some = getattr(given, kind, None)
        if some is not None:
            stated = some.value
            values = {field.name: _plain(field.name, getattr(stated, field.name)) for field in fields(type_)}
            for name in ("traits", "properties"):
                if not isinstance(values.get(name, {}), (dict, type(None))):
                    raise InvalidEvent(name, "must be an object")
            return type_(**{name: value for name, value in values.items() if value is not None})
    raise AssertionError("@oneOf")


def _plain(path: str, value: Any) -> Any:
    """A value as the write door has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise InvalidEvent(path, f"has {len(value):,} entries; at most {MAX_ITEMS} are kept", code="TOO_LARGE")
        return tuple(_plain(f"{path}.{position}", each) for position, each in enumerate(value))
    if isinstance(value, CustomerKey):
        return _customer(value)
    if isinstance(value, IdentifierInput):
        return inputs.IdentifierKey(value.type, value.value)
    if isinstance(value, MoneyInput):
        try:
            return Money.of(value.amount, value.currency)
        except MoneyError as error:
            raise InvalidEvent(path, str(error)) from None
    if isinstance(value, PurchaseItemInput):
        values = {
            field.name: _plain(f"{path}.{field.name}", getattr(value, field.name)) for field in fields(inputs.PurchaseItemInput)
        }
        return inputs.PurchaseItemInput(**{name: each for name, each in values.items() if each is not None})
    return value


def _customer(key: CustomerKey) -> inputs.CustomerKey:
    if key.identifier is not None:
        named = key.identifier.value
        return inputs.CustomerKey(identifier=inputs.IdentifierKey(named.type, named.value))
    return inputs.CustomerKey(
        id=None if key.id is None else str(key.id.value),
        email=None if key.email is None else key.email.value,
        phone=None if key.phone is None else key.phone.value,
    )

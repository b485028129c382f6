"""The typed events of the contract: what the write door takes, whoever brings it.

An event has an identity of its own, (source, id). `at` is a timezone-aware datetime. The things events speak of
(purchases, carts, cases, messages) have keys of their own within the source. Field names are the contract's in snake case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from graph.money import Money

PURCHASE_STATUSES = ("PLACED", "PAID", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED", "PARTLY_REFUNDED")
SURVEY_KINDS = ("NPS", "CSAT", "CES", "CUSTOM")
COMMUNICATION_STATUSES = (
    "PLANNED", "SENT", "DELIVERED", "OPENED", "CLICKED", "CONVERTED", "BOUNCED", "UNSUBSCRIBED", "SUPPRESSED", "CANCELLED",
)  # fmt: skip
CONSENT_STATUSES = ("GRANTED", "DENIED", "WITHDRAWN", "EXPIRED")


class Received(datetime):
    """When something came that doesn't say when it happened. It is no part of what was sent: sent again, that is the same."""

    @classmethod
    def of(cls, at: datetime) -> Received:
        return cls.fromisoformat(at.isoformat())

    def plain(self) -> datetime:
        return datetime.fromisoformat(self.isoformat())


@dataclass(frozen=True, slots=True)
class IdentifierKey:
    """One identifier as a source states it: a type (`email`, `phone`, `user_id`, `anonymous_id`, any other) and its value."""

    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerKey:
    """Names a customer: exactly one of the four. An id must exist; an identifier is created when first seen."""

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    identifier: IdentifierKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBase:
    """What all events have: identity (`source`, `id`) and the time it happened, Received where nobody said it."""

    kind: ClassVar[str]
    id: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyInput(EventBase):
    """These identifiers are one customer, with these traits. A trait of None removes it.

    Traits with these names become fields of the customer: name, givenName, familyName, email, phone, birthDate (YYYY-MM-DD),
    gender, locale, timeZone, country, addresses (a list of objects with the fields of Address). All others stay in `traits`.
    """

    kind: ClassVar[str] = "identify"
    identifiers: tuple[IdentifierKey, ...]
    traits: dict[str, Any] | None = None
    account: IdentifierKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchpointInput(EventBase):
    """One contact: a page view, a store visit, a call. `type` is free text such as `page_view`."""

    kind: ClassVar[str] = "touchpoint"
    customer: CustomerKey
    channel: str
    type: str
    campaign: str | None = None
    session: str | None = None
    duration_seconds: int | None = None
    url: str | None = None
    sku: str | None = None
    properties: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseItemInput:
    """A line as the source states it; amounts that it doesn't state are None, never 0."""

    sku: str
    quantity: Decimal
    title: str | None = None
    category: tuple[str, ...] = ()
    unit_price: Money | None = None
    discount: Money | None = None
    total: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartInput(EventBase):
    """A cart as it now stands; a purchase that names it closes it."""

    kind: ClassVar[str] = "cart"
    customer: CustomerKey
    cart: str
    items: tuple[PurchaseItemInput, ...]
    channel: str | None = None
    total: Money | None = None
    checkout_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartChangeInput(EventBase):
    """One step of a cart, for sources that don't say how it stands after it: a line put in, or with `removed` taken out, or a
    step of the checkout reached."""

    kind: ClassVar[str] = "cart_change"
    customer: CustomerKey
    cart: str
    item: PurchaseItemInput | None = None
    removed: bool = False
    channel: str | None = None
    checkout_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartEndInput(EventBase):
    """A purchase took what was in a cart that goes on under the same name, for sources that know one cart a customer. What is put
    in after it begins the cart anew. `purchase`: its number, of the same source."""

    kind: ClassVar[str] = "cart_end"
    cart: str
    purchase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseInput(EventBase):
    """A purchase; `number` is its key within the source. Without `total` it has the sum of its items' totals, or none."""

    kind: ClassVar[str] = "purchase"
    customer: CustomerKey
    number: str
    items: tuple[PurchaseItemInput, ...]
    channel: str | None = None
    status: str = "PLACED"
    total: Money | None = None
    coupon: str | None = None
    cart: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseChangeInput(EventBase):
    """What changed of a purchase, for sources that don't say all of it anew: None says nothing, no items at all say that it has
    none."""

    kind: ClassVar[str] = "purchase_change"
    customer: CustomerKey
    number: str
    items: tuple[PurchaseItemInput, ...] | None = None
    channel: str | None = None
    status: str | None = None
    total: Money | None = None
    coupon: str | None = None
    cart: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseStatusInput(EventBase):
    """The purchase with this number, of the same source, reached a status."""

    kind: ClassVar[str] = "purchase_status"
    purchase: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundInput(EventBase):
    """Money paid back on the purchase with this number, of the same source."""

    kind: ClassVar[str] = "refund"
    purchase: str
    amount: Money
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BareRefundInput(EventBase):
    """Money paid back by a source that states no currency: `amount` is in major units of the currency of its purchase."""

    kind: ClassVar[str] = "bare_refund"
    purchase: str
    amount: Decimal
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewInput(EventBase):
    """A review of a product or of a purchase; `rating` 1..5, `purchase` is a number of the same source."""

    kind: ClassVar[str] = "review"
    customer: CustomerKey
    rating: int
    sku: str | None = None
    purchase: str | None = None
    title: str | None = None
    text: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyResponseInput(EventBase):
    """An answer to a survey: NPS 0..10, CSAT 1..5, CES 1..7, CUSTOM any whole number."""

    kind: ClassVar[str] = "survey_response"
    customer: CustomerKey
    survey: str
    survey_kind: str
    score: int | None = None
    comment: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInput(EventBase):
    """A service case; a later event about the same `case` of the same source fills in and changes what it states."""

    kind: ClassVar[str] = "case"
    customer: CustomerKey
    case: str
    subject: str | None = None
    complaint: bool | None = None
    priority: str | None = None
    channel: str | None = None
    opened_at: datetime | None = None
    first_response_at: datetime | None = None
    closed_at: datetime | None = None
    resolution: str | None = None
    deflected: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationInput(EventBase):
    """A message to a customer and what became of it; `message` is its key within the source."""

    kind: ClassVar[str] = "communication"
    customer: CustomerKey
    message: str
    channel: str
    purpose: str
    status: str
    campaign: str | None = None
    offer: str | None = None
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentInput(EventBase):
    """What a customer allows: a purpose, on one channel or (None) on all."""

    kind: ClassVar[str] = "consent"
    customer: CustomerKey
    purpose: str
    status: str
    channel: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteInput(EventBase):
    """An advocate invites a friend. `code`: what the friend accepts with; without it the service makes one."""

    kind: ClassVar[str] = "invite"
    advocate: CustomerKey
    friend: IdentifierKey | None = None
    channel: str | None = None
    campaign: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInput(EventBase):
    """A friend accepts the invitation, or the advocate's standing code, named by `code`."""

    kind: ClassVar[str] = "accept"
    code: str
    friend: CustomerKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralCodeInput(EventBase):
    """An advocate is given a standing code, which the service makes: any number of friends accept with it, until it expires."""

    kind: ClassVar[str] = "referral_code"
    advocate: CustomerKey
    channel: str | None = None
    campaign: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralReviewInput(EventBase):
    """Somebody looked at a referral, and lets it go on or rejects it; of several the newest counts."""

    kind: ClassVar[str] = "referral_review"
    referral: str
    approve: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInput(EventBase):
    """Somebody says that two customers, who must exist, are one, which goes by the id of the first."""

    kind: ClassVar[str] = "merge"
    keep: CustomerKey
    absorb: CustomerKey
    reason: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoMergeInput(EventBase):
    """Somebody says that a merge was none. `keep_apart`: whatever other evidence says."""

    kind: ClassVar[str] = "undo_merge"
    merge: str
    reason: str
    actor: str
    keep_apart: bool = False


Event = (
    IdentifyInput
    | TouchpointInput
    | CartInput
    | CartChangeInput
    | CartEndInput
    | PurchaseInput
    | PurchaseChangeInput
    | PurchaseStatusInput
    | RefundInput
    | BareRefundInput
    | ReviewInput
    | SurveyResponseInput
    | CaseInput
    | CommunicationInput
    | ConsentInput
    | InviteInput
    | AcceptInput
    | ReferralCodeInput
    | ReferralReviewInput
    | MergeInput
    | UndoMergeInput
)

REFERRING = (InviteInput, AcceptInput, ReferralCodeInput, ReferralReviewInput)
"""Events that change who brought whom in, or what becomes of it."""

DECIDING = (MergeInput, UndoMergeInput)
"""Events by which somebody decides who is one person."""

EVENT_TYPES: dict[str, type[Event]] = {
    event.kind: event
    for event in (
        IdentifyInput, TouchpointInput, CartInput, CartChangeInput, CartEndInput, PurchaseInput, PurchaseChangeInput,
        PurchaseStatusInput, RefundInput, BareRefundInput, ReviewInput, SurveyResponseInput, CaseInput, CommunicationInput,
        ConsentInput, InviteInput, AcceptInput, ReferralCodeInput, ReferralReviewInput,
        MergeInput, UndoMergeInput,
    )
}  # fmt: skip

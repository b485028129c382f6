"""Whether an event can be kept: what is refused here is wrong in every order of arrival. Linear in the size of the event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from graph.errors import InvalidEvent
from graph.events.inputs import (
    COMMUNICATION_STATUSES,
    CONSENT_STATUSES,
    PURCHASE_STATUSES,
    SURVEY_KINDS,
    AcceptInput,
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    ConsentInput,
    Event,
    IdentifyInput,
    InviteInput,
    MergeInput,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseStatusInput,
    ReferralCodeInput,
    ReferralReviewInput,
    RefundInput,
    ReviewInput,
    SurveyResponseInput,
    TouchpointInput,
    UndoMergeInput,
)
from graph.events.limits import (
    check_customer,
    check_identifier,
    check_items,
    check_json,
    check_key,
    check_money,
    check_one_of,
    check_optional_keys,
    check_optional_times,
    check_quantity,
    check_text,
    check_texts,
    check_time,
    check_whole,
)

MAX_IDENTIFIERS = 20  # of one identify event
LONGEST_VISIT = 10 * 365 * 86_400  # seconds of a touchpoint
INT32 = 2**31  # what an Int of GraphQL holds
SCORES = {"NPS": (0, 10), "CSAT": (1, 5), "CES": (1, 7), "CUSTOM": (-INT32, INT32 - 1)}


def check(event: Event, *, now: datetime) -> None:
    """Raise InvalidEvent, with the path of the field and what to send instead, unless `event` can be kept."""
    check_key("id", event.id)
    check_key("source", event.source)
    check_time("at", event.at, now)
    _CHECKS[type(event)](event, now)


def _identify(event: IdentifyInput, now: datetime) -> None:
    if not event.identifiers:
        raise InvalidEvent("identifiers", "must name at least one identifier")
    if len(event.identifiers) > MAX_IDENTIFIERS:
        message = f"has {len(event.identifiers)}; at most {MAX_IDENTIFIERS}: name the others in further events, with one of these"
        raise InvalidEvent("identifiers", message, code="TOO_LARGE")
    for position, identifier in enumerate(event.identifiers):
        check_identifier(f"identifiers.{position}", identifier)
    if event.traits is not None:
        check_json("traits", event.traits)
    if event.account is not None:
        check_identifier("account", event.account)


def _touchpoint(event: TouchpointInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("channel", event.channel)
    check_key("type", event.type)
    check_optional_keys(event, "campaign", "session", "sku")
    check_whole("duration_seconds", event.duration_seconds, 0, LONGEST_VISIT)
    check_texts(event, "url")
    if event.properties is not None:
        check_json("properties", event.properties)


def _cart(event: CartInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("cart", event.cart)
    check_optional_keys(event, "channel", "checkout_step")
    check_items(event.items, event.total)


def _cart_change(event: CartChangeInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("cart", event.cart)
    check_optional_keys(event, "channel", "checkout_step")
    if event.item is None and event.checkout_step is None:
        raise InvalidEvent("item", "is missing, and so is a checkout step; send one of them")
    check_items(() if event.item is None else (event.item,), None)


def _cart_end(event: CartEndInput, now: datetime) -> None:
    check_key("cart", event.cart)
    check_key("purchase", event.purchase)


def _purchase(event: PurchaseInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("number", event.number)
    check_optional_keys(event, "channel", "coupon", "cart", "campaign")
    check_one_of("status", event.status, PURCHASE_STATUSES)
    check_items(event.items, event.total)


def _purchase_change(event: PurchaseChangeInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("number", event.number)
    check_optional_keys(event, "channel", "coupon", "cart", "campaign")
    if event.status is not None:
        check_one_of("status", event.status, PURCHASE_STATUSES)
    check_items(event.items or (), event.total)


def _purchase_status(event: PurchaseStatusInput, now: datetime) -> None:
    check_key("purchase", event.purchase)
    check_one_of("status", event.status, PURCHASE_STATUSES)


def _refund(event: RefundInput, now: datetime) -> None:
    check_key("purchase", event.purchase)
    check_money("amount", event.amount)
    check_texts(event, "reason")


def _bare_refund(event: BareRefundInput, now: datetime) -> None:
    check_key("purchase", event.purchase)
    check_quantity("amount", event.amount)
    check_texts(event, "reason")


def _review(event: ReviewInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_whole("rating", event.rating, 1, 5)
    check_optional_keys(event, "sku", "purchase", "channel")
    check_texts(event, "title", "text")


def _survey_response(event: SurveyResponseInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("survey", event.survey)
    check_one_of("survey_kind", event.survey_kind, SURVEY_KINDS)
    check_whole("score", event.score, *SCORES[event.survey_kind])
    check_optional_keys(event, "channel")
    check_texts(event, "comment")


def _case(event: CaseInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("case", event.case)
    check_optional_keys(event, "priority", "channel")
    check_texts(event, "subject", "resolution")
    check_optional_times(event, "opened_at", "first_response_at", "closed_at", now=now)


def _communication(event: CommunicationInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("message", event.message)
    check_key("channel", event.channel)
    check_key("purpose", event.purpose)
    check_one_of("status", event.status, COMMUNICATION_STATUSES)
    check_optional_keys(event, "campaign", "offer")
    if event.planned_at is not None and event.planned_at.tzinfo is None:
        raise InvalidEvent("planned_at", "has no time zone; send an offset, such as 2026-01-31T09:00:00Z")


def _consent(event: ConsentInput, now: datetime) -> None:
    check_customer("customer", event.customer)
    check_key("purpose", event.purpose)
    check_one_of("status", event.status, CONSENT_STATUSES)
    check_optional_keys(event, "channel")
    if event.expires_at is not None and event.expires_at.tzinfo is None:
        raise InvalidEvent("expires_at", "has no time zone; send an offset, such as 2026-01-31T09:00:00Z")


def _invite(event: InviteInput, now: datetime) -> None:
    check_customer("advocate", event.advocate)
    if event.friend is not None:
        check_identifier("friend", event.friend)
    check_optional_keys(event, "channel", "campaign", "code")


def _accept(event: AcceptInput, now: datetime) -> None:
    check_key("code", event.code)
    check_customer("friend", event.friend)


def _referral_code(event: ReferralCodeInput, now: datetime) -> None:
    check_customer("advocate", event.advocate)
    check_optional_keys(event, "channel", "campaign")
    if event.expires_at is not None:
        if event.expires_at.tzinfo is None:
            raise InvalidEvent("expires_at", "has no time zone; send an offset, such as 2026-01-31T09:00:00Z")
        if event.expires_at <= event.at:
            raise InvalidEvent("expires_at", "lies before the code is made; send a later one, or none")


def _referral_review(event: ReferralReviewInput, now: datetime) -> None:
    check_key("referral", event.referral)
    _check_reason(event.reason)


def _merge(event: MergeInput, now: datetime) -> None:
    check_customer("keep", event.keep)
    check_customer("absorb", event.absorb)
    check_key("actor", event.actor)
    _check_reason(event.reason)


def _undo_merge(event: UndoMergeInput, now: datetime) -> None:
    check_key("merge", event.merge)
    check_key("actor", event.actor)
    _check_reason(event.reason)


def _check_reason(reason: str) -> None:
    check_text("reason", reason)
    if not reason.strip():
        raise InvalidEvent("reason", "is empty; say why")


_CHECKS: dict[type[Any], Callable[[Any, datetime], None]] = {
    IdentifyInput: _identify,
    TouchpointInput: _touchpoint,
    CartInput: _cart,
    CartChangeInput: _cart_change,
    CartEndInput: _cart_end,
    PurchaseInput: _purchase,
    PurchaseChangeInput: _purchase_change,
    PurchaseStatusInput: _purchase_status,
    RefundInput: _refund,
    BareRefundInput: _bare_refund,
    ReviewInput: _review,
    SurveyResponseInput: _survey_response,
    CaseInput: _case,
    CommunicationInput: _communication,
    ConsentInput: _consent,
    InviteInput: _invite,
    AcceptInput: _accept,
    ReferralCodeInput: _referral_code,
    ReferralReviewInput: _referral_review,
    MergeInput: _merge,
    UndoMergeInput: _undo_merge,
}

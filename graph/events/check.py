"""Whether an event can be kept: what is refused here is wrong in every order of arrival. Linear in the size of the event."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from graph import ids
from graph.errors import InvalidEvent, MoneyError
from graph.events.inputs import (
    COMMUNICATION_STATUSES,
    CONSENT_STATUSES,
    PURCHASE_STATUSES,
    SURVEY_KINDS,
    AcceptInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    ConsentInput,
    CustomerKey,
    Event,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
    ReviewInput,
    SurveyResponseInput,
    TouchpointInput,
)
from graph.money import Money, exponent

KEY_LENGTH = 512  # characters of anything that is indexed: a longer value would fail the whole transaction
TEXT_LENGTH = 10_000  # characters of free text
JSON_DEPTH = 10
JSON_NODES = 2_000
MAX_IDENTIFIERS = 20  # of one identify event
MAX_ITEMS = 500
MAX_FUTURE = timedelta(days=1)  # clocks differ; nothing else happens tomorrow
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INT64 = 2**63

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_KEY_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
SCORES = {"NPS": (0, 10), "CSAT": (1, 5), "CES": (1, 7), "CUSTOM": (-INT64, INT64 - 1)}


def check(event: Event, *, now: datetime) -> None:
    """Raise InvalidEvent, with the path of the field and what to send instead, unless `event` can be kept."""
    _key("id", event.id)
    _key("source", event.source)
    _time("at", event.at, now)
    _CHECKS[type(event)](event, now)


def _key(path: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent(path, "must not be empty")
    if len(value) > KEY_LENGTH:
        raise InvalidEvent(path, f"has {len(value)} characters; at most {KEY_LENGTH} are kept", code="TOO_LARGE")
    if _KEY_CONTROL.search(value):
        raise InvalidEvent(path, "holds control characters; remove them")


def _optional_keys(event: object, *names: str) -> None:
    for name in names:
        value = getattr(event, name)
        if value is not None:
            _key(name, value)


def _texts(event: object, *names: str) -> None:
    for name in names:
        value = getattr(event, name)
        if value is not None:
            _text(name, value)


def _text(path: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidEvent(path, "must be text")
    if len(value) > TEXT_LENGTH:
        raise InvalidEvent(path, f"has {len(value)} characters; at most {TEXT_LENGTH} are kept", code="TOO_LARGE")
    if _CONTROL.search(value):
        raise InvalidEvent(path, "holds control characters; remove them")


def _time(path: str, value: datetime, now: datetime) -> None:
    if value.tzinfo is None:
        raise InvalidEvent(path, "has no time zone; send an offset, such as 2026-01-31T09:00:00Z")
    if value < EPOCH:
        raise InvalidEvent(path, "lies before 1970")
    if value > now + MAX_FUTURE:
        raise InvalidEvent(path, f"lies in the future ({value.isoformat()}); send the time it happened")


def _optional_times(event: object, *names: str, now: datetime) -> None:
    for name in names:
        value = getattr(event, name)
        if value is not None:
            _time(name, value, now)


def _identifier(path: str, value: IdentifierKey) -> None:
    _key(f"{path}.type", value.type)
    _key(f"{path}.value", value.value)


def _customer(path: str, key: CustomerKey) -> None:
    named = [name for name in ("id", "email", "phone", "identifier") if getattr(key, name) is not None]
    if len(named) != 1:
        raise InvalidEvent(path, f"names a customer by {len(named)} of id, email, phone and identifier; send exactly one")
    if key.identifier is not None:
        _identifier(f"{path}.identifier", key.identifier)
    elif key.id is not None and not (ids.is_id(key.id) and key.id.startswith(ids.PREFIXES["customer"])):
        raise InvalidEvent(f"{path}.id", "is no customer id; those begin with cus_")
    else:
        _key(f"{path}.{named[0]}", getattr(key, named[0]))


def _one_of(path: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise InvalidEvent(path, f"{str(value)[:40]!r} is none of {', '.join(allowed)}")


def _json(path: str, value: object) -> None:
    """Bounds on a JSON value, walked without recursion: hostile depth must not exhaust the stack."""
    pending: list[tuple[object, int]] = [(value, 1)]
    seen = 0
    while pending:
        item, depth = pending.pop()
        seen += 1
        if seen > JSON_NODES:
            raise InvalidEvent(path, f"has more than {JSON_NODES} values", code="TOO_LARGE")
        if depth > JSON_DEPTH:
            raise InvalidEvent(path, f"is nested more than {JSON_DEPTH} deep", code="TOO_LARGE")
        if isinstance(item, dict):
            for name in item:
                _key(path, name)
            pending.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend((child, depth + 1) for child in item)
        else:
            _json_leaf(path, item)


def _json_leaf(path: str, item: object) -> None:
    if isinstance(item, str):
        _text(path, item)
    elif isinstance(item, bool) or item is None:
        return
    elif isinstance(item, int):
        if not -INT64 <= item < INT64:
            raise InvalidEvent(path, "holds a whole number of more than 64 bits")
    elif isinstance(item, float):
        if item != item or item in (float("inf"), float("-inf")):
            raise InvalidEvent(path, "holds NaN or Infinity; send finite numbers")
    else:
        raise InvalidEvent(path, f"holds a {type(item).__name__}; send JSON")


def _whole(path: str, value: int | None, low: int, high: int) -> None:
    if value is not None and (isinstance(value, bool) or not low <= value <= high):
        raise InvalidEvent(path, f"{value} is not within {low}..{high}")


def _money(path: str, value: Money, *, signed: bool = False) -> None:
    try:
        exponent(value.currency)
    except MoneyError as error:
        raise InvalidEvent(f"{path}.currency", str(error)) from None
    if value.amount < 0 and not signed:
        raise InvalidEvent(f"{path}.amount", "is negative; a refund is an event of its own")


def _items(items: tuple[PurchaseItemInput, ...], total: Money | None) -> None:
    if len(items) > MAX_ITEMS:
        raise InvalidEvent("items", f"has {len(items)} lines; at most {MAX_ITEMS} are kept", code="TOO_LARGE")
    if total is not None:
        _money("total", total)
    currencies = {total.currency} if total is not None else set()
    for position, item in enumerate(items):
        path = f"items.{position}"
        _key(f"{path}.sku", item.sku)
        if item.title is not None:
            _text(f"{path}.title", item.title)
        for category in item.category:
            _key(f"{path}.category", category)
        if not item.quantity.is_finite() or item.quantity < 0:
            raise InvalidEvent(f"{path}.quantity", "must be a finite number that is not negative")
        for name in ("unit_price", "discount", "total"):
            amount = getattr(item, name)
            if amount is not None:
                # A line may be a deposit given back or a rounding: lines, unlike totals, can be below zero.
                _money(f"{path}.{name}", amount, signed=True)
                currencies.add(amount.currency)
    if len(currencies) > 1:
        raise InvalidEvent("items", f"mixes the currencies {', '.join(sorted(currencies))}; send one purchase for each")


def _identify(event: IdentifyInput, now: datetime) -> None:
    if not event.identifiers:
        raise InvalidEvent("identifiers", "must name at least one identifier")
    if len(event.identifiers) > MAX_IDENTIFIERS:
        raise InvalidEvent("identifiers", f"has {len(event.identifiers)}; at most {MAX_IDENTIFIERS} a call", code="TOO_LARGE")
    for position, identifier in enumerate(event.identifiers):
        _identifier(f"identifiers.{position}", identifier)
    if event.traits is not None:
        _json("traits", event.traits)
    if event.account is not None:
        _identifier("account", event.account)


def _touchpoint(event: TouchpointInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _key("channel", event.channel)
    _key("type", event.type)
    _optional_keys(event, "campaign", "session", "sku")
    _whole("duration_seconds", event.duration_seconds, 0, 10 * 365 * 86_400)
    _texts(event, "url")
    if event.properties is not None:
        _json("properties", event.properties)


def _cart(event: CartInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _key("cart", event.cart)
    _optional_keys(event, "channel", "checkout_step")
    _items(event.items, event.total)


def _purchase(event: PurchaseInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _key("number", event.number)
    _optional_keys(event, "channel", "coupon", "cart", "campaign")
    _one_of("status", event.status, PURCHASE_STATUSES)
    _items(event.items, event.total)


def _purchase_status(event: PurchaseStatusInput, now: datetime) -> None:
    _key("purchase", event.purchase)
    _one_of("status", event.status, PURCHASE_STATUSES)


def _refund(event: RefundInput, now: datetime) -> None:
    _key("purchase", event.purchase)
    _money("amount", event.amount)
    _texts(event, "reason")


def _review(event: ReviewInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _whole("rating", event.rating, 1, 5)
    _optional_keys(event, "sku", "purchase", "channel")
    _texts(event, "title", "text")


def _survey_response(event: SurveyResponseInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _key("survey", event.survey)
    _one_of("survey_kind", event.survey_kind, SURVEY_KINDS)
    _whole("score", event.score, *SCORES[event.survey_kind])
    _optional_keys(event, "channel")
    _texts(event, "comment")


def _case(event: CaseInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _key("case", event.case)
    _optional_keys(event, "priority", "channel")
    _texts(event, "subject", "resolution")
    _optional_times(event, "opened_at", "first_response_at", "closed_at", now=now)


def _communication(event: CommunicationInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _key("message", event.message)
    _key("channel", event.channel)
    _key("purpose", event.purpose)
    _one_of("status", event.status, COMMUNICATION_STATUSES)
    _optional_keys(event, "campaign", "offer")
    if event.planned_at is not None and event.planned_at.tzinfo is None:
        raise InvalidEvent("planned_at", "has no time zone; send an offset, such as 2026-01-31T09:00:00Z")


def _consent(event: ConsentInput, now: datetime) -> None:
    _customer("customer", event.customer)
    _key("purpose", event.purpose)
    _one_of("status", event.status, CONSENT_STATUSES)
    _optional_keys(event, "channel")
    if event.expires_at is not None and event.expires_at.tzinfo is None:
        raise InvalidEvent("expires_at", "has no time zone; send an offset, such as 2026-01-31T09:00:00Z")


def _invite(event: InviteInput, now: datetime) -> None:
    _customer("advocate", event.advocate)
    if event.friend is not None:
        _identifier("friend", event.friend)
    _optional_keys(event, "channel", "campaign", "code")


def _accept(event: AcceptInput, now: datetime) -> None:
    _key("code", event.code)
    _customer("friend", event.friend)


_CHECKS: dict[type[Any], Callable[[Any, datetime], None]] = {
    IdentifyInput: _identify,
    TouchpointInput: _touchpoint,
    CartInput: _cart,
    PurchaseInput: _purchase,
    PurchaseStatusInput: _purchase_status,
    RefundInput: _refund,
    ReviewInput: _review,
    SurveyResponseInput: _survey_response,
    CaseInput: _case,
    CommunicationInput: _communication,
    ConsentInput: _consent,
    InviteInput: _invite,
    AcceptInput: _accept,
}

"""What messages become: the calls of the API, and the names of its e-commerce, e-mail and sharing specifications.

docs/segment.md lists them. All other tracked events become touchpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.segment.messages import Fields, Message
from app.segment.refusals import in_their_names
from graph.errors import InvalidEvent
from graph.events.check import check
from graph.events.forms import is_one
from graph.events.inputs import (
    AcceptInput,
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    Event,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
    ReviewInput,
    SurveyResponseInput,
    TouchpointInput,
)
from graph.events.limits import KEY_LENGTH, check_json, check_key, check_text, check_whole

DEFAULT_CURRENCY = "USD"

LONGEST_VISIT = 10 * 365 * 86_400
"""Seconds of a touchpoint, the most that the write door takes."""


def events_of(message: Message, *, now: datetime) -> list[Event]:
    """The events that a message is. Raises InvalidEvent, with the path of the field in the message, for what can't be one."""
    events = _CALLS[message.call](message)
    for event in events:
        # The write door checks again, but knows nothing of messages.
        try:
            check(event, now=now)
        except InvalidEvent as error:
            raise in_their_names(error, event, message) from None
    return events


def _identify(message: Message) -> list[Event]:
    traits = dict(message.traits.values or message.context.object("traits").values)
    identifiers = message.identifiers()
    for name in ("email", "phone"):
        value = traits.get(name)
        # Anything else is a trait, and names nobody.
        if isinstance(value, str) and value.strip() and is_one(name, value):
            identifiers.append(IdentifierKey(name, value))
    if not identifiers:
        raise InvalidEvent("userId", "is missing, and so is anonymousId; send one of them")
    return [IdentifyInput(**message.common(), identifiers=tuple(identifiers), traits=_traits(traits) or None)]


#: What the specification calls the traits that customers have as fields, and what the contract calls them.
_RENAMED = {
    "firstName": "givenName", "first_name": "givenName", "lastName": "familyName", "last_name": "familyName",
    "birthday": "birthDate",
}  # fmt: skip


def _traits(given: dict[str, object]) -> dict[str, object]:
    traits = {_RENAMED.get(name, name): value for name, value in given.items()}
    birth_date = traits.get("birthDate")
    if isinstance(birth_date, str):
        traits["birthDate"] = birth_date[:10]
    address = traits.pop("address", None)
    if isinstance(address, dict):
        named = {"street": "line1", "city": "city", "state": "region", "postalCode": "postalCode", "country": "country"}
        lines = {ours: line for theirs, ours in named.items() if (line := _plain(address.get(theirs)))}
        traits.setdefault("addresses", [{"kind": "home", **lines}])
    elif address is not None:
        traits["address"] = address
    elif "address" in given:
        traits.setdefault("addresses", None)
    return traits


def _plain(value: object) -> str | None:
    """A text, or a number as one; None for what is neither."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


def _path(category: object) -> tuple[str, ...]:
    """A category from the widest to the narrowest: a list of texts, or one text with slashes; what is neither is none."""
    given = category if isinstance(category, list) else (_plain(category) or "").split("/")
    return tuple(part.strip() for each in given if (part := _plain(each)) is not None and part.strip())


def _group(message: Message) -> list[Event]:
    group = IdentifierKey("group_id", message.fields.required("groupId", "group_id"))
    found: list[Event] = []
    identifiers = message.identifiers()
    if identifiers:
        found.append(IdentifyInput(**message.common(), identifiers=tuple(identifiers), account=group))
    if message.traits.values or not found:
        traits = dict(message.traits.values) or None
        found.append(IdentifyInput(**message.common("/group" if found else ""), identifiers=(group,), traits=traits))
    return found


def _alias(message: Message) -> list[Event]:
    previous = IdentifierKey("anonymous_id", message.fields.required("previousId", "previous_id"))
    user = IdentifierKey("user_id", message.fields.required("userId", "user_id"))
    return [IdentifyInput(**message.common(), identifiers=(user, previous))]


def _page(message: Message) -> list[Event]:
    return [_touchpoint(message, "page_view" if message.call == "page" else "screen_view")]


def _track(message: Message) -> list[Event]:
    name = message.fields.required("event")
    make = NAMES.get(name.casefold())
    return [_touchpoint(message, name)] if make is None else make(message)


def _touchpoint(message: Message, type: str) -> TouchpointInput:
    found, rest = _apart(message.properties)
    named = None if message.call == "track" else message.fields.text("name", "category")
    if named is not None:
        rest.setdefault("name", named)
    for name, value in rest.items():
        _check_property(name, value)
    return TouchpointInput(
        **message.common(),
        customer=message.customer(),
        channel=_channel_of(message, found.get("channel")),
        type=type,
        campaign=_campaign(message),
        session=found.get("session")
        or message.context.text("sessionId", "session_id")
        or message.context.object("session").text("id"),
        duration_seconds=found.get("duration_seconds"),
        url=found.get("url") or message.context.object("page").text("url"),
        sku=found.get("sku"),
        properties=rest or None,
    )


def _key(given: Fields, name: str) -> str | None:
    value = given.text(name)
    if value is not None:
        check_key(name, value)
    return value


def _text(given: Fields, name: str) -> str | None:
    value = given.text(name)
    if value is not None:
        check_text(name, value)
    return value


def _seconds(given: Fields, name: str) -> int | None:
    value = given.whole(name)
    check_whole(name, value, 0, LONGEST_VISIT)
    return value


#: Fields of a touchpoint, the properties that they may be read from, and how.
_READ: tuple[tuple[str, tuple[str, ...], Callable[[Fields, str], Any]], ...] = (
    ("channel", ("channel",), _key),
    ("session", ("session_id", "sessionId"), _key),
    ("duration_seconds", ("duration_seconds", "durationSeconds", "duration", "time_on_page"), _seconds),
    ("url", ("url",), _text),
    ("sku", ("sku", "product_id", "productId"), _key),
)
#: They say more than the field that is read from them.
_STAYS = frozenset({"durationSeconds", "time_on_page", "product_id", "productId"})


def _apart(given: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of any properties those that are fields of a touchpoint, and the rest: also what has the name of a field, and is none."""
    found: dict[str, Any] = {}
    rest = dict(given.values)
    for field, names, read in _READ:
        for name in names:
            if name not in rest:
                continue
            try:
                value = read(given, name)
            except InvalidEvent:
                continue
            if value is not None:
                found[field] = value
                if name not in _STAYS:
                    del rest[name]
                break
    return found, rest


def _check_property(name: str, value: object) -> None:
    """Raise InvalidEvent, with its own name, for a property that can't be kept."""
    try:
        check_key("", name)
    except InvalidEvent as error:
        raise InvalidEvent("properties", f"the name {name[:40]!r} {error}", code=error.code) from None
    check_json("properties", {name: value})


def _channel(message: Message) -> str:
    """What the message says, or what can be seen of the library that sent it."""
    return _channel_of(message, message.properties.text("channel"))


def _channel_of(message: Message, stated: str | None) -> str:
    stated = stated or message.fields.text("channel")
    if stated is not None:
        return {"browser": "web", "mobile": "app"}.get(stated, stated)
    if message.call == "screen" or message.context.values.get("device"):
        return "app"
    if message.call == "page" or message.context.values.get("page") or message.context.values.get("userAgent"):
        return "web"
    return "server"


def _campaign(message: Message) -> str | None:
    return message.context.object("campaign").text("name", "id")


def _sku(given: Fields) -> str | None:
    return given.text("sku", "product_id", "productId")


def _currency(message: Message) -> str:
    return (message.properties.text("currency") or DEFAULT_CURRENCY).upper()


def _item(given: Fields, currency: str) -> PurchaseItemInput:
    quantity = given.number("quantity")
    price = given.money(currency, "price")
    sku = _sku(given)
    if sku is None:
        raise InvalidEvent(f"{given.path}.sku", "is missing, and so is product_id; send one of them")
    return PurchaseItemInput(
        sku=sku,
        quantity=Decimal(1) if quantity is None else quantity,
        title=given.text("name", "title"),
        category=_path(given.first("category")),
        unit_price=price,
        total=given.money(currency, "total", "line_total"),
    )


def _items(message: Message) -> tuple[PurchaseItemInput, ...]:
    currency = _currency(message)
    return tuple(_item(each, currency) for each in message.properties.objects("products") or [])


def _cart_key(message: Message) -> str:
    """The cart it names; where it names none, that of the customer: most shops have one cart for each."""
    named = message.properties.text("cart_id", "checkout_id")
    return named or next((_own_cart(each) for each in message.identifiers()), "cart")


def _own_cart(identifier: IdentifierKey) -> str:
    return f"cart of {identifier.value}"


def _cart_step(message: Message) -> list[Event]:
    """Product Added and Product Removed."""
    removed = message.fields.required("event").casefold() == "product removed"
    return [
        CartChangeInput(
            **message.common(),
            customer=message.customer(),
            cart=_cart_key(message),
            item=_item(message.properties, _currency(message)),
            removed=removed,
            channel=_channel(message),
        )
    ]


def _cart(message: Message) -> list[Event]:
    """Cart Viewed, Checkout Started and its steps: as the cart stands where its products are told, else how far it came."""
    given = message.properties
    name = message.fields.required("event").casefold()
    step = given.text("step") or ("started" if name == "checkout started" else None)
    about: dict[str, Any] = {
        "customer": message.customer(),
        "cart": _cart_key(message),
        "channel": _channel(message),
        "checkout_step": step,
    }
    if given.values.get("products") is not None:
        total = given.money(_currency(message), "total", "value", "revenue")
        return [CartInput(**message.common(), **about, items=_items(message), total=total)]
    if step is None:
        return [_touchpoint(message, message.fields.required("event"))]
    return [CartChangeInput(**message.common(), **about)]


def _order(message: Message) -> list[Event]:
    """Order Completed. One that names no cart ends the customer's own, by whichever name it went."""
    order = _stated(message)
    order["status"] = order["status"] or "PLACED"
    order["items"] = order["items"] or ()
    return [PurchaseInput(**order), *(_own_carts_ended(message, order["number"]) if order["cart"] is None else ())]


def _order_updated(message: Message) -> list[Event]:
    return [PurchaseChangeInput(**_stated(message))]


def _stated(message: Message) -> dict[str, Any]:
    """What a message says of an order; None for what it doesn't speak of."""
    given = message.properties
    status = given.text("status")
    return {
        **message.common(),
        "customer": message.customer(),
        "number": given.required("order_id", "orderId"),
        "items": None if given.values.get("products") is None else _items(message),
        "channel": _channel(message),
        "status": None if status is None else status.upper(),
        "total": given.money(_currency(message), "total", "revenue", "value"),
        "coupon": given.text("coupon"),
        "cart": given.text("cart_id", "checkout_id"),
        "campaign": _campaign(message),
    }


def _own_carts_ended(message: Message, number: str) -> Iterator[CartEndInput]:
    for each in message.identifiers():
        common, cart = message.common(f"/cart/{each.type}"), _own_cart(each)
        # No cart has a name that is too long to be kept, and for want of room for its end no order may be refused.
        if len(cart) <= KEY_LENGTH and len(common["id"]) <= KEY_LENGTH:
            yield CartEndInput(**common, cart=cart, purchase=number)


def _order_refunded(message: Message) -> list[Event]:
    """With an amount it is a refund, without a currency in that of the order; without an amount all of it was paid back."""
    given = message.properties
    number = given.required("order_id", "orderId")
    named = ("total", "amount", "revenue", "value")
    amount = given.number(*named)
    if amount is None:
        return [PurchaseStatusInput(**message.common(), purchase=number, status="REFUNDED")]
    reason = given.text("reason")
    if given.text("currency") is None:
        return [BareRefundInput(**message.common(), purchase=number, amount=amount, reason=reason)]
    money = given.money(_currency(message), *named)
    assert money is not None
    return [RefundInput(**message.common(), purchase=number, amount=money, reason=reason)]


def _order_cancelled(message: Message) -> list[Event]:
    number = message.properties.required("order_id", "orderId")
    return [PurchaseStatusInput(**message.common(), purchase=number, status="CANCELLED")]


def _review(message: Message) -> list[Event]:
    given = message.properties
    rating = given.whole("rating")
    if rating is None:
        raise InvalidEvent("properties.rating", "is missing")
    return [
        ReviewInput(
            **message.common(),
            customer=message.customer(),
            rating=rating,
            sku=_sku(given),
            purchase=given.text("order_id"),
            title=given.text("review_title", "title"),
            text=given.text("review_body", "text"),
            channel=_channel(message),
        )
    ]


def _mail(status: str) -> Callable[[Message], list[Event]]:
    def make(message: Message) -> list[Event]:
        given = message.properties
        return [
            CommunicationInput(
                **message.common(),
                customer=message.customer(),
                message=given.required("email_id", "message_id", "email_subject"),
                channel="email",
                purpose=given.text("purpose") or "marketing",
                status=status,
                campaign=given.text("campaign_name", "campaign_id") or _campaign(message),
                offer=given.text("offer"),
            )
        ]

    return make


def _invite(message: Message) -> list[Event]:
    """Invite Sent names the friend; Referral Shared gives a code to whoever takes it."""
    given = message.properties
    mail = given.text("invitee_email", "friend_email")
    return [
        InviteInput(
            **message.common(),
            advocate=message.customer(),
            friend=None if mail is None else IdentifierKey("email", mail),
            channel=given.text("share_via") or _channel(message),
            campaign=given.text("campaign") or _campaign(message),
            code=given.text("code", "referral_code"),
        )
    ]


def _accept(message: Message) -> list[Event]:
    code = message.properties.required("code", "referral_code")
    return [AcceptInput(**message.common(), code=code, friend=message.customer())]


def _survey(message: Message) -> list[Event]:
    given = message.properties
    return [
        SurveyResponseInput(
            **message.common(),
            customer=message.customer(),
            survey=given.required("survey", "survey_id", "survey_name"),
            survey_kind=(given.text("kind", "survey_kind") or "CUSTOM").upper(),
            score=given.whole("score"),
            comment=given.text("comment"),
            channel=_channel(message),
        )
    ]


def _case(message: Message) -> list[Event]:
    """Case Opened, Case Answered and Case Closed, each at its own time."""
    given = message.properties
    name = message.fields.required("event").casefold()
    moment = {"case opened": "opened_at", "case answered": "first_response_at", "case closed": "closed_at"}[name]
    moments: dict[str, Any] = {moment: message.at}
    return [
        CaseInput(
            **message.common(),
            customer=message.customer(),
            case=given.required("case_id", "case"),
            subject=given.text("subject"),
            complaint=given.flag("complaint"),
            priority=given.text("priority"),
            channel=_channel(message),
            resolution=given.text("resolution"),
            deflected=given.flag("deflected"),
            **moments,
        )
    ]


_CALLS: dict[str, Callable[[Message], list[Event]]] = {
    "identify": _identify, "track": _track, "page": _page, "screen": _page, "group": _group, "alias": _alias,
}  # fmt: skip

#: Names of tracked events that become more than touchpoints, in small letters.
NAMES: dict[str, Callable[[Message], list[Event]]] = {
    "product added": _cart_step,
    "product removed": _cart_step,
    "cart viewed": _cart,
    "checkout started": _cart,
    "checkout step viewed": _cart,
    "checkout step completed": _cart,
    "order completed": _order,
    "order updated": _order_updated,
    "order refunded": _order_refunded,
    "order cancelled": _order_cancelled,
    "product reviewed": _review,
    "email delivered": _mail("DELIVERED"),
    "email opened": _mail("OPENED"),
    "email link clicked": _mail("CLICKED"),
    "email bounced": _mail("BOUNCED"),
    "email marked as spam": _mail("UNSUBSCRIBED"),
    "unsubscribed": _mail("UNSUBSCRIBED"),
    "email unsubscribed": _mail("UNSUBSCRIBED"),
    "invite sent": _invite,
    "referral shared": _invite,
    "referral accepted": _accept,
    "survey answered": _survey,
    "case opened": _case,
    "case answered": _case,
    "case closed": _case,
}

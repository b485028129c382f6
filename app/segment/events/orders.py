"""Carts, orders, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.segment.events.origin import campaign_of, channel_of
from app.segment.events.visits import touchpoint_of
from app.segment.messages import Fields, Message, plain
from graph.errors import InvalidEvent
from graph.events.inputs import (
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CartInput,
    Event,
    IdentifierKey,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
)
from graph.events.limits import KEY_LENGTH

DEFAULT_CURRENCY = "USD"


def _currency(message: Message) -> str:
    return (message.properties.text("currency") or DEFAULT_CURRENCY).upper()


def _path(category: object) -> tuple[str, ...]:
    """A category from the widest to the narrowest: a list of texts, or one text with slashes; what is neither is none."""
    given = category if isinstance(category, list) else (plain(category) or "").split("/")
    return tuple(part.strip() for each in given if (part := plain(each)) is not None and part.strip())


def _item(given: Fields, currency: str) -> PurchaseItemInput:
    quantity = given.number("quantity")
    price = given.money(currency, "price")
    sku = given.sku()
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


def cart_changed(message: Message) -> list[Event]:
    """Product Added and Product Removed."""
    removed = message.fields.required("event").casefold() == "product removed"
    return [
        CartChangeInput(
            **message.common(),
            customer=message.customer(),
            cart=_cart_key(message),
            item=_item(message.properties, _currency(message)),
            removed=removed,
            channel=channel_of(message),
        )
    ]


def cart_seen(message: Message) -> list[Event]:
    """Cart Viewed, Checkout Started and its steps: as the cart stands where its products are told, else how far it came."""
    given = message.properties
    name = message.fields.required("event").casefold()
    step = given.text("step") or ("started" if name == "checkout started" else None)
    about: dict[str, Any] = {
        "customer": message.customer(),
        "cart": _cart_key(message),
        "channel": channel_of(message),
        "checkout_step": step,
    }
    if given.values.get("products") is not None:
        total = given.money(_currency(message), "total", "value", "revenue")
        return [CartInput(**message.common(), **about, items=_items(message), total=total)]
    if step is None:
        return [touchpoint_of(message, message.fields.required("event"))]
    return [CartChangeInput(**message.common(), **about)]


def order_completed(message: Message) -> list[Event]:
    """Order Completed. One that names no cart ends the customer's own, by whichever name it went."""
    order = _stated(message)
    order["status"] = order["status"] or "PLACED"
    order["items"] = order["items"] or ()
    return [PurchaseInput(**order), *(_own_carts_ended(message, order["number"]) if order["cart"] is None else ())]


def order_updated(message: Message) -> list[Event]:
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
        "channel": channel_of(message),
        "status": None if status is None else status.upper(),
        "total": given.money(_currency(message), "total", "revenue", "value"),
        "coupon": given.text("coupon"),
        "cart": given.text("cart_id", "checkout_id"),
        "campaign": campaign_of(message),
    }


def _own_carts_ended(message: Message, number: str) -> Iterator[CartEndInput]:
    for each in message.identifiers():
        common, cart = message.common(f"/cart/{each.type}"), _own_cart(each)
        # No cart has a name that is too long to be kept, and for want of room for its end no order may be refused.
        if len(cart) <= KEY_LENGTH and len(common["id"]) <= KEY_LENGTH:
            yield CartEndInput(**common, cart=cart, purchase=number)


def order_refunded(message: Message) -> list[Event]:
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


def order_cancelled(message: Message) -> list[Event]:
    number = message.properties.required("order_id", "orderId")
    return [PurchaseStatusInput(**message.common(), purchase=number, status="CANCELLED")]

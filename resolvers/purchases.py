"""Purchases, and the carts they come from."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from strawberry import Parent

from graph import purchases
from resolvers.catalogue import Product, find_product
from resolvers.context import Context, Info
from resolvers.entries import TimelineEntry
from resolvers.fields import about, resolved
from resolvers.money import Money
from resolvers.requirements import needs_any, needs_nothing_more
from resolvers.scopes import OWN, PROFILE


@strawberry.enum(description="How far a purchase has come.")
class PurchaseStatus(Enum):
    PLACED = "PLACED"
    PAID = "PAID"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"


@strawberry.type(description="A status, and when it was reached.", directives=[needs_nothing_more()])
class PurchaseStatusChange:
    purchase_status: PurchaseStatus = strawberry.field(description="The status.")
    at: datetime = strawberry.field(description="When it was reached.")


@strawberry.type(
    description="Line amounts as the source states them: total is authoritative; an unknown price is null, not 0.",
    directives=[needs_nothing_more()],
)
class PurchaseItem:
    quantity: Decimal = strawberry.field(description="How many, or how much.")
    unit_price: Money | None = strawberry.field(description="The price of one.")
    discount: Money | None = strawberry.field(description="What was taken off the line.")
    total: Money | None = strawberry.field(description="The line's amount.")

    @resolved("What was bought.")
    @staticmethod
    def product(item: Parent[purchases.PurchaseItem], info: Info) -> Product:
        found = find_product(info.context, item.sku)
        if found is None:
            raise LookupError(f"no product has the SKU {item.sku}")
        return found


@strawberry.type(description="Something bought: one order, one basket.", directives=[needs_any(PROFILE, OWN)])
class Purchase(TimelineEntry):
    record = purchases.Purchase
    number: str = strawberry.field(description="What the source calls it.")
    purchase_status: PurchaseStatus = strawberry.field(description="How far it has come.")
    status_history: list[PurchaseStatusChange] = strawberry.field(
        description="Each status it reached, the earliest first.", directives=[about(10)]
    )
    total: Money | None = strawberry.field(description="What was paid; null where the source doesn't say.")
    refunded: Money | None = strawberry.field(description="What was paid back of it.")
    items: list[PurchaseItem] = strawberry.field(description="Its lines, in the source's order.", directives=[about(10)])
    coupon: str | None = strawberry.field(description="The coupon it was bought with.")


def find_purchase(context: Context, purchase_id: str | None) -> Any:
    """The purchase with an id, with its owner; None where something else has it."""
    owned = None if purchase_id is None else context.entry(purchase_id)
    return owned if owned is not None and isinstance(owned.entry, purchases.Purchase) else None


@strawberry.type(description="A cart as it last stood.", directives=[needs_nothing_more()])
class Cart:
    id: strawberry.ID = strawberry.field(description="Its id.")
    opened_at: datetime = strawberry.field(description="When it was first seen.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    cart_total: Money | None = strawberry.field(description="What it would cost; null where the source doesn't say.")
    items: list[PurchaseItem] = strawberry.field(description="What is in it.", directives=[about(10)])
    checkout_step: str | None = strawberry.field(description="How far the checkout went.")

    @resolved("When it was left; null while in use, and once bought.")
    @staticmethod
    def abandoned_at(cart: Parent[purchases.Cart], info: Info) -> datetime | None:
        context = info.context
        return abandoned_at(cart, after=context.rules.cart_abandoned_after, now=context.now())

    @resolved("What it became.")
    @staticmethod
    def purchase(cart: Parent[purchases.Cart], info: Info) -> Purchase | None:
        return find_purchase(info.context, cart.became(after=info.context.rules.cart_abandoned_after))


def abandoned_at(cart: purchases.Cart, *, after: timedelta, now: datetime) -> datetime | None:
    """When a cart that wasn't bought had rested for `after`; None while that time hasn't come."""
    left = cart.updated_at + after
    return left if cart.became(after=after) is None and left <= now else None

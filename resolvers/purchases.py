"""Purchases, and the carts they come from."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

import strawberry

from graph import purchases
from resolvers.catalogue import Product
from resolvers.context import Context, Info
from resolvers.entries import TimelineEntry, TimelineKind, common
from resolvers.fields import resolved
from resolvers.money import Money


@strawberry.enum(description="How far a purchase has come.")
class PurchaseStatus(Enum):
    PLACED = "PLACED"
    PAID = "PAID"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"


@strawberry.type(description="A status, and when it was reached.")
class PurchaseStatusChange:
    purchase_status: PurchaseStatus = strawberry.field(description="The status.")
    at: datetime = strawberry.field(description="When it was reached.")

    @classmethod
    def of(cls, record: purchases.StatusChange) -> PurchaseStatusChange:
        return cls(purchase_status=PurchaseStatus(record.purchase_status), at=record.at)


@strawberry.type(description="Line amounts as the source states them: total is authoritative; an unknown price is null, not 0.")
class PurchaseItem:
    sku: strawberry.Private[str]
    quantity: Decimal = strawberry.field(description="How many, or how much.")
    unit_price: Money | None = strawberry.field(description="The price of one.")
    discount: Money | None = strawberry.field(description="What was taken off the line.")
    total: Money | None = strawberry.field(description="The line's amount.")

    @classmethod
    def of(cls, record: purchases.PurchaseItem) -> PurchaseItem:
        return cls(
            sku=record.sku,
            quantity=record.quantity,
            unit_price=Money.maybe(record.unit_price),
            discount=Money.maybe(record.discount),
            total=Money.maybe(record.total),
        )

    @resolved("What was bought.")
    async def product(self, info: Info) -> Product:
        found = await Product.load(info.context, self.sku)
        if found is None:
            raise LookupError(f"no product has the SKU {self.sku}")
        return found


@strawberry.type(description="Something bought: one order, one basket.")
class Purchase(TimelineEntry):
    number: str = strawberry.field(description="What the source calls it.")
    purchase_status: PurchaseStatus = strawberry.field(description="How far it has come.")
    status_history: list[PurchaseStatusChange] = strawberry.field(description="Each status it reached, the earliest first.")
    total: Money | None = strawberry.field(description="What was paid; null where the source doesn't say.")
    refunded: Money | None = strawberry.field(description="What was paid back of it.")
    items: list[PurchaseItem] = strawberry.field(description="Its lines, in the source's order.")
    coupon: str | None = strawberry.field(description="The coupon it was bought with.")

    @classmethod
    def of(cls, record: purchases.Purchase, owner: str) -> Purchase:
        return cls(
            **common(record, owner, TimelineKind.PURCHASE),
            number=record.number,
            purchase_status=PurchaseStatus(record.purchase_status),
            status_history=[PurchaseStatusChange.of(change) for change in record.status_history],
            total=Money.maybe(record.total),
            refunded=Money.maybe(record.refunded),
            items=[PurchaseItem.of(item) for item in record.items],
            coupon=record.coupon,
        )

    @classmethod
    async def load(cls, context: Context, purchase_id: str | None) -> Purchase | None:
        owned = None if purchase_id is None else await context.entries.load(purchase_id)
        if owned is None or not isinstance(owned.entry, purchases.Purchase):
            return None
        return cls.of(owned.entry, owned.customer_id)


@strawberry.type(description="A cart as it last stood.")
class Cart:
    purchase_id: strawberry.Private[str | None]
    id: strawberry.ID = strawberry.field(description="Its id.")
    opened_at: datetime = strawberry.field(description="When it was first seen.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    abandoned_at: datetime | None = strawberry.field(description="When it was left; null while in use, and once bought.")
    cart_total: Money | None = strawberry.field(description="What it would cost; null where the source doesn't say.")
    items: list[PurchaseItem] = strawberry.field(description="What is in it.")
    checkout_step: str | None = strawberry.field(description="How far the checkout went.")

    @classmethod
    def of(cls, record: purchases.Cart, context: Context) -> Cart:
        rules = context.rules
        return cls(
            purchase_id=record.became(after=rules.cart_abandoned_after),
            id=strawberry.ID(record.id),
            opened_at=record.opened_at,
            updated_at=record.updated_at,
            abandoned_at=abandoned_at(record, after=rules.cart_abandoned_after, now=rules.clock()),
            cart_total=Money.maybe(record.cart_total),
            items=[PurchaseItem.of(item) for item in record.items],
            checkout_step=record.checkout_step,
        )

    @resolved("What it became.")
    async def purchase(self, info: Info) -> Purchase | None:
        return await Purchase.load(info.context, self.purchase_id)


def abandoned_at(cart: purchases.Cart, *, after: timedelta, now: datetime) -> datetime | None:
    """When a cart that wasn't bought had rested for `after`; None while that time hasn't come."""
    left = cart.updated_at + after
    return left if cart.became(after=after) is None and left <= now else None

"""Purchases and carts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from graph.money import Money


class PurchaseItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the source states it; an amount that it didn't state is None."""

    sku: str
    quantity: Decimal
    unit_price: Money | None = None
    discount: Money | None = None
    total: Money | None = None


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    purchase_status: str
    at: datetime


class Purchase(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="PURCHASE"):
    """`total` is authoritative; `refunded` is the sum of its refunds, capped at the total."""

    id: str
    at: datetime
    number: str
    source: str
    purchase_status: str
    status_history: tuple[StatusChange, ...] = ()
    total: Money | None = None
    refunded: Money | None = None
    items: tuple[PurchaseItem, ...] = ()
    coupon: str | None = None
    channel: str | None = None
    campaign: str | None = None


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it last stood; `purchase_id` is what it became."""

    id: str
    opened_at: datetime
    updated_at: datetime
    cart_total: Money | None = None
    items: tuple[PurchaseItem, ...] = ()
    checkout_step: str | None = None
    purchase_id: str | None = None

"""Purchases and carts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from operator import attrgetter

import msgspec

from graph.money import Money
from graph.settled import settled
from graph.store import Reader


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


class CartPage(msgspec.Struct, frozen=True, kw_only=True):
    version_before: int
    version_after: int
    carts: tuple[Cart, ...]


async def page_carts(
    reader: Reader, customer_id: str, *, limit: int, low: str | None = None, high: str | None = None
) -> list[Cart]:
    """Up to `limit` carts of a customer between two exclusive bounds, newest first by (opened_at, id).

    Bounds are page keys as graph.timeline.page_key(opened_at, id) writes them.
    """
    page = await settled(
        partial(
            reader.one,
            "purchases/page_carts",
            CartPage,
            customer_id=customer_id,
            low="" if low is None else low,
            high="~" if high is None else high,
            limit=limit,
        )
    )
    return sorted(page.carts, key=attrgetter("opened_at", "id"), reverse=True) if page else []

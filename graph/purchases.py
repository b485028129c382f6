"""Purchases and carts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from operator import attrgetter

import msgspec

from graph.money import Money
from graph.settled import settled
from graph.store import Reader


class PurchaseItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line as the source states it; an amount that it didn't state is None."""

    sku: str
    quantity: Decimal
    unit_price: Money | None = None
    discount: Money | None = None
    total: Money | None = None


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    purchase_status: str
    at: datetime


class Purchase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="PURCHASE"):
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


class CartFollower(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase that names no cart, the first one that its customer made after a cart had last changed; a purchase follows the
    cart that was changed last before it, and no other."""

    id: str
    at: datetime


class Cart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cart as it last stood. `purchase_id`: the purchase that names it; `followed_by`: where none does, what came next."""

    id: str
    opened_at: datetime
    updated_at: datetime
    cart_total: Money | None = None
    items: tuple[PurchaseItem, ...] = ()
    checkout_step: str | None = None
    purchase_id: str | None = None
    followed_by: CartFollower | None = None

    def became(self, *, after: timedelta) -> str | None:
        """The id of the purchase that closed it: one that names it, or one that followed before it had rested for `after`."""
        if self.purchase_id is not None or self.followed_by is None:
            return self.purchase_id
        return self.followed_by.id if self.followed_by.at < self.updated_at + after else None


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

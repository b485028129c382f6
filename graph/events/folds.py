"""What becomes of a thing that several events speak of: its state is a function of the set of them.

Each fold takes all events about one thing and gives its state, or None while the event that makes it is still to come.
Where events disagree the newest by (at, source, id) wins; `customer` is whom the first that can make it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeGuard

from graph.events.inputs import (
    CartChangeInput,
    CartEndInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    CustomerKey,
    Event,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
)
from graph.events.limits import MAX_ITEMS
from graph.money import MAX_MINOR_UNITS, Money

#: What says that money went back, and nothing of whether the purchase stands.
_PAID_BACK = ("REFUNDED", "PARTLY_REFUNDED")


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events from oldest to newest, ties by source and id."""
    return sorted(events, key=lambda event: (event.at, event.source, event.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseState:
    """`at`: of its first statement; `history`: each status with the time it was reached; `sold_by`: the newest statement that
    names a channel."""

    customer: CustomerKey
    at: datetime
    history: tuple[tuple[str, datetime], ...]
    items: tuple[PurchaseItemInput, ...]
    total: Money | None
    refunded: int
    currency: str | None
    coupon: str | None
    sold_by: PurchaseInput | None
    campaign: str | None
    cart: str | None

    @property
    def channel(self) -> str | None:
        return None if self.sold_by is None else self.sold_by.channel

    @property
    def status(self) -> str:
        return self.history[-1][0]

    @property
    def counts(self) -> bool:
        """Whether it is an order, and its total revenue: all purchases but the cancelled are."""
        return self.status != "CANCELLED"


def fold_purchase(events: Sequence[Event]) -> PurchaseState | None:
    """A purchase from its statements, status changes and refunds (shown at most up to its total).

    Refunds count in the purchase's currency only: what others come to in it nobody said.
    """
    ordered = in_order(events)
    stated = [event for event in ordered if isinstance(event, PurchaseInput)]
    if not stated:
        return None
    last = stated[-1]
    total = last.total if last.total is not None else _sum_of_items(last.items)
    currency = _currency(last, total, ordered)
    refunded = sum(event.amount.amount for event in ordered if _is_refund_in(event, currency))
    return PurchaseState(
        customer=stated[0].customer,
        at=stated[0].at,
        history=_history(ordered, total, currency),
        items=last.items,
        total=total,
        refunded=refunded if total is None else min(refunded, total.amount),
        currency=currency,
        coupon=last.coupon,
        sold_by=last if last.channel is not None else None,
        campaign=last.campaign,
        cart=last.cart,
    )


def _currency(last: PurchaseInput, total: Money | None, ordered: Sequence[Event]) -> str | None:
    """That of the total, else of the lines, else of the first refund."""
    if total is not None:
        return total.currency
    amounts = [amount for item in last.items for amount in (item.total, item.unit_price, item.discount) if amount is not None]
    amounts += [event.amount for event in ordered if isinstance(event, RefundInput)]
    return amounts[0].currency if amounts else None


def _is_refund_in(event: Event, currency: str | None) -> TypeGuard[RefundInput]:
    return isinstance(event, RefundInput) and event.amount.currency == currency


def _sum_of_items(items: tuple[PurchaseItemInput, ...]) -> Money | None:
    """None where a line has no total, and where they are in several currencies."""
    totals = [item.total for item in items if item.total is not None]
    if len(totals) < len(items) or len({total.currency for total in totals}) != 1:
        return None
    return Money(sum(total.amount for total in totals), totals[0].currency)


def _history(ordered: Sequence[Event], total: Money | None, currency: str | None) -> tuple[tuple[str, datetime], ...]:
    history: list[tuple[str, datetime]] = []
    refunded = 0
    for event in ordered:
        if isinstance(event, (PurchaseInput, PurchaseStatusInput)):
            status = event.status
        elif _is_refund_in(event, currency):
            refunded += event.amount.amount
            status = "REFUNDED" if total is not None and refunded >= total.amount else "PARTLY_REFUNDED"
        else:
            continue
        # Whoever cancels pays back next: a cancellation stands until somebody says that the purchase goes on.
        if history and (history[-1][0] == status or (history[-1][0] == "CANCELLED" and status in _PAID_BACK)):
            continue
        history.append((status, event.at))
    return tuple(history)


@dataclass(frozen=True, slots=True, kw_only=True)
class CartState:
    """`purchase`: the number of the one that ended it."""

    customer: CustomerKey
    opened_at: datetime
    updated_at: datetime
    items: tuple[PurchaseItemInput, ...]
    total: Money | None
    checkout_step: str | None
    channel: str | None
    purchase: str | None


def fold_cart(events: Sequence[Event]) -> CartState | None:
    """A cart as it last stood, with every step since; without one that says how it stood, all steps from an empty cart.

    Once a purchase has ended it the cart stays as it was, until something is put in: then it is a new one. Of more than
    MAX_ITEMS lines the newest are kept.
    """
    ordered = [event for event in in_order(events) if isinstance(event, (CartInput, CartChangeInput, CartEndInput))]
    state: CartState | None = None
    for event in ordered:
        if isinstance(event, CartEndInput):
            if state is not None and state.purchase is None:
                state = replace(state, purchase=event.purchase)
        elif state is None or (state.purchase is not None and _puts_in(event)):
            state = _opened(event, state)
        elif state.purchase is None:
            state = _stepped(state, event)
    if state is None or state.total is not None:
        return state
    return replace(state, total=_sum_of_items(state.items))


def _puts_in(event: CartInput | CartChangeInput) -> bool:
    # Whoever looks into a cart after the order, or is told of its last step late, has none that is new.
    return bool(event.items) if isinstance(event, CartInput) else event.item is not None and not event.removed


def _opened(event: CartInput | CartChangeInput, before: CartState | None) -> CartState:
    empty = CartState(
        customer=event.customer if before is None else before.customer,
        opened_at=event.at,
        updated_at=event.at,
        items=(),
        total=None,
        checkout_step=None,
        channel=None,
        purchase=None,
    )
    return _stepped(empty, event)


def _stepped(state: CartState, event: CartInput | CartChangeInput) -> CartState:
    if isinstance(event, CartInput):
        items, total, checkout_step, channel = event.items, event.total, event.checkout_step, event.channel
    else:
        items, total = state.items, state.total
        if event.item is not None:
            # Which ones are too many depends on the order of their times, and on nothing else: none can be refused when it comes.
            items, total = _changed(items, event.item, removed=event.removed)[-MAX_ITEMS:], None
        checkout_step = event.checkout_step or state.checkout_step
        channel = event.channel or state.channel
    return replace(state, updated_at=event.at, items=items, total=total, checkout_step=checkout_step, channel=channel)


def _changed(items: tuple[PurchaseItemInput, ...], item: PurchaseItemInput, *, removed: bool) -> tuple[PurchaseItemInput, ...]:
    """The lines after one was put in or taken out; the quantities of one product add up, to nothing at the least."""
    before = next((each for each in items if each.sku == item.sku), None)
    others = tuple(each for each in items if each is not before)
    quantity = (Decimal(0) if before is None else before.quantity) + (-item.quantity if removed else item.quantity)
    if quantity <= 0:
        return others
    stated = item if before is None or not removed else before
    price = stated.unit_price
    total = None if price is None else _times(price, quantity)
    line = replace(stated, quantity=quantity, total=total, discount=None)
    return tuple(line if each is before else each for each in items) if before is not None else (*items, line)


def _times(price: Money, quantity: Decimal) -> Money | None:
    """A price times a quantity, where that is a whole number of minor units."""
    amount = price.amount * quantity
    return Money(int(amount), price.currency) if abs(amount) <= MAX_MINOR_UNITS and amount == int(amount) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    customer: CustomerKey
    at: datetime
    channel: str | None
    subject: str | None
    complaint: bool
    priority: str | None
    first_response_at: datetime | None
    closed_at: datetime | None
    resolution: str | None
    deflected: bool


def fold_case(events: Sequence[Event]) -> CaseState | None:
    """A case: each field as the newest event that states it has it."""
    ordered = [event for event in in_order(events) if isinstance(event, CaseInput)]
    if not ordered:
        return None

    def newest(name: str) -> object:
        return next((value for event in reversed(ordered) if (value := getattr(event, name)) is not None), None)

    return CaseState(
        customer=ordered[0].customer,
        at=newest("opened_at") or ordered[0].at,  # type: ignore[arg-type]
        complaint=bool(newest("complaint")),
        deflected=bool(newest("deflected")),
        **{name: newest(name) for name in ("channel", "subject", "priority", "first_response_at", "closed_at", "resolution")},  # type: ignore[arg-type]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationState:
    customer: CustomerKey
    at: datetime
    status: str
    channel: str
    purpose: str
    campaign: str | None
    offer: str | None
    planned_at: datetime | None
    sent_at: datetime | None


def fold_communication(events: Sequence[Event]) -> CommunicationState | None:
    """A message: its newest status; sent when an event first says so, or says what can only follow."""
    ordered = [event for event in in_order(events) if isinstance(event, CommunicationInput)]
    if not ordered:
        return None
    last = ordered[-1]
    sent_at = next((event.at for event in ordered if event.status == "SENT"), None)
    if sent_at is None:
        sent_at = next((event.at for event in ordered if event.status not in ("PLANNED", "SUPPRESSED", "CANCELLED")), None)

    def newest(name: str) -> object:
        return next((value for event in reversed(ordered) if (value := getattr(event, name)) is not None), None)

    planned_at: datetime | None = newest("planned_at")  # type: ignore[assignment]
    return CommunicationState(
        customer=ordered[0].customer,
        at=sent_at or planned_at or ordered[0].at,
        status=last.status,
        channel=last.channel,
        purpose=last.purpose,
        campaign=newest("campaign"),  # type: ignore[arg-type]
        offer=newest("offer"),  # type: ignore[arg-type]
        planned_at=planned_at,
        sent_at=sent_at,
    )

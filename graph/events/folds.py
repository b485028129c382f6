"""What becomes of a thing that several events speak of: its state is a function of the set of them.

Each fold takes all events about one thing and gives its state, or None while the event that makes it is still to come.
Where events disagree the newest by (at, source, id) wins; `customer` is whom the first that can make it names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from graph.events.inputs import (
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    CustomerKey,
    Event,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
)
from graph.events.limits import MAX_ITEMS
from graph.money import MAX_MINOR_UNITS, Money, exponent

#: What says that money went back, and nothing of whether the purchase stands.
_PAID_BACK = ("REFUNDED", "PARTLY_REFUNDED")

Statement = PurchaseInput | PurchaseChangeInput
Refund = RefundInput | BareRefundInput


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events from oldest to newest, ties by source and id."""
    return sorted(events, key=lambda event: (event.at, event.source, event.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseState:
    """`at`: of its first statement; `history`: each status with the time it was reached; `sold_by`: the newest statement that
    names a channel.

    `refunded`: what was paid back, in minor units, at most its total; `refunded_above`: what came on top; `refunds_elsewhere`:
    what was paid back in other currencies, one sum each.
    """

    customer: CustomerKey
    at: datetime
    history: tuple[tuple[str, datetime], ...]
    items: tuple[PurchaseItemInput, ...]
    total: Money | None
    refunded: int
    refunded_above: int
    refunds_elsewhere: tuple[Money, ...]
    currency: str | None
    coupon: str | None
    sold_by: Statement | None
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
    """A purchase from its statements, each field as the newest that states it has it, its status changes and refunds.

    Refunds count in the purchase's currency only: what others come to in it nobody said. Where it says of itself that it is
    REFUNDED all of it was paid back, however much the refunds come to.
    """
    ordered = in_order(events)
    stated = [event for event in ordered if isinstance(event, Statement)]
    if not stated:
        return None

    def newest(name: str) -> Statement | None:
        return next((event for event in reversed(stated) if getattr(event, name) is not None), None)

    def value(name: str) -> Any:
        return getattr(newest(name), name, None)

    items = value("items") or ()
    total = next((total for event in reversed(stated) if (total := _stated_total(event)) is not None), None)
    currency = _currency(items, total, ordered)
    paid_back = [_amount(event, currency) for event in ordered if isinstance(event, Refund)]
    sums: Counter[str] = Counter()
    for amount in paid_back:
        if amount is not None:
            sums[amount.currency] += amount.amount
    refunded = 0 if currency is None else sums.pop(currency, 0)
    above = 0 if total is None else max(0, refunded - total.amount)
    return PurchaseState(
        customer=stated[0].customer,
        at=stated[0].at,
        history=_history(ordered, total, currency),
        items=items,
        total=total,
        refunded=total.amount if total is not None and _wholly_refunded(ordered) else refunded - above,
        refunded_above=above,
        refunds_elsewhere=tuple(Money(amount, name) for name, amount in sorted(sums.items())),
        currency=currency,
        coupon=value("coupon"),
        sold_by=newest("channel"),
        campaign=value("campaign"),
        cart=value("cart"),
    )


def _stated_total(event: Statement) -> Money | None:
    return event.total if event.total is not None else _sum_of_items(event.items or ())


def _currency(items: tuple[PurchaseItemInput, ...], total: Money | None, ordered: Sequence[Event]) -> str | None:
    """That of the total, else of the lines, else of the first refund that states one."""
    if total is not None:
        return total.currency
    amounts = [amount for item in items for amount in (item.total, item.unit_price, item.discount) if amount is not None]
    amounts += [event.amount for event in ordered if isinstance(event, RefundInput)]
    return amounts[0].currency if amounts else None


def _amount(event: Refund, currency: str | None) -> Money | None:
    """What a refund comes to, where it or its purchase says in which currency."""
    if isinstance(event, RefundInput):
        return event.amount
    if currency is None:
        return None
    return Money(min(round(event.amount.scaleb(exponent(currency))), MAX_MINOR_UNITS), currency)


def _wholly_refunded(ordered: Sequence[Event]) -> bool:
    """Whether the newest status that was stated says so; a cancellation says nothing of money."""
    stated = (_stated_status(event) for event in reversed(ordered))
    return next((status for status in stated if status not in (None, "CANCELLED")), None) == "REFUNDED"


def _stated_status(event: Event) -> str | None:
    return event.status if isinstance(event, Statement | PurchaseStatusInput) else None


def _sum_of_items(items: tuple[PurchaseItemInput, ...]) -> Money | None:
    """None where a line has no total, and where they are in several currencies."""
    totals = [item.total for item in items if item.total is not None]
    if len(totals) < len(items) or len({total.currency for total in totals}) != 1:
        return None
    return Money(sum(total.amount for total in totals), totals[0].currency)


def _history(ordered: Sequence[Event], total: Money | None, currency: str | None) -> tuple[tuple[str, datetime], ...]:
    history: list[tuple[str, datetime]] = []
    refunded, wholly = 0, False
    for event in ordered:
        status = _stated_status(event)
        if status is not None:
            wholly = status == "REFUNDED" or (wholly and status == "CANCELLED")
        elif isinstance(event, Refund):
            amount = _amount(event, currency)
            if amount is None or amount.currency != currency:
                continue
            refunded += amount.amount
            status = "REFUNDED" if wholly or (total is not None and refunded >= total.amount) else "PARTLY_REFUNDED"
        elif isinstance(event, Statement) and not history:
            # Whoever changes a purchase of which nobody told has placed it all the same.
            status = "PLACED"
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

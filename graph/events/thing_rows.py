"""How things are written: their rows for the statements of their kind, and what they add to the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graph.events.facts import Deltas
from graph.events.folds import CartState, CaseState, CommunicationState, PurchaseState, Statement
from graph.events.identities import Identities
from graph.events.inputs import (
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    Event,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
)
from graph.events.kept import Kept, body_of, iso, key
from graph.events.rows import Row, entry_row

#: For each type of event the kind of thing it speaks of, and its field that names the thing.
KIND: dict[type[Any], tuple[str, str]] = {
    PurchaseInput: ("purchase", "number"),
    PurchaseChangeInput: ("purchase", "number"),
    PurchaseStatusInput: ("purchase", "purchase"),
    RefundInput: ("purchase", "purchase"),
    BareRefundInput: ("purchase", "purchase"),
    CartInput: ("cart", "cart"),
    CartChangeInput: ("cart", "cart"),
    CartEndInput: ("cart", "cart"),
    CaseInput: ("case", "case"),
    CommunicationInput: ("communication", "message"),
}

#: The events that can make a thing; they name its customer.
MAKERS = (PurchaseInput, PurchaseChangeInput, CartInput, CartChangeInput, CaseInput, CommunicationInput)


@dataclass(slots=True)
class Thing:
    """One thing of this transaction: what is known of it, and what was added.

    `before`, `customer`: the identifier that it was filed under, and whose that is; `identifier`: what it is filed under now.
    `there`: a node holds its key, be it the thing itself or, before the event that makes it, what stands for it.
    """

    kind: str
    key: str
    added: list[Kept] = field(default_factory=list)
    known: list[Event] = field(default_factory=list)
    id: str | None = None
    identifier: str | None = None
    before: str | None = None
    customer: str | None = None
    there: bool = False

    def filed(self, old: Any, new: Any) -> list[tuple[str, Any, int]]:
        """What counts no more, and what counts now: identifiers with states, and -1 or 1."""
        assert self.identifier is not None
        now = [(self.identifier, new, 1)]
        return now if old is None or self.before is None else [(self.before, old, -1), *now]


def statement_row(thing: Thing, each: Kept) -> Row:
    return {
        "key": each.key,
        "body_hash": each.body_hash,
        "thing_key": thing.key,
        "at": iso(each.event.at),
        "body": body_of(each.event),
    }


def _made(thing: Thing, maker: Kept) -> Row:
    """What a thing keeps of the event that made it; written once."""
    _, name = KIND[type(maker.event)]
    return {
        "identifier": thing.identifier,
        "id": thing.id,
        "thing_key": thing.key,
        "key": maker.key,
        "body_hash": maker.body_hash,
        "body": body_of(maker.event),
        "number": getattr(maker.event, name),
        "source": maker.event.source,
    }


def _on_timeline(thing: Thing, at: datetime) -> Row:
    assert thing.identifier is not None and thing.id is not None
    return entry_row(thing.kind.upper(), thing.identifier, at, thing.id)


def _purchase_row(thing: Thing, state: PurchaseState, maker: Kept) -> Row:
    return (
        _made(thing, maker)
        | _on_timeline(thing, state.at)
        | {
            "channel": state.channel,
            "campaign": state.campaign,
            "coupon": state.coupon,
            "purchase_status": state.status,
            "statuses": [status for status, _ in state.history],
            "status_times": [iso(at) for _, at in state.history],
            "currency": state.currency,
            "total": None if state.total is None else state.total.amount,
            "refunded": state.refunded or None,
            "refunded_above": state.refunded_above or None,
            "refunds_elsewhere": told_elsewhere(state),
            "cart_key": None if state.cart is None else key("cart", maker.event.source, state.cart),
        }
    )


def told_elsewhere(state: PurchaseState) -> list[str]:
    """Refunds in other currencies than the purchase's, as they are kept: minor units and the currency."""
    return [f"{each.amount} {each.currency}" for each in state.refunds_elsewhere]


def item_rows(items: tuple[PurchaseItemInput, ...]) -> list[Row]:
    return [
        {
            "position": position,
            "sku": item.sku,
            "quantity": str(item.quantity),
            "unit_price": None if item.unit_price is None else item.unit_price.amount,
            "discount": None if item.discount is None else item.discount.amount,
            "total": None if item.total is None else item.total.amount,
            "currency": next((m.currency for m in (item.total, item.unit_price, item.discount) if m is not None), None),
        }
        for position, item in enumerate(items)
    ]


def _cart_row(thing: Thing, state: CartState, maker: Kept) -> Row:
    place = entry_row("CART", thing.identifier or "", state.opened_at, thing.id or "")
    return _made(thing, maker) | {
        "opened_at": iso(state.opened_at),
        "updated_at": iso(state.updated_at),
        "order_key": place["timeline_key"],
        "channel": state.channel,
        "checkout_step": state.checkout_step,
        "purchase_key": None if state.purchase is None else key("purchase", maker.event.source, state.purchase),
        "currency": None if state.total is None else state.total.currency,
        "total": None if state.total is None else state.total.amount,
    }


def _case_row(thing: Thing, state: CaseState, maker: Kept) -> Row:
    return (
        _made(thing, maker)
        | _on_timeline(thing, state.at)
        | {
            "channel": state.channel,
            "subject": state.subject,
            "complaint": state.complaint,
            "priority": state.priority,
            "first_response_at": iso(state.first_response_at),
            "closed_at": iso(state.closed_at),
            "resolution": state.resolution,
            "deflected": state.deflected,
        }
    )


def _communication_row(thing: Thing, state: CommunicationState, maker: Kept) -> Row:
    return (
        _made(thing, maker)
        | _on_timeline(thing, state.at)
        | {
            "channel": state.channel,
            "communication_status": state.status,
            "purpose": state.purpose,
            "campaign": state.campaign,
            "offer": state.offer,
            "planned_at": iso(state.planned_at),
            "sent_at": iso(state.sent_at),
        }
    )


def _count_purchase(thing: Thing, old: PurchaseState | None, new: PurchaseState, identities: Identities, deltas: Deltas) -> None:
    _count_seen(thing, identities, deltas, seen=True)
    for identifier, state, sign in thing.filed(old, new):
        deltas.count(identifier, "purchases", None, by=sign)
        deltas.count(identifier, "orders", None, by=sign * int(state.counts))
        if state.counts and state.total is not None:
            deltas.pay(identifier, state.total.currency, revenue=sign * state.total.amount, refunds=sign * state.refunded)
        deltas.purchase_times.add(identifier)
        if state.sold_by is not None:
            _count_channel(state.sold_by, identities, deltas, by=sign)
    for event in (each.event for each in thing.added):
        if isinstance(event, Statement):
            _count_channel(event, identities, deltas, by=0)


def _count_channel(event: Statement, identities: Identities, deltas: Deltas, *, by: int) -> None:
    # Under the identifier that the statement itself names, at its own time: what was widened is never narrowed, while what the
    # purchase is filed under, and when, can change with the next statement to arrive.
    if event.channel is not None:
        identifier = identities.named(event.customer).id
        deltas.count(identifier, None, None)
        deltas.use(identifier, event.channel, event.at, purchases=by)


def _count_seen(thing: Thing, identities: Identities, deltas: Deltas, *, seen: bool) -> None:
    """Whoever an event names was there, whatever the thing is filed under; deliveries and refunds name nobody."""
    for event in (each.event for each in thing.added):
        if isinstance(event, MAKERS):
            deltas.count(identities.named(event.customer).id, None, event.at, seen=seen)


def _count_other(what: str) -> Callable[[Thing, Any, Any, Identities, Deltas], None]:
    def count(thing: Thing, old: Any, new: Any, identities: Identities, deltas: Deltas) -> None:
        # What was sent to customers says nothing of when they were last seen.
        _count_seen(thing, identities, deltas, seen=what != "communications")
        for identifier, _, sign in thing.filed(old, new):
            deltas.count(identifier, what, None, by=sign)

    return count


ROWS: dict[str, Callable[[Thing, Any, Kept], Row]] = {
    "purchase": _purchase_row,
    "cart": _cart_row,
    "case": _case_row,
    "communication": _communication_row,
}
COUNTS: dict[str, Callable[[Thing, Any, Any, Identities, Deltas], None]] = {
    "purchase": _count_purchase,
    "cart": _count_other("carts"),
    "case": _count_other("cases"),
    "communication": _count_other("communications"),
}

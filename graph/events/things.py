"""Events about things that other events speak of too: purchases, carts, cases and messages.

A thing keeps the event that made it, and every later event as a statement about it; its state is a fold of them all. What
comes before the event that makes its thing is parked as a statement, and takes effect with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graph import ids
from graph.events.facts import Deltas
from graph.events.folds import (
    CartState,
    CaseState,
    CommunicationState,
    PurchaseState,
    fold_cart,
    fold_case,
    fold_communication,
    fold_purchase,
    in_order,
)
from graph.events.identities import Identities
from graph.events.inputs import (
    CartInput,
    CaseInput,
    CommunicationInput,
    Event,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
)
from graph.events.kept import Kept, body_of, event_of, iso, key
from graph.events.rows import Row, entry_row
from graph.store import Transaction

State = PurchaseState | CartState | CaseState | CommunicationState

_KIND: dict[type[Any], tuple[str, str]] = {
    PurchaseInput: ("purchase", "number"),
    PurchaseStatusInput: ("purchase", "purchase"),
    RefundInput: ("purchase", "purchase"),
    CartInput: ("cart", "cart"),
    CaseInput: ("case", "case"),
    CommunicationInput: ("communication", "message"),
}
_MAKERS = (PurchaseInput, CartInput, CaseInput, CommunicationInput)


@dataclass(slots=True)
class Thing:
    """One thing of this transaction: what is known of it (`id`, `identifier`, `known`), and what was added (`added`)."""

    kind: str
    key: str
    added: list[Kept] = field(default_factory=list)
    known: list[Event] = field(default_factory=list)
    id: str | None = None
    identifier: str | None = None
    customer: str | None = None


def is_about_a_thing(event: Event) -> bool:
    return type(event) in _KIND


async def find_things(transaction: Transaction, kept: Sequence[Kept]) -> dict[str, Thing]:
    """The things that these events speak of, with all that was said of them before."""
    things: dict[str, Thing] = {}
    for each in kept:
        kind, name = _KIND[type(each.event)]
        thing_key = key(kind, each.event.source, getattr(each.event, name))
        thing = things.get(thing_key)
        if thing is None:
            thing = things[thing_key] = Thing(kind, thing_key)
        thing.added.append(each)
    if things:
        for row in (await transaction.run("events/find_things", keys=sorted(things)))[0]:
            thing = things[row["key"]]
            thing.known = [event_of(body) for body in (row["body"], *row["statements"]) if body is not None]
            thing.id, thing.identifier, thing.customer = row["id"], row["identifier"], row["customer"]
    return things


@dataclass(slots=True)
class ThingRows:
    """What is to be written of the things of one transaction: those that are new, and those that change."""

    new: dict[str, list[Row]] = field(default_factory=dict)
    changed: dict[str, list[Row]] = field(default_factory=dict)
    items: list[Row] = field(default_factory=list)
    old_items: list[str] = field(default_factory=list)
    statements: list[Row] = field(default_factory=list)
    unparked: list[str] = field(default_factory=list)
    carts: set[str] = field(default_factory=set)

    async def record(self, transaction: Transaction) -> None:
        """Write them; products and campaigns are there already."""
        for kind, (name, change) in _STATEMENTS.items():
            if self.new.get(kind):
                await transaction.run(name, rows=self.new[kind])
            if self.changed.get(kind):
                await transaction.run(change, rows=self.changed[kind])
        if self.old_items:
            await transaction.run("purchases/forget_items", keys=self.old_items)
        if self.items:
            await transaction.run("purchases/record_items", rows=self.items)
        if self.statements:
            await transaction.run("events/record_statements", rows=self.statements)
        if self.unparked:
            await transaction.run("events/record_parked_links", keys=self.unparked)
        if self.carts:
            await transaction.run("purchases/record_closed_carts", cart_keys=sorted(self.carts))


def rows_of(things: dict[str, Thing], identities: Identities, deltas: Deltas) -> ThingRows:
    """Fold each thing, and say what changes."""
    result = ThingRows()
    for thing in things.values():
        _add(thing, identities, deltas, result)
    return result


def _add(thing: Thing, identities: Identities, deltas: Deltas, result: ThingRows) -> None:
    fold = _FOLDS[thing.kind]
    # While the event that makes it is still to come a thing has no state, however much was said of it.
    old: Any = fold(thing.known)
    state: Any = fold([*thing.known, *(each.event for each in thing.added)])
    statements = list(thing.added)
    if state is not None:
        new = thing.id is None
        maker = _make(thing, identities, result) if new else thing.added[0]
        if new:
            statements.remove(maker)
        (result.new if new else result.changed).setdefault(thing.kind, []).append(_ROWS[thing.kind](thing, state, maker))
        _items(thing, old, state, result)
        _COUNTS[thing.kind](thing, old, state, deltas)
        _closes(thing, state, maker, result)
    result.statements.extend(_statement(thing, each) for each in statements)


def _make(thing: Thing, identities: Identities, result: ThingRows) -> Kept:
    """Give a new thing its id and its place; returns the event that makes it."""
    maker = _first_maker(thing.added)
    thing.identifier = identities.named(maker.event.customer).id  # type: ignore[union-attr]
    thing.id = ids.derive(thing.kind, maker.event.at, thing.key)
    if thing.known:
        result.unparked.append(thing.key)
    return maker


def _items(thing: Thing, old: Any, state: Any, result: ThingRows) -> None:
    items = getattr(state, "items", ())
    before = getattr(old, "items", ())
    if items == before:
        return
    if before:
        result.old_items.append(thing.key)
    result.items.append({"thing_key": thing.key, "items": _item_rows(items)})


def _first_maker(added: list[Kept]) -> Kept:
    makers = {id(each.event): each for each in added if isinstance(each.event, _MAKERS)}
    return makers[id(in_order(each.event for each in makers.values())[0])]


def _closes(thing: Thing, state: Any, maker: Kept, result: ThingRows) -> None:
    if thing.kind == "cart":
        result.carts.add(thing.key)
    elif thing.kind == "purchase" and state.cart is not None:
        result.carts.add(key("cart", maker.event.source, state.cart))


def _statement(thing: Thing, each: Kept) -> Row:
    return {
        "key": each.key,
        "body_hash": each.body_hash,
        "thing_key": thing.key,
        "at": iso(each.event.at),
        "body": body_of(each.event),
    }


def _made(thing: Thing, maker: Kept) -> Row:
    """What a thing keeps of the event that made it; written once."""
    _, name = _KIND[type(maker.event)]
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
            "cart_key": None if state.cart is None else key("cart", maker.event.source, state.cart),
        }
    )


def _item_rows(items: tuple[PurchaseItemInput, ...]) -> list[Row]:
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


def _count_purchase(thing: Thing, old: PurchaseState | None, new: PurchaseState, deltas: Deltas) -> None:
    assert thing.identifier is not None
    identifier = thing.identifier
    for each in thing.added:
        # Deliveries and refunds are the shop's doing; only who states a purchase was there.
        deltas.count(identifier, None, each.event.at, seen=isinstance(each.event, PurchaseInput))
    deltas.count(identifier, "purchases", new.at, by=1 if old is None else 0)
    deltas.count(identifier, "orders", new.at, by=int(new.counts) - int(old is not None and old.counts))
    _count_channels(thing, identifier, old, new, deltas)
    for state, sign in ((old, -1), (new, 1)):
        if state is not None and state.counts and state.total is not None:
            deltas.pay(identifier, state.total.currency, revenue=sign * state.total.amount, refunds=sign * state.refunded)
    deltas.purchase_times.add(identifier)


def _count_channels(thing: Thing, identifier: str, old: PurchaseState | None, new: PurchaseState, deltas: Deltas) -> None:
    for event in (each.event for each in thing.added):
        if isinstance(event, PurchaseInput) and event.channel is not None:
            deltas.use(identifier, event.channel, event.at, purchases=0)
    if old is not None and old.channel is not None:
        deltas.use(identifier, old.channel, old.at, purchases=-1)
    if new.channel is not None:
        deltas.use(identifier, new.channel, new.at, purchases=1)


def _count_other(what: str) -> Callable[[Thing, Any, Any, Deltas], None]:
    def count(thing: Thing, old: Any, new: Any, deltas: Deltas) -> None:
        assert thing.identifier is not None
        for each in thing.added:
            # What was sent to customers says nothing of when they were last seen.
            deltas.count(thing.identifier, None, each.event.at, seen=what != "communications")
        deltas.count(thing.identifier, what, thing.added[0].event.at, by=0 if old is not None else 1, seen=False)

    return count


_FOLDS: dict[str, Callable[[Sequence[Event]], State | None]] = {
    "purchase": fold_purchase,
    "cart": fold_cart,
    "case": fold_case,
    "communication": fold_communication,
}
_ROWS: dict[str, Callable[[Thing, Any, Kept], Row]] = {
    "purchase": _purchase_row,
    "cart": _cart_row,
    "case": _case_row,
    "communication": _communication_row,
}
_COUNTS: dict[str, Callable[[Thing, Any, Any, Deltas], None]] = {
    "purchase": _count_purchase,
    "cart": _count_other("carts"),
    "case": _count_other("cases"),
    "communication": _count_other("communications"),
}
_STATEMENTS = {
    "purchase": ("purchases/record_purchases", "purchases/record_purchase_changes"),
    "cart": ("purchases/record_carts", "purchases/record_cart_changes"),
    "case": ("feedback/record_cases", "feedback/record_case_changes"),
    "communication": ("communications/record_communications", "communications/record_communication_changes"),
}

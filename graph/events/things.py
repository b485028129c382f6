"""Events about things that other events speak of too: purchases, carts, cases and messages.

A thing keeps the event that made it, and every later event as a statement about it; its state is a fold of them all. What
comes before the event that makes its thing is parked as a statement, and takes effect with it.

A thing is filed under the identifier that the first of the events which can make it names, by (at, source, id). Where a late
one turns out to be the first the thing is filed anew, with all that it counts for, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
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
from graph.events.inputs import Event
from graph.events.kept import Kept, event_of, iso, key, mentioned
from graph.events.resolving import look_up
from graph.events.rows import Row
from graph.events.thing_rows import COUNTS, KIND, MAKERS, ROWS, Thing, item_rows, statement_row
from graph.store import Transaction

Write = tuple[str, dict[str, Any]]
"""A statement and its parameters."""

State = PurchaseState | CartState | CaseState | CommunicationState


def is_about_a_thing(event: Event) -> bool:
    return type(event) in KIND


@dataclass(slots=True)
class Found:
    """What events speak of: things by key; the keys of those that are only mentioned; and the rows that told of both."""

    things: dict[str, Thing]
    mentioned: set[str]
    rows: list[Row]


async def find_things(transaction: Transaction, kept: Sequence[Kept]) -> Found:
    """The things that these events speak of or mention, with all that was said of them before."""
    things: dict[str, Thing] = {}
    for each in kept:
        if not is_about_a_thing(each.event):
            continue
        kind, name = KIND[type(each.event)]
        thing_key = key(kind, each.event.source, getattr(each.event, name))
        thing = things.get(thing_key)
        if thing is None:
            thing = things[thing_key] = Thing(kind, thing_key)
        thing.added.append(each)
    beside = {named for each in kept if (named := mentioned(each.event)) is not None}
    rows = await _find(transaction, things.keys() | beside)
    for row in rows:
        thing = things.get(row["key"])
        if thing is not None:
            thing.known = [event_of(body) for body in (row["body"], *row["statements"]) if body is not None]
            thing.id, thing.there = row["id"], row["there"]
            thing.identifier, thing.before, thing.customer = row["identifier"], row["identifier"], row["customer"]
    # A purchase may have named another cart before.
    bought = [thing for thing in things.values() if thing.kind == "purchase"]
    before = {named for thing in bought for event in thing.known if (named := mentioned(event)) is not None}
    rows += await _find(transaction, before - beside - things.keys())
    return Found(things, beside | before, rows)


async def look_up_customers(transaction: Transaction, found: Found, identities: Identities) -> None:
    """Find whom earlier events name: what they count for can change with what comes now."""
    await look_up(transaction, identities, (event for thing in found.things.values() for event in thing.known))


async def _find(transaction: Transaction, keys: Set[str]) -> list[Row]:
    rows: list[Row] = (await transaction.run("events/find_things", keys=sorted(keys)))[0] if keys else []
    return rows


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
    awaited: list[str] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    refiled: list[Row] = field(default_factory=list)
    awaited_purchases: list[str] = field(default_factory=list)
    #: Purchases that change: whose each is, or was, with its id and its time.
    bought: list[tuple[str, str, str]] = field(default_factory=list)

    def writes(self) -> Iterator[Write]:
        """The statements that write them, in their order."""
        if self.awaited:
            yield "events/record_awaited", {"keys": self.awaited}
        if self.arrived:
            yield "events/forget_awaited", {"keys": self.arrived}
        if self.refiled:
            yield "events/record_refiled", {"rows": self.refiled}
        for kind, (name, change) in _STATEMENTS.items():
            if self.new.get(kind):
                yield name, {"rows": self.new[kind]}
            if self.changed.get(kind):
                yield change, {"rows": self.changed[kind]}
        if self.old_items:
            yield "purchases/forget_items", {"keys": self.old_items}
        if self.items:
            yield "purchases/record_items", {"rows": self.items}
        if self.statements:
            yield "events/record_statements", {"rows": self.statements}
        if self.unparked:
            yield "events/record_parked_links", {"keys": self.unparked}


async def settle(transaction: Transaction, rows: ThingRows) -> set[str]:
    """Tie carts to the purchases that name them, once both are written; returns the customers, whoever made the purchases, that
    own carts so changed, or wrote reviews of purchases that have come now, or own carts that these ended."""
    owners: set[str] = set()
    if rows.carts:
        owners.update((await transaction.run("purchases/record_closed_carts", cart_keys=sorted(rows.carts)))[0])
    if rows.awaited_purchases:
        owners.update((await transaction.run("feedback/find_reviewers", purchase_keys=rows.awaited_purchases))[0])
        owners.update((await transaction.run("purchases/find_cart_owners", purchase_keys=rows.awaited_purchases))[0])
    return owners


def rows_of(found: Found, identities: Identities, deltas: Deltas) -> ThingRows:
    """Fold each thing, and say what changes."""
    result = ThingRows()
    for thing in found.things.values():
        _add(thing, identities, deltas, result)
    # What is mentioned can be held by whoever makes it: no two transactions miss each other.
    result.awaited += sorted(found.mentioned - found.things.keys() - {row["key"] for row in found.rows})
    return result


def _add(thing: Thing, identities: Identities, deltas: Deltas, result: ThingRows) -> None:
    fold = _FOLDS[thing.kind]
    # While the event that makes it is still to come a thing has no state, however much was said of it.
    old: Any = fold(thing.known)
    state: Any = fold([*thing.known, *(each.event for each in thing.added)])
    statements = list(thing.added)
    if state is None and not thing.there:
        result.awaited.append(thing.key)
    if state is not None:
        new = thing.id is None
        if new and thing.there:
            result.arrived.append(thing.key)
            if thing.kind == "purchase":
                result.awaited_purchases.append(thing.key)
        thing.identifier = identities.named(state.customer).id
        maker = _make(thing, result) if new else thing.added[0]
        if new:
            statements.remove(maker)
        elif thing.identifier != thing.before:
            result.refiled.append({"thing_key": thing.key, "identifier": thing.identifier})
        (result.new if new else result.changed).setdefault(thing.kind, []).append(ROWS[thing.kind](thing, state, maker))
        _items(thing, old, state, result)
        COUNTS[thing.kind](thing, old, state, identities, deltas)
        if thing.kind == "purchase":
            assert thing.id is not None
            owner = identities.owner(identities.named(state.customer))
            before = () if thing.customer is None else identities.parts(thing.customer)
            result.bought.extend((each, thing.id, iso(state.at)) for each in {owner, *before})
        _closes(thing, result)
    result.statements.extend(statement_row(thing, each) for each in statements)


def _make(thing: Thing, result: ThingRows) -> Kept:
    """Give a new thing its id; returns the event that makes it."""
    thing.id = ids.name(thing.kind, thing.key)
    if thing.known:
        result.unparked.append(thing.key)
    return _first_maker(thing.added)


def _items(thing: Thing, old: Any, state: Any, result: ThingRows) -> None:
    items = getattr(state, "items", ())
    before = getattr(old, "items", ())
    if items == before:
        return
    if before:
        result.old_items.append(thing.key)
    result.items.append({"thing_key": thing.key, "items": item_rows(items)})


def _first_maker(added: list[Kept]) -> Kept:
    makers = {id(each.event): each for each in added if isinstance(each.event, MAKERS)}
    return makers[id(in_order(each.event for each in makers.values())[0])]


def _closes(thing: Thing, result: ThingRows) -> None:
    if thing.kind == "cart":
        result.carts.add(thing.key)
    elif thing.kind == "purchase":
        events = (*thing.known, *(each.event for each in thing.added))
        result.carts.update(named for event in events if (named := mentioned(event)) is not None)


_FOLDS: dict[str, Callable[[Sequence[Event]], State | None]] = {
    "purchase": fold_purchase,
    "cart": fold_cart,
    "case": fold_case,
    "communication": fold_communication,
}
_STATEMENTS = {
    "purchase": ("purchases/record_purchases", "purchases/record_purchase_changes"),
    "cart": ("purchases/record_carts", "purchases/record_cart_changes"),
    "case": ("feedback/record_cases", "feedback/record_case_changes"),
    "communication": ("communications/record_communications", "communications/record_communication_changes"),
}

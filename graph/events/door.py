"""One call, one transaction: check, find what is known, lock, write, and leave word of what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graph import forest
from graph.errors import InvalidEvent
from graph.events import referring, things
from graph.events.check import check
from graph.events.facts import Deltas
from graph.events.identities import Identities, merge, record_new, resolve
from graph.events.inputs import AcceptInput, Event, InviteInput
from graph.events.kept import Kept
from graph.events.locks import Ground, hold
from graph.events.named import record_named
from graph.events.observed import record_traits
from graph.events.rows import SINGLE
from graph.events.thing_rows import Thing
from graph.store import Store, Transaction

#: More would make the transaction outgrow the memory the server grants it.
MAX_EVENTS = 5_000
#: Events checked between two chances for everything else to go on: a few milliseconds.
SLICE = 250


#: Statements that tie what happened to the catalogue, and those that need them done. They come last, with all that is written
#: of the catalogue itself: what all customers share is held until the commit, and others wait for it.
_ON_SHARED_GROUND = frozenset(
    {
        "communications/record_communications",
        "communications/record_communication_changes",
        "events/record_parked_links",
        "events/record_statements",
        "feedback/record_reviews",
        "purchases/forget_items",
        "purchases/record_items",
    }
)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the event at `index` of the call was not kept; `code` is a UserErrorCode of the contract."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the events of one call; `touched` maps each customer that changed to its version now."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    touched: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Checked:
    """Events that can be kept, once each; how many were repeats among them, and what was refused."""

    kept: tuple[Kept, ...]
    duplicates: int
    rejected: tuple[Rejection, ...]


async def record(
    store: Store, events: Sequence[Event], *, weights: Mapping[str, float] | None = None, now: datetime | None = None
) -> Outcome:
    """Keep each event whole, or refuse it with its index and reason; when this returns, what was accepted is committed.

    At most MAX_EVENTS a call. An event sent again changes nothing; another body under the same (source, id) is a CONFLICT.
    `weights`: units of the reporting currency for one minor unit of each currency; they only order customers by revenue.
    Raises StoreUnavailable when Neo4j can't be reached: then nothing, or all of it, was kept, and it can be sent again.
    """
    checked = await _check_all(events, now=now)
    if not checked.kept:
        return Outcome(0, checked.duplicates, checked.rejected, {})

    async def work(transaction: Transaction) -> Outcome:
        return await _write(transaction, checked, dict(weights or {}))

    return await store.write(work)


async def _check_all(events: Sequence[Event], *, now: datetime | None) -> _Checked:
    """The half that needs no graph. Others go on between its slices."""
    if len(events) > MAX_EVENTS:
        raise InvalidEvent("events", f"holds {len(events)}; at most {MAX_EVENTS} go into one call", code="TOO_LARGE")
    now = now or datetime.now(UTC)
    rejected: list[Rejection] = []
    kept: dict[str, Kept] = {}
    duplicates = 0
    for index, event in enumerate(events):
        if index % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        try:
            check(event, now=now)
        except InvalidEvent as error:
            rejected.append(Rejection(index, error.code, str(error)))
            continue
        each = Kept.of(index, event)
        first = kept.setdefault(each.key, each)
        if first is not each:
            if first.body_hash == each.body_hash:
                duplicates += 1
            else:
                rejected.append(_conflict(each))
    return _Checked(tuple(kept.values()), duplicates, tuple(rejected))


def _conflict(each: Kept) -> Rejection:
    event = each.event
    message = f"another event was kept under source {event.source!r} and id {event.id!r}; send this one under an id of its own"
    return Rejection(each.index, "CONFLICT", message)


async def _write(transaction: Transaction, checked: _Checked, weights: dict[str, float]) -> Outcome:
    rejected, duplicates = list(checked.rejected), checked.duplicates
    known = dict((await transaction.run("events/find_events", keys=[each.key for each in checked.kept]))[0])
    fresh = []
    for each in checked.kept:
        body_hash = known.get(each.key)
        if body_hash is None:
            fresh.append(each)
        elif body_hash == each.body_hash:
            duplicates += 1
        else:
            rejected.append(_conflict(each))
    accepted = 0
    touched: dict[str, int] = {}
    if fresh:
        accepted, touched = await _keep(transaction, fresh, rejected, weights)
    return Outcome(accepted, duplicates, tuple(sorted(rejected, key=lambda each: each.index)), touched)


async def _keep(
    transaction: Transaction, fresh: list[Kept], rejected: list[Rejection], weights: dict[str, float]
) -> tuple[int, dict[str, int]]:
    """Write events that were never kept before; returns how many, and the customers they touched with their versions."""
    codes, code_rows = await referring.find_codes(
        transaction, [each for each in fresh if isinstance(each.event, (InviteInput, AcceptInput))]
    )
    waiting = [Kept.of(-1, event) for entry in codes.values() for event in entry["parked"]]
    identities, unknown = await resolve(transaction, fresh + waiting)
    rejected.extend(Rejection(each.index, error.code, str(error)) for each, error in unknown)
    refused = {each.key for each, _ in unknown}
    fresh = [each for each in fresh if each.key not in refused]
    found, thing_rows = await things.find_things(transaction, [each for each in fresh if things.is_about_a_thing(each.event)])
    changes = _changes(fresh, identities, found, codes)
    before = identities.owners_before() | changes.customers
    versions = await hold(transaction, identities, _ground(identities, changes, before, thing_rows, code_rows))
    versions |= await record_new(transaction, identities, before, changes.deltas)
    writes = [*((name, {"rows": rows}) for name, rows in sorted(changes.singles.items())), *changes.things.writes()]
    for name, parameters in writes:
        if name not in _ON_SHARED_GROUND:
            await transaction.run(name, **parameters)
    await changes.referrals.record(transaction)
    merged, moved = await merge(transaction, identities)
    versions |= merged
    concerned = {identities.root(friend) for friend in changes.referrals.friends | moved | merged.keys()}
    restated = await forest.settle(transaction, concerned) if concerned else set()
    await changes.deltas.record(transaction, changes.owners, weights, also=set(merged))
    await record_traits(transaction, fresh, identities, also=set(merged))
    products = await record_named(transaction, fresh)
    for name, parameters in writes:
        if name in _ON_SHARED_GROUND:
            await transaction.run(name, **parameters)
    if changes.deltas.uses:
        await transaction.run("events/record_uses", rows=changes.deltas.use_rows())
    await products.record(transaction, changes.deltas.ratings)
    return len(fresh), await _publish(transaction, versions, restated)


def _ground(
    identities: Identities, changes: _Changes, before: set[str], thing_rows: list[dict[str, Any]], code_rows: list[dict[str, Any]]
) -> Ground:
    touched = {changes.owners[identifier] for identifier in changes.deltas.identifiers} | identities.born_now()
    absorbed = identities.absorbed()
    rooted = changes.referrals.friends | {changes.owners[advocate] for advocate in changes.referrals.advocates}
    return Ground(
        touched={customer for customer in before if identities.root(customer) in touched},
        rooted=rooted | set(absorbed) | {identities.root(customer) for customer in absorbed},
        things=thing_rows,
        codes=code_rows,
    )


@dataclass(slots=True)
class _Changes:
    """What is to be written: rows, deltas, and whose the identifiers are that these speak of."""

    singles: dict[str, list[dict[str, Any]]]
    things: things.ThingRows
    referrals: referring.Referrals
    deltas: Deltas
    owners: dict[str, str]
    customers: set[str]


def _changes(fresh: list[Kept], identities: Identities, found: dict[str, Thing], codes: dict[str, dict[str, Any]]) -> _Changes:
    deltas = Deltas()
    singles: dict[str, list[dict[str, Any]]] = {}
    for each in fresh:
        single = SINGLE.get(type(each.event))
        if single is not None:
            singles.setdefault(single[0], []).append(single[1](each, identities, deltas))
    thing_rows = things.rows_of(found, identities, deltas)
    referrals = referring.rows_of(
        [each for each in fresh if isinstance(each.event, (InviteInput, AcceptInput))], codes, identities, deltas
    )
    # Identifiers that no event names: those of purchases that a status changes, of advocates whose code a friend used.
    elsewhere = {thing.identifier: thing.customer for thing in found.values() if thing.customer is not None}
    elsewhere |= {row["advocate"]: row["customer"] for entry in codes.values() for row in entry["referrals"] if row["customer"]}
    owners = {identifier: identities.root(customer) for identifier, customer in elsewhere.items() if identifier and customer}
    owners |= {known.id: identities.owner(known) for known in identities.everyone()}
    return _Changes(singles, thing_rows, referrals, deltas, owners, {customer for customer in elsewhere.values() if customer})


async def _publish(transaction: Transaction, versions: dict[str, int], restated: set[str]) -> dict[str, int]:
    """Leave word in the outbox of every customer that changed, and return their versions."""
    late = sorted(restated - versions.keys())
    if late:
        versions |= dict((await transaction.run("customers/lock_customers", rows=[[id, 1] for id in late]))[0])
    await transaction.run("outbox/record_outbox", rows=[list(row) for row in sorted(versions.items())])
    return versions

"""Writing events that were never kept before: find what is known, lock, write, and leave word of what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph import outbox
from graph.answers import Request
from graph.errors import InvalidEvent
from graph.events import referring, things
from graph.events.belonging import hand_over, record_new
from graph.events.facts import Deltas
from graph.events.identities import Identities
from graph.events.inputs import REFERRING, ReferralReviewInput, UndoMergeInput
from graph.events.kept import Kept
from graph.events.locks import Ground, find_friends, hold, with_awaiting
from graph.events.merging import Undoable, load_undoable
from graph.events.named import record_named
from graph.events.observed import record_traits
from graph.events.resolving import resolve
from graph.events.rows import SINGLE
from graph.events.who import named_in
from graph.identity.rules import IdentityRules
from graph.referrals import Rule
from graph.referrals.settling import settle
from graph.store import Transaction

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


async def keep(
    transaction: Transaction,
    fresh: list[Kept],
    weights: dict[str, float],
    rule: Rule,
    identity_rules: IdentityRules,
    receipt: Request | None,
) -> tuple[dict[str, InvalidEvent], dict[str, int], dict[str, set[str]]]:
    """Write events that were never kept before; returns the errors of those refused by their keys, the versions of the
    customers touched, and whom each event is about."""
    referred = await referring.find(transaction, [each for each in fresh if isinstance(each.event, REFERRING)])
    merges = await load_undoable(transaction, fresh)
    identities, unknown = await resolve(transaction, fresh + referred.parked(), identity_rules, merges)
    refused = {each.key: error for each, error in unknown} | referring.refused(fresh, referred)
    fresh = [each for each in fresh if each.key not in refused]
    found = await things.find_things(transaction, fresh)
    await things.look_up_customers(transaction, found, identities)
    changes = _changes(fresh, identities, found, referred, rule)
    before = identities.owners_before() | changes.customers
    # Those whose advocate may be another one from now on.
    friends = await find_friends(transaction, identities.regrouped.moved)
    ground = _ground(identities, changes, before, found.rows, referred, friends)
    ground = await with_awaiting(transaction, ground, changes.things.bought, rule)
    versions = await hold(transaction, identities, ground)
    versions |= await record_new(transaction, identities, before, changes.deltas, versions)
    writes = [*((name, {"rows": rows}) for name, rows in sorted(changes.singles.items())), *changes.things.writes()]
    for name, parameters in writes:
        if name not in _ON_SHARED_GROUND:
            await transaction.run(name, **parameters)
    await changes.referrals.record(transaction)
    # Before it is written which links stand, those that were stated now among them.
    await identities.decisions.record(transaction)
    await hand_over(transaction, identities, versions)
    regrouped = identities.regrouped.changed
    concerned = regrouped.union(*(identities.parts(friend) for friend in changes.referrals.friends.union(friends)))
    buyers = {friend for friend, _ in ground.awaiting}
    restated = await settle(transaction, rule, customers=concerned, buyers=buyers) if concerned or buyers else set()
    await changes.deltas.record(transaction, changes.owners, weights, also=regrouped)
    await record_traits(transaction, fresh, identities, also=regrouped)
    products = await record_named(transaction, fresh)
    # Before anything is tied to them: that would share a lock which only one of those that share it can make its own.
    await products.record(transaction, changes.deltas.ratings)
    for name, parameters in writes:
        if name in _ON_SHARED_GROUND:
            await transaction.run(name, **parameters)
    if changes.deltas.uses:
        await transaction.run("events/record_uses", rows=changes.deltas.use_rows())
    restated |= await things.settle(transaction, changes.things)
    return refused, await _publish(transaction, versions, restated, receipt), _about(fresh, identities, found, referred, merges)


def _about(
    fresh: list[Kept],
    identities: Identities,
    found: things.Found,
    referred: referring.Found,
    merges: Mapping[str, Undoable],
) -> dict[str, set[str]]:
    """Customers that events name, themselves or by the thing or the referral that they speak of, by the keys of the events."""
    about: dict[str, set[str]] = {}
    for each in fresh:
        keys, customer_ids = named_in(each.event)
        known = [*map(identities.by_key.get, keys), *map(identities.by_id.get, customer_ids)]
        about[each.key] = {identities.owner(one) for one in known if one is not None}
    for thing in found.things.values():
        for each in thing.added:
            if thing.customer is not None:
                about[each.key] |= identities.parts(thing.customer)
    for each in fresh:
        if isinstance(each.event, UndoMergeInput):
            merge = merges[each.event.merge]
            about[each.key] = {identities.owner(identities.by_id[id]) for id in merge.customer_ids}
        if isinstance(each.event, ReferralReviewInput):
            row = referred.reviewed[each.event.referral]
            about[each.key] = set().union(
                *(identities.parts(customer) for customer in (row["customer"], row["friend"]) if customer)
            )
    return about


def _ground(
    identities: Identities,
    changes: _Changes,
    before: set[str],
    thing_rows: list[dict[str, Any]],
    referred: referring.Found,
    friends: list[str],
) -> Ground:
    regrouped = identities.regrouped
    touched = identities.born_now().union(regrouped.changed, map(changes.owners.__getitem__, changes.deltas.identifiers))
    rooted = changes.referrals.friends | {changes.owners[advocate] for advocate in changes.referrals.advocates}
    return Ground(
        touched={customer for customer in before if not touched.isdisjoint(identities.parts(customer))},
        evident=set(regrouped.around.rows),
        rooted=rooted.union(regrouped.changed, regrouped.losing, friends),
        moved=set(regrouped.moved),
        friends=friends,
        things=thing_rows,
        codes=referred.code_rows,
        reviewed=referred.review_rows,
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


def _changes(fresh: list[Kept], identities: Identities, found: things.Found, referred: referring.Found, rule: Rule) -> _Changes:
    deltas = Deltas()
    singles: dict[str, list[dict[str, Any]]] = {}
    for each in fresh:
        single = SINGLE.get(type(each.event))
        if single is not None:
            singles.setdefault(single[0], []).append(single[1](each, identities, deltas))
    thing_rows = things.rows_of(found, identities, deltas)
    referring_now = [each for each in fresh if isinstance(each.event, REFERRING)]
    referrals = referring.rows_of(referring_now, referred, identities, deltas, rule)
    # Identifiers that no event names: those things were filed under, and those of advocates.
    elsewhere: dict[str | None, str] = {each.before: each.customer for each in found.things.values() if each.customer is not None}
    elsewhere.update(referred.customers())
    owners = {
        identifier: identities.owner_of(identifier, customer)
        for identifier, customer in elsewhere.items()
        if identifier and customer
    }
    owners |= {known.id: identities.owner(known) for known in identities.everyone()}
    return _Changes(singles, thing_rows, referrals, deltas, owners, {customer for customer in elsewhere.values() if customer})


async def _publish(
    transaction: Transaction, versions: dict[str, int], restated: set[str], receipt: Request | None
) -> dict[str, int]:
    """Leave word in the outbox of every customer that changed, and return their versions."""
    late = sorted(restated - versions.keys())
    if late:
        versions |= dict((await transaction.run("customers/lock_customers", rows=[[id, 1] for id in late]))[0])
    await outbox.record(transaction, versions, receipt)
    return versions

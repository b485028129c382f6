"""Looking at referrals that something new was said of, behind the writes, and flagging those that are suspicious.

Whoever changes what becomes of a referral, or what is known of somebody who has to do with one, leaves a mark with the customer
in the same transaction. Marks are followed afterwards; a suspicious referral goes into review, in a transaction that holds both
customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from graph import outbox
from graph.answers import Request
from graph.referrals.marks import Marks
from graph.referrals.rings import find_inviters, in_rings, ring_of
from graph.referrals.settling import settle
from graph.referrals.states import Rule
from graph.referrals.suspicion import Crowd, Flag, Suspect, Suspicions, flags_of, traces_of, written
from graph.store import Conflict, Reader, Store, Transaction

AT_A_TIME = 50
"""Customers whose referrals are looked at in one transaction."""


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Who accepted with the same advocate at about the time of a referral, that friend among them."""

    referral: str
    friends: tuple[tuple[str, int], ...]


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """`states`: what is known of the traits of a customer; `seen`: what of that was looked at before, as a hash; `invites`:
    whether it invites anybody."""

    customer: str
    seen: str | None
    states: tuple[str, ...]
    invites: bool


async def find_suspicion_marks(store: Store) -> Marks:
    """Marks that wait. Raises StoreUnavailable."""
    found = await store.one("referrals/find_suspicion_marks", Marks, limit=AT_A_TIME)
    assert found is not None
    return found


async def judge(
    store: Store, marks: Marks, *, rule: Rule, suspicions: Suspicions, receipt: Request | None = None
) -> dict[str, int]:
    """Look at what these customers accepted, and flag what is suspicious, or isn't any more; returns the versions of those of
    whom something else is to be told since, which wait in the outbox under the receipt. Raises StoreUnavailable."""

    async def work(transaction: Transaction) -> dict[str, int]:
        # In this order: what is marked from now on is looked at once more.
        await transaction.run("referrals/forget_suspicion_marks", customers=sorted(marks.marked))
        traced = await transaction.many("referrals/find_traces", Traced, customer_ids=sorted(marks.customers))
        await _spread(transaction, traced, suspicions)
        # Whatever was said last of those in a ring, it is the same ring.
        inviting = [each.customer for each in traced if each.invites]
        concerned = in_rings(inviting, await find_inviters(transaction, inviting)).union(marks.customers)
        changed, crowds = await find_misjudged(transaction, sorted(concerned), suspicions)
        if not changed:
            return {}
        versions = await _flag(transaction, changed, crowds, rule)
        await outbox.record(transaction, versions, receipt)
        return versions

    return await store.write(work)


async def find_misjudged(
    reader: Reader, customer_ids: Sequence[str], suspicions: Suspicions
) -> tuple[list[tuple[Suspect, tuple[Flag, ...]]], dict[str, Crowd]]:
    """What these customers accepted and has other flags than it should, with those; and who accepted beside whom, by referral.
    Raises StoreUnavailable."""
    suspects = await reader.many("referrals/find_suspects", Suspect, customer_ids=list(customer_ids))
    crowds: dict[str, Crowd] = {}
    if suspicions.crowd is not None and suspects:
        rows = []
        for each in suspects:
            since, until = each.span(suspicions)
            rows.append([each.referral, each.advocate, since.isoformat(), each.at.isoformat(), until.isoformat()])
        # So many on either side are enough to tell whether one is in a burst, however large it is.
        beside = await reader.many("referrals/find_crowds", Beside, rows=rows, beside=suspicions.crowd)
        crowds = {each.referral: each.friends for each in beside}
    inviters = await find_inviters(reader, [each.advocate for each in suspects if each.invites])
    judged = []
    for each in suspects:
        invited = ring_of(each.advocate, each.friend, each.at, inviters) if each.invites else ()
        judged.append((each, flags_of(each, crowds.get(each.referral, ()), suspicions, invited)))
    return [(each, flags) for each, flags in judged if written(flags) != each.flags], crowds


async def judge_all(store: Store, *, rule: Rule, suspicions: Suspicions) -> None:
    """Follow marks until there are none. Raises StoreUnavailable."""
    while (marks := await find_suspicion_marks(store)).marked:
        await judge(store, marks, rule=rule, suspicions=suspicions)


async def _flag(
    transaction: Transaction, changed: Sequence[tuple[Suspect, tuple[Flag, ...]]], crowds: dict[str, Crowd], rule: Rule
) -> dict[str, int]:
    ids = sorted({id for each, _ in changed for id in (each.friend, each.advocate)})
    versions = dict((await transaction.run("customers/lock_customers", rows=[[id, 1] for id in ids]))[0])
    friends = sorted({each.friend for each, _ in changed})
    again = await transaction.many("referrals/find_suspects", Suspect, customer_ids=friends)
    if len(versions) < len(ids) or not {each for each, _ in changed} <= set(again):
        raise Conflict("a referral changed meanwhile")
    rows = [[each.referral, written(flags)] for each, flags in changed]
    await transaction.run("referrals/record_flags", rows=rows)
    # Of a burst the first ones look harmless until the last one comes.
    crowd = {friend for each, flags in changed for friend, _ in crowds.get(each.referral, ())} - set(friends)
    if crowd:
        await transaction.run("referrals/record_suspicion_marks", customers=sorted(crowd))
    await settle(transaction, rule, customers=set(), buyers=set(friends))
    return versions


async def _spread(transaction: Transaction, traced: Sequence[Traced], suspicions: Suspicions) -> None:
    """Where something else is known of a customer than before, those whom it brought in are to be looked at as well."""
    rows = []
    for each in traced:
        traces = traces_of(each.states, suspicions)
        known = [
            [code, sorted([value, *sorted(names)] for value, names in found.items())] for code, found in traces.items() if found
        ]
        seen = blake2b(msgspec.json.encode(known), digest_size=16).hexdigest() if known else None
        if seen != each.seen:
            rows.append([each.customer, seen])
    if rows:
        await transaction.run("referrals/record_traces", rows=rows)

"""Locks: all that a transaction will change is held at once, and what it read before is asked again once it is.

Neo4j reads what is committed, it gives no snapshot: between a read and the write that rests on it another transaction may
have come and gone. Customers are held first, in the order of their ids, then things and codes in the order of their keys;
nothing is locked later that others could hold. What doesn't exist yet needs no lock: two that create it meet at its
uniqueness constraint, and the second one starts again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from graph.events.identities import Identities
from graph.events.kept import key
from graph.events.referring import find_codes, find_reviewed
from graph.events.resolving import still_there
from graph.referrals import Rule
from graph.store import Conflict, Transaction

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a transaction rests on.

    `touched`: the customers of before that change; `evident`: those by whose evidence it was said who is who; `rooted`: those
    whose trees can change; `moved`: identifiers that change hands, and `friends`, whom they brought in; `things`,
    `codes`, `reviewed`: the rows that told what was known of them. `bought`: purchases that change, each a customer, an id and a
    time; `awaiting`: friends among those customers whose referral that can change, with the advocates; `days`: of the rule by
    which.
    """

    touched: set[str]
    evident: set[str]
    rooted: set[str]
    moved: set[str]
    friends: list[str]
    things: list[Row]
    codes: list[Row]
    reviewed: list[Row]
    bought: list[list[str]] = field(default_factory=list)
    days: int = 0
    awaiting: list[list[str]] = field(default_factory=list)


async def with_awaiting(transaction: Transaction, ground: Ground, bought: Iterable[tuple[str, str, str]], rule: Rule) -> Ground:
    """The ground of a transaction that changes these purchases as well."""
    ground = replace(ground, bought=[list(each) for each in sorted(set(bought))], days=rule.days)
    awaiting = await _awaiting(transaction, ground)
    return replace(ground, awaiting=awaiting, touched=ground.touched.union(*awaiting))


async def hold(transaction: Transaction, identities: Identities, ground: Ground) -> dict[str, int]:
    """Lock the ground; returns the versions of the touched customers. Raises Conflict when it moved before it was held."""
    trees = await _trees(transaction, ground)
    members = {id for row in trees for id in row if id is not None}
    rows = [[id, int(id in ground.touched)] for id in sorted(ground.touched | ground.evident | members)]
    versions: dict[str, int] = {}
    if rows:
        versions = dict((await transaction.run("customers/lock_customers", rows=rows))[0])
        if len(versions) < len(rows) or None in versions.values():
            raise Conflict("a customer was merged away meanwhile")
    # Of codes that were never heard of there is nothing to hold, and nothing that could have changed unseen.
    codes = [row for row in ground.codes if row["there"] or row["referrals"] or row["standing"] or row["parked"]]
    keys = sorted([row["key"] for row in ground.things] + [key("code", row["code"]) for row in codes])
    if keys:
        await transaction.run("events/lock_things", keys=keys)
    await _ask_again(transaction, identities, ground, codes, trees)
    return {id: version for id, version in versions.items() if id in ground.touched}


async def _ask_again(
    transaction: Transaction, identities: Identities, ground: Ground, codes: list[Row], trees: list[list[str | None]]
) -> None:
    if not await still_there(transaction, identities):
        raise Conflict("an identifier changed hands meanwhile")
    if ground.things:
        found = (await transaction.run("events/find_things", keys=[row["key"] for row in ground.things]))[0]
        if found != ground.things:
            raise Conflict("something else was said of a thing meanwhile")
    if codes:
        named = [row["code"] for row in codes]
        if await find_codes(transaction, named) != codes:
            raise Conflict("a code was used meanwhile")
    if ground.reviewed:
        named = [row["id"] for row in ground.reviewed]
        if await find_reviewed(transaction, named) != ground.reviewed:
            raise Conflict("a referral found a friend meanwhile")
    if await find_friends(transaction, ground.moved) != ground.friends:
        raise Conflict("a friend was brought in, or went, meanwhile")
    if await _trees(transaction, ground) != trees:
        raise Conflict("a tree of referrals grew meanwhile")
    if await _awaiting(transaction, ground) != ground.awaiting:
        raise Conflict("a referral qualified meanwhile")


async def find_friends(transaction: Transaction, identifiers: Iterable[str]) -> list[str]:
    """Whom any of these identifiers brought in, in order."""
    ids = sorted(identifiers)
    return sorted((await transaction.run("referrals/find_friends", identifiers=ids))[0]) if ids else []


async def _awaiting(transaction: Transaction, ground: Ground) -> list[list[str]]:
    if not ground.bought:
        return []
    found: list[list[str]] = (await transaction.run("referrals/find_awaiting", rows=ground.bought, days=ground.days))[0]
    return found


async def _trees(transaction: Transaction, ground: Ground) -> list[list[str | None]]:
    if not ground.rooted:
        return []
    found: list[list[str | None]] = (await transaction.run("referrals/find_trees", customer_ids=sorted(ground.rooted)))[0]
    return found

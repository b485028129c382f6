"""What was planted: the generator's books as one record, and as `truth.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from app.demo.clock import NOW, moment
from app.demo.people import user_key
from app.demo.referrals import ring_code, ring_members
from app.demo.signups import EDITION, Duplicate, accounts, duplicate
from app.demo.story import World
from graph.events.inputs import IdentifierKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A planted ring of invitations: each member brought in the next, and `closing_code` is the invitation of the last one
    that the first accepts, latest of all. That acceptance is the one that doesn't count.
    """

    members: tuple[IdentifierKey, ...]
    closing_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Referrals:
    """The forest expected. `referred` customers have an advocate, `roots` are advocates without one, `longest_chain` is the
    most steps from a root down, `chain` one such path from its root, and `by_depth[n]` counts customers n steps down.

    Of `accepted`, `superseded` lost to an earlier acceptance and one a ring closes it; all others are edges.
    """

    invited: int
    accepted: int
    superseded: int
    referred: int
    advocates: int
    roots: int
    longest_chain: int
    chain: tuple[IdentifierKey, ...]
    by_depth: tuple[int, ...]
    largest_advocate: IdentifierKey
    largest_advocate_referred: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The planted facts of a demo world. Amounts are minor units by currency.

    `customers` are persons; in the graph there are `graph_customers`: one more for each person known twice without a
    shared identifier (rule `similar`), for each organization, and for each address that was only ever invited.
    `orders` and `revenue` leave cancelled purchases out and are before refunds.
    """

    edition: int
    seed: int
    now: datetime
    customers: int
    known_customers: int
    accounts: int
    invited_only: int
    graph_customers: int
    identifiers: Mapping[str, int]
    events: int
    events_by_kind: Mapping[str, int]
    orders: int
    purchases_cancelled: int
    revenue: Mapping[str, int]
    refunds_whole: int
    refunds_partial: int
    refunded: Mapping[str, int]
    carts: int
    carts_abandoned: int
    cases: int
    complaints: int
    open_complaints: int
    busiest_customer: IdentifierKey
    busiest_customer_touchpoints: int
    referrals: Referrals
    rings: tuple[Ring, ...]
    duplicates_strong: int
    duplicates_similar: int
    duplicates: tuple[Duplicate, ...]

    def write(self, path: Path) -> None:
        """Writes the record as indented JSON, keys in a fixed order."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(self, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))


def truth(*, customers: int, seed: int) -> Truth:
    """The planted facts of a world, by generating all of it once; raises BadSize."""
    world = World.of(customers=customers, seed=seed)
    for _ in world.events():
        pass
    return truth_of(world)


def truth_of(world: World) -> Truth:
    """The planted facts of a world whose events have all been taken."""
    ledger, network = world.ledger, world.network
    organizations = accounts(network.customers)
    identifiers = ledger.identifiers + Counter(email=ledger.invited_only)
    return Truth(
        edition=EDITION,
        seed=network.seed,
        now=moment(NOW),
        customers=network.customers,
        known_customers=ledger.known,
        accounts=organizations,
        invited_only=ledger.invited_only,
        graph_customers=network.customers + organizations + ledger.invited_only + ledger.similar,
        identifiers=_sorted(identifiers),
        events=ledger.kinds.total(),
        events_by_kind=_sorted(ledger.kinds),
        orders=ledger.orders,
        purchases_cancelled=ledger.purchases_cancelled,
        revenue=_sorted(ledger.revenue),
        refunds_whole=ledger.refunds_whole,
        refunds_partial=ledger.refunds_partial,
        refunded=_sorted(ledger.refunded),
        carts=ledger.carts,
        carts_abandoned=ledger.carts_abandoned,
        cases=ledger.cases,
        complaints=ledger.complaints,
        open_complaints=ledger.open_complaints,
        busiest_customer=world.person(ledger.busiest).identifiers[0],
        busiest_customer_touchpoints=ledger.most_touchpoints,
        referrals=_referrals(world),
        rings=tuple(_ring(world, index) for index in ledger.rings),
        duplicates_strong=ledger.strong,
        duplicates_similar=ledger.similar,
        duplicates=tuple(_duplicates(world)),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _referrals(world: World) -> Referrals:
    ledger = world.ledger
    by_depth = Counter(ledger.depths)
    longest = max(by_depth)
    deepest = ledger.depths.index(longest)
    most = max(ledger.directs)
    largest = ledger.directs.index(most)
    chain = [deepest]
    while (above := world.network.advocate(chain[-1])) >= 0:
        chain.append(above)
    return Referrals(
        invited=ledger.invitations,
        accepted=ledger.acceptances,
        superseded=ledger.superseded,
        referred=world.network.customers - by_depth[0],
        advocates=sum(1 for count in ledger.directs if count),
        roots=sum(1 for count, depth in zip(ledger.directs, ledger.depths, strict=True) if count and not depth),
        longest_chain=longest,
        chain=tuple(user_key(index) for index in reversed(chain)) if longest else (),
        by_depth=tuple(by_depth[depth] for depth in range(longest + 1)),
        largest_advocate=world.person(largest).identifiers[0],
        largest_advocate_referred=most,
    )


def _ring(world: World, index: int) -> Ring:
    return Ring(members=ring_members(world.network, index), closing_code=ring_code(index))


def _duplicates(world: World) -> Iterator[Duplicate]:
    for index in world.ledger.twins:
        found = duplicate(world.network, world.person(index))
        if found:
            yield found

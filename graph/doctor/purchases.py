"""What purchases are by all their events, and what they say of the channels of those whom they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from graph.doctor import findings
from graph.doctor.findings import Finding, different, joined
from graph.events.folds import PurchaseState, Statement, fold_purchase
from graph.events.inputs import CustomerKey, Event
from graph.events.kept import event_of, iso
from graph.events.thing_rows import told_elsewhere
from graph.events.who import key_of
from graph.store import Store


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """How much an identifier uses a channel, and when first and last."""

    channel: str
    touchpoints: int = 0
    purchases: int = 0
    first_at: datetime | None
    last_at: datetime | None

    def __add__(self, other: Use) -> Use:
        return Use(
            channel=self.channel,
            touchpoints=self.touchpoints + other.touchpoints,
            purchases=self.purchases + other.purchases,
            first_at=min((at for at in (self.first_at, other.first_at) if at is not None), default=None),
            last_at=max((at for at in (self.last_at, other.last_at) if at is not None), default=None),
        )

    def told(self) -> dict[str, Any]:
        """All of it under names that begin with the channel."""
        told = {"touchpoints": self.touchpoints, "purchases": self.purchases}
        told |= {"first_at": iso(self.first_at), "last_at": iso(self.last_at)}
        return {f"{self.channel} {name}": value for name, value in told.items()}


class UseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`purchases`: how many are filed under the identifier; `touched`: what its touchpoints alone say."""

    id: str
    type: str
    value: str
    customer_id: str
    purchases: int
    kept: list[Use]
    touched: list[Use]


class PurchaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`bodies`: of all events about it."""

    id: str
    identifier: str
    kind_key: str
    at: datetime | None
    kept: dict[str, Any]
    bodies: list[str | None]


@dataclass(slots=True)
class Walk:
    """What a page of identifiers and their purchases tells.

    `used`: the channels that each uses, by what is filed under it and names it; `elsewhere`: by what is filed under it and names
    others.
    """

    findings: list[Finding]
    uses: list[UseFacts]
    used: dict[str, dict[str, Use]]
    elsewhere: list[tuple[str, Use]]


async def walk_of(store: Store, identifiers: list[str]) -> Walk:
    """What is wrong with the purchases filed under these identifiers, and what follows for the channels they use."""
    uses = await store.many("facts/find_use_facts", UseFacts, ids=identifiers)
    walk = Walk([], uses, {each.id: {use.channel: use for use in each.touched} for each in uses}, [])
    walked: Counter[str] = Counter()
    known = {key: each.id for each in uses for key in ((each.type, each.value), each.customer_id)}
    others: list[tuple[CustomerKey, PurchaseFacts, Use | None]] = []
    async for purchase in _purchases(store, identifiers):
        walked[purchase.identifier] += 1
        events = [event_of(body) for body in purchase.bodies if body is not None]
        state = fold_purchase(events)
        if state is None:
            walk.findings.append(Finding("purchase", purchase.id, "an event that makes it", "none"))
            continue
        stored = purchase.kept | {"at": iso(purchase.at)}
        walk.findings += different("purchase", purchase.id, _told(state), stored)
        walk.findings += _odd_refunds(purchase.id, state)
        for customer, use in [(state.customer, None), *_bought(events, state)]:
            if known.get(customer.id or key_of(customer)) != purchase.identifier:
                others.append((customer, purchase, use))
            elif use is not None:
                _add(walk.used[purchase.identifier], use)
    for each in uses:
        if walked[each.id] != each.purchases:
            count = str(each.purchases), str(walked[each.id])
            walk.findings.append(Finding("identifier purchases on the timeline", each.id, *count))
    await _tell_of_others(store, others, walk)
    return walk


async def _tell_of_others(store: Store, others: list[tuple[CustomerKey, PurchaseFacts, Use | None]], walk: Walk) -> None:
    """Whom statements name that name somebody else than their purchase is filed under; the first one's is where it belongs."""
    if not others:
        return
    names = {customer.id or key_of(customer) for customer, _, _ in others}
    keys, customer_ids = sorted(n for n in names if not isinstance(n, str)), sorted(n for n in names if isinstance(n, str))
    found = await store.one("identity/find_identifiers", list[tuple[Any, ...]], keys=keys, ids=customer_ids)
    known: dict[tuple[str, str] | str, str] = {}
    for type, value, id, customer_id, *_ in found or []:
        known[type, value] = known[customer_id] = id
    for customer, purchase, use in others:
        named = known.get(customer.id or key_of(customer), "none")
        if use is not None:
            walk.elsewhere.append((named, use))
        elif named != purchase.identifier:
            walk.findings.append(Finding("purchase filed under", purchase.id, named, purchase.identifier))


def _add(used: dict[str, Use], use: Use) -> None:
    used[use.channel] = used[use.channel] + use if use.channel in used else use


def misused(walk: Walk, elsewhere: dict[str, list[Use]]) -> list[Finding]:
    findings = []
    for each in walk.uses:
        for use in elsewhere.get(each.id, ()):
            _add(walk.used[each.id], use)
        expected = [use.told() for use in walk.used[each.id].values()]
        findings += different("identifier uses", each.id, joined(expected), joined([use.told() for use in each.kept]))
    return findings


async def _purchases(store: Store, identifiers: list[str]) -> AsyncIterator[PurchaseFacts]:
    """Ordered by identifier, which their keys begin with; so those before the last one need not be asked for again."""
    after = ""
    while rows := await store.many(
        "facts/find_purchase_facts",
        PurchaseFacts,
        ids=[id for id in identifiers if id >= after.partition("/")[0]],
        after=after,
        limit=findings.HEAVY_PAGE,
    ):
        for row in rows:
            yield row
        after = rows[-1].kind_key


def _told(state: PurchaseState) -> dict[str, Any]:
    return {
        "status": state.status,
        "statuses": [status for status, _ in state.history],
        "total": None if state.total is None else state.total.amount,
        "refunded": state.refunded,
        "currency": state.currency,
        "channel": state.channel,
        "at": iso(state.at),
        "refunded_above": state.refunded_above,
        "refunds_elsewhere": told_elsewhere(state),
    }


def _odd_refunds(id: str, state: PurchaseState) -> Iterator[Finding]:
    if state.refunded_above and state.total is not None:
        total, above = state.total.amount, state.refunded_above
        yield Finding(
            "purchase refunded", id, f"at most {total} {state.currency}", f"{total + above} {state.currency}", notice=True
        )
    for told in told_elsewhere(state):
        yield Finding("purchase refunded", id, f"{state.currency}", told, notice=True)


def _bought(events: Sequence[Event], state: PurchaseState) -> list[tuple[CustomerKey, Use]]:
    """What a purchase says of channels and of those who use them: it was made on the one it names last, and each was used when
    it was named."""
    uses = [
        (event.customer, Use(channel=event.channel, first_at=event.at, last_at=event.at))
        for event in events
        if isinstance(event, Statement) and event.channel is not None
    ]
    sold = state.sold_by
    if sold is not None and sold.channel is not None:
        uses.append((sold.customer, Use(channel=sold.channel, purchases=1, first_at=sold.at, last_at=sold.at)))
    return uses

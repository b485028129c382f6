"""Recomputes what the write door keeps up to date, from what is filed, and names every difference. There must be none.

All of it is read page by page: identifiers with what is filed under them, what things and codes are spoken of, products,
referrals, then customers and the forest. What other transactions write meanwhile can look like a difference; it is none if it
isn't found again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from graph import ids
from graph.events import traits
from graph.events.folds import PurchaseState, Statement, fold_purchase
from graph.events.identities import key_of
from graph.events.inputs import CustomerKey, Event
from graph.events.kept import event_of, iso, key
from graph.events.thing_rows import told_elsewhere
from graph.forest import Pointer, candidate, pointer_of, ring_closers
from graph.store import Store

PAGE = 1_000
#: Of identifiers with all their touchpoints, of purchases with all their events, of customers with all their traits.
HEAVY_PAGE = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference: `what` is wrong at `where` (an id), `actual` is kept although `expected` follows from what is filed.

    `notice`: it is kept as it was stated, and whoever stated it may want to know.
    """

    what: str
    where: str
    expected: str
    actual: str
    notice: bool = False


class IdentifierFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kept: dict[str, Any]
    counted: dict[str, Any]
    sums: list[tuple[str, int]]
    payments: list[tuple[str, int, int]]


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


class StatementFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`thing`: the id of what has this key; `carried`: a referral has this code; `alone`: statements tied to nothing."""

    key: str
    thing: str | None
    carried: bool
    alone: int


class ProductFacts(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    kept: dict[str, Any]
    counted: dict[str, Any]


class ReferralFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    accepted: bool
    brought: int


class CustomerFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    identifiers: int
    kept: dict[str, Any]
    counted: dict[str, Any]
    sums: list[tuple[str, int]]
    counted_sums: list[tuple[str, int]]


class TraitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`identifiers`: type, value, when first seen (milliseconds), trait state."""

    id: str
    kept: dict[str, Any]
    identifiers: list[tuple[str, str, int, str | None]]


async def examine(store: Store) -> list[Finding]:
    """The findings of `look` that are differences: there must be none."""
    return [finding for finding in await look(store) if not finding.notice]


async def look(store: Store) -> list[Finding]:
    """Every difference between what is kept of identifiers, things, products, referrals, customers and the forest, and what is
    filed; and, as notices, refunds above their purchase or in another currency than it.

    Reads page by page; for the forest it keeps one candidate for each referred customer in memory.
    """
    parts = (_identifiers, _statements, _products, _referrals, _traits, _customers)
    return [finding for part in parts async for finding in part(store)]


async def _identifiers(store: Store) -> AsyncIterator[Finding]:
    page: list[str] = []
    elsewhere: dict[str, list[Use]] = {}
    doubtful: set[str] = set()
    async for identifier in _pages(store, "facts/find_identifier_facts", IdentifierFacts, lambda row: row.id):
        for finding in (
            *_different("identifier", identifier.id, identifier.counted, identifier.kept),
            *_different("identifier", identifier.id, _sums(identifier.payments), _nonzero(dict(identifier.sums))),
        ):
            yield finding
        page.append(identifier.id)
        if len(page) == HEAVY_PAGE:
            for finding in await _filed(store, page, elsewhere, doubtful):
                yield finding
            page = []
    for finding in await _filed(store, page, elsewhere, doubtful):
        yield finding
    # Only now it is known what the purchases of others say of them.
    again = sorted(doubtful | elsewhere.keys())
    for begin in range(0, len(again), HEAVY_PAGE):
        for finding in _misused(await _walk(store, again[begin : begin + HEAVY_PAGE]), elsewhere):
            yield finding


async def _filed(store: Store, page: list[str], elsewhere: dict[str, list[Use]], doubtful: set[str]) -> list[Finding]:
    """What is wrong with the purchases of a page; adds what these say of others, and on whose channels there is more to say."""
    walk = await _walk(store, page)
    for identifier, use in walk.elsewhere:
        elsewhere.setdefault(identifier, []).append(use)
    doubtful.update(finding.where for finding in _misused(walk, {}))
    return walk.findings


@dataclass(slots=True)
class _Walk:
    """What a page of identifiers and their purchases tells.

    `used`: the channels that each uses, by what is filed under it and names it; `elsewhere`: by what is filed under it and names
    others.
    """

    findings: list[Finding]
    uses: list[UseFacts]
    used: dict[str, dict[str, Use]]
    elsewhere: list[tuple[str, Use]]


async def _walk(store: Store, identifiers: list[str]) -> _Walk:
    """What is wrong with the purchases filed under these identifiers, and what follows for the channels they use."""
    uses = await store.many("facts/find_use_facts", UseFacts, ids=identifiers)
    walk = _Walk([], uses, {each.id: {use.channel: use for use in each.touched} for each in uses}, [])
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
        walk.findings += _different("purchase", purchase.id, _told(state), stored)
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


async def _tell_of_others(store: Store, others: list[tuple[CustomerKey, PurchaseFacts, Use | None]], walk: _Walk) -> None:
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


def _misused(walk: _Walk, elsewhere: dict[str, list[Use]]) -> list[Finding]:
    findings = []
    for each in walk.uses:
        for use in elsewhere.get(each.id, ()):
            _add(walk.used[each.id], use)
        expected = [use.told() for use in walk.used[each.id].values()]
        findings += _different("identifier uses", each.id, _joined(expected), _joined([use.told() for use in each.kept]))
    return findings


async def _purchases(store: Store, identifiers: list[str]) -> AsyncIterator[PurchaseFacts]:
    """Ordered by identifier, which their keys begin with; so those before the last one need not be asked for again."""
    after = ""
    while rows := await store.many(
        "facts/find_purchase_facts",
        PurchaseFacts,
        ids=[id for id in identifiers if id >= after.partition("/")[0]],
        after=after,
        limit=HEAVY_PAGE,
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


async def _statements(store: Store) -> AsyncIterator[Finding]:
    code_prefix = key("code", "")
    rows = _pages(store, "facts/find_statement_facts", StatementFacts, lambda row: row.key, code_prefix=code_prefix)
    async for row in rows:
        if row.alone and row.thing is not None:
            yield Finding("statements apart from their thing", row.thing, "0", str(row.alone))
        if row.alone and row.carried:
            code = row.key.removeprefix(code_prefix)
            yield Finding("acceptances parked although a referral has their code", code, "0", str(row.alone))


async def _products(store: Store) -> AsyncIterator[Finding]:
    async for product in _pages(store, "facts/find_product_facts", ProductFacts, lambda row: row.sku):
        for finding in _different("product", product.sku, product.counted, product.kept):
            yield finding


async def _referrals(store: Store) -> AsyncIterator[Finding]:
    prefix = ids.PREFIXES["referral"]
    rows = _pages(store, "facts/find_referral_facts", ReferralFacts, lambda row: row.id, after=f"{prefix}_", until=f"{prefix}`")
    async for referral in rows:
        if referral.brought != int(referral.accepted):
            yield Finding("referral brought", referral.id, str(int(referral.accepted)), str(referral.brought))


async def _traits(store: Store) -> AsyncIterator[Finding]:
    async for customer in _pages(store, "facts/find_trait_facts", TraitFacts, lambda row: row.id, limit=HEAVY_PAGE):
        state = traits.merged(traits.read_state(text) for *_, text in customer.identifiers)
        row = traits.customer_row(customer.id, state, [(type, value, seen) for type, value, seen, _ in customer.identifiers])
        expected = {name: row[name] for name in customer.kept}
        for finding in _different("customer", customer.id, _found_by(expected), _found_by(customer.kept)):
            yield finding


def _found_by(row: dict[str, Any]) -> dict[str, Any]:
    """The same with the words in one order: theirs depends on the ages of identifiers, and finds the same."""
    return row | {"search_text": " ".join(sorted(set((row["search_text"] or "").split())))}


async def _customers(store: Store) -> AsyncIterator[Finding]:
    candidates: dict[str, Pointer] = {}
    pointers: dict[str, tuple[str, bool]] = {}
    page: list[str] = []
    async for customer in _pages(store, "facts/find_customer_facts", CustomerFacts, lambda row: row.id):
        expected = customer.counted | _nonzero(dict(customer.counted_sums))
        for finding in _different("customer", customer.id, expected, customer.kept | _nonzero(dict(customer.sums))):
            yield finding
        if customer.identifiers == 0:
            yield Finding("customer identifiers", customer.id, "1 or more", "0")
        page.append(customer.id)
        if len(page) == PAGE:
            await _forest(store, page, candidates, pointers)
            page = []
    await _forest(store, page, candidates, pointers)
    closers = ring_closers(candidates)
    stated = {friend: (pointer.referral, friend in closers) for friend, pointer in candidates.items()}
    for finding in _different("referrer", "", stated, pointers):
        yield finding


Row = TypeVar("Row")


async def _pages(
    store: Store, name: str, record: type[Row], key: Callable[[Row], str], *, after: str = "", limit: int = PAGE, **more: str
) -> AsyncIterator[Row]:
    while rows := await store.many(name, record, after=after, limit=limit, **more):
        for row in rows:
            yield row
        after = key(rows[-1])


async def _forest(
    store: Store, customers: list[str], candidates: dict[str, Pointer], pointers: dict[str, tuple[str, bool]]
) -> None:
    stated: dict[str, list[Pointer]] = {}
    for row in (await store.one("referrals/find_acceptances", list[dict[str, Any]], customer_ids=customers)) or []:
        stated.setdefault(row["friend"], []).append(pointer_of(row))
    for friend, acceptances in stated.items():
        chosen = candidate(acceptances)
        if chosen is not None:
            candidates[friend] = chosen
    wanted = set(customers)
    for row in (await store.one("referrals/find_pointers", list[dict[str, Any]], customer_ids=customers)) or []:
        if row["friend"] in wanted:
            pointers[row["friend"]] = (row["referral"], row["closed"])


def _sums(payments: list[tuple[str, int, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for currency, total, refunded in payments:
        sums[f"revenue_{currency}"] += total
        sums[f"refunds_{currency}"] += refunded
    return _nonzero(dict(sums))


def _nonzero(sums: dict[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sums.items() if amount}


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _different(what: str, where: str, expected: dict[str, Any], actual: dict[str, Any]) -> list[Finding]:
    return [
        Finding(f"{what} {name}" if where else what, where or name, str(expected.get(name)), str(actual.get(name)))
        for name in sorted(expected.keys() | actual.keys())
        if expected.get(name) != actual.get(name)
    ]

"""One transaction for the events of one call or several: check, tell repeats apart, keep what is new, and answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from graph import answers
from graph.answers import Answer, Request
from graph.errors import CommitUnheard, InvalidEvent, StoreUnavailable
from graph.events.check import check
from graph.events.inputs import Event
from graph.events.keep import keep
from graph.events.kept import Kept
from graph.events.outcomes import Call, Outcome, Rejection, Told, receipts, told
from graph.identity.rules import IdentityRules, usual_rules
from graph.referrals import ANY_PURCHASE, Rule
from graph.store import CONFLICT_ATTEMPTS, Store, Transaction

#: More would make the transaction outgrow the memory the server grants it.
MAX_EVENTS = 5_000
#: Attempts of a transaction with several calls: one whose ground is contended should not keep the others waiting.
TOGETHER = 4
#: Seconds in which a commit that went unheard is looked up: a Neo4j that was killed is back by then.
PATIENCE = 15.0
LOOK_AGAIN = 0.25
#: Events checked between two chances for everything else to go on: a few milliseconds.
SLICE = 250


@dataclass(frozen=True, slots=True)
class _Ways:
    """What writing goes by, beside the events."""

    weights: dict[str, float]
    rule: Rule
    identity_rules: IdentityRules
    now: datetime


@dataclass(slots=True)
class _Tally:
    """What is becoming of one call: events that can be kept, repeats among them; what was refused."""

    call: Call
    kept: list[Kept]
    rejected: list[Rejection]
    accepted: int = 0
    duplicates: int = 0
    customers: set[str] = field(default_factory=set)

    def refuse(self, each: Kept, error: InvalidEvent) -> None:
        self.rejected.append(Rejection(each.index, error.code, str(error)))

    def outcome(self, touched: Mapping[str, int]) -> Outcome:
        rejected = tuple(sorted(self.rejected, key=lambda each: each.index))
        return Outcome(self.accepted, self.duplicates, rejected, touched, customers=frozenset(self.customers))


async def record(
    store: Store,
    events: Sequence[Event],
    *,
    request: Request | None = None,
    weights: Mapping[str, float] | None = None,
    rule: Rule = ANY_PURCHASE,
    identity_rules: IdentityRules | None = None,
    now: datetime | None = None,
) -> Outcome:
    """`record_all` with one call. Raises InvalidEvent for too many events, and (CONFLICT) for a key that was used before."""
    (found,) = await record_all(
        store,
        [Call(events=events, request=request)],
        weights=weights,
        rule=rule,
        identity_rules=identity_rules,
        now=now,
    )
    if isinstance(found, InvalidEvent):
        raise found
    return found


async def record_all(
    store: Store,
    calls: Sequence[Call],
    *,
    receipt: Request | None = None,
    weights: Mapping[str, float] | None = None,
    rule: Rule = ANY_PURCHASE,
    identity_rules: IdentityRules | None = None,
    now: datetime | None = None,
) -> list[Outcome | InvalidEvent]:
    """Keep the events of several calls by one transaction, each event whole, or refuse it with its index and reason.

    At most MAX_EVENTS in all. When this returns, what was accepted is committed, once. An event sent again changes nothing;
    another body under the same (source, id) is a CONFLICT, and so is another body under the same request: that call's outcome
    is the error. `weights`: units of the reporting currency for one minor unit of each currency; they only order customers by
    revenue. `rule`: when referrals qualify; `identity_rules`: which identifiers are one person, the usual ones unless stated.
    Raises StoreUnavailable when Neo4j can't be reached: then nothing, or all of it, was kept, and it can be sent again.

    With a `receipt` a commit that went unheard is looked up as soon as Neo4j is back, for PATIENCE seconds, so that what it
    accepted isn't called a duplicate. Forget the receipt once everybody has been answered.
    """
    number = sum(len(call.events) for call in calls)
    if number > MAX_EVENTS:
        raise InvalidEvent("events", f"holds {number}; at most {MAX_EVENTS} go into one call", code="TOO_LARGE")
    now = now or datetime.now(UTC)
    tallies = [await _check_all(call, now) for call in calls]

    again = unheard = False

    async def work(transaction: Transaction) -> list[Outcome | InvalidEvent]:
        nonlocal again
        if receipt is not None and again and (done := (await answers.find(transaction, [receipt])).get(receipt.key)):
            return told(done)
        again = True
        # What a transaction that began again had counted counts no more.
        fresh = [replace(tally, rejected=list(tally.rejected), customers=set()) for tally in tallies]
        return await _write(transaction, fresh, _Ways(dict(weights or {}), rule, identity_rules or usual_rules(), now), receipt)

    if not any(tally.kept or tally.call.request for tally in tallies):
        return [tally.outcome({}) for tally in tallies]
    begun = time.monotonic()
    while True:
        try:
            return await store.write(work, attempts=TOGETHER if len(calls) > 1 else CONFLICT_ATTEMPTS)
        except StoreUnavailable as error:
            unheard = unheard or isinstance(error, CommitUnheard)
            if receipt is None or not unheard:
                raise
            if time.monotonic() - begun > PATIENCE:
                # Whatever came last, what was sent first may have been kept: no part of it may be sent as something new.
                raise CommitUnheard(str(error)) from error
        await asyncio.sleep(LOOK_AGAIN)


async def _check_all(call: Call, now: datetime) -> _Tally:
    """The half that needs no graph. Others go on between its slices."""
    rejected: list[Rejection] = []
    kept: list[Kept] = []
    for index, event in enumerate(call.events):
        if index % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        try:
            check(event, now=now)
        except InvalidEvent as error:
            rejected.append(Rejection(index, error.code, str(error)))
            continue
        kept.append(Kept.of(index, event))
    return _Tally(call, kept, rejected)


def _conflict(each: Kept) -> InvalidEvent:
    event = each.event
    message = f"another event was kept under source {event.source!r} and id {event.id!r}; send this one under an id of its own"
    return InvalidEvent("", message, code="CONFLICT")


async def _write(
    transaction: Transaction, tallies: list[_Tally], ways: _Ways, receipt: Request | None
) -> list[Outcome | InvalidEvent]:
    before = await answers.find(transaction, [tally.call.request for tally in tallies if tally.call.request])
    repeated = {
        id(tally): before[tally.call.request.key] for tally in tallies if tally.call.request and tally.call.request.key in before
    }
    sent: dict[str, list[tuple[_Tally, Kept]]] = {}
    for tally in tallies:
        if id(tally) not in repeated:
            for each in tally.kept:
                sent.setdefault(each.key, []).append((tally, each))
    known = dict((await transaction.run("events/find_events", keys=list(sent)))[0]) if sent else {}
    fresh = [given[0][1] for key, given in sent.items() if key not in known]
    refused, touched, about = (
        await keep(transaction, fresh, ways.weights, ways.rule, ways.identity_rules, receipt) if fresh else ({}, {}, {})
    )
    for key, given in sent.items():
        first = known.get(key) or given[0][1].body_hash
        for position, (tally, each) in enumerate(given):
            if each.body_hash != first:
                tally.refuse(each, _conflict(each))
            elif key in refused:
                tally.refuse(each, refused[key])
            elif position or key in known:
                tally.duplicates += 1
            else:
                tally.accepted += 1
                tally.customers |= about[key]
    found = [_answered(tally, repeated.get(id(tally)), touched) for tally in tallies]
    first = list(_first_answers(tallies, found))
    if receipt is not None:
        first.append(Answer(receipt.key, "", msgspec.json.encode(receipts(found)).decode()))
    await answers.record(transaction, first, at=ways.now)
    return found


def _answered(tally: _Tally, answer: Answer | None, touched: Mapping[str, int]) -> Outcome | InvalidEvent:
    if answer is None or tally.call.request is None:
        return tally.outcome(touched)
    try:
        answer.check(tally.call.request)
    except InvalidEvent as error:
        return error
    first = msgspec.json.decode(answer.body, type=Told).outcome()
    assert isinstance(first, Outcome)
    return replace(first, touched={}, repeated=True)


def _first_answers(tallies: Sequence[_Tally], found: Sequence[Outcome | InvalidEvent]) -> Iterator[Answer]:
    for tally, outcome in zip(tallies, found, strict=True):
        request = tally.call.request
        if request is not None and isinstance(outcome, Outcome) and not outcome.repeated:
            # Whom the transaction changed is nobody's business later: other calls were in it.
            body = msgspec.json.encode(Told.of(replace(outcome, touched={}, customers=frozenset()))).decode()
            yield Answer(request.key, request.body_hash, body)

"""Group commit: events that come at once share a transaction, and those that have to wait too long are turned away."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace

from app.counters import Counters
from graph.errors import GaveUp, InvalidEvent, Outgrown, Overloaded, StoreUnavailable
from graph.events import Call, Outcome, names
from graph.events.inputs import Event
from graph.events.kept import key
from graph.events.names import FOREST
from resolvers.faults import masked

logger = logging.getLogger(__name__)

WAYS = 3
"""Transactions under way at once, over events that name nothing in common."""

MOST_AT_ONCE = 1_000
"""Events in one transaction, unless what belongs together is more: what comes after them should not wait for seconds."""

WORTH_A_WAY = 200
"""Events that are worth a second transaction beside the first. Fewer go sooner, and cost half as much, in the one after it."""

PATIENCE = 0.25
"""Seconds after which fewer go all the same: a transaction that takes so long has met something that may take longer still.
Also the part of the last transaction's time for which the next one waits until those that were in the last have come again."""

Found = Outcome | InvalidEvent
Recorder = Callable[[list[Call]], Awaitable[list[Found]]]


@dataclass(eq=False, slots=True)
class _Group:
    """Events of one call that belong together, by their places in it: each names something that another one of them names."""

    indexes: list[int]
    names: set[str]

    @property
    def size(self) -> int:
        # A call without events costs a transaction as well.
        return max(1, len(self.indexes))


@dataclass(eq=False, slots=True)
class _Asked:
    """A call until it is answered: groups that wait, how many parts of it are being written, and what became of the others."""

    call: Call
    groups: list[_Group]
    answer: asyncio.Future[Found]
    #: What is written for whoever came first is part of that request.
    context: Context = field(default_factory=copy_context)
    writing: int = 0
    found: list[Found] = field(default_factory=list)
    error: Exception | None = None

    def settle(self) -> None:
        """Answer, once nothing of it is left to be written. Whoever asked may have gone away."""
        if self.groups or self.writing or self.answer.done():
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
            self.answer.exception()
        else:
            self.answer.set_result(_together(self.found))


@dataclass(eq=False, slots=True)
class _Part:
    """What of one call goes into one transaction."""

    asked: _Asked
    indexes: list[int]

    @property
    def call(self) -> Call:
        whole = self.asked.call
        if len(self.indexes) == len(whole.events):
            return whole
        return Call(events=[whole.events[index] for index in self.indexes])

    def give(self, found: Found) -> None:
        if isinstance(found, Outcome):
            found = replace(found, rejected=tuple(replace(each, index=self.indexes[each.index]) for each in found.rejected))
        self.asked.found.append(found)
        self._written()

    def fail(self, error: Exception) -> None:
        self.asked.error = error
        self._written()

    def _written(self) -> None:
        self.asked.writing -= 1
        self.asked.settle()


@dataclass(slots=True)
class _Flight:
    names: set[str]
    events: int


@dataclass(slots=True)
class Gathering:
    """Hands events to `record`, those that wait together by one transaction, those that share a name never side by side.

    At most `room` events wait. While nothing is under way a call starts at once; the others gather behind it. Of a call some
    events may be written before others, but for those that name something in common (invitations and acceptances apart) and
    those of a call with a request, which is done as a whole. `alone`: each call has a transaction of its own, for comparison.
    """

    record: Recorder
    room: int
    alone: bool = False
    counters: Counters = field(default_factory=Counters)
    _waiting: list[_Asked] = field(default_factory=list)
    _events: int = 0
    _under_way: dict[asyncio.Task[None], _Flight] = field(default_factory=dict)
    _impatient: asyncio.TimerHandle | None = None
    # How many events waited when too many of them were in the way of what is under way.
    _blocked: int = 0
    _expected: int = 0
    _expected_until: float = 0.0
    _rate: float = 1_000.0
    _closing: bool = False

    async def keep(self, call: Call) -> Found:
        """What became of a call. Raises Overloaded when there is no room, and what recording it raised."""
        size = max(1, len(call.events))
        if self._events and self._events + size > self.room:
            self.counters.shed += size
            raise Overloaded(max(1, math.ceil(self._events / self._rate)))
        groups = _as_one(call) if self.alone or call.request is not None else _groups(call.events)
        asked = _Asked(call, groups, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._events += size
        self._start()
        return await asked.answer

    @property
    def waiting(self) -> int:
        """How many events wait to be written."""
        return self._events

    async def close(self) -> None:
        """Wait until all that was taken is written; nobody waits for company any more."""
        self._closing = True
        self._start()
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _start(self) -> None:
        while len(self._under_way) < WAYS and self._worth_it() and self._take(self._least()):
            pass

    def _worth_it(self) -> bool:
        """Whether what waits should go now, and not in better company."""
        if self.alone or self._closing:
            return True
        if self._under_way:
            enough, patience = self._events >= self._blocked + self._least(), PATIENCE
        else:
            # Whoever was answered just now is about to come again: the first of them would go alone, and the others after it.
            enough = self._events >= min(self._expected, MOST_AT_ONCE)
            patience = self._expected_until - time.monotonic()
        if enough or patience <= 0:
            return True
        if self._waiting and self._impatient is None:
            self._impatient = asyncio.get_running_loop().call_later(patience, self._hurry)
        return False

    def _share(self) -> int:
        """Events in a transaction, if all that are here were shared out evenly."""
        here = self._events + sum(flight.events for flight in self._under_way.values())
        return min(max(math.ceil(here / WAYS), WORTH_A_WAY), MOST_AT_ONCE)

    def _least(self) -> int:
        return max(WORTH_A_WAY, self._share() // 2) if self._under_way and not self.alone else 1

    def _hurry(self) -> None:
        self._impatient = None
        if len(self._under_way) < WAYS:
            self._take(1)
        self._start()

    def _take(self, least: int) -> bool:
        """Begin the next transaction, if `least` events can go: in the order in which they came, but for those that others are
        in the way of."""
        parts: list[_Part] = []
        left: list[tuple[_Asked, list[_Group]]] = []
        flight = _Flight(set(), 0)
        requests: set[str] = set()
        # What would be left over is not worth a transaction of its own.
        most = min(self._share() + WORTH_A_WAY, MOST_AT_ONCE)
        # Named by what is under way, and by those that wait for its end: nobody overtakes them, or they might wait for ever.
        # But the forest is left to others meanwhile: who came first has it first, once all else that it names is free.
        busy = set[str]().union(*(other.names for other in self._under_way.values()))
        for asked in self._waiting:
            request = None if asked.call.request is None else asked.call.request.key
            going, staying = [], []
            for group in asked.groups:
                fits = not flight.events or (flight.events + group.size <= most and not self.alone)
                # The same request twice has to find its first answer.
                if fits and request not in requests and busy.isdisjoint(group.names):
                    going += group.indexes
                    flight.events += group.size
                    flight.names |= group.names
                else:
                    staying.append(group)
                    busy |= group.names - {FOREST}
            if len(staying) < len(asked.groups):
                parts.append(_Part(asked, sorted(going)))
                if request is not None:
                    requests.add(request)
            left.append((asked, staying))
        if flight.events < least or not parts:
            self._blocked = self._events
            return False
        for asked, staying in left:
            asked.groups = staying
        for part in parts:
            part.asked.writing += 1
        self._waiting = [asked for asked, staying in left if staying]
        self._events -= flight.events
        self._calm()
        task = asyncio.create_task(self._fly(parts, flight.events), context=parts[0].asked.context)
        self._under_way[task] = flight
        task.add_done_callback(self._landed)
        return True

    def _calm(self) -> None:
        if self._impatient is not None:
            self._impatient.cancel()
            self._impatient = None

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._blocked = 0
        self._calm()
        self._start()

    async def _fly(self, parts: list[_Part], events: int) -> None:
        begun = time.monotonic()
        await self._write(parts)
        ended = time.monotonic()
        self.counters.batches.observe(events)
        self.counters.batch_seconds.observe(ended - begun)
        self._rate += 0.2 * (events / max(ended - begun, 0.001) - self._rate)
        self._expected, self._expected_until = events + self._events, ended + PATIENCE * (ended - begun)

    async def _write(self, parts: Sequence[_Part]) -> None:
        """Write by one transaction, or, where that fails, by halves, down to the call that is to blame."""
        if len(parts) == 1:
            await self._write_one(parts[0])
            return
        try:
            found = await self.record([each.call for each in parts])
        except Exception as error:
            if isinstance(error, StoreUnavailable) and not isinstance(error, GaveUp):
                for each in parts:
                    each.fail(error)
                return
            middle = len(parts) // 2
            await self._write(parts[:middle])
            await self._write(parts[middle:])
            return
        for each, answer in zip(parts, found, strict=True):
            each.give(answer)

    async def _write_one(self, part: _Part) -> None:
        try:
            found = await self._kept(part.call)
        except Exception as error:
            part.fail(error)
        else:
            part.give(found)

    async def _kept(self, call: Call) -> Found:
        """One call by one transaction, or, where that fails, by halves, down to the event that is to blame."""
        try:
            (found,) = await self.record([call])
        except Exception as error:
            # What has a first answer is done as a whole, or not at all.
            if call.request is not None or (isinstance(error, StoreUnavailable) and not isinstance(error, GaveUp)):
                raise
            if len(call.events) > 1:
                return await self._halves(call)
            if isinstance(error, Outgrown):
                # It would fail the next time as well, and hold up whatever is sent with it.
                return Outcome.refused("TOO_LARGE", str(error))
            if isinstance(error, GaveUp):
                raise
            blame = masked(error, where="the write door")["message"]
            return Outcome.refused("UNAVAILABLE", blame)
        return found

    async def _halves(self, call: Call) -> Found:
        middle = len(call.events) // 2
        first = await self._kept(Call(events=call.events[:middle]))
        second = await self._kept(Call(events=call.events[middle:]))
        assert isinstance(second, Outcome)
        moved = tuple(replace(each, index=each.index + middle) for each in second.rejected)
        return _together([first, replace(second, rejected=moved)])


def _as_one(call: Call) -> list[_Group]:
    named = set[str]().union(*map(_names, call.events))
    if call.request is not None:
        named.add(call.request.key)
    return [_Group(list(range(len(call.events))), named)]


def _groups(events: Sequence[Event]) -> list[_Group]:
    """Events that name something in common together, however many others lie between them.

    Those that name the forest apart from the others, and together only for what else they name: they are few, but most
    customers have one, and all that happened to these would wait with them.
    """
    inside: dict[str, _Group] = {}
    outside: dict[str, _Group] = {}
    for index, event in enumerate(events):
        named = _names(event)
        group_of = inside if FOREST in named else outside
        group = _Group([index], named)
        for other in {id(each): each for name in named - {FOREST} if (each := group_of.get(name)) is not None}.values():
            small, group = sorted((group, other), key=lambda each: len(each.names))
            group.indexes += small.indexes
            group.names |= small.names
            group_of.update(dict.fromkeys(small.names - {FOREST}, group))
        group_of.update(dict.fromkeys(named - {FOREST}, group))
    groups = [*outside.values(), *inside.values()]
    return list({id(group): group for group in groups}.values()) or [_Group([], set())]


def _names(event: Event) -> set[str]:
    """What an event names, and its own name."""
    return {*names(event), key(event.source, event.id)}


def _together(found: Iterable[Found]) -> Found:
    """What became of a call whose parts became this."""
    outcomes = list(found)
    if len(outcomes) == 1:
        return outcomes[0]
    kept = [each for each in outcomes if isinstance(each, Outcome)]
    touched: dict[str, int] = {}
    for each in kept:
        touched |= {customer: max(version, touched.get(customer, 0)) for customer, version in each.touched.items()}
    rejected = sorted((rejection for each in kept for rejection in each.rejected), key=lambda each: each.index)
    return Outcome(
        sum(each.accepted for each in kept),
        sum(each.duplicates for each in kept),
        tuple(rejected),
        touched,
        customers=frozenset(customer for each in kept for customer in each.customers),
    )

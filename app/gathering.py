"""Group commit: requests that come at once share a transaction, and those that have to wait too long are turned away."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from graph.errors import GaveUp, InvalidEvent, Overloaded, StoreUnavailable
from graph.events import FOREST, Call, Outcome, Rejection, names
from resolvers.operations import masked

logger = logging.getLogger(__name__)

WAYS = 2
"""Transactions under way at once, over requests that name nothing in common."""

MOST_AT_ONCE = 1_000
"""Events in one transaction, unless one request alone has more: what comes after them should not wait for seconds."""

WORTH_A_WAY = 200
"""Events that are worth a second transaction beside the first. Fewer go sooner, and cost half as much, in the one after it."""

PATIENCE = 0.25
"""Seconds after which fewer go all the same: a transaction that takes so long has met something that may take longer still.
Also the part of the last transaction's time for which the next one waits until those that were in the last have come again."""

Found = Outcome | InvalidEvent
Recorder = Callable[[list[Call]], Awaitable[list[Found]]]


@dataclass(eq=False, slots=True)
class _Waiting:
    call: Call
    names: frozenset[str]
    answer: asyncio.Future[Found]


@dataclass(slots=True)
class Gathering:
    """Hands calls to `record`, those that wait together by one transaction, those that share a name never side by side.

    At most `room` events wait. While nothing is under way a call starts at once; the others gather behind it. `alone`: each
    call has a transaction of its own, for comparison.
    """

    record: Recorder
    room: int
    alone: bool = False
    _waiting: list[_Waiting] = field(default_factory=list)
    _events: int = 0
    _under_way: dict[asyncio.Task[None], set[str]] = field(default_factory=dict)
    _impatient: asyncio.TimerHandle | None = None
    _expected: int = 0
    _expected_until: float = 0.0
    _rate: float = 1_000.0

    async def keep(self, call: Call) -> Found:
        """What became of a call. Raises Overloaded when there is no room, and what recording it raised."""
        # A call without events costs a transaction as well.
        size = max(1, len(call.events))
        if self._events and self._events + size > self.room:
            raise Overloaded(max(1, math.ceil(self._events / self._rate)))
        # Invitations and acceptances change whole trees; the few of a call seldom meet those of another one.
        named = frozenset[str]().union(*(names(event) for event in call.events)) - {FOREST}
        if call.request is not None:
            named |= {call.request.key}
        each = _Waiting(call, named, asyncio.get_running_loop().create_future())
        self._waiting.append(each)
        self._events += size
        self._start()
        return await each.answer

    async def close(self) -> None:
        """Wait until all that was taken is written; nobody waits for company any more."""
        self._expected = 0
        self._start()
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _start(self) -> None:
        while len(self._under_way) < WAYS and self._worth_it() and (taken := self._taken()):
            self._fly(taken)

    def _fly(self, taken: list[_Waiting]) -> None:
        if self._impatient is not None:
            self._impatient.cancel()
            self._impatient = None
        task = asyncio.create_task(self._flight(taken))
        self._under_way[task] = {name for each in taken for name in each.names}
        task.add_done_callback(self._landed)

    def _worth_it(self) -> bool:
        """Whether what waits should go now, and not in better company."""
        if self.alone or self._events >= (WORTH_A_WAY if self._under_way else MOST_AT_ONCE):
            return True
        # Whoever was answered just now is about to come again: the first of them would go alone, and the others after it.
        patience = PATIENCE if self._under_way else self._expected_until - time.monotonic()
        if patience <= 0 or (not self._under_way and len(self._waiting) >= self._expected):
            return True
        if self._waiting and self._impatient is None:
            self._impatient = asyncio.get_running_loop().call_later(patience, self._hurry)
        return False

    def _hurry(self) -> None:
        self._impatient = None
        if len(self._under_way) < WAYS and (taken := self._taken()):
            self._fly(taken)
        self._start()

    def _taken(self) -> list[_Waiting]:
        """The calls of the next transaction, in the order in which they came, but for those that others are in the way of."""
        taken: list[_Waiting] = []
        staying: list[_Waiting] = []
        requests: set[str] = set()
        # Named by what is under way, and by those that wait for its end: nobody overtakes them, or they might wait for ever.
        busy = set[str]().union(*self._under_way.values())
        events = 0
        for each in self._waiting:
            fits = not taken or (events + len(each.call.events) <= MOST_AT_ONCE and not self.alone)
            key = None if each.call.request is None else each.call.request.key
            # The same request twice has to find its first answer.
            if fits and key not in requests and busy.isdisjoint(each.names):
                taken.append(each)
                events += max(1, len(each.call.events))
                if key is not None:
                    requests.add(key)
            else:
                staying.append(each)
                busy |= each.names
        self._waiting = staying
        self._events -= events
        return taken

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if self._impatient is not None:
            self._impatient.cancel()
            self._impatient = None
        self._start()

    async def _flight(self, taken: list[_Waiting]) -> None:
        begun = time.monotonic()
        await self._write(taken)
        ended = time.monotonic()
        events = sum(len(each.call.events) for each in taken)
        self._rate += 0.2 * (events / max(ended - begun, 0.001) - self._rate)
        self._expected, self._expected_until = len(taken) + len(self._waiting), ended + PATIENCE * (ended - begun)

    async def _write(self, taken: list[_Waiting]) -> None:
        """Write by one transaction, or, where that fails, by halves, down to the call that is to blame."""
        if len(taken) == 1:
            await self._write_one(taken[0])
            return
        try:
            found = await self.record([each.call for each in taken])
        except Exception as error:
            if isinstance(error, StoreUnavailable) and not isinstance(error, GaveUp):
                for each in taken:
                    _fail(each.answer, error)
                return
            middle = len(taken) // 2
            await self._write(taken[:middle])
            await self._write(taken[middle:])
            return
        for each, answer in zip(taken, found, strict=True):
            _give(each.answer, answer)

    async def _write_one(self, each: _Waiting) -> None:
        try:
            _give(each.answer, await self._kept(each.call))
        except Exception as error:
            _fail(each.answer, error)

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
            if isinstance(error, GaveUp):
                raise
            blame = masked(error, where="the write door")["message"]
            return Outcome(0, 0, (Rejection(0, "INVALID", blame),), {})
        return found

    async def _halves(self, call: Call) -> Outcome:
        middle = len(call.events) // 2
        first = await self._kept(Call(events=call.events[:middle]))
        second = await self._kept(Call(events=call.events[middle:]))
        assert isinstance(first, Outcome) and isinstance(second, Outcome)
        moved = tuple(replace(each, index=each.index + middle) for each in second.rejected)
        return Outcome(
            first.accepted + second.accepted,
            first.duplicates + second.duplicates,
            first.rejected + moved,
            {**first.touched, **second.touched},
        )


def _give(answer: asyncio.Future[Found], found: Found) -> None:
    # Whoever asked may have gone away.
    if not answer.done():
        answer.set_result(found)


def _fail(answer: asyncio.Future[Found], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        # Whoever asked may have gone away.
        answer.exception()

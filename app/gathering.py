"""Group commit: requests that come at once share a transaction, and those that have to wait too long are turned away."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from graph.errors import GaveUp, InvalidEvent, StoreUnavailable
from graph.events import Call, Outcome, names

logger = logging.getLogger(__name__)

WAYS = 2
"""Transactions under way at once, over requests that name nothing in common."""

MOST_AT_ONCE = 1_000
"""Events in one transaction, unless one request alone has more: what comes after them should not wait for seconds."""

Found = Outcome | InvalidEvent
Recorder = Callable[[list[Call]], Awaitable[list[Found]]]


class Overloaded(StoreUnavailable):
    """More waits to be written than can be written soon. `retry_after`: in how many seconds there should be room."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"more events wait to be written than can be written soon; send this again in {retry_after} s")
        self.retry_after = retry_after


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
    _rate: float = 1_000.0

    async def keep(self, call: Call) -> Found:
        """What became of a call. Raises Overloaded when there is no room, and what recording it raised."""
        if self._events and self._events + len(call.events) > self.room:
            raise Overloaded(max(1, math.ceil(self._events / self._rate)))
        named = frozenset[str]().union(*(names(event) for event in call.events))
        if call.request is not None:
            named |= {call.request.key}
        each = _Waiting(call, named, asyncio.get_running_loop().create_future())
        self._waiting.append(each)
        self._events += len(call.events)
        self._start()
        return await each.answer

    async def close(self) -> None:
        """Wait until all that was taken is written."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _start(self) -> None:
        while len(self._under_way) < WAYS and (taken := self._taken()):
            task = asyncio.create_task(self._flight(taken))
            self._under_way[task] = {name for each in taken for name in each.names}
            task.add_done_callback(self._landed)

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
                events += len(each.call.events)
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
        self._start()

    async def _flight(self, taken: list[_Waiting]) -> None:
        begun = time.monotonic()
        await self._write(taken)
        events = sum(len(each.call.events) for each in taken)
        self._rate += 0.2 * (events / max(time.monotonic() - begun, 0.001) - self._rate)

    async def _write(self, taken: list[_Waiting]) -> None:
        """Write by one transaction, or, where that fails, by halves, down to the call that is to blame."""
        try:
            found = await self.record([each.call for each in taken])
        except Exception as error:
            if len(taken) == 1 or (isinstance(error, StoreUnavailable) and not isinstance(error, GaveUp)):
                for each in taken:
                    _fail(each.answer, error)
                return
            middle = len(taken) // 2
            await self._write(taken[:middle])
            await self._write(taken[middle:])
            return
        for each, answer in zip(taken, found, strict=True):
            if not each.answer.done():
                each.answer.set_result(answer)


def _fail(answer: asyncio.Future[Found], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        # Whoever asked may have gone away.
        answer.exception()

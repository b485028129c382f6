"""Loading together what several requests ask for at once: most of what a question costs it costs however many keys it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Flights(Generic[Key, Value]):
    """Hands keys to `load`, at most `size` of them together, and `ways` such loads under way at once.

    While there is a way free nothing waits; behind that keys gather for the next load. Who asks for the same key shares a load
    that has yet to begin, never one under way: that may have read already what has changed since. A load that nobody waits for
    any more is ended.
    """

    def __init__(self, load: Callable[[list[Key]], Awaitable[Sequence[Value]]], *, ways: int, size: int) -> None:
        self._load = load
        self._ways = ways
        self._size = size
        #: For each key those who wait for it: a future each, so that whoever goes away takes nobody along.
        self._waiting: dict[Key, list[asyncio.Future[Value]]] = {}
        self._flying: dict[asyncio.Task[None], list[asyncio.Future[Value]]] = {}
        self._asker: asyncio.Task[object] | None = None

    async def load(self, keys: Sequence[Key]) -> list[Value]:
        """The values of some keys, in order; raises what loading one of them raised."""
        asked = [self._ask(key) for key in keys]
        try:
            if len(asked) == 1:
                return [await asked[0]]
            await asyncio.wait(asked)
        except asyncio.CancelledError:
            self._leave(asked)
            raise
        return [each.result() for each in asked]

    def _ask(self, key: Key) -> asyncio.Future[Value]:
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[Value] = loop.create_future()
        together = self._waiting.get(key)
        if together is not None:
            together.append(asked)
            return asked
        self._waiting[key] = [asked]
        if self._asker is None and len(self._flying) < self._ways:
            # With all that is asked in this turn of the loop.
            self._asker = asyncio.current_task()
            loop.call_soon(self._start)
        return asked

    def _leave(self, asked: Sequence[asyncio.Future[Value]]) -> None:
        for each in asked:
            each.cancel()
        for task, waiting in self._flying.items():
            if all(each.cancelled() for each in waiting):
                task.cancel()

    def _start(self) -> None:
        asker, self._asker = self._asker, None
        while len(self._flying) < self._ways:
            taken: dict[Key, list[asyncio.Future[Value]]] = {}
            while self._waiting and len(taken) < self._size:
                key = next(iter(self._waiting))
                waiting = self._waiting.pop(key)
                if not all(each.cancelled() for each in waiting):
                    taken[key] = waiting
            if not taken:
                return
            # Named after who asked first.
            task = asyncio.create_task(self._fly(taken), name=asker.get_name() if asker else None)
            self._flying[task] = [each for waiting in taken.values() for each in waiting]
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._flying[task]
        self._start()

    async def _fly(self, taken: dict[Key, list[asyncio.Future[Value]]]) -> None:
        try:
            values = await self._load(list(taken))
        except BaseException as error:
            for waiting in taken.values():
                for each in waiting:
                    if not each.done():
                        each.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                        # Whoever asked may have gone away.
                        each.exception()
            if not isinstance(error, Exception):
                raise
            return
        for waiting, value in zip(taken.values(), values, strict=True):
            for each in waiting:
                if not each.done():
                    each.set_result(value)

    async def close(self) -> None:
        """End what is under way."""
        under_way = list(self._flying)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

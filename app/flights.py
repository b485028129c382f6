"""Loading together what several requests ask for at once: most of what a question costs it costs however many keys it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Asked(Generic[Value]):
    """The value of a key, to come, and how many wait for it."""

    __slots__ = ("context", "future", "load", "waiting")

    def __init__(self) -> None:
        self.future: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        #: Of who asked first: what loads it is part of that request.
        self.context = copy_context()
        self.waiting = 0
        #: What loads it, once that has begun.
        self.load: asyncio.Task[None] | None = None


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
        self._waiting: dict[Key, _Asked[Value]] = {}
        self._flying: dict[asyncio.Task[None], list[_Asked[Value]]] = {}
        self._asker: asyncio.Task[object] | None = None

    async def load(self, keys: Sequence[Key]) -> list[Value]:
        """The values of some keys, in order; raises what loading one of them raised."""
        asked = [self._ask(key) for key in keys]
        try:
            if len(asked) == 1:
                return [await asyncio.shield(asked[0].future)]
            await asyncio.wait([each.future for each in asked])
        except asyncio.CancelledError:
            for each in asked:
                self._leave(each)
            raise
        return [each.future.result() for each in asked]

    def _ask(self, key: Key) -> _Asked[Value]:
        asked = self._waiting.get(key)
        if asked is None:
            asked = self._waiting[key] = _Asked()
            if self._asker is None and len(self._flying) < self._ways:
                # With all that is asked in this turn of the loop.
                self._asker = asyncio.current_task()
                asyncio.get_running_loop().call_soon(self._start)
        asked.waiting += 1
        return asked

    def _leave(self, asked: _Asked[Value]) -> None:
        asked.waiting -= 1
        if asked.load is not None and not any(each.waiting for each in self._flying.get(asked.load, [asked])):
            asked.load.cancel()

    def _start(self) -> None:
        asker, self._asker = self._asker, None
        while len(self._flying) < self._ways:
            for key in [key for key, each in self._waiting.items() if not each.waiting]:
                del self._waiting[key]
            taken = list(self._waiting)[: self._size]
            if not taken:
                return
            asked = [self._waiting.pop(key) for key in taken]
            # Named after who asked first.
            task = asyncio.create_task(
                self._fly(taken, asked), name=asker.get_name() if asker else None, context=asked[0].context
            )
            self._flying[task] = asked
            for each in asked:
                each.load = task
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._flying[task]
        self._start()

    async def _fly(self, keys: list[Key], asked: list[_Asked[Value]]) -> None:
        try:
            values = await self._load(keys)
        except BaseException as error:
            for each in asked:
                if not each.future.done():
                    each.future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                    # Whoever asked may have gone away.
                    each.future.exception()
            if not isinstance(error, Exception):
                raise
            return
        for each, value in zip(asked, values, strict=True):
            if not each.future.done():
                each.future.set_result(value)

    async def close(self) -> None:
        """End what is under way."""
        under_way = list(self._flying)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

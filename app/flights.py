"""Loading together what several requests ask for at once: most of what a question costs it costs however many keys it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Asked(Generic[Value]):
    """Those who wait for a key, a future each, so that whoever goes away takes nobody along; and the context of the first: what
    loads it is part of that request."""

    __slots__ = ("context", "futures")

    def __init__(self, first: asyncio.Future[Value]) -> None:
        self.context = copy_context()
        self.futures = [first]

    @property
    def left(self) -> bool:
        """Whether nobody waits any more."""
        return all(each.cancelled() for each in self.futures)


class Flights(Generic[Key, Value]):
    """Hands keys to `load`, at most `size` of them together, and `ways` such loads under way at once.

    While there is a way free nothing waits; behind that keys gather for the next load. Who asks for the same key shares a load
    that has yet to begin, never one under way: that may have read already what has changed since. With `once` no key is under
    way twice: who asks meanwhile waits for the next, which is for what takes the graph long. A load that nobody waits for any
    more is ended.
    """

    def __init__(
        self, load: Callable[[list[Key]], Awaitable[Sequence[Value]]], *, ways: int, size: int, once: bool = False
    ) -> None:
        self._load = load
        self._ways = ways
        self._size = size
        self._once = once
        self._waiting: dict[Key, _Asked[Value]] = {}
        self._flying: dict[asyncio.Task[None], dict[Key, _Asked[Value]]] = {}
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
        future: asyncio.Future[Value] = loop.create_future()
        together = self._waiting.get(key)
        if together is not None:
            together.futures.append(future)
            return future
        self._waiting[key] = _Asked(future)
        if self._asker is None and len(self._flying) < self._ways:
            # With all that is asked in this turn of the loop.
            self._asker = asyncio.current_task()
            loop.call_soon(self._start)
        return future

    def _leave(self, asked: Sequence[asyncio.Future[Value]]) -> None:
        for each in asked:
            each.cancel()
        for task, flying in self._flying.items():
            if all(each.left for each in flying.values()):
                task.cancel()

    def _start(self) -> None:
        asker, self._asker = self._asker, None
        while len(self._flying) < self._ways:
            taken: dict[Key, _Asked[Value]] = {}
            while len(taken) < self._size and (key := self._next()) is not None:
                asked = self._waiting.pop(key)
                if not asked.left:
                    taken[key] = asked
            if not taken:
                return
            # Named after who asked first.
            first = next(iter(taken.values()))
            task = asyncio.create_task(self._fly(taken), name=asker.get_name() if asker else None, context=first.context)
            self._flying[task] = taken
            task.add_done_callback(self._landed)

    def _next(self) -> Key | None:
        """The key that was asked for first, of those that may be loaded now."""
        if not self._once:
            return next(iter(self._waiting), None)
        return next((key for key in self._waiting if not any(key in taken for taken in self._flying.values())), None)

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._flying[task]
        self._start()

    async def _fly(self, taken: dict[Key, _Asked[Value]]) -> None:
        try:
            values = await self._load(list(taken))
        except BaseException as error:
            for asked in taken.values():
                for each in asked.futures:
                    if not each.done():
                        each.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                        # Whoever asked may have gone away.
                        each.exception()
            if not isinstance(error, Exception):
                raise
            return
        for asked, value in zip(taken.values(), values, strict=True):
            for each in asked.futures:
                if not each.done():
                    each.set_result(value)

    async def close(self) -> None:
        """End what is under way."""
        under_way = list(self._flying)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

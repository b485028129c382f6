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
    that has yet to begin, never one under way: that may have read already what has changed since.
    """

    def __init__(self, load: Callable[[list[Key]], Awaitable[Sequence[Value]]], *, ways: int, size: int) -> None:
        self._load = load
        self._ways = ways
        self._size = size
        self._waiting: dict[Key, asyncio.Future[Value]] = {}
        self._flying: set[asyncio.Task[None]] = set()
        self._asker: asyncio.Task[object] | None = None

    def ask(self, key: Key) -> asyncio.Future[Value]:
        """The value of a key, to come; several may await it, shielded."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._asker is None and len(self._flying) < self._ways:
                # With all that is asked in this turn of the loop.
                self._asker = asyncio.current_task()
                asyncio.get_running_loop().call_soon(self._start)
        return future

    async def load(self, keys: Sequence[Key]) -> list[Value]:
        """The values of some keys, in order; raises what loading one of them raised."""
        futures = [self.ask(key) for key in keys]
        if len(futures) == 1:
            return [await asyncio.shield(futures[0])]
        await asyncio.wait(futures)
        return [future.result() for future in futures]

    def _start(self) -> None:
        asker, self._asker = self._asker, None
        while self._waiting and len(self._flying) < self._ways:
            taken = list(self._waiting)[: self._size]
            futures = [self._waiting.pop(key) for key in taken]
            # Named after who asked first.
            task = asyncio.create_task(self._fly(taken, futures), name=asker.get_name() if asker else None)
            self._flying.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._start()

    async def _fly(self, keys: list[Key], futures: list[asyncio.Future[Value]]) -> None:
        try:
            values = await self._load(keys)
        except BaseException as error:
            for future in futures:
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                    # Whoever asked may have gone away.
                    future.exception()
            if not isinstance(error, Exception):
                raise
            return
        for future, value in zip(futures, values, strict=True):
            if not future.done():
                future.set_result(value)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)

"""Writing in batches of which two are under way at once: those that name nothing in common."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")

WAYS = 2
"""Batches under way at once: while the server works for one of them, rows are made and packed for the other."""

WAITING = 2
"""How many batches' worth of items may wait: enough for a full batch beside those that have to let others pass."""

WORTHWHILE = 4
"""A part of a batch this many times smaller than a whole one is not worth a transaction beside another one."""


class Lanes(Generic[Item]):
    """Hands items to `write` in batches of at most `size`, in the order in which they came, but for those that name what is
    being written: they wait for its end and let others pass.

    Leaving the block waits for all of them, or after an error cancels what is left.
    """

    def __init__(
        self, write: Callable[[list[Item]], Awaitable[None]], names: Callable[[Item], frozenset[str]], *, size: int
    ) -> None:
        self._write = write
        self._names = names
        self._size = size
        self._waiting: list[tuple[Item, frozenset[str]]] = []
        self._under_way: dict[asyncio.Task[None], set[str]] = {}
        # The first batch goes alone: it makes what all others share, and a server that has just started learns its statements.
        self._ways = 1
        # Whether too much of what waits was in the way the last time somebody looked.
        self._blocked = False

    async def put(self, items: Iterable[Item]) -> None:
        """Take items, and return once there is room for more; raises what a write raised."""
        names = self._names
        self._waiting += [(item, names(item)) for item in items]
        while len(self._waiting) >= self._size:
            full = len(self._waiting) >= WAITING * self._size
            if self._start(self._size // WORTHWHILE if full else self._size):
                continue
            if not full:
                break
            await self._land()
        await self._look()

    def _start(self, least: int) -> bool:
        """Start a batch if a lane is free and `least` items can go, or any where no other is under way."""
        if len(self._under_way) >= self._ways or (self._blocked and least >= self._size):
            return False
        batch: list[Item] = []
        named: set[str] = set()
        staying = []
        busy = list(self._under_way.values())
        for position, each in enumerate(self._waiting):
            if len(batch) == self._size:
                staying += self._waiting[position:]
                break
            if all(others.isdisjoint(each[1]) for others in busy):
                batch.append(each[0])
                named |= each[1]
            else:
                staying.append(each)
        self._blocked = len(batch) < (least if busy else 1)
        if self._blocked:
            return False
        self._waiting = staying
        self._under_way[asyncio.create_task(self._flight(batch))] = named
        return True

    async def _flight(self, batch: list[Item]) -> None:
        await self._write(batch)
        # The driver leaves cycles behind. Collected now, while least is alive, they hold no memory that the next batch could
        # use: the last of millions of items takes no more of it than the first hundred thousand.
        gc.collect()

    async def _look(self) -> None:
        """Let what is under way go on, and raise what one of them raised."""
        await asyncio.sleep(0)
        if any(task.done() for task in self._under_way):
            await self._land()

    async def _land(self) -> None:
        done, _ = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del self._under_way[task]
        self._blocked, self._ways = False, WAYS
        for task in done:
            task.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            while error is None and (self._waiting or self._under_way):
                if not self._waiting or not self._start(max(1, self._size // WORTHWHILE)):
                    await self._land()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

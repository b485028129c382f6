"""Lists for graphql-core, which goes through one without a pause: as iterators that let everything else go on in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import perf_counter
from typing import Any

SLICE = 0.002
"""Seconds for which one request works on, whatever its lists hold."""


class Pace:
    """One request's: all its lists together have one slice of each turn of the loop."""

    def __init__(self) -> None:
        self._until = 0.0
        self._next: asyncio.Event | None = None

    async def through(self, items: Sequence[Any]) -> AsyncIterator[Any]:
        """The items, one after the other."""
        for item in items:
            while perf_counter() > self._until:
                await self._turn()
            yield item

    async def _turn(self) -> None:
        if self._next is None:
            self._next = asyncio.Event()
            asyncio.get_running_loop().call_soon(self._begin)
        await self._next.wait()

    def _begin(self) -> None:
        self._until = perf_counter() + SLICE
        if self._next is not None:
            self._next.set()
            self._next = None

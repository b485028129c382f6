"""Work of which a bounded number is under way at a time, in the order in which it was started."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Flights:
    """At most `most` coroutines at once. Leaving the block waits for all of them, or after an error cancels what is left."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tasks: deque[asyncio.Task[None]] = deque()

    async def room(self) -> None:
        """Return once one more may start; raises what one of them raised."""
        while len(self._tasks) >= self._most:
            await self._tasks[0]
            self._tasks.popleft()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            while error is None and self._tasks:
                await self._tasks[0]
                self._tasks.popleft()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

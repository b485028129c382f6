"""Work that takes too long for the event loop: one piece at a time in a thread of its own, while everything else goes on.

Only so much may wait for its turn, and what nobody waits for any more is dropped.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

Work = Callable[..., Any]


def _uncollected(work: Work, *arguments: Any) -> Any:
    """`work` without a garbage collection: with its hundreds of thousands of objects one would stop all threads for 0.1 s and
    more, and nearly all of them go by themselves when it is done."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return work(*arguments)
    finally:
        if collecting:
            gc.enable()


class Busy(Exception):
    """There is no room for more to wait."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting:,} pieces of work wait")
        self.waiting = waiting


@dataclass(eq=False, slots=True)
class _Piece:
    task: asyncio.Task[Any]
    wanted: int = 0
    begun: bool = False


@dataclass(slots=True)
class Beside:
    """`waiting`: how many pieces may wait beside the one that is under way."""

    waiting: int
    _pieces: dict[Hashable, _Piece] = field(default_factory=dict)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    #: One thread: however much comes at once, no more than one piece shares the interpreter with the loop.
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "beside"))

    async def run(self, key: Hashable, work: Work, *arguments: Any) -> Any:
        """What `work` returns or raises; what is under way or waits under the same key is done once. Raises Busy."""
        piece = self._pieces.get(key)
        if piece is None:
            if len(self._pieces) > self.waiting:
                raise Busy(len(self._pieces))
            piece = self._pieces[key] = _Piece(asyncio.create_task(self._done(key, work, arguments)))
        piece.wanted += 1
        try:
            return await asyncio.shield(piece.task)
        finally:
            piece.wanted -= 1
            if not piece.wanted and not piece.begun:
                del self._pieces[key]
                piece.task.cancel()

    async def _done(self, key: Hashable, work: Work, arguments: tuple[Any, ...]) -> Any:
        async with self._turn:
            self._pieces[key].begun = True
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, _uncollected, work, *arguments)
            finally:
                del self._pieces[key]

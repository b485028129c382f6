"""Long work on the event loop, in slices after which everything else goes on."""

from __future__ import annotations

import asyncio
import time

SLICE = 0.005
"""Seconds."""


class Slices:
    """Begins a slice when it is made. What calls `between` often enough holds the event loop for no longer than a slice."""

    def __init__(self) -> None:
        self._end = time.perf_counter() + SLICE

    async def between(self) -> None:
        """Let everything else go on if the slice is over."""
        if time.perf_counter() >= self._end:
            await asyncio.sleep(0)
            self._end = time.perf_counter() + SLICE

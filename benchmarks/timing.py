"""Times of calls that take turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key")


async def in_turn(
    calls: Mapping[str, Callable[[Key], Awaitable[object]]], keys: Iterable[Key], *, warm_up: int
) -> dict[str, list[float]]:
    """For each key every call, and who goes first changes from key to key. Returns milliseconds by name of call.

    The first `warm_up` keys count for nothing.
    """
    found: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls.items())
    for number, key in enumerate(keys):
        for name, call in order:
            begun = time.perf_counter()
            await call(key)
            taken = time.perf_counter() - begun
            if number >= warm_up:
                found[name].append(taken * 1_000)
        order.append(order.pop(0))
    return found

"""Times of calls that take turns, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key")


async def in_turn(
    calls: Mapping[str, Callable[[Key], Awaitable[object]]],
    keys: Iterable[Key],
    *,
    warm_up: int = 0,
    dice: random.Random | None = None,
) -> dict[str, list[float]]:
    """For each key every call, and who goes first changes from key to key. Returns milliseconds by name of call.

    The first `warm_up` keys count for nothing. With `dice` the order is another one for each key: of many calls none is to come
    always after the same other one, which may have left much to clear away.
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
        if dice is None:
            order.append(order.pop(0))
        else:
            dice.shuffle(order)
    return found

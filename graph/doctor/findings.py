"""What the doctor names, and how it reads and compares."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from graph.store import Store

PAGE = 1_000
#: Of identifiers with all their touchpoints, of purchases with all their events, of customers with all their traits.
HEAVY_PAGE = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference: `what` is wrong at `where` (an id), `actual` is kept although `expected` follows from what is filed.

    `notice`: it is kept as it was stated, and whoever stated it may want to know.
    """

    what: str
    where: str
    expected: str
    actual: str
    notice: bool = False


Row = TypeVar("Row")


async def pages(
    store: Store, name: str, record: type[Row], key: Callable[[Row], str], *, after: str = "", limit: int = PAGE, **more: str
) -> AsyncIterator[Row]:
    while rows := await store.many(name, record, after=after, limit=limit, **more):
        for row in rows:
            yield row
        after = key(rows[-1])


def nonzero(sums: dict[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sums.items() if amount}


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def different(what: str, where: str, expected: dict[str, Any], actual: dict[str, Any]) -> list[Finding]:
    return [
        Finding(f"{what} {name}" if where else what, where or name, str(expected.get(name)), str(actual.get(name)))
        for name in sorted(expected.keys() | actual.keys())
        if expected.get(name) != actual.get(name)
    ]

"""The feed of changed customers: a Redis stream that every process adds to as it drops cached profiles, and follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import msgspec

from app.cache.wire import Command

STREAM = "c360:changes"

KEPT = 5_000
"""Entries that the stream keeps, about: a reader that lags behind by more asks the graph instead."""

TOGETHER = 100
"""Customers in one entry, at most."""

READ = 500
"""Entries read at a time."""


def news(changed: Mapping[str, int]) -> list[Command]:
    """The commands that tell of customers with the versions they have now."""
    return [_entry(part) for part in _parts(changed)]


def _entry(changed: Mapping[str, int]) -> Command:
    return "XADD", STREAM, "MAXLEN", "~", KEPT, "*", "changed", _packed(changed)


def _parts(changed: Mapping[str, int]) -> Iterator[dict[str, int]]:
    pairs = iter(changed.items())
    while part := dict(islice(pairs, TOGETHER)):
        yield part


_packed = msgspec.json.Encoder().encode
_unpacked = msgspec.json.Decoder(dict[str, int]).decode


class Commands(Protocol):
    """A wire that waits longer than `seconds` of a read; see app.cache.wire."""

    async def run(self, *commands: Command) -> tuple[str, list[Any]]: ...


@dataclass(slots=True)
class Feed:
    """One process's place in the stream. Each method raises Unanswered."""

    wire: Commands
    _last: bytes = b"0-0"

    async def begin(self) -> str:
        """Read from what comes after now; the run id of the Redis that is read from."""
        # A mark of its own, for an empty stream has no place to begin at.
        run_id, (self._last,) = await self.wire.run(_entry({}))
        return run_id

    async def read(self, *, seconds: float) -> tuple[str, list[tuple[str, int]], bool]:
        """Wait at most so long for what comes next.

        Gives the run id, (customer, version) in the order of the stream, and whether some may have been missed.
        """
        # In this order: what is trimmed away between the two is missed only in appearance.
        run_id, (found, oldest) = await self.wire.run(
            ("XREAD", "COUNT", READ, "BLOCK", int(seconds * 1000), "STREAMS", STREAM, self._last),
            ("XRANGE", STREAM, "-", "+", "COUNT", 1),
        )
        entries = _entries(found)
        missed = bool(entries) and _order(oldest[0][0]) > _order(self._last) if oldest else bool(entries)
        if entries:
            self._last = entries[-1][0]
        return run_id, [pair for _, fields in entries for pair in _unpacked(fields[1]).items()], missed


def _entries(found: Any) -> list[tuple[bytes, list[bytes]]]:
    """The entries of the one stream in what XREAD answers: a list of pairs, or with RESP3 a map."""
    if not found:
        return []
    ((_, entries),) = found.items() if isinstance(found, dict) else found
    return list(entries)


def _order(entry: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry.partition(b"-")
    return int(milliseconds), int(number)

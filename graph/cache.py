"""What all processes agree on about the cache: one node, `CacheEpoch`, changed under its lock.

`epoch` rises with each closing and each opening; `run_id` is that of the Redis that counts while the cache is open.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from graph.store import Store


class Seen(msgspec.Struct, frozen=True):
    """The node as it was seen. `closed_ms`: for how long the cache has been closed, None while it is open."""

    epoch: int
    run_id: str | None
    closed_ms: int | None

    @property
    def open(self) -> bool:
        return self.closed_ms is None


#: Before any process has made the node nothing is cached.
NEVER_OPENED = Seen(epoch=0, run_id=None, closed_ms=2**31)


@dataclass(frozen=True, slots=True)
class EpochNode:
    """The node in a store. Each method raises StoreUnavailable."""

    store: Store

    async def find(self) -> Seen:
        """The node as it is now."""
        return await self.store.one("cache/find_epoch", Seen) or NEVER_OPENED

    async def close(self) -> Seen:
        """Close the cache for all processes, or find it closed."""
        return await self._write("cache/record_closing")

    async def open(self, seen: Seen, run_id: str, after_ms: int) -> Seen:
        """Open it over the Redis with this run id, unless somebody did meanwhile or it was closed less than `after_ms` ago."""
        return await self._write("cache/record_opening", epoch=seen.epoch, run_id=run_id, after_ms=after_ms)

    async def _write(self, name: str, **parameters: object) -> Seen:
        found = await self.store.write(lambda transaction: transaction.one(name, Seen, **parameters))
        return found or NEVER_OPENED

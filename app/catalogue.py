"""This process's copy of channels, campaigns and products: at most a second old, and renewed together while it is used."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Generic, TypeVar

from app.flights import Flights
from graph import catalogue
from graph.errors import StoreUnavailable
from graph.store import Reader

Record = TypeVar("Record")

FRESH_SECONDS = 1.0
RENEW_SECONDS = 0.5
"""So often records are asked for again that were used not long ago: so nobody has to wait for them."""

APART_SECONDS = 0.1
"""What is alike in two reads so far apart was no commit half seen."""

USED_SECONDS = 10.0
"""What was used so long ago is used no more."""

RENEWED = 2_000
"""Records that are renewed at a time: those used last. A thousand take a few milliseconds."""

COPY_SIZE = 10_000
LOADS, LOAD_SIZE = 2, 1_000


@dataclass(slots=True)
class _Kept(Generic[Record]):
    """`at`: when it was asked for, `used`: when it was last given, by time.monotonic(). `confirmed`: whether it was read so
    twice."""

    record: Record
    at: float
    used: float
    confirmed: bool = False


class Copy(Generic[Record]):
    """Records by key, none older than FRESH_SECONDS; what isn't there is asked for each time.

    `renew` gets what is known of each key, or None, and need not read anew what wasn't written to since. A commit is half seen
    for a moment, its count of writes beside what was there before: so a record is known when it was read twice alike.
    """

    def __init__(
        self,
        load: Callable[[list[str]], Awaitable[Sequence[Record | None]]],
        renew: Callable[[Mapping[str, Record | None]], Awaitable[Sequence[Record | None]]] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._load = load
        self._renew = renew
        self._sleep = sleep
        self._kept: OrderedDict[str, _Kept[Record]] = OrderedDict()
        self._flights = Flights(self._loaded, ways=LOADS, size=LOAD_SIZE)
        self._renewing: asyncio.Task[None] | None = None

    def at_hand(self, key: str) -> Record | None:
        """The record of a key, where it is known by now."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        # This is all that it does, so that any thread may ask.
        kept.used = now = time.monotonic()
        return kept.record if now - kept.at < FRESH_SECONDS else None

    async def many(self, keys: Sequence[str]) -> list[Record | None]:
        """The record of each key, in order; None for what there isn't."""
        found = {key: self.at_hand(key) for key in keys}
        missing = [key for key, record in found.items() if record is None]
        if missing:
            found.update(zip(missing, await self._flights.load(missing), strict=True))
        return [found[key] for key in keys]

    async def _loaded(self, keys: list[str]) -> Sequence[Record | None]:
        started = time.monotonic()
        records = self._keep(keys, started, await self._load(keys))
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew_in_use())
        return records

    async def _renewed(self, keys: list[str]) -> None:
        """As they are now, of those that are kept."""
        if self._renew is None:
            await self._loaded(keys)
            return
        started = time.monotonic()
        known = {key: kept.record if kept.confirmed else None for key in keys if (kept := self._kept.get(key))}
        self._keep(list(known), started, await self._renew(known))

    def _keep(self, keys: Sequence[str], started: float, records: Sequence[Record | None]) -> Sequence[Record | None]:
        for key, record in zip(keys, records, strict=True):
            kept = self._kept.pop(key, None)
            if kept is not None and kept.at > started:
                self._kept[key] = kept
                continue
            if record is None:
                continue
            if kept is None or kept.record != record:
                self._kept[key] = _Kept(record, started, kept.used if kept else started)
                continue
            # The very same as before, where nothing has changed: then what was made of it is good still.
            self._kept[key] = kept
            kept.confirmed = kept.confirmed or started - kept.at >= APART_SECONDS
            kept.at = started
        while len(self._kept) > COPY_SIZE:
            self._kept.popitem(last=False)
        return records

    async def _renew_in_use(self) -> None:
        """What a quiet time has made too old: more of it will be asked for now. Then, again and again, what is used, until
        nothing is any more."""
        old = time.monotonic() - FRESH_SECONDS
        try:
            await self._renew_last_used([(kept.used, key) for key, kept in self._kept.items() if kept.at <= old])
            while True:
                await self._sleep(RENEW_SECONDS)
                since = time.monotonic() - USED_SECONDS
                in_use = [(kept.used, key) for key, kept in self._kept.items() if kept.used > since]
                if not in_use:
                    return
                await self._renew_last_used(in_use)
        except StoreUnavailable:
            # Whoever needs them asks, and hears of it.
            pass
        finally:
            self._renewing = None

    async def _renew_last_used(self, used: list[tuple[float, str]]) -> None:
        """Keys with the time each was used last."""
        if len(used) > RENEWED:
            used = nlargest(RENEWED, used)
        for start in range(0, len(used), LOAD_SIZE):
            await self._renewed([key for _, key in used[start : start + LOAD_SIZE]])

    async def close(self) -> None:
        """End what is under way."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
        await self._flights.close()


class Copies:
    """The catalogue as this process last saw it: at most a second ago."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._listed: tuple[float, Sequence[catalogue.Channel]] | None = None
        self._channels = Copy(self._load_channels)
        self._campaigns = Copy(self._load_campaigns)
        self._products = Copy(self._load_products, self._renew_products)
        self.channel = self._channels.at_hand
        self.campaign = self._campaigns.at_hand
        self.product = self._products.at_hand
        self.channels = self._channels.many
        self.campaigns = self._campaigns.many
        self.products = self._products.many

    async def list_channels(self) -> Sequence[catalogue.Channel]:
        now = time.monotonic()
        if self._listed is None or now - self._listed[0] >= FRESH_SECONDS:
            self._listed = now, await catalogue.list_channels(self._reader)
        return self._listed[1]

    async def close(self) -> None:
        for each in (self._channels, self._campaigns, self._products):
            await each.close()

    async def _load_channels(self, keys: list[str]) -> Sequence[catalogue.Channel | None]:
        # An event may have named it for the first time within this second: then the list lacks it too.
        self._listed = None
        return await catalogue.load_channels(self._reader, keys=keys)

    async def _load_campaigns(self, keys: list[str]) -> Sequence[catalogue.Campaign | None]:
        return await catalogue.load_campaigns(self._reader, keys=keys)

    async def _load_products(self, skus: list[str]) -> Sequence[catalogue.Product | None]:
        return await catalogue.load_products(self._reader, skus=skus)

    async def _renew_products(self, known: Mapping[str, catalogue.Product | None]) -> Sequence[catalogue.Product | None]:
        return await catalogue.renew_products(self._reader, known)

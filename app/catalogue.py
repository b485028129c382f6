"""This process's copy of channels, campaigns and products: at most a second old, and renewed together while it is used."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from app.flights import Flights
from graph import catalogue
from graph.errors import StoreUnavailable
from graph.store import Reader

Record = TypeVar("Record")

FRESH_SECONDS = 1.0
RENEW_SECONDS = 0.5
"""The age at which a record that is used is asked for again, so that nobody has to wait for it."""

GATHER_SECONDS = 0.05
COPY_SIZE = 10_000
LOADS, LOAD_SIZE = 2, 1_000


class Copy(Generic[Record]):
    """Records by key, none older than FRESH_SECONDS; what isn't there is asked for each time."""

    def __init__(self, load: Callable[[list[str]], Awaitable[Sequence[Record | None]]]) -> None:
        self._load = load
        self._kept: OrderedDict[str, tuple[float, Record]] = OrderedDict()
        self._flights = Flights(self._loaded, ways=LOADS, size=LOAD_SIZE)
        #: Keys in use whose records are about to be too old.
        self._due: dict[str, None] = {}
        self._renewing: asyncio.Task[None] | None = None

    def at_hand(self, key: str) -> Record | None:
        """The record of a key, where it is known by now."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        age = time.monotonic() - kept[0]
        if age > RENEW_SECONDS:
            self._due[key] = None
            if self._renewing is None:
                self._renewing = asyncio.create_task(self._renew())
        return kept[1] if age < FRESH_SECONDS else None

    async def many(self, keys: Sequence[str]) -> list[Record | None]:
        """The record of each key, in order; None for what there isn't."""
        found = {key: self.at_hand(key) for key in keys}
        missing = [key for key, record in found.items() if record is None]
        if missing:
            found.update(zip(missing, await self._flights.load(missing), strict=True))
        return [found[key] for key in keys]

    async def _loaded(self, keys: list[str]) -> Sequence[Record | None]:
        started = time.monotonic()
        records = await self._load(keys)
        for key, record in zip(keys, records, strict=True):
            if record is not None:
                self._kept[key] = (started, record)
                self._kept.move_to_end(key)
            else:
                self._kept.pop(key, None)
        while len(self._kept) > COPY_SIZE:
            self._kept.popitem(last=False)
        return records

    async def _renew(self) -> None:
        try:
            while self._due:
                await asyncio.sleep(GATHER_SECONDS)
                due = list(self._due)[:LOAD_SIZE]
                for key in due:
                    del self._due[key]
                await self._loaded(due)
        except StoreUnavailable:
            # Whoever needs them asks, and hears of it.
            self._due.clear()
        finally:
            self._renewing = None

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
        self._products = Copy(self._load_products)
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

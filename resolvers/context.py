"""What resolvers may ask: the sources of a process, and the loaders of one request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import strawberry
from graphql import DocumentNode
from strawberry.dataloader import DataLoader

from graph.catalogue import Campaign, Channel, Product
from graph.customers import Profile, ProfileKey
from graph.customers.places import Quintiles as Boundaries
from graph.store import Reader
from graph.timeline import OwnedEntry, load_entries
from resolvers.errors import TooLarge

if TYPE_CHECKING:
    from resolvers.cursors import Cursors
    from resolvers.money import Rates

MOST_ROWS = 20_000
BATCH = 100


class Profiles(Protocol):
    """Profiles by key: a cache with the graph behind it, or the graph itself."""

    async def load(self, keys: Sequence[ProfileKey], /) -> list[Profile | None]: ...


class Catalogue(Protocol):
    """What changes seldom and is needed everywhere; None for what there isn't."""

    async def all_channels(self) -> Sequence[Channel]: ...

    async def channels(self, keys: list[str], /) -> list[Channel | None]: ...

    async def campaigns(self, keys: list[str], /) -> list[Campaign | None]: ...

    async def products(self, skus: list[str], /) -> list[Product | None]: ...


class Quintiles(Protocol):
    """Where the fifths of all customers begin; None before that is known."""

    async def current(self) -> Boundaries | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say that resolvers need. `cart_abandoned_after`: how long a cart rests before it counts as left."""

    cursors: Cursors
    rates: Rates
    cart_abandoned_after: timedelta
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What lives as long as the process."""

    profiles: Profiles
    reader: Reader
    catalogue: Catalogue
    quintiles: Quintiles
    rules: Rules


@dataclass(slots=True)
class Budget:
    """How many rows one request may still bring: nested pages multiply."""

    rows: int
    spent: int = 0

    def spend(self, rows: int) -> None:
        """Raise TooLarge once more than `self.rows` were spent."""
        self.spent += rows
        if self.spent > self.rows:
            raise TooLarge(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One request. What several fields ask for in the same moment is loaded together, and once."""

    sources: Sources
    document: DocumentNode
    budget: Budget
    customers: DataLoader[ProfileKey, Profile | None]
    entries: DataLoader[str, OwnedEntry | None]
    channels: DataLoader[str, Channel | None]
    campaigns: DataLoader[str, Campaign | None]
    products: DataLoader[str, Product | None]

    @classmethod
    def of(cls, sources: Sources, *, document: DocumentNode, rows: int = MOST_ROWS) -> Context:
        """The context of running a validated `document`, which may bring `rows` rows."""

        async def load_owned(ids: list[str]) -> list[OwnedEntry | None]:
            return await load_entries(sources.reader, ids)

        return cls(
            sources=sources,
            document=document,
            budget=Budget(min(rows, MOST_ROWS)),
            customers=DataLoader(load_fn=sources.profiles.load, max_batch_size=BATCH),
            entries=DataLoader(load_fn=load_owned, max_batch_size=BATCH),
            channels=DataLoader(load_fn=sources.catalogue.channels),
            campaigns=DataLoader(load_fn=sources.catalogue.campaigns),
            products=DataLoader(load_fn=sources.catalogue.products),
        )

    @property
    def rules(self) -> Rules:
        return self.sources.rules

    @property
    def reader(self) -> Reader:
        return self.sources.reader


Info = strawberry.Info[Context, None]

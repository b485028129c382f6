"""What resolvers may ask: the sources of a process, and the loaders of one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import strawberry
from graphql import DocumentNode
from strawberry.dataloader import DataLoader

from graph.answers import Request
from graph.catalogue import Campaign, Channel, Product
from graph.customers import Profile, ProfileKey
from graph.customers.places import Quintiles as Boundaries
from graph.events import Outcome
from graph.events.inputs import Event
from graph.store import Reader
from graph.timeline import OwnedEntry, load_entries
from resolvers.errors import TooLarge
from resolvers.guard import Limits

if TYPE_CHECKING:
    from resolvers.cursors import Cursors
    from resolvers.documents import Documents
    from resolvers.money import Rates

MOST_ROWS = 12_000
MOST_PAGES = 2_000
BATCH = 100
#: Statements of one request at a time: a request with many lists must not take every connection there is.
AT_A_TIME = 8

Found = TypeVar("Found")


class Profiles(Protocol):
    """Profiles by key: a cache with the graph behind it, or the graph itself."""

    async def load(self, keys: Sequence[ProfileKey], /) -> list[Profile | None]: ...


class Catalogue(Protocol):
    """What changes seldom and is needed everywhere; None for what there isn't."""

    async def list_channels(self) -> Sequence[Channel]:
        """No more than are listed; `channels` knows them all."""
        ...

    async def channels(self, keys: list[str], /) -> list[Channel | None]: ...

    async def campaigns(self, keys: list[str], /) -> list[Campaign | None]: ...

    async def products(self, skus: list[str], /) -> list[Product | None]: ...


class Door(Protocol):
    """The write door."""

    async def record(self, events: Sequence[Event], request: Request | None = None, /) -> Outcome:
        """Raises InvalidEvent (CONFLICT) when the request was made before with other contents, and StoreUnavailable."""
        ...


class Watch(Protocol):
    """News of one customer at a time."""

    def follow(self, customer: str, version: int, /) -> bool:
        """From now on hear of this customer, of which this version is known; whether it was another one before."""
        ...

    async def next(self) -> int:
        """Wait until there is news; of how many changes since this was last asked. All of them may be known already."""
        ...


class Watches(Protocol):
    """What changes, in any process."""

    def watch(self) -> AbstractContextManager[Watch]: ...


class Quintiles(Protocol):
    """Where the fifths of all customers begin; None before that is known."""

    async def current(self) -> Boundaries | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say that resolvers need. `cart_abandoned_after`: how long a cart rests before it counts as left."""

    limits: Limits
    cursors: Cursors
    rates: Rates
    cart_abandoned_after: timedelta
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What lives as long as the process."""

    documents: Documents
    profiles: Profiles
    reader: Reader
    door: Door
    catalogue: Catalogue
    watches: Watches
    quintiles: Quintiles
    rules: Rules


@dataclass(slots=True)
class Budget:
    """How many pages one request may still ask for, and how many rows they may bring: nested pages multiply."""

    rows: int
    pages: int = MOST_PAGES
    spent_rows: int = 0
    spent_pages: int = 0
    exceeded: TooLarge | None = None

    def page(self) -> None:
        """One more page is asked for; raises TooLarge when it is one too many, or the budget was exceeded before."""
        self.spent_pages += 1
        self._check(TooLarge.pages(self.pages) if self.spent_pages > self.pages else None)

    def spend(self, rows: int) -> None:
        """So many rows came; raises TooLarge when they are too many, or the budget was exceeded before."""
        self.spent_rows += rows
        self._check(TooLarge.rows(self.rows) if self.spent_rows > self.rows else None)

    def renew(self) -> None:
        """Begin again."""
        self.spent_rows, self.spent_pages, self.exceeded = 0, 0, None

    def _check(self, error: TooLarge | None) -> None:
        self.exceeded = self.exceeded or error
        if self.exceeded is not None:
            # One for each field: an exception raised again and again drags all its traces along.
            raise TooLarge(str(self.exceeded))


class Once:
    """What one request asks the graph for, each thing once however often it is selected, and never too much at a time."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(AT_A_TIME)
        self._asked: dict[Hashable, asyncio.Task[Any]] = {}

    async def ask(self, key: Hashable, question: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
        """The answer to `question`, which `key` identifies."""
        task: asyncio.Task[Found] | None = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.create_task(self._gated(question))
        return await asyncio.shield(task)

    async def _gated(self, question: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
        async with self._gate:
            return await question()

    def forget(self) -> None:
        """Ask again from now on."""
        self._asked = {key: task for key, task in self._asked.items() if not task.done()}

    def close(self) -> None:
        """Drop what is still being asked when the request has ended early."""
        for task in self._asked.values():
            task.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One request. What several fields ask for in the same moment is loaded together, and once."""

    sources: Sources
    document: DocumentNode
    budget: Budget
    once: Once
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
            once=Once(),
            customers=DataLoader(load_fn=sources.profiles.load, max_batch_size=BATCH),
            entries=DataLoader(load_fn=load_owned, max_batch_size=BATCH),
            channels=DataLoader(load_fn=sources.catalogue.channels),
            campaigns=DataLoader(load_fn=sources.catalogue.campaigns),
            products=DataLoader(load_fn=sources.catalogue.products),
        )

    def forget(self) -> None:
        """What was loaded before something was written counts no more."""
        for loader in (self.customers, self.entries, self.channels, self.campaigns, self.products):
            loader.clear_all()
        self.once.forget()

    def begin(self) -> None:
        """One more answer of the same request: nothing was loaded, and nothing spent."""
        self.forget()
        self.budget.renew()

    @property
    def rules(self) -> Rules:
        return self.sources.rules

    @property
    def reader(self) -> Reader:
        return self.sources.reader


Info = strawberry.Info[Context, None]

"""What resolvers may ask: the sources of a process, and the loaders of one request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

import msgspec
import strawberry

from graph.answers import Request
from graph.catalogue import Campaign, Channel, Product
from graph.customers import EVERYTHING, Parts, Profile, ProfileKey
from graph.customers.places import Quintiles as Boundaries
from graph.events import Outcome
from graph.events.inputs import Event
from graph.store import Reader
from graph.timeline import OwnedEntry, load_entries
from resolvers.beside import Beside
from resolvers.errors import TooLarge
from resolvers.fields import Missing
from resolvers.pacing import Pace
from resolvers.remembered import Answers

if TYPE_CHECKING:
    from resolvers.cursors import Cursors
    from resolvers.documents import Documents
    from resolvers.money import Rates

MOST_ROWS = 12_000
MOST_PAGES = 2_000
#: Costly answers that wait to be made, of which one is at a time.
COSTLY_WAITING = 100
#: Statements of one request at a time: a request with many lists must not take every connection there is.
AT_A_TIME = 8

#: What is loaded by keys, and how many keys at once.
_BATCHED = {"customer": 100, "entry": 100, "channel": 1_000, "campaign": 1_000, "product": 1_000}
_KINDS = (*_BATCHED, "asked")

Found = TypeVar("Found")
Need = tuple[Any, ...]


class Profiles(Protocol):
    """Profiles by key: a cache with the graph behind it, or the graph itself."""

    async def load(self, keys: Sequence[ProfileKey], parts: Parts = ..., /) -> list[Profile | None]:
        """They hold at least `parts`, all of them where nothing is said."""
        ...


class Catalogue(Protocol):
    """What changes seldom and is needed everywhere; None for what there isn't."""

    async def list_channels(self) -> Sequence[Channel]:
        """No more than are listed; `channels` knows them all."""
        ...

    def channel(self, key: str, /) -> Channel | None:
        """It, where nothing has to be waited for; None says nothing."""
        ...

    def campaign(self, key: str, /) -> Campaign | None: ...

    def product(self, sku: str, /) -> Product | None: ...

    async def channels(self, keys: Sequence[str], /) -> list[Channel | None]: ...

    async def campaigns(self, keys: Sequence[str], /) -> list[Campaign | None]: ...

    async def products(self, skus: Sequence[str], /) -> list[Product | None]: ...


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

    cursors: Cursors
    rates: Rates
    cart_abandoned_after: timedelta
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What lives as long as the process. `plans`: whether queries are compiled."""

    profiles: Profiles
    reader: Reader
    door: Door
    catalogue: Catalogue
    watches: Watches
    quintiles: Quintiles
    rules: Rules
    documents: Documents
    answers: Answers = field(default_factory=Answers)
    beside: Beside = field(default_factory=lambda: Beside(COSTLY_WAITING))
    plans: bool = True


class Budget(msgspec.Struct):
    """How many pages one request may still ask for, and how many rows they may bring: nested pages multiply."""

    rows: int
    pages: int = MOST_PAGES
    spent_rows: int = 0
    spent_pages: int = 0
    exceeded: TooLarge | None = None

    def page(self) -> None:
        """One more page is asked for; raises TooLarge when it is one too many, or the budget was exceeded before."""
        self.spent_pages += 1
        if self.spent_pages > self.pages or self.exceeded is not None:
            self._exceed(TooLarge.pages(self.pages))

    def spend(self, rows: int) -> None:
        """So many rows came; raises TooLarge when they are too many, or the budget was exceeded before."""
        self.spent_rows += rows
        if self.spent_rows > self.rows or self.exceeded is not None:
            self._exceed(TooLarge.rows(self.rows))

    def renew(self) -> None:
        """Begin again."""
        self.spent_rows, self.spent_pages, self.exceeded = 0, 0, None

    def _exceed(self, error: TooLarge) -> NoReturn:
        self.exceeded = self.exceeded or error
        # One for each field: an exception raised again and again drags all its traces along.
        raise TooLarge(str(self.exceeded))


class Loads:
    """What one request knows, and how it learns more: each thing once, together with all that is needed in the same moment.

    A need is a kind and a key, or for a question to the graph a name of its own and the function that asks it.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        #: Of the profiles that this request reads.
        self.parts = EVERYTHING
        #: Whether the same would be answered later, if everything that is known were still so.
        self.lasting = True
        self._gate: asyncio.Semaphore | None = None
        self.known: dict[str, dict[Any, Any]] = {
            "customer": {},
            "entry": {},
            "channel": {},
            "campaign": {},
            "product": {},
            "asked": {},
        }
        self._coming: dict[tuple[str, Any], asyncio.Future[None]] = {}
        self._next: list[Need] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, needs: Sequence[Need]) -> None:
        """Return once these are known, be it that they can't be had."""
        if len(needs) == 1:
            await asyncio.shield(self._future(needs[0]))
        else:
            await asyncio.wait([self._future(need) for need in needs])

    async def load_now(self, needs: Sequence[Need]) -> None:
        """`load` for the only one who asks: nothing is to be waited for that others may need as well."""
        if len(needs) == 1 and needs[0][0] != "asked":
            await self._batch(needs[0][0], [needs[0][1]])
            return
        works = list(self._works({need[:2]: need for need in needs}.values()))
        if len(works) == 1:
            await works[0]
        else:
            await asyncio.gather(*works)

    def _future(self, need: Need) -> asyncio.Future[None]:
        name = need[:2]
        future = self._coming.get(name)
        if future is None:
            loop = asyncio.get_running_loop()
            future = self._coming[name] = loop.create_future()
            if not self._next:
                # After everything else that this turn of the loop has to say.
                loop.call_soon(self._start)
            self._next.append(need)
        return future

    def _start(self) -> None:
        needs, self._next = self._next, []
        for work in self._works(needs):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _works(self, needs: Iterable[Need]) -> Iterator[Coroutine[Any, Any, None]]:
        batches: dict[str, list[Any]] = {}
        for need in needs:
            if need[0] == "asked":
                yield self._ask(need)
            else:
                batches.setdefault(need[0], []).append(need[1])
        for kind, keys in batches.items():
            size = _BATCHED[kind]
            for start in range(0, len(keys), size):
                yield self._batch(kind, keys[start : start + size])

    async def _batch(self, kind: str, keys: list[Any]) -> None:
        try:
            found: Sequence[Any] = await self._load(kind, keys)
        except Exception as error:
            found = [Failed.by(error)] * len(keys)
        for key, value in zip(keys, found, strict=True):
            self._learn(kind, key, value)

    async def _load(self, kind: str, keys: list[Any]) -> Sequence[Any]:
        sources = self._sources
        match kind:
            case "customer":
                return await sources.profiles.load(keys, self.parts)
            case "entry":
                return await load_entries(sources.reader, keys)
            case "channel":
                return await sources.catalogue.channels(keys)
            case "campaign":
                return await sources.catalogue.campaigns(keys)
            case _:
                return await sources.catalogue.products(keys)

    async def _ask(self, need: Need) -> None:
        if self._gate is None:
            self._gate = asyncio.Semaphore(AT_A_TIME)
        try:
            async with self._gate:
                found = await need[2]()
        except Exception as error:
            found = Failed.by(error)
        self._learn("asked", need[1], found)

    def _learn(self, kind: str, key: Any, value: Any) -> None:
        self.known[kind][key] = value
        future = self._coming.pop((kind, key), None)
        if future is not None and not future.done():
            future.set_result(None)

    def forget(self) -> None:
        """Ask again from now on."""
        for known in self.known.values():
            known.clear()

    def forget_all_but_failures(self) -> None:
        """Ask again for what could be had: what takes long to fail isn't tried twice."""
        for known in self.known.values():
            for key in [key for key, value in known.items() if type(value) is not Failed]:
                del known[key]

    def close(self) -> None:
        """Drop what is still being asked when the request has ended early."""
        for task in self._tasks:
            task.cancel()


@dataclass(frozen=True, slots=True)
class Failed:
    """What could not be loaded, and why. Each time it is raised it begins with the trace of the first."""

    error: Exception
    trace: TracebackType | None

    @classmethod
    def by(cls, error: Exception) -> Failed:
        return cls(error, error.__traceback__)

    def again(self) -> Exception:
        return self.error.with_traceback(self.trace)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """One request. What isn't loaded yet is Missing: its runner loads it, and asks again."""

    sources: Sources
    budget: Budget
    loads: Loads
    pace: Pace | None

    @classmethod
    def of(cls, sources: Sources, *, rows: int = MOST_ROWS, costly: bool = False) -> Context:
        """The context of running an operation, which may bring `rows` rows. `costly`: its answer may take too long to be made at
        one go."""
        return cls(sources=sources, budget=Budget(min(rows, MOST_ROWS)), loads=Loads(sources), pace=Pace() if costly else None)

    def customer(self, key: ProfileKey) -> Profile | None:
        """The customer that a key names."""
        profile: Profile | None = self._known("customer", key)
        if profile is not None and key.id != profile.id:
            # Whatever leads back to this customer finds it loaded.
            self.loads.known["customer"].setdefault(ProfileKey(id=profile.id), profile)
        return profile

    def entry(self, entry_id: str) -> OwnedEntry | None:
        """What happened, with the customer whose it is now."""
        found: OwnedEntry | None = self._known("entry", entry_id)
        return found

    def channel(self, key: str) -> Channel | None:
        found: Channel | None = self._catalogued("channel", key, self.sources.catalogue.channel)
        return found

    def campaign(self, key: str) -> Campaign | None:
        found: Campaign | None = self._catalogued("campaign", key, self.sources.catalogue.campaign)
        return found

    def product(self, sku: str) -> Product | None:
        found: Product | None = self._catalogued("product", sku, self.sources.catalogue.product)
        return found

    def ask(self, key: Hashable, question: Callable[[], Awaitable[Found]]) -> Found:
        """The answer to `question`, which `key` identifies."""
        try:
            found = self.loads.known["asked"][key]
        except KeyError:
            raise Missing(("asked", key, question)) from None
        if type(found) is Failed:
            raise found.again()
        answer: Found = found
        return answer

    def _catalogued(self, kind: str, key: str, at_hand: Callable[[str], Any]) -> Any:
        """What the catalogue says, the same all through a request."""
        known = self.loads.known[kind]
        if key not in known and (found := at_hand(key)) is not None:
            known[key] = found
        return self._known(kind, key)

    def _known(self, kind: str, key: Any) -> Any:
        try:
            found = self.loads.known[kind][key]
        except KeyError:
            raise Missing((kind, key)) from None
        if type(found) is Failed:
            raise found.again()
        return found

    def forget(self) -> None:
        """What was loaded before something was written counts no more."""
        self.loads.forget()

    def begin(self) -> None:
        """One more answer of the same request: nothing was loaded, and nothing spent."""
        self.forget()
        self.budget.renew()

    def now(self) -> datetime:
        """What time it is."""
        self.loads.lasting = False
        return self.sources.rules.clock()

    @property
    def rules(self) -> Rules:
        return self.sources.rules

    @property
    def reader(self) -> Reader:
        return self.sources.reader


async def load_customer(context: Context, key: ProfileKey) -> Profile | None:
    """The customer that a key names, for those who can wait."""
    await context.loads.load([("customer", key)])
    return context.customer(key)


Info = strawberry.Info[Context, None]

"""What a process has that resolvers ask, and the rules that its settings make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from graph.answers import Request
from graph.catalogue import Campaign, Channel, Product
from graph.customers import Parts, Profile, ProfileKey
from graph.customers.places import Quintiles as Boundaries
from graph.events import Outcome
from graph.events.inputs import Event
from graph.identity.rules import IdentityRules, usual_rules
from graph.referrals.below import NetworkChange
from graph.referrals.networks import Network
from graph.referrals.tracing import Chain
from graph.store import Reader
from resolvers.access import Actor
from resolvers.beside import Beside
from resolvers.remembered import RememberedAnswers

if TYPE_CHECKING:
    from resolvers.cursors import Cursors
    from resolvers.documents import Documents
    from resolvers.money import Rates

#: Costly answers that wait to be made, of which one is at a time.
COSTLY_WAITING = 100


class Profiles(Protocol):
    """Profiles by key: a cache with the graph behind it, or the graph itself."""

    async def load(self, keys: Sequence[ProfileKey], parts: Parts = ..., /) -> list[Profile | None]:
        """They hold at least `parts`, all of them where nothing is said."""
        ...


class Chains(Protocol):
    """Who brought customers in, up to the root."""

    async def load(self, customer_ids: Sequence[str], /) -> Sequence[Chain | None]:
        """The chain of each, in order; None where nobody was given the id."""
        ...


class Networks(Protocol):
    """Whom customers brought in."""

    async def load(self, asked: Sequence[tuple[str, int | None]], /) -> Sequence[Network]:
        """The network of each customer, or so many generations of it, in order."""
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


class Trail(Protocol):
    """The audit trail. All raise Unrecorded, after which nothing may be told, or done."""

    def read(self, who: Actor, customers: Iterable[str], *, personal: bool) -> None: ...

    def sent(self, who: Actor, events: Iterable[tuple[str, str]]) -> None: ...

    def wrote(self, who: Actor, customers: Iterable[str], count: int) -> None: ...


class Quotas(Protocol):
    """How many objects principals may still ask for. `rate`: in each second; `burst`: at once."""

    @property
    def rate(self) -> int: ...

    @property
    def burst(self) -> int: ...

    def at_hand(self, principal: str, price: int, /) -> bool:
        """Take so many, where that can be done at once."""
        ...

    async def take(self, principal: str, price: int, /) -> int:
        """Take so many: 0, or in how many seconds there will be as many."""
        ...

    def give_back(self, principal: str, tokens: int, /) -> None:
        """These weren't used."""
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


class NetworkWatch(Protocol):
    """News of what is below one customer."""

    async def next(self) -> NetworkChange:
        """Wait until there is news."""
        ...


class NetworkWatches(Protocol):
    """What changes in referral networks, by any process."""

    def watch(self, root: str, depth: int, /) -> AbstractAsyncContextManager[NetworkWatch]:
        """From its beginning on news of what is at most so many steps below a customer."""
        ...


class Quintiles(Protocol):
    """Where the fifths of all customers begin; None before that is known."""

    async def current(self) -> Boundaries | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say that resolvers need. `cart_abandoned_after`: how long a cart rests before it counts as left;
    `referral_url`: where friends go with a code, which stands there as {code}; `old_customers`: whether a friend may have bought
    something before accepting; `identity`: which identifiers are one person."""

    cursors: Cursors
    rates: Rates
    cart_abandoned_after: timedelta
    clock: Callable[[], datetime]
    referral_url: str | None = None
    old_customers: bool = False
    identity: IdentityRules = field(default_factory=usual_rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What lives as long as the process. `plans`: whether queries are compiled."""

    profiles: Profiles
    chains: Chains
    networks: Networks
    reader: Reader
    door: Door
    catalogue: Catalogue
    watches: Watches
    network_watches: NetworkWatches
    quintiles: Quintiles
    rules: Rules
    documents: Documents
    remembered: RememberedAnswers = field(default_factory=RememberedAnswers)
    #: Of its own, so that documents which are new don't wait for answers.
    beside: Beside = field(default_factory=lambda: Beside(COSTLY_WAITING))
    plans: bool = True
    #: None: nothing is recorded.
    trail: Trail | None = None
    #: None: everybody may ask for as much as they like.
    quotas: Quotas | None = None

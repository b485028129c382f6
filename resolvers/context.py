"""What one request asks by: its loads, its budget, and the sources of the process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable
from datetime import datetime
from typing import Any, NoReturn, TypeVar

import msgspec
import strawberry

from graph.catalogue import Campaign, Channel, Product
from graph.customers import Profile, ProfileKey
from graph.store import Reader
from graph.timeline import OwnedEntry
from resolvers.access import Actor, Principal, owners_of
from resolvers.errors import Forbidden, TooLarge
from resolvers.fields import Missing
from resolvers.loads import Failed, Loads
from resolvers.pacing import Pace
from resolvers.scopes import PERSONAL
from resolvers.sources import Rules, Sources

MOST_ROWS = 12_000
MOST_PAGES = 2_000

Found = TypeVar("Found")


class Budget(msgspec.Struct):
    """How many pages one request may still ask for, and how many rows they may bring: nested pages multiply."""

    rows: int
    pages: int = MOST_PAGES
    spent_rows: int = 0
    spent_pages: int = 0
    most_rows: int = 0
    exceeded: TooLarge | None = None

    @property
    def used(self) -> int:
        """Rows that came, in whichever attempt there were most."""
        return max(self.most_rows, self.spent_rows)

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
        self.most_rows = self.used
        self.spent_rows, self.spent_pages, self.exceeded = 0, 0, None

    def _exceed(self, error: TooLarge) -> NoReturn:
        self.exceeded = self.exceeded or error
        # One for each field: an exception raised again and again drags all its traces along.
        raise TooLarge(str(self.exceeded))


class Context(msgspec.Struct, kw_only=True):
    """One request. What isn't loaded yet is Missing: its runner loads it, and asks again.

    `own`: the customer whose own token asks; None for other principals, and for one nobody has heard of. `read`: whose data
    was read before something was written; `sent`: events that were handed to the write door.
    """

    sources: Sources
    principal: Principal
    own: Profile | None = None
    actor: Actor
    budget: Budget
    loads: Loads
    pace: Pace | None
    read: set[str] = msgspec.field(default_factory=set)
    sent: int = 0

    @classmethod
    def of(cls, sources: Sources, principal: Principal, actor: Actor, *, rows: int = MOST_ROWS, costly: bool = False) -> Context:
        """The context of running an operation, which may bring `rows` rows. `costly`: its answer may take too long to be made at
        one go."""
        return cls(
            sources=sources,
            principal=principal,
            actor=actor,
            budget=Budget(min(rows, MOST_ROWS)),
            loads=Loads(sources),
            pace=Pace() if costly else None,
        )

    def sees(self, source: object) -> bool:
        """Whether whoever asks may see all of a source: a customer's own token what is about that customer, or about nobody."""
        return self.principal.customer is None or self.owns(source)

    def owns(self, source: object) -> bool:
        """Whether a source is about the customer whose own token asks, or about nobody."""
        owners = owners_of(source)
        return not owners or (self.own is not None and not {self.own.id, *self.own.ids}.isdisjoint(owners))

    def own_by(self, key: ProfileKey) -> Profile | None:
        """The customer whose own token asks, if that is whom a key names. Of others not even that they are there is looked up."""
        own = self.own
        if own is None:
            return None
        if key.id is not None:
            return own if key.id in (own.id, *own.ids) else None
        return own if any((each.type, each.value) == (key.type, key.value) for each in own.identifiers) else None

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

    def tell_of(self, customers: Iterable[str]) -> None:
        """An answer has these customers, by their ids, be it that nothing else of them is loaded."""
        self.read.update(customers)

    def record_reading(self) -> None:
        """Have the audit trail know whose data was read; raises Unrecorded."""
        trail = self.sources.trail
        if trail is None:
            return
        found = self._loaded()
        if self.read:
            found |= self.read
            self.read.clear()
        if self.principal.customer is None:
            if found:
                trail.read(self.actor, found, personal=PERSONAL in self.principal.scopes)
            return
        own = set() if self.own is None else found & {self.own.id, *self.own.ids}
        if own:
            trail.read(self.actor, own, personal=True)
        if others := found - own:
            trail.read(self.actor, others, personal=False)

    def _loaded(self) -> set[str]:
        known = self.loads.known
        found = set()
        # Loops, for with each answer a comprehension is a function that is made and called.
        for profile in known["customer"].values():
            if type(profile) is Profile:
                found.add(profile.id)
        for owned in known["entry"].values():
            if type(owned) is OwnedEntry:
                found.add(owned.customer_id)
        return found

    @property
    def used(self) -> int:
        """Objects that were made, or sent to be written, so far, at the least one."""
        known = self.loads.known
        return 1 + self.sent + max(self.budget.used, len(known["customer"]) + len(known["entry"]))

    def forget(self) -> None:
        """What was loaded before something was written counts no more."""
        if self.sources.trail is not None:
            self.read |= self._loaded()
        self.loads.forget()

    def start_over(self) -> None:
        """As it was in the beginning, but for what could not be loaded: what takes long to fail isn't tried twice."""
        self.loads.forget_all_but_failures()
        self.budget.renew()
        self.know_own()

    def know_own(self) -> None:
        """Have the customer whose own token asks at hand, which makes a difference to which of several fields fails first."""
        if self.principal.customer is None:
            return
        known = self.loads.known["customer"]
        known[self.principal.customer] = self.own
        if self.own is not None:
            known[ProfileKey(id=self.own.id)] = self.own

    def begin(self) -> None:
        """One more answer of the same request: nothing was loaded, and nothing spent. Those before are recorded and paid for."""
        self.loads.forget()
        self.budget = Budget(self.budget.rows)

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


async def load_own(context: Context) -> None:
    """Find the customer whose own token asks, where one does. Raises Forbidden where that can't be told for certain."""
    key = context.principal.customer
    if key is None:
        return
    context.own = None
    own = await load_customer(context, key)
    if own is None:
        return
    if any(each.type == key.type and each.value != key.value for each in own.identifiers):
        # Whoever signs up can name somebody else's e-mail address, and the two become one: it isn't to show one to the other.
        raise Forbidden.several(str(key.type))
    context.own = own
    context.know_own()
    context.actor = msgspec.structs.replace(context.actor, id=own.id)


async def load_customer(context: Context, key: ProfileKey) -> Profile | None:
    """The customer that a key names, for those who can wait."""
    await context.loads.load([("customer", key)])
    return context.customer(key)


Info = strawberry.Info[Context, None]

"""Whom the events of one transaction are about: the identifiers that they name, and the customers that these make up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from graph.errors import InvalidEvent
from graph.events.inputs import CustomerKey, IdentifierKey
from graph.events.merging import Decisions
from graph.events.who import key_of
from graph.identity.evidence import Evidence, Link
from graph.identity.forms import Key, normalised
from graph.identity.regrouping import Regrouped
from graph.identity.rules import IdentityRules


@dataclass(slots=True)
class Known:
    """An identifier of this transaction; `owner` was its customer before, `first_at` is None unless it is new.

    `seen_at`: when it was first seen, in microseconds since 1970, by what is known now; `backdated`: whether that is
    earlier than was known.
    """

    type: str
    value: str
    id: str
    customer_id: str
    owner: str
    first_at: datetime | None
    source: str
    seen_at: int = 0
    backdated: bool = False

    @property
    def new(self) -> bool:
        return self.first_at is not None


@dataclass(frozen=True, slots=True)
class Owner:
    """A customer of before. `seen_at`: when it was first seen, in microseconds since 1970; `identifiers`: how many it has;
    `contested`: whether there is evidence that doesn't stand, a veto, or a merge by hand."""

    seen_at: int
    identifiers: int
    contested: bool


@dataclass(slots=True)
class Identities:
    """The identifiers that events name, and the customers they make up.

    `owners`: the customers that were there; `keep`: customers that are part of others, where no evidence had to be looked at,
    `grown`: those that were there and have more identifiers by that; `aside`: why links say nothing, of those that name nobody;
    `regrouped`: what becomes of those of whom all was looked at; `decisions`: what the events decide of it.
    """

    rules: IdentityRules
    by_key: dict[Key, Known] = field(default_factory=dict)
    by_id: dict[str, Known] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    links: dict[Evidence, Link] = field(default_factory=dict)
    aside: dict[Evidence, str] = field(default_factory=dict)
    grown: set[str] = field(default_factory=set)
    regrouped: Regrouped = field(default_factory=Regrouped)
    decisions: Decisions = field(default_factory=Decisions)

    def named(self, key: CustomerKey) -> Known:
        """The identifier that a key names; raises InvalidEvent (NOT_FOUND) for an id that was never given."""
        if key.id is not None:
            found = self.by_id.get(key.id)
            if found is None:
                raise InvalidEvent("customer.id", f"there is no customer {key.id}", code="NOT_FOUND")
            return found
        return self.by_key[key_of(key)]

    def strongest(self, identifiers: Iterable[IdentifierKey]) -> Known:
        """Under which of several identifiers an event is filed: what names nobody comes after all others."""
        known = [self.by_key[normalised(each.type, each.value)] for each in identifiers]
        return min(known, key=lambda each: (self.rules.blocks(each.type, each.value), *self.order(each)))

    def order(self, known: Known) -> tuple[int, str, str]:
        return -self.rules.strength(known.type), known.type, known.value

    def root(self, customer: str) -> str:
        """The customer that another one is part of, as far as that is told by `keep`."""
        while (up := self.keep.get(customer, customer)) != customer:
            customer = up
        return customer

    def owner(self, known: Known) -> str:
        return self.owner_of(known.id, known.owner)

    def owner_of(self, identifier: str, before: str) -> str:
        """Whose an identifier is now that was this customer's."""
        return self.regrouped.now.get(identifier) or self.root(before)

    def parts(self, customer: str) -> set[str]:
        """The customers to whom the identifiers of a customer of before belong now."""
        return self.regrouped.parts.get(customer) or {self.root(customer)}

    def everyone(self) -> list[Known]:
        return [
            *self.by_key.values(),
            *(known for known in self.by_id.values() if (known.type, known.value) not in self.by_key),
        ]

    def owners_before(self) -> set[str]:
        """The customers of before to whom the identifiers belonged, and those who had to do with who they are."""
        return {known.owner for known in self.everyone() if not known.new} | self.regrouped.around.rows.keys()

    def born_now(self) -> set[str]:
        """Customers with an identifier that is new."""
        return {self.owner(known) for known in self.by_key.values() if known.new}

    def join(self, one: str, other: str) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            # Customers that were there come before those of this very transaction.
            first, second = (other, one) if other in self.owners else (one, other)
            self.keep[second] = first

"""Whom the events of one transaction are about: identifiers found, created, and joined to customers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from graph import ids
from graph.errors import InvalidEvent
from graph.events.facts import Deltas
from graph.events.inputs import EVENT_TYPES, CustomerKey, Event, IdentifierKey, IdentifyInput
from graph.events.kept import Kept, iso
from graph.store import Transaction

#: How well an identifier type tells one person from another: an event is filed under the strongest it came with.
STRENGTH = {
    "user_id": 100,
    "customer_id": 100,
    "loyalty_card": 90,
    "email": 80,
    "phone": 70,
    "device": 20,
    "anonymous_id": 10,
}
ORDINARY_STRENGTH = 50

Key = tuple[str, str]

LONGEST_REMEMBERED = 200
"""Characters of an identifier's type and value: nearly all have fewer."""


#: For each type of event the fields that name a customer.
_WHO = {
    each: tuple(one.name for one in fields(each) if one.name in ("customer", "advocate", "friend"))
    for each in EVENT_TYPES.values()
}


def normalised(type: str, value: str) -> Key:
    """The one form under which an identifier is kept: mail addresses in small letters, phone numbers without punctuation."""
    # One event asks up to six times, and the next ones are often about the same customer. What is long is not remembered: it may
    # be megabytes, for not everybody who asks has checked it.
    return _remembered(type, value) if len(type) + len(value) <= LONGEST_REMEMBERED else _normalised(type, value)


def _normalised(type: str, value: str) -> Key:
    value = unicodedata.normalize("NFKC", value).strip()
    if type == "email":
        value = value.casefold()
    elif type == "phone":
        value = "".join(character for character in value if character.isdecimal() or character == "+") or value
    return type, value


_remembered = lru_cache(maxsize=10_000)(_normalised)


def strength(type: str) -> int:
    return STRENGTH.get(type, ORDINARY_STRENGTH)


@dataclass(slots=True)
class Known:
    """An identifier of this transaction; `owner` was its customer before, `first_at` is None unless it is new.

    `seen_at`: when one that was there was first seen, in milliseconds since 1970.
    """

    type: str
    value: str
    id: str
    customer_id: str
    owner: str
    first_at: datetime | None
    source: str
    seen_at: int = 0

    @property
    def new(self) -> bool:
        return self.first_at is not None


@dataclass(slots=True)
class Identities:
    """The identifiers that events name, and the customers they make up.

    `keep`: for each customer of before the customer it is part of now; `born`: ages of the customers that were there;
    `backdated`: those of before with an identifier that turns out to have been seen earlier.
    """

    by_key: dict[Key, Known] = field(default_factory=dict)
    by_id: dict[str, Known] = field(default_factory=dict)
    born: dict[str, tuple[int, str]] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    backdated: set[str] = field(default_factory=set)

    def named(self, key: CustomerKey) -> Known:
        """The identifier that a key names; raises InvalidEvent (NOT_FOUND) for an id that was never given."""
        if key.id is not None:
            found = self.by_id.get(key.id)
            if found is None:
                raise InvalidEvent("customer.id", f"there is no customer {key.id}", code="NOT_FOUND")
            return found
        return self.by_key[key_of(key)]

    def strongest(self, identifiers: Iterable[IdentifierKey]) -> Known:
        known = [self.by_key[normalised(each.type, each.value)] for each in identifiers]
        return min(known, key=lambda each: (-strength(each.type), each.type, each.value))

    def root(self, customer: str) -> str:
        """The customer that `customer` is part of, as far as links are known."""
        while (up := self.keep.get(customer, customer)) != customer:
            customer = up
        return customer

    def owner(self, known: Known) -> str:
        return self.root(known.owner)

    def everyone(self) -> Iterable[Known]:
        return [
            *self.by_key.values(),
            *(known for known in self.by_id.values() if (known.type, known.value) not in self.by_key),
        ]

    def owners_before(self) -> set[str]:
        """The customers of before to whom the identifiers belonged."""
        return {known.owner for known in self.everyone() if not known.new}

    def absorbed(self) -> list[str]:
        """The customers of before that turn out to be part of others."""
        return sorted(customer for customer in self.keep if self.born[customer][0] == 0)

    def born_now(self) -> set[str]:
        """Customers with an identifier that is new."""
        return {self.owner(known) for known in self.by_key.values() if known.new}

    def join(self, one: str, other: str) -> None:
        """Two customers turn out to be one: the id of the one seen first is kept, and one that was there before a new one's."""
        one, other = self.root(one), self.root(other)
        if one != other:
            first, second = sorted((one, other), key=lambda customer: self.born[customer])
            self.keep[second] = first


def key_of(key: CustomerKey) -> Key:
    """Type and value of a key that is no id."""
    if key.email is not None:
        return normalised("email", key.email)
    if key.phone is not None:
        return normalised("phone", key.phone)
    assert key.identifier is not None
    return normalised(key.identifier.type, key.identifier.value)


def named_in(event: Any) -> tuple[list[Key], list[str]]:
    """The identifiers and the customer ids that an event names."""
    if isinstance(event, IdentifyInput):
        keys = [normalised(each.type, each.value) for each in event.identifiers]
        if event.account is not None:
            keys.append(normalised(event.account.type, event.account.value))
        return keys, []
    keys, customer_ids = [], []
    for name in _WHO[type(event)]:
        key = getattr(event, name)
        if key is None:
            continue
        if isinstance(key, IdentifierKey):
            keys.append(normalised(key.type, key.value))
        elif key.id is not None:
            customer_ids.append(key.id)
        else:
            keys.append(key_of(key))
    return keys, customer_ids


async def resolve(transaction: Transaction, kept: list[Kept]) -> tuple[Identities, list[tuple[Kept, InvalidEvent]]]:
    """Find every identifier that the events name, make up those never seen, and join the customers that they link.

    Returns also the events that name a customer by an id that was never given.
    """
    named = [named_in(each.event) for each in kept]
    identities = Identities()
    keys = sorted({key for each, _ in named for key in each})
    await _find(transaction, identities, keys, sorted({id for _, customer_ids in named for id in customer_ids}))
    unknown = []
    for each, (keys, customer_ids) in zip(kept, named, strict=True):
        missing = next((id for id in customer_ids if id not in identities.by_id), None)
        if missing is not None:
            unknown.append((each, InvalidEvent("customer.id", f"there is no customer {missing}", code="NOT_FOUND")))
            continue
        for key in keys:
            _see(identities, key, each)
    refused = {each.key for each, _ in unknown}
    for each in kept:
        if isinstance(each.event, IdentifyInput) and each.key not in refused:
            _link(identities, each)
    return identities, unknown


async def look_up(transaction: Transaction, identities: Identities, events: Iterable[Event]) -> None:
    """Find whom these events name, which were kept before; those already found cost nothing."""
    named = [named_in(event) for event in events]
    keys = sorted({key for each, _ in named for key in each} - identities.by_key.keys())
    customer_ids = sorted({id for _, each in named for id in each} - identities.by_id.keys())
    if keys or customer_ids:
        await _find(transaction, identities, keys, customer_ids)


async def _find(transaction: Transaction, identities: Identities, keys: list[Key], customer_ids: list[str]) -> None:
    rows = (await transaction.run("identity/find_identifiers", keys=[list(key) for key in keys], ids=customer_ids))[0]
    for type, value, id, customer_id, owner, born, seen_at in rows:
        known = identities.by_key.get((type, value)) or Known(type, value, id, customer_id, owner, None, "", seen_at)
        identities.by_key[type, value] = identities.by_id[customer_id] = known
        identities.born[owner] = (0, f"{born:020d}{owner}")


def _see(identities: Identities, key: Key, each: Kept) -> None:
    """An event names an identifier: one never seen is made up; it was first seen at its earliest event."""
    event = each.event
    known = identities.by_key.get(key)
    if known is None:
        id = ids.mint("identifier")
        customer_id = ids.customer_id_of(id)
        known = identities.by_key[key] = Known(key[0], key[1], id, customer_id, customer_id, event.at, event.source)
    elif known.first_at is None:
        if event.at.timestamp() * 1000 < known.seen_at:
            identities.backdated.add(known.owner)
        return
    elif event.at >= known.first_at:
        return
    known.first_at, known.source = event.at, event.source
    # Customers of this very transaction come after those that were there, then by age, strength and value.
    age = f"{event.at.timestamp():020.6f}{999 - strength(key[0]):03d}{key[0]}\x1f{key[1]}"
    identities.born[known.customer_id] = (1, age)


def _link(identities: Identities, each: Kept) -> None:
    event = each.event
    assert isinstance(event, IdentifyInput)
    strongest = identities.strongest(event.identifiers)
    for identifier in event.identifiers:
        other = identities.by_key[normalised(identifier.type, identifier.value)]
        if other is strongest:
            continue
        identities.join(strongest.owner, other.owner)
        row = identities.links.get((strongest.id, other.id))
        if row is None or iso(event.at) < row["at"]:
            identities.links[strongest.id, other.id] = {
                "a": strongest.id,
                "b": other.id,
                "rule": "identify",
                "source": event.source,
                "at": iso(event.at),
                "event": each.key,
                "strength": min(strength(strongest.type), strength(other.type)),
            }


async def record_new(transaction: Transaction, identities: Identities, existing: set[str], deltas: Deltas) -> dict[str, int]:
    """Write new customers, identifiers and links; returns the versions of those customers.

    `existing`: customers that were there before; `deltas`: what new identifiers begin with.
    """
    made = [known for known in identities.by_key.values() if known.new]
    born = sorted({identities.owner(known) for known in made} - existing)
    if born:
        await transaction.run("customers/record_customers", ids=born)
    if made:
        await transaction.run("identity/record_identifiers", rows=[_identifier_row(identities, known, deltas) for known in made])
    if identities.links:
        await transaction.run("identity/record_links", rows=list(identities.links.values()))
    return dict.fromkeys(born, 1)


async def merge(transaction: Transaction, identities: Identities) -> tuple[dict[str, int], set[str]]:
    """Join customers that were apart before; returns the versions of those kept, and whose referrer was absorbed."""
    versions: dict[str, int] = {}
    friends: set[str] = set()
    for absorbed in identities.absorbed():
        kept = identities.root(absorbed)
        row = (await transaction.run("identity/merge_customers", keep=kept, absorb=absorbed))[0]
        versions[kept] = row["version"]
        friends.update(row["friends"])
    return versions, friends


async def still_there(transaction: Transaction, identities: Identities) -> bool:
    """Whether the identifiers that were found still belong to whom they belonged to."""
    before = [known for known in identities.everyone() if not known.new]
    if not before:
        return True
    keys = [[known.type, known.value] for known in before]
    rows = (await transaction.run("identity/find_identifiers", keys=keys, ids=[]))[0]
    now = {row[2]: row[4] for row in rows}
    return all(now.get(known.id) == known.owner for known in before)


def _identifier_row(identities: Identities, known: Known, deltas: Deltas) -> dict[str, Any]:
    assert known.first_at is not None
    return deltas.opening(known.id, known.first_at) | {
        "id": known.id,
        "customer_id": known.customer_id,
        "type": known.type,
        "value": known.value,
        "source": known.source,
        "owner": identities.owner(known),
    }

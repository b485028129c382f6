"""Whom the events of one transaction are about: identifiers found, created, and joined to customers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from graph import ids
from graph.errors import InvalidEvent
from graph.events.facts import Deltas
from graph.events.inputs import EVENT_TYPES, CustomerKey, Event, IdentifierKey, IdentifyInput
from graph.events.kept import Kept, iso
from graph.identity.around import find_around
from graph.identity.evidence import Evidence, Link, Member
from graph.identity.regrouping import Regrouped, regroup
from graph.identity.rules import IdentityRules
from graph.store import Transaction

Key = tuple[str, str]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

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


@dataclass(slots=True)
class Known:
    """An identifier of this transaction; `owner` was its customer before, `first_at` is None unless it is new.

    `seen_at`: when it was first seen, in microseconds since 1970, by what is known now.
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

    `owners`: the customers that were there, `keep`: the customers that are joined to others without a look at anything else,
    `grown`: those that were there and have more identifiers by that;
    `regrouped`: what becomes of those of whom all evidence was looked at; `backdated`: customers of before with an
    identifier that turns out to have been seen earlier.
    """

    rules: IdentityRules
    by_key: dict[Key, Known] = field(default_factory=dict)
    by_id: dict[str, Known] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    links: dict[Evidence, Link] = field(default_factory=dict)
    backdated: set[str] = field(default_factory=set)
    grown: set[str] = field(default_factory=set)
    regrouped: Regrouped = field(default_factory=Regrouped)

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


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


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


async def resolve(
    transaction: Transaction, kept: list[Kept], rules: IdentityRules
) -> tuple[Identities, list[tuple[Kept, InvalidEvent]]]:
    """Find every identifier that the events name, make up those never seen, and join the customers that they link.

    Returns also the events that name a customer by an id that was never given.
    """
    named = [named_in(each.event) for each in kept]
    identities = Identities(rules)
    keys = sorted({key for each, _ in named for key in each})
    await _find(transaction, identities, keys, sorted({id for _, customer_ids in named for id in customer_ids}))
    unknown = []
    for each, (keys, customer_ids) in zip(kept, named, strict=True):
        missing = next((id for id in customer_ids if id not in identities.by_id), None)
        if missing is not None:
            unknown.append((each, InvalidEvent("customer.id", f"there is no customer {missing}", code="NOT_FOUND")))
            continue
        for key in keys:
            _see(identities, identities.by_key.get(key) or _made_up(identities, key, each), each)
        for id in customer_ids:
            _see(identities, identities.by_id[id], each)
    refused = {each.key for each, _ in unknown}
    for each in kept:
        if isinstance(each.event, IdentifyInput) and each.key not in refused:
            _link(identities, each)
    await _settle(transaction, identities)
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
    for type, value, id, customer_id, seen_at, owner, born, identifiers, contested in rows:
        known = identities.by_key.get((type, value)) or Known(type, value, id, customer_id, owner, None, "", seen_at)
        identities.by_key[type, value] = identities.by_id[customer_id] = known
        identities.owners[owner] = Owner(born, identifiers, contested)


def _made_up(identities: Identities, key: Key, each: Kept) -> Known:
    """An identifier that was never seen."""
    id = ids.mint("identifier")
    customer_id = ids.customer_id_of(id)
    at = each.event.at
    known = identities.by_key[key] = Known(key[0], key[1], id, customer_id, customer_id, at, each.event.source, microseconds(at))
    return known


def _see(identities: Identities, known: Known, each: Kept) -> None:
    """An event names an identifier: it was first seen at its earliest event."""
    at = microseconds(each.event.at)
    if at >= known.seen_at:
        return
    known.seen_at = at
    if known.first_at is None:
        identities.backdated.add(known.owner)
    else:
        known.first_at, known.source = each.event.at, each.event.source


def _link(identities: Identities, each: Kept) -> None:
    event = each.event
    assert isinstance(event, IdentifyInput)
    strongest = identities.strongest(event.identifiers)
    for identifier in event.identifiers:
        other = identities.by_key[normalised(identifier.type, identifier.value)]
        if other is strongest:
            continue
        identities.join(strongest.owner, other.owner)
        link = Link(
            a=strongest.id,
            b=other.id,
            rule="identify",
            strength=identities.rules.link_strength("identify", strongest.type, other.type),
            at=microseconds(event.at),
            source=event.source,
            event=each.key,
        )
        known = identities.links.get(link.evidence)
        if known is None or link.age < known.age:
            identities.links[link.evidence] = link


@dataclass(slots=True)
class _Group:
    """What the events join: customers of before, identifiers that are new, and links. `renamed`: whether one of them was seen
    before the identifier that a customer is named after."""

    owners: set[str] = field(default_factory=set)
    new: list[Known] = field(default_factory=list)
    linked: bool = False
    renamed: bool = False
    blocked: bool = False


async def _settle(transaction: Transaction, identities: Identities) -> None:
    """Say whose each identifier is. Where nothing can stand against what the events say they are joined as they say; else all
    evidence is replayed, see graph.identity.components."""
    groups: dict[str, _Group] = {}
    by_id = {known.id: known for known in identities.everyone()}
    for known in by_id.values():
        group = groups.setdefault(identities.root(known.owner), _Group())
        if known.new:
            group.new.append(known)
        else:
            group.owners.add(known.owner)
    for known in by_id.values():
        group = groups[identities.root(known.owner)]
        if group.owners and known.customer_id not in group.owners and (known.new or known.owner in identities.backdated):
            group.renamed |= any(known.seen_at <= identities.owners[owner].seen_at for owner in group.owners)
    for link in identities.links.values():
        group = groups[identities.root(by_id[link.a].owner)]
        group.linked = True
        group.blocked |= any(identities.rules.blocks(end.type, end.value) for end in (by_id[link.a], by_id[link.b]))
    doubtful = []
    for root, group in groups.items():
        if _is_plain(identities, group):
            _name(identities, root, group)
        else:
            doubtful.append(group)
    if doubtful:
        await _replay(transaction, identities, doubtful, by_id)


def _is_plain(identities: Identities, group: _Group) -> bool:
    """Whether nothing can stand against it: then whatever the order of the links, all of them stand."""
    if not group.linked and not group.renamed:
        return True
    if len(group.owners) > 1 or group.renamed or group.blocked:
        return False
    owners = [identities.owners[owner] for owner in group.owners]
    if any(owner.contested for owner in owners):
        return False
    if any(known.type in identities.rules.limits for known in group.new):
        return False
    return sum(owner.identifiers for owner in owners) + len(group.new) <= identities.rules.most


def _name(identities: Identities, root: str, group: _Group) -> None:
    """A customer is named after the identifier that was seen first."""
    if group.owners:
        if group.new:
            identities.grown.update(group.owners)
        return
    first = min(group.new, key=lambda known: (known.seen_at, *identities.order(known)))
    identities.keep[root] = first.customer_id
    identities.keep[first.customer_id] = first.customer_id


async def _replay(transaction: Transaction, identities: Identities, groups: list[_Group], by_id: dict[str, Known]) -> None:
    around = await find_around(transaction.run, {owner for group in groups for owner in group.owners}, identities.rules)
    new = {known.id: known for group in groups for known in group.new}
    members = [
        Member(id=known.id, type=known.type, value=known.value, customer_id=known.customer_id, seen_at=known.seen_at)
        for known in new.values()
    ]
    seen = {id: by_id[id].seen_at for id in by_id.keys() & around.members.keys()}
    links = [link for link in identities.links.values() if {link.a, link.b} <= around.members.keys() | new.keys()]
    identities.regrouped = regroup(around, members, seen, links, identities.rules)


async def record_new(
    transaction: Transaction, identities: Identities, existing: set[str], deltas: Deltas, versions: dict[str, int]
) -> dict[str, int]:
    """Write new customers, identifiers and links; returns the versions of those customers.

    `existing`: customers that were there before; `deltas`: what new identifiers begin with; `versions`: of the customers that
    change.
    """
    regrouped = identities.regrouped
    made = [known for known in identities.by_key.values() if known.new]
    born = sorted(({identities.owner(known) for known in made} | regrouped.made) - existing)
    # Nobody who has heard of a version of a customer is to take a later one for an older.
    above = 1 + max((version for id, version in versions.items() if id in regrouped.around.rows), default=0)
    now = {id: above if id in regrouped.made else 1 for id in born}
    if born:
        await transaction.run("customers/record_customers", rows=[list(each) for each in now.items()])
    if made:
        await transaction.run("identity/record_identifiers", rows=[_identifier_row(identities, known, deltas) for known in made])
    if identities.links:
        await transaction.run("identity/record_links", rows=[_link_row(link) for link in identities.links.values()])
    return now


async def move(transaction: Transaction, identities: Identities) -> set[str]:
    """Give identifiers to the customers that they belong to now; returns those whose referrer was one that has lost some."""
    regrouped = identities.regrouped
    friends: set[str] = set()
    if regrouped.losing:
        friends.update((await transaction.run("referrals/find_friends", customer_ids=sorted(regrouped.losing)))[0])
    if regrouped.moved:
        await transaction.run("identity/record_owners", rows=[list(each) for each in sorted(regrouped.moved.items())])
    if regrouped.gone:
        await transaction.run("customers/forget_customers", ids=sorted(regrouped.gone))
    if regrouped.aside:
        rows = [[*evidence, reason] for evidence, reason in sorted(regrouped.aside.items())]
        await transaction.run("identity/record_standings", rows=rows)
    concerned = sorted(regrouped.changed | regrouped.contested.keys())
    if concerned:
        changes = [[id, regrouped.contested.get(id), id in regrouped.changed] for id in concerned]
        await transaction.run("identity/record_regrouping", rows=changes)
    return friends


async def still_there(transaction: Transaction, identities: Identities) -> bool:
    """Whether the identifiers that were found still belong to whom they belonged to, and what that rests on is the same."""
    before = [known for known in identities.everyone() if not known.new]
    if not before:
        return True
    keys = [(known.type, known.value) for known in before]
    now = Identities(identities.rules)
    await _find(transaction, now, keys, [])
    owners = {known.id: known.owner for known in now.by_key.values()}
    if any(owners.get(known.id) != known.owner for known in before):
        return False
    for id, owner in now.owners.items():
        was = identities.owners[id]
        if owner.contested != was.contested or (id in identities.grown and owner.identifiers != was.identifiers):
            return False
    around = identities.regrouped.around
    return not around.rows or (await find_around(transaction.run, around.asked, identities.rules)).rows == around.rows


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


def _link_row(link: Link) -> dict[str, Any]:
    at = iso(EPOCH + timedelta(microseconds=link.at))
    return {
        "a": link.a,
        "b": link.b,
        "rule": link.rule,
        "source": link.source,
        "at": at,
        "event": link.event,
        "strength": link.strength,
    }

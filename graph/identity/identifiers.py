"""Identifiers, and the traits that were observed under them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from graph.events.traits import KEPT_VALUES, merged, ordered, read_state
from graph.identity.rules import IdentityRules
from graph.store import Reader


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    value: str
    verified: bool
    source: str
    first_seen_at: datetime
    last_seen_at: datetime


class TraitValue(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One observation of a trait; `event` is the key of the event it came with. A value of None says that it was removed."""

    at: datetime
    source: str
    event: str
    value: Any


class TraitProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """A trait's surviving value, where it came from, and at most 20 that lost, newest first."""

    name: str
    value: Any
    source: str
    at: datetime
    overridden: tuple[TraitValue, ...] = ()


def provenance(states: Iterable[str], rules: IdentityRules) -> tuple[TraitProvenance, ...]:
    """Where each trait of a customer came from, by name, from the trait states of its identifiers (JSON).

    Which observation survives is a rule; of several that are as good the newest by (time, source, event). A trait whose newest
    observation removed it stays listed with a value of None, so that one can see who removed what.
    """
    together = merged(read_state(state) for state in states)
    orders = ((name, ordered(together[name], rules.trait(name))) for name in sorted(together))
    found = ((name, msgspec.convert(each, tuple[TraitValue, ...])) for name, each in orders)
    return tuple(
        TraitProvenance(name=name, value=first.value, source=first.source, at=first.at, overridden=tuple(rest[: KEPT_VALUES - 1]))
        for name, (first, *rest) in found
    )


async def load_identifiers(reader: Reader, customer_id: str) -> list[Identifier]:
    """A customer's identifiers, oldest first; the customer is named by any id ever given."""
    found = await reader.many("identity/load_identifiers", Identifier, customer_id=customer_id)
    return sorted(found, key=lambda each: (each.first_seen_at, each.type, each.value))


class FoundCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """`position`: of the key in the question."""

    position: int
    customer_id: str


async def find_customer_ids(reader: Reader, keys: Sequence[tuple[str, str] | str]) -> list[str | None]:
    """Whose each key is now, in order: the key is a customer id ever given, or an identifier's type and value as kept."""
    asked = [
        {"position": position, "id": key, "type": None, "value": None}
        if isinstance(key, str)
        else {"position": position, "id": None, "type": key[0], "value": key[1]}
        for position, key in enumerate(keys)
    ]
    found: list[str | None] = [None] * len(keys)
    for row in await reader.many("identity/find_customer_ids", FoundCustomer, keys=asked):
        found[row.position] = row.customer_id
    return found

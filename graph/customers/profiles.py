"""Loading profiles: one statement for any number of customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from graph.customers.records import COUNTED, EVERYTHING, HOT_SET, Address, Facts, Parts, Profile, ProfileKey
from graph.identity import Identifier
from graph.settled import ATTEMPTS, moved, never_settled, pause
from graph.store import Reader
from graph.timeline import newest_first

#: How often what doesn't agree with itself is read again: a commit is half seen for less than a millisecond or so.
TORN_ATTEMPTS = 3

_traits = msgspec.json.Decoder(dict[str, object])


class ProfileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as the graph has it. `sums`: names such as revenue_USD with minor units; the texts are JSON."""

    position: int
    version_before: int
    version_after: int
    addresses: str | None
    traits: str | None
    sums: tuple[tuple[str, int], ...]
    profile: Profile


class ProfileRows(msgspec.Struct, frozen=True, kw_only=True):
    rows: tuple[ProfileRow, ...]


async def load_profiles(reader: Reader, keys: Sequence[ProfileKey], *, parts: Parts = EVERYTHING) -> list[Profile | None]:
    """The profile of each key, in order; None where there is no such customer.

    Each is of one version: one that a writer came in between is read again; raises StoreUnavailable when that never ends.
    """
    found: list[Profile | None] = [None] * len(keys)
    missing = list(range(len(keys)))
    for attempt in range(ATTEMPTS):
        if attempt:
            await pause()
        asked = [_asked(position, keys[position]) for position in missing]
        rows = await _load(reader, asked, parts)
        missing = await _in_motion(reader, asked, {row.position for row in rows})
        for row in rows:
            if moved(row) or (attempt < TORN_ATTEMPTS and _torn(row, parts)):
                missing.append(row.position)
            else:
                found[row.position] = _profile(row)
        if not missing:
            return found
    raise never_settled()


def _torn(row: ProfileRow, parts: Parts) -> bool:
    """Whether what was read can't be of one moment, though the version was the same first and last.

    A commit reaches Neo4j's stores record by record, and its indexes after them. For a moment the version is new, first and last,
    and a seek still finds the old entries (6 of 4,865 reads under one writer); or it is still the old one, first and last, and
    uses of channels are new. Counts above the hot set tell nothing.
    """
    profile, facts = row.profile, row.profile.facts
    listed = Counter(entry.__struct_config__.tag for entry in profile.entries)
    counted = {kind: getattr(facts, COUNTED[kind]) for kind in parts.kinds}
    if any(listed[kind] < min(count, HOT_SET + 1) for kind, count in counted.items()):
        return True
    if parts.carts and len(profile.carts) < min(facts.carts, HOT_SET + 1):
        return True
    if not parts.channels:
        return False
    # Every touchpoint has a channel; a purchase may have none.
    used = sum(each.touchpoints for each in profile.channels), sum(each.purchases for each in profile.channels)
    return used[0] != facts.touchpoints or used[1] > facts.purchases


def _asked(position: int, key: ProfileKey) -> dict[str, Any]:
    return {"position": position, "id": key.id, "type": key.type, "value": key.value}


async def _in_motion(reader: Reader, asked: list[dict[str, Any]], found: set[int]) -> list[int]:
    """Of keys that weren't found, those whose identifier is there: a merge, or its undoing, gave it to another customer, and took
    away the one that it had, between the look at the one and at the other."""
    unfound = [key for key in asked if key["position"] not in found]
    return await reader.many("identity/find_seen", int, keys=unfound) if unfound else []


async def _load(reader: Reader, keys: list[dict[str, Any]], parts: Parts) -> Sequence[ProfileRow]:
    found = await reader.one(
        "customers/load_profiles",
        ProfileRows,
        keys=keys,
        kinds=list(parts.kinds),
        limit=HOT_SET + 1,
        with_channels=parts.channels,
        with_carts=parts.carts,
        with_referred_by=parts.referred_by,
        with_traits=parts.provenance,
        with_touchpoint_details=parts.touchpoint_details,
    )
    return found.rows if found else ()


def _profile(row: ProfileRow) -> Profile:
    # The newest of all kinds are among the newest of each kind: an entry with at most HOT_SET newer ones of any kind has
    # at most HOT_SET newer ones of its own. So no further seek is needed.
    return msgspec.structs.replace(
        row.profile,
        addresses=tuple(_addresses(row.addresses)) if row.addresses else (),
        traits=_traits.decode(row.traits) if row.traits else None,
        identifiers=tuple(sorted(row.profile.identifiers, key=_age)),
        facts=_with_sums(row.profile.facts, row.sums),
        entries=newest_first(row.profile.entries),
        carts=tuple(sorted(row.profile.carts, key=attrgetter("opened_at", "id"), reverse=True)),
    )


def _addresses(text: str) -> Iterator[Address]:
    """Those of the stated addresses that are some; the others stay visible in the provenance of the trait."""
    for stated in msgspec.json.decode(text):
        with suppress(msgspec.ValidationError):
            yield msgspec.convert(stated, Address)


def _age(identifier: Identifier) -> tuple[datetime, str, str]:
    return identifier.first_seen_at, identifier.type, identifier.value


def _with_sums(facts: Facts, sums: Sequence[tuple[str, int]]) -> Facts:
    by_name: dict[str, dict[str, int]] = {"revenue": {}, "refunds": {}}
    for name, amount in sums:
        kind, _, currency = name.partition("_")
        if amount:
            by_name[kind][currency] = amount
    return msgspec.structs.replace(facts, revenue=by_name["revenue"], refunds=by_name["refunds"])

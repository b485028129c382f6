"""Rings among invitations: customers each of whom invited the next, and the last the first, whoever of them accepted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

import msgspec

from graph.store import Reader

MOST_MEMBERS = 6
"""Customers of a ring that is looked for; rings of acceptances are found whatever their length (graph.referrals.forest)."""

MOST_ABOVE = 10_000
"""Customers who are looked at for rings at once."""

Inviters = Mapping[str, Mapping[str, datetime]]
"""For each customer, who invited it, with when it was first invited or accepted."""


class Invited(msgspec.Struct, frozen=True):
    customer: str
    inviters: tuple[tuple[str, datetime], ...]


async def find_inviters(reader: Reader, customer_ids: Iterable[str]) -> Inviters:
    """Who invited these customers, and whoever invited those, as far up as a ring goes. Raises StoreUnavailable."""
    found: dict[str, Mapping[str, datetime]] = {}
    ahead = sorted(set(customer_ids))
    for _ in range(MOST_MEMBERS):
        if not ahead or len(found) + len(ahead) > MOST_ABOVE:
            break
        rows = await reader.many("referrals/find_inviters", Invited, customer_ids=ahead)
        found |= {row.customer: dict(row.inviters) for row in rows}
        ahead = sorted({inviter for row in rows for inviter, _ in row.inviters} - found.keys())
    return found


def ring_of(advocate: str, friend: str, before: datetime, inviters: Inviters) -> tuple[str, ...]:
    """The shortest way from an advocate up to the friend, each of whom the next one had invited before then; empty where there is
    none. Of several that are as short it is the one that comes first by its ids."""
    ways: dict[str, tuple[str, ...]] = {advocate: (advocate,)}
    queue = deque([advocate])
    while queue:
        at = queue.popleft()
        if at == friend:
            return ways[at]
        if len(ways[at]) < MOST_MEMBERS:
            for inviter, when in sorted(inviters.get(at, {}).items()):
                if when < before and inviter not in ways:
                    ways[inviter] = (*ways[at], inviter)
                    queue.append(inviter)
    return ()


def in_rings(customer_ids: Collection[str], inviters: Inviters) -> set[str]:
    """Those of whom one of these customers is in a ring with, whenever they were invited, and itself."""
    found: set[str] = set()
    for start in customer_ids:
        up = _steps(start, lambda id: inviters.get(id, {}))
        invited: dict[str, list[str]] = {}
        for id in up:
            for inviter in inviters.get(id, {}):
                invited.setdefault(inviter, []).append(id)
        down = _steps(start, lambda id, invited=invited: invited.get(id, ()))  # type: ignore[misc]
        ring = {id for id in up.keys() & down.keys() - {start} if up[id] + down[id] <= MOST_MEMBERS}
        found |= ring | ({start} if ring else set())
    return found


def _steps(start: str, following: Callable[[str], Iterable[str]]) -> dict[str, int]:
    """How far each is from there, of those who are nearer than a ring is long."""
    steps = {start: 0}
    queue = deque([start])
    while queue:
        at = queue.popleft()
        if steps[at] + 1 < MOST_MEMBERS:
            for each in following(at):
                if each not in steps:
                    steps[each] = steps[at] + 1
                    queue.append(each)
    return steps

"""The log of merges, and why identifiers are one person: what is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from graph.identity.around import Around, find_around
from graph.identity.evidence import Evidence, Link
from graph.identity.forms import Key
from graph.identity.identifiers import find_customer_ids
from graph.identity.paths import Step, gone, shortest_path, weakest
from graph.identity.rules import IdentityRules
from graph.settled import ATTEMPTS, never_settled, pause
from graph.store import Reader, asking
from graph.times import from_microseconds


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Two customers became one. `evidence`: the links from one to the other at that time (JSON); `actor`: who said so by hand,
    None where evidence did; `undone_at`: when it was undone, be it by evidence."""

    id: str
    merged_at: datetime
    kept_id: str
    absorbed_id: str
    evidence: str
    actor: str | None
    undone_at: datetime | None

    @property
    def links(self) -> tuple[Evidence, ...]:
        return msgspec.json.decode(self.evidence, type=tuple[Evidence, ...])


class StatedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link as it is shown: the two identifiers, each with type and value, and who said so; `weakest`: whether all the others on
    the way are stronger."""

    one: Key
    other: Key
    rule: str
    source: str
    at: datetime
    weakest: bool = False


class FoundLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link as the graph has it: of each end the id, the type and the value; `at` in microseconds."""

    one: tuple[str, str, str]
    other: tuple[str, str, str]
    rule: str
    at: int
    source: str
    event: str

    def step(self, rules: IdentityRules) -> Step:
        (a, type, _), (b, other, _) = self.one, self.other
        strength = rules.link_strength(self.rule, type, other)
        return Step(a, b, Link(a=a, b=b, rule=self.rule, strength=strength, at=self.at, source=self.source, event=self.event))


async def load_merges(reader: Reader, merge_ids: Sequence[str]) -> list[Merge | None]:
    """Merges by their ids, in order; None for each that there isn't. Raises StoreUnavailable."""
    found = {merge.id: merge for merge in await reader.many("identity/load_merges", Merge, ids=list(merge_ids))}
    return [found.get(id) for id in merge_ids]


async def load_sides(reader: Reader, merge_id: str) -> tuple[str, str]:
    """Ids by which the two go that a merge made one, the kept one first. The customer that evidence made of them may be named
    after what joined them, which neither had. Raises LookupError for no merge, and StoreUnavailable."""
    sides = await reader.one("identity/load_sides", tuple[str, str], id=merge_id)
    if sides is None:
        raise LookupError(merge_id)
    return sides


async def page_merges(reader: Reader, customer_id: str, *, limit: int, after: tuple[str, str] | None = None) -> list[Merge]:
    """Merges that a customer has to do with, newest first, at most `limit` of them; from one on, named by time and id. Raises
    StoreUnavailable."""
    at, id = after or (None, None)
    return await reader.many("identity/page_merges", Merge, customer_id=customer_id, at=at, id=id, limit=limit)


async def find_merge_by_event(reader: Reader, key: str) -> str | None:
    """The id of the merge that an event states or undoes. Raises StoreUnavailable."""
    return await reader.one("identity/find_merge_by_event", str, key=key)


async def find_stated_links(reader: Reader, evidence: Sequence[Evidence], rules: IdentityRules) -> list[StatedLink]:
    """What evidence says, in its order, the weakest of it marked. Raises StoreUnavailable."""
    if not evidence:
        return []
    rows = await reader.many("identity/find_stated_links", FoundLink, rows=[list(each) for each in evidence])
    return _told([row.step(rules) for row in rows], {end[0]: (end[1], end[2]) for row in rows for end in (row.one, row.other)})


async def find_around_now(reader: Reader, customers: Iterable[str], rules: IdentityRules) -> tuple[Around, list[str]]:
    """`find_around`, and the ids by which these customers go: one may have become part of another since it was found. Raises
    StoreUnavailable, also where that never ends."""
    ids = list(customers)
    for attempt in range(ATTEMPTS):
        if attempt:
            await pause()
            now = await find_customer_ids(reader, ids)
            ids = [found or id for found, id in zip(now, ids, strict=True)]
        around = await find_around(asking(reader), sorted(set(ids)), rules)
        if around.rows.keys() >= set(ids):
            return around, ids
    raise never_settled()


async def trace_evidence(reader: Reader, one: Key, other: Key, rules: IdentityRules) -> list[StatedLink] | None:
    """How two identifiers are known to be one person: the fewest links that stand, in order, the weakest marked; none from one to
    itself. None where they aren't one. Raises StoreUnavailable, also where that changes all the time."""
    for attempt in range(ATTEMPTS):
        if attempt:
            await pause()
        ours, theirs = await find_customer_ids(reader, [one, other])
        if ours is None or theirs is None or ours != theirs:
            # It may be that one was asked for before a merge, and the other after it.
            if attempt:
                return None
            continue
        around = await find_around(asking(reader), [ours], rules)
        members = {(each.type, each.value): each.id for each in around.members.values() if around.owners[each.id] == ours}
        if not {one, other} <= members.keys():
            continue
        standing = [link for evidence, link in around.links.items() if around.aside[evidence] is None]
        path = shortest_path(standing, members[one], members[other])
        if path is not None:
            names = {id: (each.type, each.value) for id, each in around.members.items()}
            return _told(gone(path, members[one]), names)
    raise never_settled()


def _told(path: Sequence[Step], names: Mapping[str, Key]) -> list[StatedLink]:
    last = weakest(step.link for step in path)
    return [
        StatedLink(
            one=names[step.one],
            other=names[step.other],
            rule=step.link.rule,
            source=step.link.source,
            at=from_microseconds(step.link.at),
            weakest=step.link is last,
        )
        for step in path
    ]

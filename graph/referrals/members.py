"""Everyone in a network, nearest first, a page at a time: as cheap from the middle of millions as from the beginning.

Members stand generation by generation, within one in the order of their advocates, and those whom one advocate brought in by the
time of acceptance. So a place is the way down to it, and what comes behind it is sought from the nearest advocates upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from graph.referrals.spans import Span
from graph.referrals.tracing import LONGEST
from graph.store import Reader

TOGETHER = 3
"""Generations that one statement walks."""

WIDE, WIDER = 100, 8
"""How many members are walked of each generation above those that are listed, and how many times more where these have too few
below."""


class Member(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One of a network, all by their ids. `advocate`: who brought it in by `referral`; `depth`: the generation, from 1."""

    customer: str
    advocate: str
    depth: int
    referral: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The way down to a member: for each step the advocate, the key of the next one, and the referral."""

    steps: tuple[tuple[str, str, str], ...]

    def member(self, customer: str) -> Member:
        advocate, _, referral = self.steps[-1]
        return Member(customer, advocate, len(self.steps), referral)


class MemberWalk(msgspec.Struct, frozen=True, kw_only=True):
    """`widths`: members of each generation that were walked, whether they are told or not; `below`: where to go on."""

    widths: tuple[int, ...]
    members: tuple[Member, ...]
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which members of a network are listed: `depth` generations; those who accepted in a time, or all."""

    root: str
    depth: int = LONGEST
    span: Span | None = None


async def page_members(reader: Reader, selection: Selection, *, limit: int, after: str | None = None) -> list[Member]:
    """Up to `limit` members, from the first one on, or from the one with the id `after` on, which is told once more.

    Raises LookupError where that one isn't in the network any more, and StoreUnavailable.
    """
    search = _Search(reader, selection, limit)
    depth = 0
    if after is not None:
        place = await reader.one("referrals/find_place", Place, root=selection.root, member=after)
        if place is None or len(place.steps) > selection.depth:
            raise LookupError(f"{after} is not in this network any more")
        depth = len(place.steps)
        search.found.append(place.member(after))
        await search.go_on(place)
    await search.begin(depth + 1)
    return search.found[:limit]


@dataclass(slots=True)
class _Search:
    """What was found so far: enough, where there are `limit`."""

    reader: Reader
    selection: Selection
    limit: int
    found: list[Member] = field(default_factory=list)

    async def go_on(self, place: Place) -> None:
        """The rest of the generation of a place: those below its nearest advocates, then those below the next ones up."""
        depth = behind = len(place.steps)
        while behind > 0 and len(self.found) < self.limit:
            top = max(0, behind - TOGETHER)
            path = [[advocate, key] for advocate, key, _ in place.steps[top:behind]]
            # Behind the last of them itself: whom it brought in was looked at before.
            path[-1][1] += "~"
            await self._find(_Way(path[0][0], path, top, depth, depth))
            behind = top

    async def begin(self, depth: int) -> None:
        """All generations from one on."""
        if len(self.found) < self.limit and depth <= self.selection.depth:
            await self._find(_Way(self.selection.root, [], 0, depth, self.selection.depth))

    async def _find(self, way: _Way) -> None:
        wanted, times = self.limit - len(self.found), 1
        while True:
            found, all_of_them = await self._walk(way, wanted, times)
            if all_of_them or len(found) >= wanted:
                self.found += found
                return
            times *= WIDER

    async def _walk(self, way: _Way, wanted: int, times: int) -> tuple[list[Member], bool]:
        """The first members on a way by the beginnings of the generations, and whether there are no others. `times`: how much
        more of each generation is walked than at first."""
        found: list[Member] = []
        customers: Sequence[str] = [way.start]
        skip, path, whole = way.skip, way.path, True
        while customers and skip < way.last:
            walk = await self._ask(
                way,
                customers=customers,
                path=path,
                skip=skip,
                limit=wanted - len(found),
                width=WIDE * times,
                listed=wanted * times,
            )
            for generation, walked in enumerate(walk.widths, skip + 1):
                found += [member for member in walk.members if member.depth == generation]
                whole = whole and walked < (WIDE if generation < way.first else wanted) * times
                if len(found) >= wanted or (generation >= way.first and not whole):
                    # Of the next generation the first ones may be missing.
                    return found, False
            customers, skip, path = walk.below, skip + TOGETHER, []
        return found, whole

    async def _ask(self, way: _Way, *, customers: Sequence[str], path: list[list[str]], skip: int, **bounds: int) -> MemberWalk:
        times = {"since": None, "until": None} if self.selection.span is None else self.selection.span.times
        found = await self.reader.one(
            "referrals/page_members",
            MemberWalk,
            customer_ids=list(customers),
            path=path,
            skip=skip,
            first=way.first,
            last=way.last,
            **bounds,
            **times,
        )
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class _Way:
    """Below one customer, who stands in generation `skip`, the generations `first` to `last`; of each on the `path` only what
    comes from its key on."""

    start: str
    path: list[list[str]]
    skip: int
    first: int
    last: int

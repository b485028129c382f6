"""Everyone in a network, nearest first, a page at a time: as cheap from the middle of millions as from the beginning.

Members stand generation by generation, within one in the order of their advocates, and those whom one advocate brought in by the
time of acceptance. So a place is the way down to it, and what comes behind it is sought from the nearest advocates upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from graph.referrals.marks import Marks
from graph.referrals.networks import trace_network
from graph.referrals.spans import Span
from graph.referrals.tracing import LONGEST
from graph.store import Reader

TOGETHER = 12
"""Generations that one statement walks."""

FEW, MORE, MANY = 25, 8, 1_600
"""Of those who stand TOGETHER generations below: how many are gone on from at first, how many times more after each time, and at
most."""


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
    if after is None:
        await search.begin()
        return search.found
    place = await reader.one("referrals/find_place", Place, root=selection.root, member=after)
    if place is None or len(place.steps) > selection.depth:
        raise LookupError(f"{after} is not in this network any more")
    search.found.append(place.member(after))
    await search.finish(place)
    await search.go_on(len(place.steps) + 1)
    return search.found


Path = Sequence[tuple[str, str]]
"""For each generation an advocate, and the key at which those begin whom it brought in."""


@dataclass(slots=True)
class _Search:
    """What was found so far: enough, where there are `limit`."""

    reader: Reader
    selection: Selection
    limit: int
    found: list[Member] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        return self.limit - len(self.found)

    async def begin(self) -> None:
        """All generations, from the first one on."""
        last = min(TOGETHER, self.selection.depth)
        self.found += await self._ask([self.selection.root], (), skip=0, first=1, last=last, limit=self.wanted)
        if self.selection.span is not None or any(member.depth == last for member in self.found):
            await self.go_on(last + 1)

    async def finish(self, place: Place) -> None:
        """The rest of the generation of a place: those below its nearest advocates, then those below the next ones up."""
        depth = behind = len(place.steps)
        while behind > 0 and self.wanted:
            top = max(0, behind - TOGETHER)
            # Behind the nearest of them itself: whom it brought in was looked at before.
            path = _behind(place, top, behind)
            await self._find([path[0][0]], path, top, depth, depth)
            behind = top

    async def go_on(self, depth: int) -> None:
        """All generations from one on: a wider one may take long to prove empty, so few together until some were not."""
        last = await self._last() if self.wanted and depth <= self.selection.depth else 0
        customers, skip, together = [self.selection.root], 0, 1
        while self.wanted and depth <= last:
            customers, skip = await self._nearer(customers, skip, depth)
            end = max(depth, min(depth + together - 1, skip + TOGETHER, last))
            await self._find(customers, (), skip, depth, end)
            if self.selection.span is None and (not self.found or self.found[-1].depth < end):
                return
            depth, together = end + 1, 2 * together

    async def _nearer(self, customers: list[str], skip: int, depth: int) -> tuple[list[str], int]:
        """A generation to look for deeper ones from, as near to these as there are few enough to know all of it."""
        while depth - skip > TOGETHER:
            middle = skip + TOGETHER
            found = await self._ask(customers, (), skip=skip, first=middle, last=middle, limit=FEW, whenever=True)
            if len(found) == FEW:
                break
            customers, skip = [each.customer for each in found], middle
        return customers, skip

    async def _last(self) -> int:
        """The last of the generations that are looked for: to find out by looking takes a walk through all of the network."""
        chosen = self.selection
        # In this order: with no mark left, all that was changed before is counted by now.
        marks = await self.reader.one("referrals/find_marks", Marks, limit=1)
        counted = await self.reader.one("referrals/find_depth", int, customer_id=chosen.root) or 0
        if marks is not None and not marks.marked:
            return min(chosen.depth, counted)
        if chosen.span is None:
            return chosen.depth
        # One in which nobody accepted in a time may be followed by others.
        whole = await trace_network(self.reader, chosen.root, depth=chosen.depth)
        # Behind those that are walked through it is as deep as it was when it was counted, moments ago.
        return max(len(whole.generations), min(chosen.depth, counted) if whole.truncated else 0)

    async def _find(self, customers: Sequence[str], path: Path, skip: int, first: int, last: int) -> None:
        """Some generations below these customers, who stand in generation `skip`, or one that is far below; of each on the path
        only what comes from its key on."""
        if last - skip <= TOGETHER:
            self.found += await self._ask(customers, path, skip=skip, first=first, last=last, limit=self.wanted)
            return
        middle, many = skip + TOGETHER, FEW
        here, below = path[:TOGETHER], path[TOGETHER:]
        while customers and self.wanted:
            found = await self._ask(customers, here, skip=skip, first=middle, last=middle, limit=many, whenever=True)
            await self._find([each.customer for each in found], below, middle, first, last)
            if len(found) < many or not self.wanted:
                return
            place = await self.reader.one("referrals/find_place", Place, root=self.selection.root, member=found[-1].customer)
            if place is None or len(place.steps) != middle or place.steps[skip][0] not in customers:
                # Moved meanwhile: the next request finds where to.
                return
            here, below = _behind(place, skip, middle), ()
            customers = customers[customers.index(here[0][0]) :]
            many = min(many * MORE, MANY)

    async def _ask(
        self,
        customers: Sequence[str],
        path: Path,
        *,
        skip: int,
        first: int,
        last: int,
        limit: int,
        whenever: bool = False,
    ) -> list[Member]:
        """`whenever`: also those who accepted at another time than is asked about."""
        span = None if whenever else self.selection.span
        times = {"since": None, "until": None} if span is None else span.times
        return await self.reader.many(
            "referrals/page_members",
            Member,
            customer_ids=list(customers),
            path=[list(each) for each in path],
            skip=skip,
            first=first,
            last=last,
            limit=limit,
            **times,
        )


def _behind(place: Place, top: int, end: int) -> Path:
    """From one generation to another, what comes behind a place."""
    path = [(advocate, key) for advocate, key, _ in place.steps[top:end]]
    advocate, key = path[-1]
    return [*path[:-1], (advocate, key + "~")]

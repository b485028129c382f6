"""Who brought whom in, and who is planted: all of it a function of (customers, seed, index), nothing is remembered.

Customers are numbered in the order they join, so an advocate always has the smaller number, and rings can arise only
where they are planted. Customers come in groups of 16: place 0 may be a link of a planted chain, places 1 to 6 a planted
ring, places 8 to 15 may have a second, duplicate set of identifiers; the others are left to chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from app.demo.clock import joined
from app.demo.dice import fraction, mix

GROUP = 16
LONGEST_RING = 6
_CHAIN_NODES = 24
_CHAIN_EVERY = 5_000
_RING_EVERY = 64

_SALT_KNOWN, _SALT_CONTENT, _SALT_REFERRED, _SALT_CHAIN, _SALT_TWIN, _SALT_SECOND = 11, 12, 13, 14, 15, 16
_SALT_PICK, _SALT_REDIRECT, _SALT_TASTE = 20, 30, 40

REFERRED_SHARE = 0.45
REDIRECT_SHARE = 0.7
ATTEMPTS = 4


@dataclass(frozen=True)
class Network:
    """The referral forest and the planted places of a demo world."""

    customers: int
    seed: int
    groups: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", self.customers // GROUP)

    def joined(self, index: int) -> int:
        """When customer `index` first appears, in seconds since 1970."""
        return joined(index, self.customers)

    def content(self, index: int) -> float:
        """How content the customer is, from 0 to 1, most of them rather so: it steers ratings, complaints and referring."""
        u = fraction(self.seed, index, _SALT_CONTENT)
        return 1.0 - u * u

    def known(self, index: int) -> bool:
        """Whether the customer ever said who it is; the others stay anonymous visitors."""
        return fraction(self.seed, index, _SALT_KNOWN) >= 0.1 or self.chain_place(index) >= 0 or self.ring_of(index) > 0

    @cached_property
    def _chains(self) -> tuple[int, int, int]:
        """Groups between two links of a chain, groups between two chains, and how many chains there are."""
        stride = max(1, self.groups // _CHAIN_NODES)
        count = max(1, min(stride, self.customers // _CHAIN_EVERY))
        return stride, stride // count, count

    def chain_place(self, index: int) -> int:
        """The place of a customer in its planted chain, 0 for the head; -1 when it is in none."""
        group, place = divmod(index, GROUP)
        if place or group >= self.groups:
            return -1
        stride, gap, count = self._chains
        link, offset = divmod(group, stride)
        chain, rest = divmod(offset, gap)
        if rest or chain >= count:
            return -1
        nodes = 13 + mix(self.seed, chain, _SALT_CHAIN) % (_CHAIN_NODES - 12)
        return link if link < nodes else -1

    @cached_property
    def _ring_spacing(self) -> int:
        return max(1, min(_RING_EVERY, self.groups // LONGEST_RING))

    def ring_of(self, index: int) -> int:
        """The length of the planted ring a customer is in, or 0."""
        group, place = divmod(index, GROUP)
        ring, offset = divmod(group, self._ring_spacing)
        length = 1 + ring % LONGEST_RING
        inside = 1 <= place <= length and group < self.groups and offset == self._ring_spacing // 2
        return length if inside else 0

    def ring_place(self, index: int) -> int:
        """The place of a ring's member in the ring, 0 for the first."""
        return index % GROUP - 1

    def advocate(self, index: int) -> int:
        """Who brought the customer in, in the forest that is expected; -1 for nobody.

        Chance picks an earlier customer, then goes on to that one's own advocate seven times in ten. Going on is what makes
        the number of friends heavy-tailed (redirection; Krapivsky and Redner 2001, "Organization of growing random
        networks"). Content customers are the likelier to refer.
        """
        spot = index % GROUP
        if spot == 0 and (link := self.chain_place(index)) >= 0:
            return index - self._chains[0] * GROUP if link else -1
        if 0 < spot <= LONGEST_RING and self.ring_of(index):
            return index - 1 if self.ring_place(index) else -1
        if not index or fraction(self.seed, index, _SALT_REFERRED) >= REFERRED_SHARE or not self.known(index):
            return -1
        return self._pick(index, 0)

    def second_advocate(self, index: int) -> int:
        """Another customer whose invitation the customer accepts too, later and to no effect; -1 for nobody."""
        if fraction(self.seed, index, _SALT_SECOND) >= 0.02 or self.ring_of(index) or self.advocate(index) < 0:
            return -1
        other = self._pick(index, ATTEMPTS)
        return -1 if other == self.advocate(index) else other

    def _pick(self, index: int, first: int) -> int:
        for attempt in range(first, first + ATTEMPTS):
            u = fraction(self.seed, index, _SALT_PICK + attempt)
            found = int(u * index)
            if fraction(self.seed, index, _SALT_REDIRECT + attempt) < REDIRECT_SHARE:
                above = self.advocate(found)
                found = above if above >= 0 else found
            if self.known(found) and fraction(self.seed, index, _SALT_TASTE + attempt) < self.content(found):
                return found
        return -1

    def twin(self, index: int) -> str | None:
        """What the customer's second set of identifiers has in common with the first: `strong` (an identifier), `similar`
        (name, birthday and address only); None for most, who have one set.
        """
        if index % GROUP < 8 or not self.known(index):
            return None
        u = fraction(self.seed, index, _SALT_TWIN)
        return "strong" if u < 0.04 else "similar" if u < 0.06 else None

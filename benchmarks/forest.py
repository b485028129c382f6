"""Who brought whom in, in a world that is made for measuring just that: light customers, half of them referred, and planted trees
whose sizes and places are known.

The crowd is heavy-tailed: whoever brought in many brings in more. Beside it stand a small and a large network, a celebrity,
and chains of several lengths. Everything is the same each time for the same size and seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

SEED = 360

CHAINS = (5, 10, 20, 40, 80)
SMALL, LARGE, CELEBRITY = "small", "large", "celebrity"

REDIRECTED = 0.7
"""How often chance goes on from the customer it picked to that one's own advocate: it makes the number of friends heavy-tailed
(redirection; Krapivsky and Redner 2001, "Organization of growing random networks")."""

WIDTHS = (0.04, 0.12, 0.22, 0.28, 0.22, 0.12)
"""What part of a planted network's members each generation has."""

FAVOUR = 2.0
"""How uneven brothers are: of a generation the first have more friends than the last."""

BOUGHT = 0.3
"""How many of those who were brought in bought something."""

NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is planted among so many customers: in a world that is too small for all of it, in proportion.

    `small` and `large`: members of networks; `direct`: friends of the celebrity, of whom every fourth brought one in as well;
    `chains`: steps from the last customer up to the root.
    """

    customers: int
    small: int
    large: int
    direct: int
    chains: tuple[int, ...]

    @classmethod
    def of(cls, customers: int) -> Shape:
        return cls(
            customers=customers,
            small=min(100, customers // 100),
            large=min(10_000, customers // 10),
            direct=min(20_000, customers // 5),
            chains=tuple(length for length in CHAINS if length <= customers // 30),
        )

    @property
    def referrals(self) -> int:
        """How many there are in the whole world."""
        return self.customers // 2


@dataclass(slots=True)
class Forest:
    """Customers by number. `advocates`: who brought each in, or NOBODY; `joined`: when each came, as a part of all time, always
    after the advocate; `spent`: in cents, by each one that was brought in, 0 for most; `roots` of what is planted, by name, and
    `tips`, the last ones of the chains, by length."""

    shape: Shape
    advocates: list[int] = field(default_factory=list)
    joined: list[float] = field(default_factory=list)
    spent: list[int] = field(default_factory=list)
    roots: dict[str, int] = field(default_factory=dict)
    tips: dict[int, int] = field(default_factory=dict)

    def plant(self, advocates: Sequence[int]) -> int:
        """Add a tree, or many, numbered within itself and parents first; over all time. Returns the number of its first."""
        first = len(self.advocates)
        self.advocates += [NOBODY if each == NOBODY else first + each for each in advocates]
        self.joined += [(number + 0.5) / len(advocates) for number in range(len(advocates))]
        return first

    def chain(self, customer: int) -> list[int]:
        """Who brought the customer in, and who them, up to the root."""
        steps = []
        while (customer := self.advocates[customer]) != NOBODY:
            steps.append(customer)
        return steps

    def path(self, start: int, end: int) -> int | None:
        """How many referrals link two customers; None where nobody brought both in."""
        above = {customer: height for height, customer in enumerate([start, *self.chain(start)])}
        for height, customer in enumerate([end, *self.chain(end)]):
            if customer in above:
                return height + above[customer]
        return None


def grow(customers: int, *, seed: int = SEED) -> Forest:
    """The forest of a world of so many customers."""
    dice = random.Random(seed)
    shape = Shape.of(customers)
    planted = {SMALL: network(shape.small, dice), LARGE: network(shape.large, dice), CELEBRITY: star(shape.direct)}
    lines = {length: [NOBODY, *range(length)] for length in shape.chains}
    trees = [*planted.values(), *lines.values()]
    size = customers - sum(len(tree) for tree in trees)
    brought = shape.referrals - sum(len(tree) - 1 for tree in trees)
    forest = Forest(shape)
    forest.plant(list(crowd(size, brought, dice)))
    forest.roots = {name: forest.plant(tree) for name, tree in planted.items()}
    forest.tips = {length: forest.plant(line) + length for length, line in lines.items()}
    forest.spent = [
        dice.randrange(1_000, 10_000) if advocate != NOBODY and dice.random() < BOUGHT else 0 for advocate in forest.advocates
    ]
    return forest


def crowd(size: int, brought: int, dice: random.Random) -> Iterator[int]:
    """The advocates of `size` customers, of whom `brought` were brought in by an earlier one."""
    found: list[int] = []
    for number in range(size):
        advocate = NOBODY
        # So many of those that are left are still to be brought in; nobody could have brought in the first.
        if number and dice.random() * (size - number) < brought:
            brought -= 1
            advocate = dice.randrange(number)
            if dice.random() < REDIRECTED and found[advocate] != NOBODY:
                advocate = found[advocate]
        found.append(advocate)
        yield advocate


def network(members: int, dice: random.Random) -> list[int]:
    """A root, and so many members in up to six generations, each with an advocate in the one before."""
    ends = [1 + round(members * share) for share in accumulate(WIDTHS)]
    found, above = [NOBODY], range(1)
    for begin, end in zip([1, *ends], ends, strict=False):
        found += [above[int(len(above) * dice.random() ** FAVOUR)] for _ in range(begin, end)]
        above = range(begin, end) or above
    return found


def star(direct: int) -> list[int]:
    """A celebrity with so many friends, of whom every fourth brought one in as well."""
    return [NOBODY, *[0] * direct, *range(1, direct + 1, 4)]

"""What is true of a forest: the generator's own knowledge, by which answers are checked."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.settings import Settings
from benchmarks.forest import LARGE, NOBODY, SEED, Forest
from benchmarks.servers import bare_driver

PAIRS = 100
"""At most, of each kind."""

_USER = re.compile(r"u\d{7}")
_IDS = (
    "UNWIND $users AS user MATCH (i:Identifier {type: 'user_id', value: user})<-[:IDENTIFIED_BY]-(c:Customer) "
    "RETURN user, c.id AS id"
)


class Network(msgspec.Struct, kw_only=True):
    """Everybody below `root`, by generation: how many there are, how many of them bought something, and for how many cents."""

    root: str
    customers: list[int]
    converted: list[int]
    cents: list[int]

    @property
    def size(self) -> int:
        return sum(self.customers)


class Chain(msgspec.Struct, kw_only=True):
    """`steps`: who brought `tip` in, and who them, up to the root."""

    tip: str
    steps: list[str]


class Pair(msgspec.Struct, kw_only=True):
    """`length`: how many referrals link the two, None where nobody brought both in."""

    start: str
    end: str
    length: int | None


class Truth(msgspec.Struct, kw_only=True):
    """What is true of a world. Customers are named by the values of their identifiers, and by their ids once a database was asked
    for these. `converted`: referrals whose friend bought something; `longest`: the longest chain; `most`: what the first of all
    advocates has by each order, money in cents; `strangers`: two customers by chance; `relatives`: two of the large network."""

    customers: int
    referrals: int
    converted: int
    longest: int
    most: dict[str, int]
    networks: dict[str, Network]
    chains: dict[int, Chain]
    strangers: list[Pair]
    relatives: list[Pair]


def user(number: int) -> str:
    """All of one length."""
    return f"u{number:07d}"


def truth_of(forest: Forest, *, seed: int = SEED) -> Truth:
    dice = random.Random(seed)
    advocates, spent = forest.advocates, forest.spent
    networks = {name: _network(forest, root) for name, root in forest.roots.items()}
    large = range(forest.roots[LARGE], forest.roots[LARGE] + 1 + networks[LARGE].size)
    return Truth(
        customers=len(spent),
        referrals=len(advocates) - advocates.count(NOBODY),
        converted=len(spent) - spent.count(0),
        longest=max(_depths(forest)),
        most=_most(forest),
        networks=networks,
        chains={
            length: Chain(tip=user(tip), steps=[user(each) for each in forest.chain(tip)]) for length, tip in forest.tips.items()
        },
        strangers=_pairs(forest, range(len(spent)), dice),
        relatives=_pairs(forest, large, dice),
    )


def _depths(forest: Forest) -> list[int]:
    """How far each customer is from its root: an advocate has the smaller number."""
    found: list[int] = []
    for advocate in forest.advocates:
        found.append(0 if advocate == NOBODY else found[advocate] + 1)
    return found


def _most(forest: Forest) -> dict[str, int]:
    sizes, cents, converted = ([0] * len(forest.advocates) for _ in range(3))
    # Whoever is below somebody has the larger number: all that is below is known when it is added.
    for number in reversed(range(len(forest.advocates))):
        advocate, spent = forest.advocates[number], forest.spent[number]
        if advocate != NOBODY:
            sizes[advocate] += 1 + sizes[number]
            cents[advocate] += spent + cents[number]
            converted[advocate] += spent > 0
    return {"CONVERTED": max(converted), "NETWORK_SIZE": max(sizes), "NETWORK_REVENUE": max(cents)}


def _network(forest: Forest, root: int) -> Network:
    """Planted trees are numbered on end, parents first."""
    depths, sums = {root: 0}, Counter[tuple[str, int]]()
    for number in range(root + 1, len(forest.advocates)):
        if forest.advocates[number] not in depths:
            break
        depth = depths[number] = depths[forest.advocates[number]] + 1
        sums["customers", depth] += 1
        sums["converted", depth] += forest.spent[number] > 0
        sums["cents", depth] += forest.spent[number]
    generations = range(1, max(depths.values()) + 1)
    return Network(
        root=user(root),
        **{name: [sums[name, depth] for depth in generations] for name in ("customers", "converted", "cents")},
    )


def _pairs(forest: Forest, among: Sequence[int], dice: random.Random) -> list[Pair]:
    """Two different customers each."""
    pairs = [dice.sample(among, 2) for _ in range(min(PAIRS, max(1, forest.shape.customers // 20)))]
    return [Pair(start=user(start), end=user(end), length=forest.path(start, end)) for start, end in pairs]


async def truth_for(settings: Settings, path: Path) -> Truth:
    """What is true of a world that a database has, with the ids that it gave its customers."""
    text = path.read_text()
    users = sorted(set(_USER.findall(text)))
    async with bare_driver(settings) as driver:
        rows = (await driver.execute_query(_IDS, users=users)).records
    ids = {row["user"]: row["id"] for row in rows}
    assert len(ids) == len(users), f"{len(users) - len(ids):,} customers of {path.name} are not there"
    return msgspec.json.decode(_USER.sub(lambda found: ids[found[0]], text), type=Truth)

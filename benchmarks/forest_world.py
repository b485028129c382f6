"""`python -m benchmarks.forest_world CUSTOMERS FOLDER`: the events of a forest as lines of the contract, and beside them what is
true of it, written by a process of its own.

A customer is one event that names it; a referral is an invitation, an acceptance and, of some friends, a purchase without lines.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from app.demo.wire import to_json
from app.settings import Settings
from benchmarks.children import done, environment
from benchmarks.figures import Figure
from benchmarks.forest import LARGE, NOBODY, SEED, Forest, grow
from benchmarks.imports import Imported, World
from benchmarks.servers import bare_driver
from benchmarks.world import MAPPING
from graph.events.inputs import AcceptInput, CustomerKey, Event, IdentifierKey, IdentifyInput, InviteInput, PurchaseInput
from graph.money import Money

BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
"""Customers come evenly from one to the other."""

LAST_MONTH = (END - timedelta(days=30), END)
SOURCE = "benchmark"
CURRENCY = "USD"
TRUTH = "truth.json"
PAIRS = 200

_USER = re.compile(r"u\d{7}")
_IDS = (
    "UNWIND $users AS user MATCH (i:Identifier {type: 'user_id', value: user})<-[:IDENTIFIED_BY]-(c:Customer) "
    "RETURN user, c.id AS id"
)
_REFERRALS = "MATCH (:Customer)-[r:REFERRED]->() RETURN count(r)"


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


def events(forest: Forest) -> Iterator[Event]:
    """Every event of the forest: customers in the order they come, each one's in the order of time."""
    joined = forest.joined
    for number in sorted(range(len(joined)), key=joined.__getitem__):
        key, at, advocate = user(number), _time(joined[number]), forest.advocates[number]
        identifier = IdentifierKey("user_id", key)
        yield IdentifyInput(
            id=f"{key}-seen", source=SOURCE, at=at, identifiers=(identifier,), traits={"name": f"Customer {number}"}
        )
        if advocate == NOBODY:
            continue
        friend, code = CustomerKey(identifier=identifier), f"B{number:07d}"
        invited = _time((joined[advocate] + joined[number]) / 2)
        by = CustomerKey(identifier=IdentifierKey("user_id", user(advocate)))
        yield InviteInput(id=f"{key}-invited", source=SOURCE, at=invited, advocate=by, channel="email", code=code)
        yield AcceptInput(id=f"{key}-accepted", source=SOURCE, at=at, code=code, friend=friend)
        if forest.spent[number]:
            yield PurchaseInput(
                id=f"{key}-bought", source=SOURCE, at=at + timedelta(days=1 + number % 30), customer=friend, number=key,
                items=(), channel="web", total=Money(forest.spent[number], CURRENCY),
            )  # fmt: skip


def _time(part: float) -> datetime:
    return (BEGIN + (END - BEGIN) * part).replace(microsecond=0)


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
    pairs = [dice.sample(among, 2) for _ in range(PAIRS)]
    return [Pair(start=user(start), end=user(end), length=forest.path(start, end)) for start, end in pairs]


def write(folder: Path, *, customers: int) -> None:
    forest = grow(customers)
    with (folder / "events.jsonl").open("wb") as file:
        file.writelines(_lines(events(forest)))
    (folder / TRUTH).write_bytes(msgspec.json.encode(truth_of(forest)))


def _lines(found: Iterable[Event]) -> Iterator[bytes]:
    return (to_json(event) for event in found)


async def truth_for(settings: Settings, path: Path) -> Truth:
    """What is true of a world that a database has, with the ids that it gave its customers."""
    text = path.read_text()
    users = sorted(set(_USER.findall(text)))
    async with bare_driver(settings) as driver:
        rows = (await driver.execute_query(_IDS, users=users)).records
    ids = {row["user"]: row["id"] for row in rows}
    assert len(ids) == len(users), f"{len(users) - len(ids):,} customers of {path.name} are not there"
    return msgspec.json.decode(_USER.sub(lambda found: ids[found[0]], text), type=Truth)


async def made(folder: Path, *, customers: int) -> World:
    """A world on the disk, with its truth beside the events."""
    world = World(customers=customers, folder=folder / f"forest-{customers}")
    world.folder.mkdir(parents=True)
    world.mapping.write_text(MAPPING)
    await done("benchmarks.forest_world", str(customers), str(world.folder), env=environment())
    return world


async def check(settings: Settings, world: World) -> None:
    """Raises AssertionError unless a database has as many referrals as it should."""
    truth = msgspec.json.decode((world.folder / TRUTH).read_bytes(), type=Truth)
    async with bare_driver(settings) as driver:
        there = (await driver.execute_query(_REFERRALS)).records[0].value()
    assert there == truth.referrals, f"{there:,} customers were referred, not {truth.referrals:,}"


def imported_figure(imported: Imported, *, customers: int) -> Figure:
    """For information: how fast it came in."""
    return Figure(
        case=f"Import of a forest, {customers:,} customers, {imported.events:,} events",
        value=imported.events / imported.seconds,
        unit="events/s",
    )


if __name__ == "__main__":
    write(Path(sys.argv[2]), customers=int(sys.argv[1]))

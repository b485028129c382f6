"""The hot path: a profile over GraphQL, against the floor of one Redis read and against the peer, all up at once, asked in turn.

A cell is one path by so many processes over so many connections. Every round measures each cell once, beginning with another
one each time; what is compared is of the same round, and what is shown the median.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from msgspec import structs

from app.settings import Settings
from benchmarks.children import done, environment
from benchmarks.contenders import Contenders, contenders, service
from benchmarks.figures import Figure, Target, at_least, at_most, below
from benchmarks.traffic import Answered, Traffic, Turns
from benchmarks.usage import processor_seconds, resident_bytes

MEGABYTE = 1_000_000
JUDGED_AT = 16
"""Connections, of one process, where the paths are compared."""

CROWD = 64
SLICES, WARM_SLICES = 20, 4
"""Memory is looked at after each slice of its requests; the first ones fill what is bounded."""

NEXT_MISSES = 5

AHEAD_SECONDS = 1.0
"""For which a path is asked before it is measured: minutes have gone by with others, and a process renews its copy of the
catalogue only while it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSize:
    """`seconds` of a cell; `warm`: of each path that asks Neo4j, beforehand; `hot` customers are in the cache; memory is watched
    over `requests` of `operations` different ones, at the smallest size of graph."""

    rounds: int = 5
    seconds: float = 2.0
    warm: float = 30.0
    hot: int = 2_000
    connections: tuple[int, ...] = (1, 16, 64)
    requests: int = 1_000_000
    operations: int = 2_000
    peer: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """`in_turn`: every customer after the other, for the hot ones are cached. `alone`: measured at one connection only."""

    server: str
    subjects: str
    in_turn: bool = False
    processes: int = 1
    alone: bool = False


PATHS: Mapping[str, Way] = MappingProxyType(
    {
        "floor": Way("floor", "profile", processes=2),
        "floor, any selection": Way("floor", "shapes"),
        "cached, the same request": Way("service", "repeated"),
        "cached": Way("service", "profile", processes=2),
        "cached, any selection": Way("service", "shapes", processes=2),
        "cached, never the same": Way("service", "various"),
        "cached, any selection, lean": Way("lean", "shapes"),
        "cached, plain Strawberry": Way("plain", "profile"),
        "uncached": Way("uncached", "others", in_turn=True, processes=2),
        "uncached, kept at once": Way("keeping", "others", in_turn=True),
        "uncached, not batched": Way("unbatched", "others", in_turn=True, alone=True),
        "peer, translated": Way("peer", "translated", in_turn=True),
        "peer, our statement": Way("peer", "ours", in_turn=True),
    }
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Requests a second of one path against another's."""

    case: str
    path: str
    against: str
    target: Target


COMPARISONS = (
    Comparison("Cached profile, any selection", "cached, any selection", "floor, any selection", at_least(0.75)),
    Comparison(
        "Cached profile, any selection, no guard, no metrics",
        "cached, any selection, lean",
        "floor, any selection",
        at_least(0.85),
    ),
    Comparison("Cached profile", "cached", "cached, plain Strawberry", at_least(6)),
    Comparison("Uncached profile", "uncached", "floor", at_least(0.45)),
    Comparison("Uncached profile", "uncached", "peer, translated", at_least(8)),
    Comparison("Uncached profile", "uncached", "peer, our statement", at_least(3.5)),
)

MOST_FOR_BATCHING_MS = 0.3
HALF_LOAD = at_most(2)
FLAT_MEMORY = at_most(1.1)
FLAT_CACHED = at_least(0.9)
FLAT_UNCACHED = Target("≥ 1/1.2", 1 / 1.2, least=True)
MISSES = Target("≥ 99 %", 99.0, least=True, of_value=True)
GENERATOR_US = 60.0


class Cell(NamedTuple):
    path: str
    processes: int
    connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one cell in one round. Latencies and the processor that a request took in milliseconds: the servers', Neo4j's."""

    rate: float
    p50: float
    p99: float
    server_ms: float
    database_ms: float
    generator_us: float


@dataclass(slots=True)
class Hot:
    """What was measured at one size of graph: a list by cell, one entry for each round."""

    customers: int
    cells: dict[Cell, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    missed: list[bool] = field(default_factory=list)

    def ratios(self, path: str, against: str, connections: int = JUDGED_AT) -> list[float]:
        pairs = zip(self.cells[Cell(path, 1, connections)], self.cells[Cell(against, 1, connections)], strict=True)
        return [one.rate / other.rate for one, other in pairs]

    def figures(self) -> Iterator[Figure]:
        yield from self._compared()
        yield from self._batching()
        for cell, found in self.cells.items():
            yield self._cell_figure(cell, found)
        yield Figure(case="Uncached profiles that the cache lacked", value=share(self.missed), unit="%", target=MISSES)
        yield Figure(
            case="Processor of the load generator, a request, at the floor",
            value=median(each.generator_us for each in self.cells[Cell("floor", 1, JUDGED_AT)]),
            unit="µs",
            target=below(GENERATOR_US, "µs"),
        )

    def _compared(self) -> Iterator[Figure]:
        for each in COMPARISONS:
            ours, other = Cell(each.path, 1, JUDGED_AT), Cell(each.against, 1, JUDGED_AT)
            if other in self.cells:
                yield Figure(
                    case=f"{each.case}, {JUDGED_AT} connections, {self.customers:,} customers",
                    value=median(found.rate for found in self.cells[ours]),
                    unit="requests/s",
                    against=each.against,
                    reference=median(found.rate for found in self.cells[other]),
                    ratio=median(self.ratios(each.path, each.against)),
                    target=each.target,
                )

    def _batching(self) -> Iterator[Figure]:
        pairs = zip(self.cells[Cell("uncached", 1, 1)], self.cells[Cell("uncached, not batched", 1, 1)], strict=True)
        more = median(batched.p50 - alone.p50 for batched, alone in pairs)
        yield Figure(
            case="Uncached profile at one connection, p50, more than without batches",
            value=max(0.0, more),
            unit="ms",
            target=below(MOST_FOR_BATCHING_MS, "ms"),
        )

    def _cell_figure(self, cell: Cell, found: list[Measured]) -> Figure:
        p50, p99, server, database = (
            median(getattr(each, name) for each in found) for name in ("p50", "p99", "server_ms", "database_ms")
        )
        return Figure(
            case=f"{cell.path}: {plural(cell.processes, 'process')}, {plural(cell.connections, 'connection')}, "
            f"{self.customers:,} customers",
            value=median(each.rate for each in found),
            unit="requests/s",
            against=f"p50 {p50:.2f}, p99 {p99:.2f}, processor {server:.3f} + Neo4j {database:.3f} ms; floor",
            ratio=median(
                each.rate / floor.rate
                for each, floor in zip(found, self.cells[Cell("floor", cell.processes, cell.connections)], strict=True)
            ),
        )


def plural(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}{'es' if what.endswith('s') else 's'}"


def share(found: list[bool]) -> float:
    """Percent."""
    return 100 * sum(found) / len(found) if found else 0.0


async def hotpath(settings: Settings, folder: Path, size: HotSize, *, customers: int, memory: bool) -> tuple[Hot, list[Figure]]:
    """Measures everything at one size of graph; `memory` too, if wanted."""
    async with contenders(settings, folder, hot=size.hot, operations=size.operations, with_peer=size.peer) as up:
        rounds = Rounds(up, size, Hot(customers))
        await rounds.all()
        figures = [*rounds.found.figures(), await rounds.half_load()]
        different = up.subjects["different"]
    if memory:
        figures.append(await _memory(settings, different, size))
    return rounds.found, figures


@dataclass(slots=True)
class Rounds:
    """`_asked`: how many customers were asked about in turn, by whoever: the next one begins behind them."""

    up: Contenders
    size: HotSize
    found: Hot
    _asked: int = 0

    async def all(self) -> None:
        cells = list(self._cells())
        for cell in cells:
            # What compiles itself while it runs, as two of the servers do, isn't to be measured doing so; Java takes a minute.
            if cell.connections == min(JUDGED_AT, max(self.size.connections)):
                of_neo4j = PATHS[cell.path].in_turn and cell.processes == 1
                await self._measured(cell, seconds=self.size.warm if of_neo4j else self.size.seconds)
        for number in range(self.size.rounds):
            turned = number * len(cells) // self.size.rounds
            for cell in [*cells[turned:], *cells[:turned]]:
                self.found.cells[cell].append(await self._measured(cell))

    async def half_load(self) -> Figure:
        """p99 of the cached profile at half of what saturates it, and the floor's at the same load."""
        saturating = (self.found.cells[Cell("cached", 1, connections)] for connections in self.size.connections)
        rate = max(median(each.rate for each in found) for found in saturating) / 2
        cells = [Cell("cached", 1, CROWD), Cell("floor", 1, CROWD)]
        times: dict[str, list[float]] = defaultdict(list)
        for number in range(self.size.rounds):
            for cell in cells[:: -1 if number % 2 else 1]:
                times[cell.path].append((await self._measured(cell, rate=rate)).p99)
        return Figure(
            case=f"Cached profile at half of the saturating load, {rate:,.0f} requests/s, p99",
            value=median(times["cached"]),
            unit="ms",
            against="floor at the same load",
            reference=median(times["floor"]),
            ratio=median(ours / floor for ours, floor in zip(times["cached"], times["floor"], strict=True)),
            target=HALF_LOAD,
        )

    def _cells(self) -> Iterator[Cell]:
        for name, way in PATHS.items():
            if way.server in self.up.servers:
                for processes in range(1, way.processes + 1):
                    for connections in self.size.connections:
                        # One connection leads to one process.
                        if processes <= connections and (connections == 1 or not way.alone):
                            yield Cell(name, processes, connections)

    async def _measured(self, cell: Cell, *, rate: float = 0.0, seconds: float | None = None) -> Measured:
        way = PATHS[cell.path]
        server = self.up.servers[way.server]
        plan = Traffic(
            ports=list(server.ports[: cell.processes]),
            file=self.up.subjects[way.subjects],
            connections=cell.connections,
            seconds=self.size.seconds if seconds is None else seconds,
            rate=rate,
            in_turn=way.in_turn,
            skip=self._asked,
        )
        ahead = await sent(structs.replace(plan, seconds=AHEAD_SECONDS, rate=0.0))
        if way.in_turn:
            self._asked += ahead.requests
            plan = structs.replace(plan, skip=self._asked)
        pids, database = server.pids[: cell.processes], [self.up.database]
        before, database_before = processor_seconds(pids), processor_seconds(database)
        answered = await sent(plan)
        after, database_after = processor_seconds(pids), processor_seconds(database)
        assert not answered.failed, f"{cell.path}: {answered.failed:,} of {answered.requests:,} failed: {answered.failure}"
        if way.in_turn:
            self._asked += answered.requests
        if way.server == "uncached":
            await self._look_for_misses()
        return Measured(
            rate=answered.rate,
            p50=answered.p50,
            p99=answered.p99,
            server_ms=(after - before) / answered.requests * 1_000,
            database_ms=(database_after - database_before) / answered.requests * 1_000,
            generator_us=answered.own_us,
        )

    async def _look_for_misses(self) -> None:
        others = self.up.others
        following = [others[(self._asked + number) % len(others)] for number in range(NEXT_MISSES)]
        self.found.missed += await self.up.missed(following)
        self._asked += NEXT_MISSES


async def sent(plan: Traffic) -> Answered:
    """What a process of its own saw that carried the plan out."""
    (answered,) = await sent_in_turn(plan, rounds=1)
    return answered


async def sent_in_turn(*plans: Traffic, rounds: int) -> list[Answered]:
    """What a process of its own saw that carried these plans out in turn, so many times."""
    turns = Turns(plans=[*plans], rounds=rounds)
    output = await done("benchmarks.traffic", msgspec.json.encode(turns).decode(), env=environment())
    return msgspec.json.decode(output, type=list[Answered])


async def _memory(settings: Settings, different: str, size: HotSize) -> Figure:
    """What one process holds at most once it is warm, against what it held when it had become so."""
    held: list[int] = []
    async with service(settings) as (port, pid):
        plan = Traffic(ports=[port], file=different, connections=JUDGED_AT, requests=max(1, size.requests // SLICES))
        for _ in range(SLICES):
            answered = await sent(plan)
            assert not answered.failed, answered.failure
            held.append(resident_bytes(pid))
    return Figure(
        case=f"Memory of one process over {size.requests:,} requests of {size.operations:,} different operations",
        value=max(held[WARM_SLICES:]) / MEGABYTE,
        unit="MB",
        against=f"after {size.requests * WARM_SLICES // SLICES:,}",
        reference=held[WARM_SLICES - 1] / MEGABYTE,
        target=FLAT_MEMORY,
    )


def growth(found: Mapping[int, Hot]) -> list[Figure]:
    """What part of the floor each path comes to at the largest size, against the smallest, where there are two."""
    least, most = min(found), max(found)
    if least == most:
        return []
    return [
        Figure(
            case=f"Profile, {path}: part of the floor at {JUDGED_AT} connections, {most:,} customers",
            value=100 * median(found[most].ratios(path, "floor")),
            unit="%",
            against=f"{least:,} customers",
            reference=100 * median(found[least].ratios(path, "floor")),
            target=target,
        )
        for path, target in (("cached", FLAT_CACHED), ("uncached, kept at once", FLAT_UNCACHED))
    ]

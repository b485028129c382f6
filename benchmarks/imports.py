"""`c360 import` of a demo world, against the bare script that writes the same nodes and relationships."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from app.importing import import_path
from app.settings import Settings
from benchmarks.bare import write_bare
from benchmarks.children import done, environment
from benchmarks.figures import Figure, at_least, at_most, below
from benchmarks.servers import Servers, wipe
from benchmarks.snapshot import Snapshot, take
from benchmarks.world import MAPPING

MEGABYTE = 1_000_000
MOST_MEGABYTES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A demo world on the disk."""

    customers: int
    folder: Path

    @property
    def events(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def mapping(self) -> Path:
        return self.folder / "mapping.toml"

    @classmethod
    async def made(cls, folder: Path, *, customers: int) -> World:
        world = cls(customers=customers, folder=folder / f"world-{customers}")
        world.folder.mkdir(parents=True)
        world.mapping.write_text(MAPPING)
        await done("benchmarks.world", str(customers), str(world.events), env=environment())
        return world


class Summary(msgspec.Struct):
    """What `c360 import --json` says and is of interest here."""

    accepted: int
    rejected: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One import into empty servers: of how many events, in how many seconds, with how much memory at most."""

    events: int
    seconds: float
    peak_bytes: int


async def import_measured(settings: Settings, world: World) -> Imported:
    """Imports a world by the real command, in a process of its own."""
    peak = world.folder / "peak"
    arguments = ("import", str(world.events), "--mapping", str(world.mapping), "--json")
    output = await done("benchmarks.measured", str(peak), *arguments, env=environment(settings))
    summary = msgspec.json.decode(output, type=Summary)
    assert not summary.rejected, f"{summary.rejected} events were rejected"
    return Imported(events=summary.accepted, seconds=summary.seconds, peak_bytes=int(peak.read_text()))


async def warm_up(settings: Settings, world: World) -> None:
    """Has the server plan the statements of both sides, and compile what they run through; leaves it empty."""
    await import_path(settings, world.events, world.mapping)
    with TemporaryDirectory(dir=world.folder) as folder:
        snapshot = await take(settings, Path(folder) / "graph")
        await wipe(settings)
        await write_bare(settings, snapshot)
    await wipe(settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Imports and bare writes of one world in turn, each into empty servers of its own."""

    world: World
    events: int
    imports: tuple[float, ...]
    bares: tuple[float, ...]

    def __str__(self) -> str:
        both = zip(self.imports, self.bares, strict=True)
        return "imports and bare writes took " + ", ".join(f"{ours:.1f} and {bare:.1f} s" for ours, bare in both)

    def figure(self) -> Figure:
        return Figure(
            case=f"Import of {self.world.customers:,} customers, {self.events:,} events",
            value=self.events / median(self.imports),
            unit="events/s",
            against="bare script",
            reference=self.events / median(self.bares),
            ratio=median(bare / ours for bare, ours in zip(self.bares, self.imports, strict=True)),
            target=at_least(0.6),
        )


async def rounds(servers: Servers, world: World, *, first: Imported, snapshot: Snapshot, times: int, warmth: World) -> Rounds:
    """`first` is the first import; what follows it is a bare write, and then both again until each was done `times` times."""
    imports, bares = [first.seconds], []
    for turn in range(times):
        if turn:
            async with servers() as settings:
                await warm_up(settings, warmth)
                imports.append((await import_measured(settings, world)).seconds)
        async with servers() as settings:
            await warm_up(settings, warmth)
            bares.append(await write_bare(settings, snapshot))
    return Rounds(world=world, events=first.events, imports=tuple(imports), bares=tuple(bares))


def memory_figures(found: dict[int, Imported]) -> list[Figure]:
    """The importer's peak memory at each size, and the largest size's against the smallest's."""
    least, most = min(found), max(found)
    figures = [
        Figure(
            case=f"Peak memory of the importer, {size:,} customers",
            value=imported.peak_bytes / MEGABYTE,
            unit="MB",
            target=below(MOST_MEGABYTES, "MB"),
        )
        for size, imported in sorted(found.items())
    ]
    if least < most:
        figures.append(
            Figure(
                case=f"Peak memory of the importer, {most:,} customers",
                value=found[most].peak_bytes / MEGABYTE,
                unit="MB",
                against=f"{least:,} customers",
                reference=found[least].peak_bytes / MEGABYTE,
                target=at_most(1.1),
            )
        )
    return figures

"""What is measured, and in which order: every graph is made once, and all that wants one of its size is measured there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.settings import Settings
from benchmarks import forest_world, referrals
from benchmarks.access import AccessSize, access_figures
from benchmarks.contests import contests
from benchmarks.demo import demo_figures
from benchmarks.figures import Figure
from benchmarks.hotpath import Hot, HotSize, growth, hotpath
from benchmarks.imports import Imported, World, import_measured, memory_figures, rounds, warm_up
from benchmarks.ingestion import Size, ingestion_figures
from benchmarks.merges import MergesSize, merges_figures
from benchmarks.outage import outage_figures
from benchmarks.planted import truth_for
from benchmarks.preparing import prepare
from benchmarks.profiles import ProfileTimes, growth_figures, profile_times
from benchmarks.referrals import ForestSize, Medians
from benchmarks.servers import Kept, Servers, wipe
from benchmarks.service import service_figures
from benchmarks.snapshot import Snapshot, take
from benchmarks.timeline import timeline_figures

CASES = ("import", "profile", "outage", "timeline", "merges", "hotpath", "access", "referrals", "ingestion", "demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure. `sizes` are numbers of customers, `customers` that of the import's comparison, one of them.

    `calls`: how often what takes milliseconds is done, after `warm_up` times that count for nothing; `rounds`: how often
    the import and the bare script take turns; `outages`: how often Redis goes away in each way; `warmth`: customers of the
    world that servers are warmed up with.
    """

    cases: tuple[str, ...] = CASES
    customers: int = 10_000
    sizes: tuple[int, ...] = (10_000, 100_000)
    rounds: int = 3
    calls: int = 3_000
    warm_up: int = 1_500
    outages: int = 20
    long: int = 100_000
    warmth: int = 300
    hot: HotSize = field(default_factory=HotSize)
    access: AccessSize = field(default_factory=AccessSize)
    forest: ForestSize = field(default_factory=ForestSize)
    ingestion: Size = field(default_factory=Size)
    merges: MergesSize = field(default_factory=MergesSize)
    demo: int = 1_000

    @property
    def graphs(self) -> list[int]:
        """The sizes of the graphs that are needed, the smallest first."""
        sizes = sorted(self.sizes)
        if {"import", "profile", "hotpath"} & set(self.cases):
            return sizes
        return sizes[:1] if {"timeline", "merges", "outage", "access"} & set(self.cases) else []

    @property
    def forests(self) -> list[int]:
        """The sizes of the worlds that referrals are measured in, the smallest first: those are worlds of their own."""
        return sorted(self.sizes) if "referrals" in self.cases else []

    @property
    def title(self) -> str:
        """What is measured, and over how many customers."""
        sizes = ", ".join(f"{size:,}" for size in self.forests or self.graphs)
        return ", ".join(self.cases) + (f" at {sizes} customers" if sizes else "")


@dataclass(slots=True)
class Run:
    """`figures` grows while it runs, so that what an interrupted run came to can be shown. `kept`: servers whose graphs are there
    from the last time; no import is measured then."""

    plan: Plan
    servers: Servers
    folder: Path
    say: Callable[[str], None]
    kept: Kept | None = None
    figures: list[Figure] = field(default_factory=list)
    _imported: dict[int, Imported] = field(default_factory=dict)
    _profiles: dict[int, ProfileTimes] = field(default_factory=dict)
    _hot: dict[int, Hot] = field(default_factory=dict)
    _forests: dict[int, Medians] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic)

    async def all(self) -> None:
        plan = self.plan
        if plan.graphs or plan.forests:
            self._tell(f"warming up with {plan.warmth:,} customers each time")
            warmth = await World.made(self.folder / "warmth", customers=plan.warmth)
            for size in plan.graphs:
                await self._graph(size, warmth)
            for size in plan.forests:
                await self._forest(size, warmth)
        if "import" in plan.cases:
            self.figures += memory_figures(self._imported)
        if self._profiles:
            self.figures += growth_figures(self._profiles)
        if self._hot:
            self.figures += growth(self._hot)
        if self._forests:
            self.figures += referrals.growth(self._forests)
        if "ingestion" in plan.cases:
            self._tell("sending events over HTTP")
            folder = self.folder / "ingestion"
            warmth = await World.made(folder / "warmth", customers=plan.warmth)
            self.figures += await ingestion_figures(self.servers, folder, plan.ingestion, warmth=warmth)
        if "demo" in plan.cases:
            self._tell("starting the demo twice")
            self.figures += await demo_figures(self.folder, customers=plan.demo)

    async def _graph(self, size: int, warmth: World) -> None:
        if self.kept is not None:
            await self._kept_graph(self.kept, size, warmth)
            return
        compared = "import" in self.plan.cases and size == self.plan.customers
        snapshot: Snapshot | None = None
        async with self.servers() as settings:
            world = await self._import(settings, size, warmth)
            if compared:
                self._tell("reading the graph back")
                snapshot = await take(settings, self.folder / f"graph-{size}")
            await self._reads(settings, size)
        if snapshot:
            self._tell(f"importing and writing bare in turn, {self.plan.rounds} times")
            found = await rounds(
                self.servers, world, first=self._imported[size], snapshot=snapshot, times=self.plan.rounds, warmth=warmth
            )
            self._tell(f"{found}")
            self.figures.append(found.figure())
        # The largest file of all; nothing wants it any more.
        world.events.unlink()

    async def _kept_graph(self, kept: Kept, size: int, warmth: World) -> None:
        async with kept(f"graph-{size}") as settings:
            whole = settings.home / "imported"
            if whole.exists():
                self._tell(f"{size:,} customers are there")
            else:
                await wipe(settings)
                (await self._import(settings, size, warmth)).events.unlink()
                whole.touch()
            await self._reads(settings, size)

    async def _forest(self, size: int, warmth: World) -> None:
        """A world of its own; one that is kept has its truth beside it, and is whole once that is there."""
        async with self.servers() if self.kept is None else self.kept(f"forest-{size}") as settings:
            path = settings.home / forest_world.TRUTH
            if path.exists():
                self._tell(f"a forest of {size:,} customers is there")
            else:
                await wipe(settings)
                self._tell(f"importing a forest of {size:,} customers")
                world = await forest_world.made(self.folder, customers=size)
                await warm_up(settings, warmth)
                imported = await import_measured(settings, world)
                self.figures.append(forest_world.imported_figure(imported, customers=size))
                await forest_world.check(settings, world)
                shutil.copyfile(world.folder / forest_world.TRUTH, path)
                world.events.unlink()
            self._tell("following marks until there are none")
            await forest_world.settle(settings)
            await self._ask(settings, size, path)

    async def _ask(self, settings: Settings, size: int, path: Path) -> None:
        """Asks of a forest all that there is to ask."""
        plan, folder = self.plan.forest, self.folder / f"questions-{size}"
        truth = await truth_for(settings, path)
        self._tell("asking every question once")
        prepared = await prepare(settings, folder, truth, self._tell)
        self._tell(f"asking them in turn for {plan.warm + plan.seconds:,.0f} s")
        found = await referrals.times(settings, prepared, plan)
        self._forests[size] = found["ours"]
        self.figures += referrals.figures(prepared, found, customers=size)
        if plan.peer and size == max(self.plan.sizes):
            self._tell("asking the peer in turn")
            async for figure in contests(settings, folder, plan, truth, prepared, self._tell):
                self.figures.append(figure)

    async def _import(self, settings: Settings, size: int, warmth: World) -> World:
        self._tell(f"writing a world of {size:,} customers")
        world = await World.made(self.folder, customers=size)
        self._tell(f"importing {size:,} customers")
        await warm_up(settings, warmth)
        self._imported[size] = await import_measured(settings, world)
        return world

    async def _reads(self, settings: Settings, size: int) -> None:
        plan, smallest = self.plan, size == min(self.plan.sizes)
        if "profile" in plan.cases:
            self._tell(f"loading {plan.calls:,} profiles of {size:,}")
            self._profiles[size] = await profile_times(settings, calls=plan.calls, warm_up=plan.warm_up)
            self.figures.append(self._profiles[size].figure(size))
            self.figures += await service_figures(settings, customers=size, calls=plan.calls, warm_up=plan.warm_up)
        if "outage" in plan.cases and smallest:
            self._tell(f"taking Redis away {plan.outages} times in each way")
            self.figures += await outage_figures(settings, times=plan.outages, warm_up=plan.warm_up)
        if "timeline" in plan.cases and smallest:
            self._tell(f"turning the pages of {plan.long:,} touchpoints")
            self.figures += await timeline_figures(settings, long=plan.long, calls=plan.calls, warm_up=plan.warm_up)
        if "merges" in plan.cases and smallest:
            self._tell("merging customers and taking them apart")
            self.figures += await merges_figures(settings, plan.merges)
        if "hotpath" in plan.cases:
            self._tell(f"asking for profiles of {size:,} in every way, {plan.hot.rounds} times")
            folder = self.folder / f"hotpath-{size}"
            self._hot[size], figures = await hotpath(settings, folder, plan.hot, customers=size, memory=smallest)
            self.figures += figures

        if "access" in plan.cases and smallest:
            self._tell("asking with keys and tokens")
            self.figures += await access_figures(settings, self.folder / "access", plan.access)

    def _tell(self, what: str) -> None:
        self.say(f"{time.monotonic() - self._begun:6.0f} s  {what}")

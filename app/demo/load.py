"""Demo data into the graph: generated and recorded at once, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from app.demo.errors import DemoRefused
from app.demo.story import World
from app.demo.truth import truth_of
from app.lanes import Lanes
from app.services import open_services
from app.settings import Settings
from graph.events import Outcome, names
from graph.events.inputs import Event

BATCH = 5_000
# Events between two chances for the driver to go on: about two milliseconds of generating.
_BREATH = 250

# Five thousand events on a machine that is busy with something else take longer than a query ever may.
_TRANSACTION_SECONDS = 120.0

Recorder = Callable[[Sequence[Event]], Awaitable[Outcome]]
"""Keeps at most BATCH events when awaited, such as `Services.record`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSummary:
    """What a load came to: `events` were kept or there already, `seconds` is the time it took."""

    customers: int
    events: int
    seconds: float
    truth_path: Path


async def load_demo(
    settings: Settings,
    *,
    customers: int,
    seed: int,
    out: Path | None = None,
    on_progress: Callable[[int, int | None], None] = lambda done, total: None,
    record: Recorder | None = None,
) -> DemoSummary:
    """Generates a demo world and records it, some batches on their way while the next is made; then writes what was planted.

    `out` is a `.json` file or the folder of `truth.json`; without it that is `demo` in the settings' home. `on_progress`
    hears how many customers of how many have been generated. `record` stands in for the services of `settings`.
    Loading the same world again changes nothing, and finishes a load that was cut short. Raises BadSize, DemoRefused when
    the database holds another world, and what recording raises.
    """
    began = time.perf_counter()
    world = World.of(customers=customers, seed=seed)
    async with AsyncExitStack() as stack:
        if record is None:
            patient = replace(settings, neo4j_transaction_timeout_seconds=_TRANSACTION_SECONDS)
            record = (await stack.enter_async_context(open_services(patient))).record_batch
        await _record_all(world, record, on_progress)
    truth = truth_of(world)
    path = _truth_path(out or settings.home / "demo")
    truth.write(path)
    return DemoSummary(customers=customers, events=truth.events, seconds=time.perf_counter() - began, truth_path=path)


def _truth_path(out: Path) -> Path:
    return out if out.suffix == ".json" else out / "truth.json"


async def _record_all(world: World, record: Recorder, on_progress: Callable[[int, int | None], None]) -> None:
    events = world.events()
    # The first event says which world this is: were it another than the one in the database, it must be alone.
    await _sent(record, _taken(events, 1))
    async with Lanes(partial(_sent, record), names, size=BATCH) as lanes:
        while breath := _taken(events, _BREATH):
            await lanes.put(breath)
            on_progress(world.ledger.begun, world.network.customers)


def _taken(events: Iterator[Event], count: int) -> list[Event]:
    return list(islice(events, count))


async def _sent(record: Recorder, batch: Sequence[Event]) -> None:
    refused = (await record(batch)).rejected
    if not refused:
        return
    if any(rejection.code == "CONFLICT" for rejection in refused):
        raise DemoRefused.other_world()
    raise DemoRefused.events(len(refused), refused[0].message)

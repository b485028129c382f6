"""What each statement of an import costs: where its time goes, when it is slower than it should be."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from neo4j import AsyncTransaction

from app.commands.terminal import print_table
from app.importing import import_path
from benchmarks.imports import World, warm_up
from benchmarks.run import Run
from graph.store import Transaction


@dataclass(slots=True)
class Cost:
    """Of one statement: `rows` is the length of the longest list that it was given each time."""

    calls: int = 0
    rows: int = 0
    seconds: float = 0.0


@contextmanager
def watched() -> Iterator[dict[str, Cost]]:
    """Adds up what the statements of write transactions cost within the block, the wait for their answer and its unpacking;
    and what their commits do.
    """
    found: dict[str, Cost] = defaultdict(Cost)
    run, commit = Transaction.run, AsyncTransaction.commit

    async def timed(self: Transaction, name: str, /, **parameters: Any) -> list[Any]:
        begun = time.perf_counter()
        try:
            return await run(self, name, **parameters)
        finally:
            cost = found[name]
            cost.calls += 1
            cost.rows += max((len(value) for value in parameters.values() if isinstance(value, list)), default=1)
            cost.seconds += time.perf_counter() - begun

    async def committed(self: AsyncTransaction) -> None:
        begun = time.perf_counter()
        await commit(self)
        cost = found["(commit)"]
        cost.calls += 1
        cost.rows += 1
        cost.seconds += time.perf_counter() - begun

    Transaction.run = timed  # type: ignore[method-assign]
    AsyncTransaction.commit = committed  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Transaction.run = run  # type: ignore[method-assign]
        AsyncTransaction.commit = commit  # type: ignore[method-assign]


async def show_costs(run: Run) -> None:
    """Imports the plan's world in this process, and prints the statements, the dearest first."""
    warmth = await World.made(run.folder / "warmth", customers=run.plan.warmth)
    world = await World.made(run.folder, customers=run.plan.customers)
    async with run.servers() as settings:
        await warm_up(settings, warmth)
        begun = time.process_time()
        with watched() as found:
            summary = await import_path(settings, world.events, world.mapping)
        processor = time.process_time() - begun
    rows = [
        (name, cost.calls, cost.rows, cost.seconds, cost.seconds / cost.rows * 1e6, cost.seconds / summary.accepted * 1e6)
        for name, cost in sorted(found.items(), key=lambda each: -each[1].seconds)
    ]
    columns = ("statement", "calls", "rows", "seconds", "µs a row", "µs an event")
    print_table(f"{summary.accepted:,} events in {summary.seconds:.1f} s, {processor:.1f} s of them Python's own", columns, rows)

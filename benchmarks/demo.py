"""`c360 demo` from the beginning, and a second time: how long until the first query is answered."""

from __future__ import annotations

import asyncio
import re
import time
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path

from app.local.process import free_port
from benchmarks.children import environment, started
from benchmarks.figures import Figure, below

MOST_SECONDS = 20
GIVE_UP_SECONDS = 300.0
ANSWERED = "Answer the first query"

_STEP = re.compile(r"✓ (.+?) ([\d.]+) s\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds from the command to the first answered query, and of each step as the command prints them."""

    seconds: float
    steps: tuple[tuple[str, float], ...]


def step_in(line: str) -> tuple[str, float] | None:
    """The step and the seconds that a line of `c360 demo` tells of."""
    found = _STEP.search(line)
    return (found[1], float(found[2])) if found else None


async def demo_figures(folder: Path, *, customers: int) -> list[Figure]:
    """Starts a demo with a home and ports of its own, ends it, and starts it again."""
    env = environment(
        C360_HOME=str(folder / "demo"),
        C360_LOCAL_BOLT_PORT=str(free_port()),
        C360_LOCAL_REDIS_PORT=str(free_port()),
        C360_PORT=str(free_port()),
        COLUMNS="200",
    )
    first = await _start(env, customers)
    second = await _start(env, customers)
    return [
        Figure(case=f"c360 demo, {customers:,} customers, to the first answered query", value=first.seconds, unit="s"),
        *_steps(first),
        Figure(case="The second time", value=second.seconds, unit="s", target=below(MOST_SECONDS, "s")),
        *_steps(second),
    ]


def _steps(start: Start) -> list[Figure]:
    return [Figure(case=f"— {name}", value=seconds, unit="s") for name, seconds in start.steps]


async def _start(env: dict[str, str], customers: int) -> Start:
    begun = time.perf_counter()
    async with started("app.cli", "demo", "--customers", str(customers), env=env, piped=True) as process:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            steps = await _steps_until_answered(process)
        return Start(seconds=time.perf_counter() - begun, steps=tuple(steps))


async def _steps_until_answered(process: Process) -> list[tuple[str, float]]:
    assert process.stderr is not None
    steps: list[tuple[str, float]] = []
    while line := (await process.stderr.readline()).decode():
        if step := step_in(line):
            steps.append(step)
            if step[0] == ANSWERED:
                return steps
    raise RuntimeError(f"c360 demo ended after {[name for name, _ in steps]}")

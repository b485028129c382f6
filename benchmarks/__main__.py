"""`python -m benchmarks`, which `make bench` calls."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from app.commands.terminal import errors
from app.commands.web import cancelled_by_signals
from app.errors import AppError
from benchmarks import machine, report
from benchmarks.costs import show_costs
from benchmarks.hotpath import HotSize
from benchmarks.referrals import ForestSize
from benchmarks.run import CASES, Plan, Run
from benchmarks.servers import find_programs, kept_in, servers_in

SMALLEST = 10_000
HOT, FOREST = HotSize(), ForestSize()
EVERYTHING = ",".join(CASES)
MISSED, UNFINISHED = 1, 130

Only = Annotated[
    str, typer.Option("--only", help="Some of import,profile,outage,timeline,merges,hotpath,access,referrals,ingestion,demo.")
]
Customers = Annotated[int, typer.Option("--customers", help="Size of the world whose import is compared.", min=1)]
Large = Annotated[int, typer.Option("--large", help="Size of the larger graph; 0 leaves it out.", min=0)]
Rounds = Annotated[int, typer.Option("--rounds", help="How often import and bare script take turns.", min=1)]
Sizes = Annotated[str, typer.Option("--sizes", help="Sizes of the graphs, as 10000,100000, instead of those two.")]
Requests = Annotated[int, typer.Option("--requests", help="Over how many the memory of the hot path is watched.", min=20)]
HotRounds = Annotated[int, typer.Option("--hot-rounds", help="How often the ways of the hot path take turns.", min=1)]
Seconds = Annotated[float, typer.Option("--seconds", help="How long each of them is asked at a time.", min=0.1)]
ForestSeconds = Annotated[
    float, typer.Option("--forest-seconds", help="How long all questions of the referral network take turns.", min=0.1)
]
Peer = Annotated[bool, typer.Option("--peer/--no-peer", help="Whether the peer is asked as well: it takes most of the time.")]
Minutes = Annotated[float, typer.Option("--minutes", help="Ends after this time; shows what was measured until then.")]
Keep = Annotated[Path | None, typer.Option("--keep", help="Where imported graphs stay, for the next run to find them.")]
Write = Annotated[
    bool, typer.Option("--write", help="Put the table into docs/benchmarks.md, instead of that of the same cases and sizes.")
]
Costs = Annotated[bool, typer.Option("--costs", help="Only show what each statement of an import costs.")]


def main(
    *,
    only: Only = EVERYTHING,
    customers: Customers = SMALLEST,
    large: Large = 100_000,
    rounds: Rounds = 3,
    sizes: Sizes = "",
    requests: Requests = HOT.requests,
    hot_rounds: HotRounds = HOT.rounds,
    seconds: Seconds = HOT.seconds,
    forest_seconds: ForestSeconds = FOREST.seconds,
    peer: Peer = True,
    minutes: Minutes = 240,
    keep: Keep = None,
    write: Write = False,
    costs: Costs = False,
) -> None:
    """Measure, and print a table: each case, its figure, what it is compared with, and whether that is as it should be.

    Ends with 1 when a target is missed.
    """
    cases = tuple(case for case in CASES if case in only.split(","))
    if unknown := set(only.split(",")) - set(CASES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(CASES)}", param_hint="--only")
    if keep is not None and "import" in cases:
        raise typer.BadParameter("leave import out of --only: a graph that is there isn't imported", param_hint="--keep")
    graphs = _numbers(sizes) if sizes else {min(SMALLEST, customers), customers, *([large] if large else [])}
    hot = HotSize(rounds=hot_rounds, seconds=seconds, requests=requests, peer=peer)
    forest = ForestSize(seconds=forest_seconds, warm=min(FOREST.warm, forest_seconds), peer=peer)
    plan = Plan(cases=cases, customers=customers, sizes=tuple(sorted(graphs)), rounds=rounds, hot=hot, forest=forest)
    try:
        finished = _measure(plan, minutes=minutes, keep=keep, write=write, costs=costs)
    except AppError as error:
        errors.print(f"benchmarks: {error}", markup=False)
        raise typer.Exit(error.exit_code) from None
    raise typer.Exit(finished)


def _numbers(text: str) -> set[int]:
    if not all(part.isdecimal() and int(part) for part in text.split(",")):
        raise typer.BadParameter("give numbers of customers such as 10000,100000", param_hint="--sizes")
    return {int(part) for part in text.split(",")}


def _measure(plan: Plan, *, minutes: float, keep: Path | None, write: bool, costs: bool) -> int:
    programs, load = find_programs(), machine.load()
    folder = Path(tempfile.mkdtemp(prefix="c360-bench-"))
    kept = None if keep is None else kept_in(keep, programs)
    run = Run(plan, servers_in(folder, programs), folder, lambda line: errors.print(line, markup=False, style="dim"), kept)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            whole = runner.run(_bounded(run, minutes=minutes, costs=costs))
    finally:
        # Also where something went wrong: what was measured until then took its time.
        if run.figures:
            report.show(run.figures)
        shutil.rmtree(folder, ignore_errors=True)
    if not whole:
        return UNFINISHED
    if write and run.figures:
        report.write(run.figures, [*machine.described(programs), f"load average before the run: {load}"], title=plan.title)
    return MISSED if any(figure.met is False for figure in run.figures) else 0


async def _bounded(run: Run, *, minutes: float, costs: bool) -> bool:
    """Whether everything was measured, before anyone interrupted it and within the time."""
    with cancelled_by_signals():
        try:
            async with asyncio.timeout(minutes * 60) as limit:
                await (show_costs(run) if costs else run.all())
        except asyncio.CancelledError:
            errors.print("Interrupted: not everything was measured.")
            return False
        except TimeoutError:
            if not limit.expired():
                raise
            errors.print(f"Not everything was measured within {minutes:g} minutes: give it more with --minutes.")
            return False
    return True


if __name__ == "__main__":
    command = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    command.command()(main)
    command()

"""`make torture`: kill each of the servers again and again under load, and count what was lost, doubled or stale."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.servers import find_programs
from tests.torture.run import Report, torture

KILLS = ("service killed", "neo4j killed", "redis killed")
OTHERS = ("redis restarted from an old snapshot", "one service cut off from redis", "redis mute for one service")


def plan(kills: int, others: int, seed: int) -> list[str]:
    """So many of each, in an order of their own."""
    found = [name for name in KILLS for _ in range(kills)] + [name for name in OTHERS for _ in range(others)]
    random.Random(seed).shuffle(found)
    return found


def show(report: Report) -> None:
    table = Table(title=f"{report.events:,} events acknowledged in {report.requests:,} requests, {report.seconds:,.0f} s")
    for heading in ("what went wrong", "times", "longest until all answered again, s"):
        table.add_column(heading, justify="left" if heading.startswith("what") else "right")
    for name, times in report.troubles.items():
        table.add_row(name, str(times), f"{report.recovery[name]:.1f}")
    console = Console()
    console.print(table)
    reads = ", ".join(f"{number:,} {status}" for status, number in sorted(report.reads.items()))
    console.print(f"Requests sent again: {report.sent_again:,}. Reads: {reads}.")
    console.print(f"Lost, doubled or stale: {len(report.violations)}")
    for violation in report.violations[:20]:
        console.print(f"  {violation}", style="red")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of the services, of Neo4j and of Redis, each (20)")
    parser.add_argument("--others", type=int, default=5, help="of each other trouble (5)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="what is chosen by chance")
    parser.add_argument("--minutes", type=float, default=30, help="after which it stops (30)")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()

    async def run() -> Report:
        async with asyncio.timeout(asked.minutes * 60):
            return await torture(find_programs(), plan(asked.kills, asked.others, asked.seed), seed=asked.seed)

    if not asked.json:
        Console().print(f"seed {asked.seed}")
    try:
        report = asyncio.run(run())
    except TimeoutError:
        sys.exit(f"make torture: not done after {asked.minutes:g} minutes; give it more by --minutes, or less to do by --kills")
    if asked.json:
        sys.stdout.write(orjson.dumps(asdict(report)).decode() + "\n")
    else:
        show(report)
    sys.exit(1 if report.violations else 0)


if __name__ == "__main__":
    main()

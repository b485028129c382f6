"""`python -m benchmarks.holds`: for how long each hostile request keeps the service's event loop from everything else.

The service runs in this process, over servers of its own; a task on its loop notes the longest time between two turns.
"""

from __future__ import annotations

import asyncio
import http.client
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from app.commands.web import serving
from app.local.process import free_port
from app.server import create_app
from app.settings import Settings
from benchmarks.hostile import BODIES, HOSTILE, large_variables
from benchmarks.servers import find_programs, servers_in

TARGET_MS = 50.0
TICK = 0.0005
TIMES = 3
"""How often each request is sent; the shortest of its holds counts, for the machine does other things too."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The longest hold of a request, which was answered with `status` after `taken_ms`."""

    name: str
    size: int
    hold_ms: float
    taken_ms: float
    status: int


@dataclass(slots=True)
class Ticker:
    longest: float = 0.0

    async def run(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last), now


@asynccontextmanager
async def ticking() -> AsyncIterator[Ticker]:
    ticker = Ticker()
    task = asyncio.create_task(ticker.run())
    try:
        yield ticker
    finally:
        task.cancel()


def send(port: int, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/graphql", body, {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def bodies() -> dict[str, list[bytes]]:
    """Each request in as many versions as it is sent: none is to find what was kept of the one before."""
    found = {name: [orjson.dumps({"query": text + " " * n}) for n in range(TIMES)] for name, text in HOSTILE.items()}
    for name, (text, variables) in large_variables().items():
        found[name] = [orjson.dumps({"query": text, "variables": variables})] * TIMES
    return found | {f"body of {name}": [body] * TIMES for name, body in BODIES.items()}


async def measure(settings: Settings) -> list[Hold]:
    settings = replace(settings, port=free_port())
    holds: list[Hold] = []
    async with serving(create_app(settings), settings), ticking() as ticker:
        for name, versions in {"nothing": [orjson.dumps({"query": "{ __typename }"})] * TIMES, **bodies()}.items():
            best: Hold | None = None
            for body in versions:
                await asyncio.sleep(0.05)
                ticker.longest, begun = 0.0, time.perf_counter()
                status = await asyncio.to_thread(send, settings.port, body)
                taken = time.perf_counter() - begun
                await asyncio.sleep(0.01)
                hold = Hold(name, len(body), ticker.longest * 1_000, taken * 1_000, status)
                best = hold if best is None or hold.hold_ms < best.hold_ms else best
            assert best is not None
            holds.append(best)
    return holds


async def _measured() -> list[Hold]:
    with tempfile.TemporaryDirectory(prefix="c360-holds-") as folder:
        async with servers_in(Path(folder), find_programs())() as settings:
            return await measure(settings)


def main() -> None:
    """Show each request's longest hold; ends with 1 when one is longer than it should be."""
    holds = uvloop.run(_measured())
    table = Table("request", "bytes", "longest hold, ms", "answered after, ms", "status")
    for each in holds:
        table.add_row(each.name, f"{each.size:,}", f"{each.hold_ms:.1f}", f"{each.taken_ms:.0f}", str(each.status))
    Console().print(table)
    if any(each.hold_ms > TARGET_MS for each in holds):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

"""Profiles over GraphQL while Redis is cut off or mute: what the first request costs, and those after it."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import cycle, islice
from statistics import median
from urllib.parse import urlsplit

from app.local.process import free_port
from app.settings import Settings
from benchmarks.children import environment, started
from benchmarks.figures import Figure, at_most, below
from benchmarks.profiles import some_ids
from benchmarks.service import READY_SECONDS, Client, ready
from benchmarks.wires import Wire, wire_to

MOST_MS = 60
"""By how much one request may take longer."""

AFTER = 40
"""Requests after the first one, each time."""

BACK_SECONDS = 60.0


async def outage_figures(settings: Settings, *, times: int, warm_up: int) -> list[Figure]:
    """`times`: how often Redis goes away in each way, with the time-out that the settings have by default."""
    ids = list(dict.fromkeys(await some_ids(settings, AFTER * times + warm_up)))
    async with serving(settings, redis=False) as client:
        without = await asyncio.to_thread(asked, client, ids, warm_up)
    figures = []
    assert settings.redis_url is not None
    address = urlsplit(settings.redis_url)
    assert address.port is not None
    async with wire_to(address.port) as wire:
        through = replace(settings, redis_url=settings.redis_url.replace(f":{address.port}", f":{wire.port}"))
        async with serving(through) as client:
            for name, leave in (("cut off", Wire.cut), ("mute", Wire.mute)):
                first, after = await outages(client, wire, leave, ids, times=times)
                figures += [
                    Figure(
                        case=f"Redis {name}, first request, the longest of {times}, more than those after it",
                        value=max(first) - median(after),
                        unit="ms",
                        target=below(MOST_MS, "ms"),
                    ),
                    Figure(
                        case=f"Redis {name}, requests after the first, p50",
                        value=median(after),
                        unit="ms",
                        against="no Redis",
                        reference=median(without),
                        target=at_most(1.1),
                    ),
                ]
    return figures


@asynccontextmanager
async def serving(settings: Settings, *, redis: bool = True) -> AsyncIterator[Client]:
    """A client of a service in a process of its own."""
    port = free_port()
    env = environment(settings, C360_PORT=str(port))
    if not redis:
        del env["REDIS_URL"]
    async with started("app.cli", "serve", env=env):
        client = Client(http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS))
        await ready(client.connection)
        yield client
        client.connection.close()


def asked(client: Client, ids: list[str], warm_up: int) -> list[float]:
    """Milliseconds of each request but the first ones; none may come from the cache."""
    found = [client.ask(id) for id in ids]
    assert {status for _, status in found} == {"bypassed"}, "there is a cache"
    return [taken for taken, _ in found[warm_up:]]


async def outages(
    client: Client, wire: Wire, leave: Callable[[Wire], None], ids: list[str], *, times: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of the first requests while Redis is away, and of those after them."""
    first: list[float] = []
    after: list[float] = []
    whom = cycle(ids)
    for _ in range(times):
        await asyncio.to_thread(until_back, client, ids[0])
        leave(wire)
        found = [await asyncio.to_thread(client.ask, id) for id in islice(whom, AFTER + 1)]
        wire.mend()
        first.append(found[0][0])
        after += [taken for taken, _ in found[1:]]
    return first, after


def until_back(client: Client, id: str) -> None:
    """Return once profiles come from the cache."""
    for _ in range(int(BACK_SECONDS / 0.02)):
        if client.ask(id)[1] == "hit":
            return
    raise AssertionError("the cache is not used again")

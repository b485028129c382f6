"""Events over HTTP: against the bare script, one by one with and without group commit, and how soon other processes read them."""

from __future__ import annotations

import http.client
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec
import orjson

from app.local.process import free_port
from app.services import Services, open_services
from app.settings import Settings
from benchmarks.bare import write_bare
from benchmarks.children import done, environment, started
from benchmarks.figures import Figure, at_least, at_most, below
from benchmarks.imports import World, warm_up
from benchmarks.load import Connection, Loaded, LoadPlan, connected, posted
from benchmarks.servers import Servers, wipe
from benchmarks.service import READY_SECONDS, ready
from benchmarks.snapshot import take
from graph.events.inputs import CustomerKey, IdentifierKey, TouchpointInput

BATCH = 100
SENDERS = 32
"""Connections that keep the service as busy as it gets with batches."""

CROWD = 64
CUSTOMERS = 4_000
"""Whom single events are about: more than connections, so that few requests meet."""

ALONE_MS = 3.0
READ = "query ($by: CustomerKey!) { customer(by: $by) { touchpoints { totalCount } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """`customers`: of the world whose events are sent in batches; `singles`: single events, more than are sent; `seconds`: of the
    half load, and of each load of single events; `fresh`: writes that another process reads."""

    customers: int = 24_000
    singles: int = 120_000
    seconds: float = 20.0
    fresh: int = 500


async def ingestion_figures(servers: Servers, folder: Path, size: Size, *, warmth: World) -> list[Figure]:
    world = await World.made(folder, customers=size.customers)
    with world.events.open("rb") as lines:
        events = sum(1 for _ in lines)
    figures = await _batches(servers, folder, world, size, events=events, warmth=warmth)
    figures += await _singles(servers, folder, size, warmth=warmth)
    figures.append(await _fresh(servers, size, warmth=warmth))
    world.events.unlink()
    return figures


@asynccontextmanager
async def serving(settings: Settings, **more: str) -> AsyncIterator[int]:
    """The port of a service in a process of its own, that answers."""
    port = free_port()
    # A hiccup of the machine isn't to make the service go on without its cache.
    env = environment(settings, C360_PORT=str(port), C360_REDIS_TIMEOUT_MS="1000", **more)
    async with started("app.cli", "serve", env=env):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
        await ready(connection)
        connection.close()
        yield port


async def sent(plan: LoadPlan) -> Loaded:
    """What a process of its own measured that carried the plan out."""
    output = await done("benchmarks.load", msgspec.json.encode(plan).decode(), env=environment())
    return msgspec.json.decode(output, type=Loaded)


async def _batches(servers: Servers, folder: Path, world: World, size: Size, *, events: int, warmth: World) -> list[Figure]:
    # Java goes on compiling for a minute. What is sustained is what follows that: of both sides the first part doesn't count.
    first, counted = _whole(events * 0.7), _whole(events * 0.2)
    async with servers() as settings:
        await warm_up(settings, warmth)
        async with serving(settings) as port:
            plan = LoadPlan(port=port, file=str(world.events), events=first, batch=BATCH, connections=SENDERS)
            await sent(plan)
            busy = await sent(msgspec.structs.replace(plan, skip=first, events=counted))
            rate = busy.accepted / BATCH / busy.seconds / 2
            left = events - first - counted
            half = await sent(msgspec.structs.replace(plan, skip=first + counted, events=left, rate=rate, seconds=size.seconds))
            snapshot = await take(settings, folder / "graph-ingested")
    async with servers() as settings:
        await warm_up(settings, warmth)
        await write_bare(settings, snapshot)
        await wipe(settings)
        bare = await write_bare(settings, snapshot)
    return [
        Figure(
            case=f"Events over GraphQL, batches of {BATCH}",
            value=busy.accepted / busy.seconds,
            unit="events/s",
            against="bare script",
            reference=(first + counted + half.accepted) / bare,
            target=at_least(0.5),
        ),
        Figure(
            case=f"Acknowledgement of {BATCH} events at half of that, p99",
            value=percentile(half.latencies, 99),
            unit="ms",
            against="p50",
            reference=median(half.latencies),
            target=at_most(5),
        ),
    ]


def _whole(events: float) -> int:
    """So many events in whole batches."""
    return max(BATCH, int(events) // BATCH * BATCH)


async def _singles(servers: Servers, folder: Path, size: Size, *, warmth: World) -> list[Figure]:
    path = folder / "singles.jsonl"
    with path.open("wb") as file:
        for number in range(CUSTOMERS + size.singles):
            who = {"identifier": {"type": "user_id", "value": f"u{number * 7919 % CUSTOMERS}"}}
            common = {"id": f"s{number}", "source": "bench", "at": "2026-01-01T00:00:00Z", "customer": who}
            file.write(orjson.dumps({"touchpoint": {**common, "channel": "web", "type": "page_view"}}) + b"\n")
    rates: dict[str, float] = {}
    alone: dict[str, float] = {}
    for together in ("true", "false"):
        async with servers() as settings:
            await warm_up(settings, warmth)
            async with serving(settings, C360_GROUP_COMMIT=together) as port:
                plan = LoadPlan(port=port, file=str(path), events=size.singles, batch=1, connections=CROWD, seconds=size.seconds)
                # All customers are there before anything is measured: one of the two ways would make more of them than the other.
                await sent(msgspec.structs.replace(plan, events=CUSTOMERS, batch=BATCH))
                # Each load has events of its own. The first one of each kind doesn't count: Java compiles. One connection comes
                # first, while both ways have had Java compile as much: a crowd makes far more transactions in one of them.
                quarter = size.singles // 4
                parts = [msgspec.structs.replace(plan, skip=CUSTOMERS + number * quarter, events=quarter) for number in range(4)]
                await sent(msgspec.structs.replace(parts[0], connections=1))
                few = await sent(msgspec.structs.replace(parts[1], connections=1))
                await sent(parts[2])
                crowd = await sent(parts[3])
        rates[together] = crowd.accepted / crowd.seconds
        alone[together] = median(few.latencies)
    return [
        Figure(
            case=f"Single events at {CROWD} connections",
            value=rates["true"],
            unit="requests/s",
            against="a transaction each",
            reference=rates["false"],
            target=at_least(5),
        ),
        Figure(
            case="Single event at one connection, p50, more than by a transaction each",
            value=max(0.0, alone["true"] - alone["false"]),
            unit="ms",
            target=below(ALONE_MS, "ms"),
        ),
    ]


async def _fresh(servers: Servers, size: Size, *, warmth: World) -> Figure:
    """From the commit in this process to the answer of another one that has seen it."""
    async with servers() as settings:
        await warm_up(settings, warmth)
        async with serving(settings) as port, open_services(replace(settings, redis_timeout_ms=1_000)) as services:
            committed = _commit_times(services)
            async with connected(port) as connection:
                times = [taken async for taken in _written(services, connection, committed, size.fresh)]
    return Figure(
        case="From a commit to a fresh read on another process, p99",
        value=percentile(times, 99),
        unit="ms",
        target=below(20, "ms"),
    )


def _commit_times(services: Services) -> list[float]:
    """Notes when each transaction was committed: that is when publishing begins."""
    found: list[float] = []
    publish = services.publisher.publish

    async def noted(touched: Mapping[str, int], receipt: str) -> None:
        found.append(time.perf_counter())
        await publish(touched, receipt)

    services.publisher = _Noted(noted, services.publisher)  # type: ignore[assignment]
    return found


class _Noted:
    def __init__(self, publish: Any, publisher: Any) -> None:
        self.publish = publish
        self.relay = publisher.relay


async def _written(services: Services, connection: Connection, committed: list[float], times: int) -> AsyncIterator[float]:
    customers = 50
    counts = [0] * customers
    warm = times // 5
    for number in range(times + warm):
        customer = number % customers
        who = IdentifierKey("user_id", f"fresh{customer}")
        by = {"identifier": {"type": who.type, "value": who.value}}
        request = posted(orjson.dumps({"query": READ, "variables": {"by": by}}))
        # The other process has it in its cache.
        await connection.ask(request)
        await connection.ask(request)
        event = TouchpointInput(
            id=f"f{number}",
            source="bench",
            at=datetime.now(UTC),
            customer=CustomerKey(identifier=who),
            channel="web",
            type="view",
        )
        await services.record([event])
        answer = await connection.ask(request)
        taken = time.perf_counter() - committed[-1]
        counts[customer] += 1
        assert answer["data"]["customer"]["touchpoints"]["totalCount"] == counts[customer], answer
        if number >= warm:
            yield taken * 1_000


def percentile(values: list[float], percent: int) -> float:
    """The value that so many percent are not above."""
    if len(values) < 2:
        return values[0]
    return next(islice(quantiles(values, n=100, method="inclusive"), percent - 1, None))

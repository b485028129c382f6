"""All servers of the hot path, up at once: the service in several settings, the floor below it, and the peer; each in processes
of its own, with a port for every process. `subjects` are the files of what they are asked, by name.
"""

from __future__ import annotations

import asyncio
import http.client
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import orjson
from neo4j import Query
from redis.asyncio import Redis

from app.local.neo4j import Neo4j
from app.local.process import free_port
from app.settings import Settings
from benchmarks.children import environment, started
from benchmarks.floor import kept_under
from benchmarks.load import Connection, connected, posted
from benchmarks.operations import PROFILE, SHAPES, different
from benchmarks.peer_server import OURS, TRANSLATED, Statements, as_ours, comparable, peer
from benchmarks.servers import PATIENCE_SECONDS, bare_driver
from benchmarks.service import READY_SECONDS, ready
from benchmarks.traffic import Operation, Subjects

EVERYWHERE = {
    "C360_CURRENCY_RATES": "GBP=1.27,JPY=0.0067",
    "C360_REQUEST_TIMEOUT_SECONDS": "60",
    "C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS": "60",
    "C360_REDIS_TIMEOUT_MS": "1000",
}
"""The demo's currencies; and time enough that a hiccup of the machine doesn't become an error."""

FORGETFUL = {"C360_CACHE_TTL_SECONDS": "1"}
"""Customers that come again only after all others have left the cache by then: each is a miss, with all that belongs to one."""

SERVICES: Mapping[str, tuple[int, Mapping[str, str]]] = MappingProxyType(
    {
        "service": (2, {}),
        "lean": (1, {"C360_LIMIT_COST_MODE": "off", "C360_METRICS": "false"}),
        "plain": (1, {"C360_PLANS": "false"}),
        "uncached": (2, FORGETFUL),
        "keeping": (1, {**FORGETFUL, "C360_CACHE_ADMISSION": "first"}),
        "unbatched": (1, FORGETFUL),
    }
)
"""How many processes of the service there are by name, and their settings; `lean` without all that can be switched off."""

COMMANDS: Mapping[str, str] = MappingProxyType({"unbatched": "benchmarks.unbatched"})
"""The modules of those that aren't `c360` itself."""

VARIOUS = 200
"""Operations that are all known after a moment, and with the customers make more requests than any answer is remembered for."""

MOST_ASKED = 100_000
"""Customers that are asked about, of however many."""

_SOME = "WITH 1.0 * $most / COUNT { (:Customer) } AS share MATCH (c:Customer) WHERE rand() < share RETURN c.id"

_BUSY = """MATCH (c:Customer) WHERE c.purchases > 0 AND c.touchpoints > 0 AND c.reviews > 0
RETURN c.id ORDER BY c.reviews DESC, c.id LIMIT $most"""

FLOOR_PROCESSES = 2
FILLERS = 8
REFERENCES = 20
"""Customers for whom peer and service must say the same: half of them have something of everything."""

TRIES = 3
"""Times that the peer is asked at first: Neo4j may take longer to plan what it asks than it grants."""


@dataclass(frozen=True, slots=True)
class Server:
    """Processes that answer alike; one is asked by its port, two by both."""

    ports: tuple[int, ...]
    pids: tuple[int, ...]


@dataclass(slots=True)
class Contenders:
    """What is up. `hot` customers are in the cache; `others` are not, until they are asked about. Of `compared` ones
    the peer says the same as the service."""

    settings: Settings
    hot: list[str]
    others: list[str]
    compared: list[str]
    servers: dict[str, Server] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    database: int = 0

    async def missed(self, ids: Sequence[str]) -> list[bool]:
        """Whether the cache lacked each of these customers, for the service that forgets."""
        query = {"query": PROFILE.query, "extensions": {"cache": True}}
        async with connected(self.servers["uncached"].ports[0]) as connection:
            found = [await connection.ask(posted(orjson.dumps(query | {"variables": {"id": id}}))) for id in ids]
        return [answer["extensions"]["cache"] == "miss" for answer in found]

    async def check_agreement(self) -> None:
        """Raises AssertionError where the peer, in either way, says anything else of a customer than the service does."""
        ours, theirs = self.servers["service"].ports[0], self.servers["peer"].ports[0]
        # One after the other: Node.js closes a connection that is quiet for five seconds, which the first answer may take.
        async with connected(ours) as service:
            expected = {id: comparable(await asked(service, PROFILE, id)) for id in self.compared}
        for operation in (TRANSLATED, OURS):
            async with connected(theirs) as peer:
                await _planned(peer, operation, self.compared[0])
                for id, answer in expected.items():
                    assert as_ours(await asked(peer, operation, id)) == answer, (operation.query, id)


async def _planned(connection: Connection, operation: Operation, id: str) -> None:
    for _ in range(TRIES):
        if "errors" not in await connection.ask(posted(operation.body(id))):
            break


async def asked(connection: Connection, operation: Operation, id: str) -> dict[str, Any]:
    answer: dict[str, Any] = await connection.ask(posted(operation.body(id)))
    assert "errors" not in answer, answer["errors"][:3]
    return answer


@asynccontextmanager
async def contenders(
    settings: Settings, folder: Path, *, hot: int, operations: int, with_peer: bool
) -> AsyncIterator[Contenders]:
    """Everything up, asked once, and the floor's answers in Redis."""
    folder.mkdir(parents=True)
    ids = await customer_ids(settings)
    hot = min(hot, len(ids) // 2)
    busy = await _customers(settings, _BUSY, REFERENCES // 2)
    found = Contenders(settings, hot=ids[:hot], others=ids[hot:], compared=[*busy, *ids[: REFERENCES - len(busy)]])
    found.database = Neo4j.of(settings, quick=False).alive.pid() or 0
    found.subjects = dict(_subjects(folder, found, operations))
    async with AsyncExitStack() as stack:
        for name, (processes, more) in SERVICES.items():
            command = COMMANDS.get(name, "app.cli")
            running = [await stack.enter_async_context(service(settings, command, **more)) for _ in range(processes)]
            found.servers[name] = _server(running)
        floors = [await stack.enter_async_context(_floor(settings)) for _ in range(FLOOR_PROCESSES)]
        found.servers["floor"] = _server(floors)
        if with_peer:
            found.servers["peer"] = _server([await stack.enter_async_context(answering_peer(settings))])
            await found.check_agreement()
        await _fill(found)
        yield found


@asynccontextmanager
async def service(settings: Settings, command: str = "app.cli", **more: str) -> AsyncIterator[tuple[int, int]]:
    """Port and process id of `c360 serve`, once it answers."""
    port = free_port()
    async with started(command, "serve", env=environment(settings, C360_PORT=str(port), **EVERYWHERE, **more)) as process:
        await _ready(port)
        yield port, process.pid


@asynccontextmanager
async def _floor(settings: Settings) -> AsyncIterator[tuple[int, int]]:
    port = free_port()
    async with started("benchmarks.floor", str(port), env=environment(settings)) as process:
        await _ready(port)
        yield port, process.pid


async def _ready(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
    await ready(connection)
    connection.close()


@asynccontextmanager
async def answering_peer(settings: Settings, statements: Statements | None = None) -> AsyncIterator[tuple[int, int]]:
    """Port and process id of the peer, once it answers; with more statements of ours, if there are any."""
    deadline = time.monotonic() + READY_SECONDS
    async with peer(settings, statements or {}) as (port, pid):
        while True:
            try:
                async with connected(port) as connection:
                    await connection.ask(posted(b'{"query":"{ __typename }"}'))
                break
            except OSError:
                assert time.monotonic() < deadline, f"the peer did not answer within {READY_SECONDS:g} s"
                await asyncio.sleep(0.1)
        yield port, pid


def _server(running: Sequence[tuple[int, int]]) -> Server:
    ports, pids = zip(*running, strict=True)
    return Server(ports, pids)


async def customer_ids(settings: Settings) -> list[str]:
    """Customers in no order: all of them, or of very many about MOST_ASKED."""
    ids = await _customers(settings, _SOME, MOST_ASKED)
    random.shuffle(ids)
    return ids


async def _customers(settings: Settings, text: str, most: int) -> list[str]:
    async with bare_driver(settings) as driver, driver.session() as session:
        return [row.value() async for row in await session.run(Query(text, timeout=PATIENCE_SECONDS), most=most)]


def _subjects(folder: Path, found: Contenders, operations: int) -> Iterator[tuple[str, str]]:
    for name, asked_for, ids in (
        ("repeated", [PROFILE], found.hot[:1]),
        ("profile", [PROFILE], found.hot),
        ("shapes", SHAPES, found.hot),
        ("different", different(operations), found.hot),
        ("various", different(min(operations, VARIOUS)), found.hot),
        ("others", [PROFILE], found.others),
        ("translated", [TRANSLATED], found.others),
        ("ours", [OURS], found.others),
    ):
        path = folder / f"{name}.json"
        path.write_bytes(msgspec.json.encode(Subjects(operations=list(asked_for), ids=ids)))
        yield name, str(path)


async def _fill(found: Contenders) -> None:
    """Has the service answer every shape about every hot customer, and keeps the answers for the floor."""
    assert found.settings.redis_url is not None
    waiting = iter([(operation, id) for id in found.hot for operation in SHAPES])
    ports = found.servers["service"].ports

    async def fill(number: int) -> None:
        async with connected(ports[number % len(ports)]) as connection:
            for operation, id in waiting:
                answer = await asked(connection, operation, id)
                await redis.set(kept_under(operation.name, id), orjson.dumps(answer))

    async with Redis.from_url(found.settings.redis_url) as redis:
        # Nothing that is hot is to be evicted.
        await redis.config_set("maxmemory", "2gb")
        async with asyncio.TaskGroup() as tasks:
            for number in range(FILLERS):
                tasks.create_task(fill(number))

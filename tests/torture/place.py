"""What is tortured: a Neo4j, a Redis and two services of the real commands, each of which can be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from app.commands.store import opened
from app.local import archive
from app.local.neo4j import Neo4j
from app.local.process import Guard, free_port
from app.local.redis import Redis
from app.local.stack import Programs
from app.settings import Settings
from benchmarks.children import TOP, environment
from benchmarks.wires import Wire, wire_to
from graph.migrations import migrate
from tests.write_key import keep

SERVICES = 2
READY_SECONDS = 90.0


@dataclass(slots=True)
class Child:
    """A process that is killed as a power cut would, and started again."""

    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None

    def begin(self) -> subprocess.Popen[bytes]:
        self.process = self.start()
        return self.process

    async def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            await asyncio.to_thread(self.process.wait)


@dataclass(slots=True)
class Place:
    settings: Settings
    neo4j: Neo4j
    redis: Redis
    programs: Programs
    guard: Guard
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(SERVICES)])
    wires: list[Wire] = field(default_factory=list)
    open: AsyncExitStack = field(default_factory=AsyncExitStack)
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    @property
    def snapshot(self) -> Path:
        return self.redis.folder / "dump.rdb"

    async def start(self) -> None:
        flags = archive.flags(self.programs.java, self.programs.jars)

        def start_neo4j() -> subprocess.Popen[bytes]:
            return self.neo4j.start(java=self.programs.java, jars=self.programs.jars, flags=flags)

        self.children["neo4j"] = Child(start_neo4j)
        self.children["redis"] = Child(lambda: self.redis.start(self.programs.redis))
        await asyncio.gather(self.begin("neo4j"), self.begin("redis"))
        for number in range(SERVICES):
            self.wires.append(await self.open.enter_async_context(wire_to(self.redis.port)))
            self.children[f"service {number}"] = Child(lambda number=number: self._serve(number))  # type: ignore[misc]
        async with opened(self.settings) as store:
            await migrate(store)
            await keep(store, source="torture")
        for number in range(SERVICES):
            await self.begin(f"service {number}")

    async def begin(self, name: str) -> None:
        """Start a child, and return when it answers."""
        process = self.children[name].begin()
        self.guard.watch(process)
        if name == "neo4j":
            await self.neo4j.ready(process)
        elif name == "redis":
            await self.redis.ready(process)
        else:
            await self.answers(int(name.split()[1]))

    async def kill(self, name: str) -> None:
        await self.children[name].kill()

    async def stop(self) -> None:
        for child in reversed(self.children.values()):
            await child.kill()
        await self.open.aclose()
        self.guard.dismiss()

    async def answers(self, number: int) -> None:
        """Return once a service says that it is ready."""
        async with httpx2.AsyncClient() as http, asyncio.timeout(READY_SECONDS):
            while True:
                with suppress(httpx2.HTTPError):
                    if (await http.get(f"{self.addresses[number]}/readyz", timeout=5)).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    def _serve(self, number: int) -> subprocess.Popen[bytes]:
        _, _, where = self.redis.url.rpartition("@")
        url = self.redis.url.replace(where, f"127.0.0.1:{self.wires[number].port}/0")
        env = environment(
            self.settings,
            REDIS_URL=url,
            C360_PORT=str(self.ports[number]),
        )
        with (self.settings.home / f"service-{number}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve"],
                cwd=TOP,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@asynccontextmanager
async def place_in(home: Path, programs: Programs) -> AsyncIterator[Place]:
    """Everything started, and killed when the block ends."""
    settings = Settings(
        home=home, local_bolt_port=free_port(), local_redis_port=free_port(), cursor_secret=b"the torture's secret"
    )
    home.mkdir(parents=True, exist_ok=True)
    neo4j, redis = Neo4j.of(settings, quick=True), Redis.of(settings)
    settings = Settings(
        home=home,
        neo4j_uri=neo4j.uri,
        neo4j_user="neo4j",
        neo4j_password=neo4j.password(),
        redis_url=redis.url,
        cursor_secret=settings.cursor_secret,
    )
    place = Place(settings, neo4j, redis, programs, Guard())
    try:
        await place.start()
        yield place
    finally:
        await place.stop()

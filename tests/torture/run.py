"""One run: load without a pause, while one thing after the other goes wrong."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from redis.asyncio import Redis

from app.local.stack import Programs
from benchmarks.servers import opened
from graph import outbox
from graph.doctor import examine
from tests.torture.load import Ledger, Load
from tests.torture.place import SERVICES, Place, place_in

CUSTOMERS = 40
WRITERS = 8
READERS = 4
RECOVERY_SECONDS = 120.0
CUT_SECONDS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it. `recovery`: seconds until writes were acknowledged and both services read from the cache again, the
    longest of each trouble."""

    troubles: dict[str, int]
    recovery: dict[str, float]
    events: int
    requests: int
    sent_again: int
    reads: dict[str, int]
    violations: list[str]
    seconds: float


class Torture:
    def __init__(self, place: Place, seed: int) -> None:
        self.place = place
        self.random = random.Random(seed)
        self.ledger = Ledger(CUSTOMERS)

    @property
    def troubles(self) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
        return {
            "service killed": self._service_killed,
            "neo4j killed": lambda: self._killed("neo4j"),
            "redis killed": lambda: self._killed("redis"),
            "redis restarted from an old snapshot": self._snapshot,
            "one service cut off from redis": lambda: self._cut(mute=False),
            "redis mute for one service": lambda: self._cut(mute=True),
        }

    async def _service_killed(self) -> None:
        await self._killed(f"service {self.random.randrange(SERVICES)}")

    async def _killed(self, name: str) -> None:
        await self.place.kill(name)
        await asyncio.sleep(self.random.random())
        await self.place.begin(name)

    async def _snapshot(self) -> None:
        async with Redis.from_url(self.place.redis.url) as redis:
            await redis.save()
        # What it saved grows old.
        await asyncio.sleep(1.0)
        await self._killed("redis")
        self.place.snapshot.unlink(missing_ok=True)

    async def _cut(self, *, mute: bool) -> None:
        wire = self.random.choice(self.place.wires)
        if mute:
            wire.mute()
        else:
            wire.cut()
        await asyncio.sleep(CUT_SECONDS)
        wire.mend()

    async def run(self, plan: list[str], *, patient: bool = True) -> Report:
        """Go through the plan. `patient`: wait after each trouble until the cache is in use again, and not only in the end."""
        begun = time.monotonic()
        recovery: dict[str, float] = {}
        limits = httpx2.Limits(max_connections=200)
        async with httpx2.AsyncClient(timeout=30, limits=limits) as http:
            load = Load(self.ledger, self.place.addresses, http, self.random)
            tasks = [asyncio.create_task(load.write()) for _ in range(WRITERS)]
            tasks += [asyncio.create_task(load.read()) for _ in range(READERS)]
            try:
                await self._recovered(load)
                for trouble in plan:
                    await asyncio.sleep(0.3 + 1.2 * self.random.random())
                    await self.troubles[trouble]()
                    again = time.monotonic()
                    await self._recovered(load, cached=patient)
                    recovery[trouble] = max(recovery.get(trouble, 0.0), time.monotonic() - again)
                await self._recovered(load)
                load.stopping = True
                async with asyncio.timeout(RECOVERY_SECONDS):
                    await asyncio.gather(*tasks)
                await self._account(load)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        await self._examine()
        return Report(
            troubles={name: plan.count(name) for name in dict.fromkeys(plan)},
            recovery={name: round(seconds, 1) for name, seconds in recovery.items()},
            events=self.ledger.acknowledged,
            requests=self.ledger.answered,
            sent_again=self.ledger.sent_again,
            reads=dict(self.ledger.reads),
            violations=self.ledger.violations,
            seconds=round(time.monotonic() - begun, 1),
        )

    async def _recovered(self, load: Load, *, cached: bool = True) -> None:
        """Return once writes are acknowledged, and both services give profiles, from the cache where that is asked for."""
        async with asyncio.timeout(RECOVERY_SECONDS):
            answered = self.ledger.answered
            while self.ledger.answered == answered:
                await asyncio.sleep(0.02)
            for address in self.place.addresses:
                while (status := await load.read_one(self.random.choice(list(self.ledger.books)), address)) != "hit":
                    if status is not None and not cached:
                        break
                    await asyncio.sleep(0.02)

    async def _account(self, load: Load) -> None:
        """Everything that was sent is acknowledged by now: every customer has exactly that, on every service."""
        for customer, book in self.ledger.books.items():
            if book.sent != book.acknowledged:
                self.ledger.wrong(f"{customer} was sent {book.sent}, of which {book.acknowledged} were acknowledged")
            for address in self.place.addresses:
                async with asyncio.timeout(RECOVERY_SECONDS):
                    while not await load.read_one(customer, address):
                        await asyncio.sleep(0.1)

    async def _examine(self) -> None:
        """Nothing is left in the outbox, and every stored fact is right."""
        async with opened(self.place.settings) as store:
            for _ in range(100):
                if not await outbox.waiting(store, limit=1):
                    break
                await asyncio.sleep(0.1)
            else:
                self.ledger.wrong("rows are left in the outbox")
            for finding in await examine(store):
                self.ledger.wrong(f"the doctor finds {finding}")


async def torture(programs: Programs, plan: list[str], *, seed: int, patient: bool = True) -> Report:
    """Run the plan, a list of names of troubles, on servers of its own."""
    with tempfile.TemporaryDirectory(prefix="c360-torture-") as folder:
        async with place_in(Path(folder), programs) as place:
            return await Torture(place, seed).run(plan, patient=patient)

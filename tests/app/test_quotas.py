"""How much one may ask for: over several processes by one Redis, and by each for itself without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from app.access.quotas import AWAY_SECONDS, HELD_SECONDS, PORTIONS, Quotas
from app.cache.wire import Command, Unanswered, Wire
from tests.conftest import Stack

RATE, BURST = 1_000, 2_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Gone:
    """A Redis that doesn't answer."""

    def __init__(self) -> None:
        self.asked = 0

    async def run(self, *commands: Command, seconds: float | None = None) -> tuple[str, list[Any]]:
        self.asked += 1
        raise Unanswered("gone")

    async def close(self) -> None: ...


@pytest.fixture
async def wire(stack: Stack) -> AsyncIterator[Wire]:
    wire = Wire.connect(stack.redis_url, timeout_seconds=10)
    yield wire
    await wire.close()


@pytest.fixture
def who() -> str:
    return uuid4().hex


def asked(quotas: Quotas, who: str, price: int) -> Any:
    return quotas.take(who, price) if not quotas.at_hand(who, price) else asyncio.sleep(0, 0)


async def test_what_is_asked_for_beyond_the_burst_waits(wire: Wire, who: str) -> None:
    quotas = Quotas(wire, rate=1, burst=BURST)
    taken = 0
    while not (wait := await asked(quotas, who, 50)):
        taken += 50
    # A second or two may have passed.
    assert BURST <= taken <= BURST + 100
    assert 1 <= wait <= 50


async def test_processes_share_a_bucket(wire: Wire, who: str) -> None:
    several = [Quotas(wire, rate=1, burst=BURST) for _ in range(3)]

    async def all_of(quotas: Quotas) -> int:
        taken = 0
        while not await asked(quotas, who, 20):
            taken += 20
        return taken

    taken = await asyncio.gather(*(all_of(each) for each in several))
    assert BURST <= sum(taken) <= BURST + 100


async def test_a_bucket_fills_again(wire: Wire, who: str) -> None:
    quotas = Quotas(wire, rate=RATE, burst=BURST)
    while not await asked(quotas, who, 100):
        pass
    await asyncio.sleep(1.5)
    assert await asked(quotas, who, 100) == 0


async def test_a_portion_is_asked_for_once(wire: Wire, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quotas = Quotas(wire, rate=1, burst=BURST, clock=Clock())
    calls = 0
    original = Wire.run

    async def counted(self: Wire, *commands: Command, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return await original(self, *commands, **options)

    monkeypatch.setattr(Wire, "run", counted)
    for _ in range(BURST // PORTIONS):
        assert await asked(quotas, who, 1) == 0
    assert calls == 1


async def test_what_wasnt_used_can_be_used_by_others(wire: Wire, who: str) -> None:
    clock = Clock()
    one, other = Quotas(wire, rate=1, burst=BURST, clock=clock), Quotas(wire, rate=1, burst=BURST)
    assert await one.take(who, BURST) == 0
    assert await other.take(who, 100) > 0
    one.give_back(who, BURST - 10)
    # For a while the process that has it keeps it, and for another one after each use.
    await one.return_left()
    assert await other.take(who, 100) > 0
    clock.now += HELD_SECONDS / 2
    assert one.at_hand(who, 5)
    clock.now += HELD_SECONDS / 2
    await one.return_left()
    assert await other.take(who, 100) > 0
    clock.now += HELD_SECONDS
    await one.return_left()
    assert await other.take(who, BURST - 20) == 0


async def test_who_asks_little_holds_no_more_than_a_portion(wire: Wire, who: str) -> None:
    clock = Clock()
    one, other = Quotas(wire, rate=1, burst=BURST, clock=clock), Quotas(wire, rate=1, burst=BURST)
    for _ in range(30):
        assert await asked(one, who, 1) == 0
        clock.now += HELD_SECONDS * 2
    assert await other.take(who, BURST - BURST // PORTIONS - 30) == 0


async def test_one_who_asks_for_more_than_a_bucket_holds_gets_all_of_it(wire: Wire, who: str) -> None:
    quotas = Quotas(wire, rate=1, burst=BURST)
    assert await quotas.take(who, 10 * BURST) == 0
    assert await quotas.take(who, 1_000) > 0


async def test_nobody_takes_from_others(wire: Wire, who: str) -> None:
    quotas = Quotas(wire, rate=1, burst=BURST)
    assert await quotas.take(who, BURST) == 0
    assert await quotas.take(who, 100) > 0
    assert await quotas.take(who + "'", BURST) == 0


@pytest.mark.parametrize("wire", [None, Gone()], ids=["without Redis", "while Redis is away"])
async def test_a_process_counts_for_itself(wire: Gone | None, who: str) -> None:
    clock = Clock()
    quotas = Quotas(wire, rate=RATE, burst=BURST, clock=clock)
    assert await quotas.take(who, BURST) == 0
    assert await quotas.take(who, 500) == 1
    clock.now += 0.6
    assert await quotas.take(who, 500) == 0
    clock.now += 1_000
    assert await quotas.take(who, BURST) == 0
    assert await quotas.take(who, BURST) == 2


async def test_a_redis_that_is_away_is_asked_seldom(who: str) -> None:
    clock, gone = Clock(), Gone()
    quotas = Quotas(gone, rate=RATE, burst=BURST, clock=clock)
    for _ in range(10):
        await quotas.take(who, 1)
    assert gone.asked == 1
    clock.now += AWAY_SECONDS
    await quotas.take(who, 1)
    assert gone.asked == 2

"""Loading together: what gathers, what shares a load, and what must not."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from app.flights import Flights


class Source:
    """Loads when its gate is open."""

    def __init__(self) -> None:
        self.loads: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.ended = 0

    async def __call__(self, keys: list[str]) -> list[str]:
        self.loads.append(keys)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended += 1
            raise
        if self.error is not None:
            raise self.error
        return [key.upper() for key in keys]


#: Who asks.
asking: ContextVar[str] = ContextVar("asking", default="nobody")


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_asked_in_one_turn_is_loaded_together() -> None:
    source = Source()
    flights = Flights(source, ways=2, size=10)
    assert await asyncio.gather(*(flights.load([key]) for key in "abc")) == [["A"], ["B"], ["C"]]
    assert source.loads == [["a", "b", "c"]]


async def test_nobody_waits_while_there_is_a_way_free_and_then_they_gather() -> None:
    source = Source()
    source.gate.clear()
    flights = Flights(source, ways=2, size=3)
    asked = []
    for key in "abcdefg":
        asked.append(asyncio.create_task(flights.load([key])))
        await turns()
    assert source.loads == [["a"], ["b"]]
    source.gate.set()
    assert await asyncio.gather(*asked) == [[key] for key in "ABCDEFG"]
    assert source.loads == [["a"], ["b"], ["c", "d", "e"], ["f", "g"]]


async def test_the_same_key_is_loaded_once_unless_its_load_is_under_way() -> None:
    """What was written after that load began might be missing from it."""
    source = Source()
    source.gate.clear()
    flights = Flights(source, ways=1, size=10)
    first = asyncio.create_task(flights.load(["a"]))
    await turns()
    others = [asyncio.create_task(flights.load(["a", "b"])) for _ in range(3)]
    await turns()
    source.gate.set()
    assert await asyncio.gather(first, *others) == [["A"], *[["A", "B"]] * 3]
    assert source.loads == [["a"], ["a", "b"]]


async def test_what_takes_long_is_never_under_way_twice() -> None:
    source = Source()
    source.gate.clear()
    flights = Flights(source, ways=3, size=1, once=True)
    first = asyncio.create_task(flights.load(["a"]))
    await turns()
    later = [asyncio.create_task(flights.load([key])) for key in "aabca"]
    await turns()
    # Others pass by; those who ask for the same wait, and share the next.
    assert source.loads == [["a"], ["b"], ["c"]]
    source.gate.set()
    assert await asyncio.gather(first, *later) == [["A"], ["A"], ["A"], ["B"], ["C"], ["A"]]
    assert source.loads == [["a"], ["b"], ["c"], ["a"]]


async def test_who_goes_away_takes_nobody_along() -> None:
    source = Source()
    source.gate.clear()
    flights = Flights(source, ways=1, size=10)
    asked = [asyncio.create_task(flights.load(["a"])) for _ in range(3)]
    await turns()
    asked[0].cancel()
    source.gate.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError) and found[1:] == [["A"], ["A"]]


async def test_a_load_that_nobody_waits_for_is_ended_and_one_that_has_yet_to_begin_never_begins() -> None:
    source = Source()
    source.gate.clear()
    flights = Flights(source, ways=1, size=10)
    asked = [asyncio.create_task(flights.load(keys)) for keys in (["a"], ["a", "b"])]
    await turns()
    waiting = [asyncio.create_task(flights.load([key])) for key in "cd"]
    await turns()
    asked[0].cancel()
    waiting[0].cancel()
    await turns()
    assert source.ended == 0
    asked[1].cancel()
    await turns()
    assert (source.ended, source.loads) == (1, [["a", "b"], ["d"]])
    source.gate.set()
    assert await waiting[1] == ["D"]


async def test_an_error_is_everybodys_and_the_next_load_is_a_new_one() -> None:
    source = Source()
    flights = Flights(source, ways=1, size=10)
    source.error = RuntimeError("away")
    found = await asyncio.gather(*(flights.load([key]) for key in "ab"), return_exceptions=True)
    assert found == [source.error, source.error]
    source.error = None
    assert await flights.load(["a"]) == ["A"]


async def test_closing_ends_what_is_under_way() -> None:
    source = Source()
    source.gate.clear()
    flights = Flights(source, ways=1, size=10)
    asked = asyncio.create_task(flights.load(["a"]))
    await turns()
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_a_load_is_part_of_the_request_of_whoever_asked_first_even_if_it_had_to_wait() -> None:
    gate, asked_by = asyncio.Event(), []

    async def load(keys: list[str]) -> list[str]:
        asked_by.append((keys, asking.get()))
        await gate.wait()
        return keys

    async def ask(key: str) -> None:
        asking.set(f"who asks for {key}")
        await flights.load([key])

    flights = Flights(load, ways=1, size=2)
    requests = []
    for key in "abcd":
        requests.append(asyncio.create_task(ask(key)))
        await turns()
    gate.set()
    await asyncio.gather(*requests)
    assert asked_by == [(["a"], "who asks for a"), (["b", "c"], "who asks for b"), (["d"], "who asks for d")]

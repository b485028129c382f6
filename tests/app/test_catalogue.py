"""Copies of the catalogue: what they ask, what they have at hand, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from app import catalogue
from app.catalogue import Copy
from graph.errors import StoreUnavailable


class Source:
    """Says what it was asked, and how often it answered before."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.away = False

    async def __call__(self, keys: list[str]) -> list[str | None]:
        self.asked.append(keys)
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("away")
        return [None if key == "gone" else f"{key}{len(self.asked)}" for key in keys]


@pytest.fixture
def source() -> Source:
    return Source()


class Clock:
    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What time it is for copies."""
    made = Clock()
    monkeypatch.setattr(catalogue, "time", made)
    return made


@pytest.fixture
def awake() -> asyncio.Event:
    """Set when copies are to renew, in every turn of the loop, what is used."""
    return asyncio.Event()


@pytest.fixture
async def copy(source: Source, awake: asyncio.Event) -> AsyncIterator[Copy[str]]:
    async def sleep(_: float) -> None:
        await asyncio.sleep(0)
        await awake.wait()

    made = Copy(source, sleep=sleep)
    yield made
    await made.close()


async def test_it_asks_once_for_what_it_has_and_each_time_for_what_there_isn_t(source: Source, copy: Copy[str]) -> None:
    assert await copy.many(["a", "gone", "a"]) == ["a1", None, "a1"]
    assert await copy.many(["a", "gone", "b"]) == ["a1", None, "b2"]
    assert source.asked == [["a", "gone"], ["gone", "b"]]
    assert (copy.at_hand("a"), copy.at_hand("gone"), copy.at_hand("c")) == ("a1", None, None)


async def test_requests_that_lack_something_at_once_ask_together(source: Source, copy: Copy[str]) -> None:
    one, other = await asyncio.gather(copy.many(["a", "b"]), copy.many(["b", "c"]))
    assert (one, other) == (["a1", "b1"], ["b1", "c1"])
    assert source.asked == [["a", "b", "c"]]


async def test_what_was_used_is_renewed_together_before_it_is_too_old(
    source: Source, copy: Copy[str], clock: Clock, awake: asyncio.Event
) -> None:
    await copy.many(["a", "b", "c"])
    clock.now += catalogue.USED_SECONDS - 0.2
    assert (copy.at_hand("a"), copy.at_hand("b"), copy.at_hand("nothing")) == (None, None, None)
    clock.now += 0.3
    awake.set()
    while copy.at_hand("b") is None:
        await asyncio.sleep(0)
    assert source.asked == [["a", "b", "c"], ["a", "b"]]
    assert (copy.at_hand("a"), copy.at_hand("b"), copy.at_hand("c")) == ("a2", "b2", None)


async def test_who_comes_back_after_a_quiet_time_has_the_others_renewed_too(
    source: Source, copy: Copy[str], clock: Clock, awake: asyncio.Event
) -> None:
    await copy.many(["a", "b", "c"])
    clock.now += catalogue.USED_SECONDS + 1
    awake.set()
    while copy._renewing is not None:
        await asyncio.sleep(0)
    assert await copy.many(["b"]) == ["b2"]
    while len(source.asked) < 3:
        await asyncio.sleep(0)
    assert set(source.asked[2]) == {"a", "c"}


async def test_what_is_too_old_is_never_given(source: Source, copy: Copy[str], clock: Clock) -> None:
    await copy.many(["a"])
    clock.now += catalogue.FRESH_SECONDS - 0.01
    assert copy.at_hand("a") == "a1"
    clock.now += 0.01
    assert copy.at_hand("a") is None
    assert await copy.many(["a"]) != ["a1"]


async def test_without_neo4j_it_goes_on_with_what_is_fresh_and_says_so_when_that_is_over(
    source: Source, copy: Copy[str], clock: Clock, awake: asyncio.Event
) -> None:
    await copy.many(["a"])
    source.away = True
    clock.now += 0.5
    assert copy.at_hand("a") == "a1"
    awake.set()
    while len(source.asked) < 2:
        await asyncio.sleep(0)
    assert copy.at_hand("a") == "a1"
    clock.now += catalogue.FRESH_SECONDS
    with pytest.raises(StoreUnavailable):
        await copy.many(["a"])


async def test_what_was_read_twice_alike_is_known(clock: Clock) -> None:
    known: list[Mapping[str, str | None]] = []

    async def load(keys: list[str]) -> list[str | None]:
        return ["half seen" for _ in keys]

    async def renew(asked: Mapping[str, str | None]) -> list[str | None]:
        known.append(dict(asked))
        clock.now += 0.5
        return [record or "whole" for record in asked.values()]

    copy = Copy(load, renew, sleep=lambda _: asyncio.sleep(0))
    await copy.many(["a"])
    clock.now += 0.5
    while len(known) < 4:
        copy.at_hand("a")
        await asyncio.sleep(0)
    assert known[:4] == [{"a": None}, {"a": None}, {"a": "whole"}, {"a": "whole"}]
    await copy.close()


async def test_it_keeps_a_bounded_number(copy: Copy[str], clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "COPY_SIZE", 2)
    await copy.many(["a", "b", "c"])
    assert [copy.at_hand(key) is not None for key in "abc"] == [False, True, True]


async def test_of_many_those_used_last_are_renewed(
    source: Source, copy: Copy[str], clock: Clock, awake: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "RENEWED", 2)
    await copy.many(["a", "b", "c"])
    for key in "cab":
        clock.now += 0.01
        copy.at_hand(key)
    clock.now += 0.5
    awake.set()
    while len(source.asked) < 2:
        await asyncio.sleep(0)
    assert set(source.asked[1]) == {"a", "b"}

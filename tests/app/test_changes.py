"""The feed on a real Redis, and who is told what while it can and can't be trusted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping

import pytest

from app import feed as feeds
from app.cache.wire import Wire
from app.changes import GONE, Changes
from app.epochs import Belief
from app.everyone import GATHER_SECONDS, Everyone, Heard
from app.feed import TOGETHER, Feed, news
from graph.errors import StoreUnavailable


async def test_what_is_told_after_the_beginning_is_read_once_and_in_order(wire: Wire) -> None:
    await wire.run(*news({"cus_a": 1}))
    feed = Feed(wire)
    await feed.begin()
    await wire.run(*news({"cus_b": 2}), *news({"cus_a": 3, "cus_c": 1}))
    _, changed, missed = await feed.read(seconds=5)
    assert (changed, missed) == ([("cus_b", 2), ("cus_a", 3), ("cus_c", 1)], False)
    _, changed, missed = await feed.read(seconds=0.01)
    assert (changed, missed) == ([], False)


async def test_an_empty_stream_is_a_beginning_as_well(wire: Wire) -> None:
    feed = Feed(wire)
    await feed.begin()
    _, changed, _ = await feed.read(seconds=0.01)
    assert changed == []
    await wire.run(*news({"cus_a": 1}))
    _, changed, _ = await feed.read(seconds=5)
    assert changed == [("cus_a", 1)]


async def test_many_customers_take_few_entries(wire: Wire) -> None:
    changed = {f"cus_{number}": number for number in range(2 * TOGETHER + 1)}
    commands = news(changed)
    assert len(commands) == 3
    feed = Feed(wire)
    await feed.begin()
    await wire.run(*commands)
    assert dict((await feed.read(seconds=5))[1]) == changed


async def test_who_lags_behind_what_is_kept_is_told_so(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "KEPT", 10)
    await wire.run(*news({"cus_a": 1}))
    feed = Feed(wire)
    await feed.begin()
    for start in range(0, 1_000, 100):
        await wire.run(*(command for version in range(start, start + 100) for command in news({"cus_a": version})))
    _, changed, missed = await feed.read(seconds=5)
    assert missed and changed[-1] == ("cus_a", 999)
    await wire.run(*news({"cus_a": 1_000}))
    assert (await feed.read(seconds=5))[1:] == ([("cus_a", 1_000)], False)


class Graph:
    """Versions, and whether they can be asked for."""

    def __init__(self) -> None:
        self.versions = {"cus_a": 1, "cus_b": 1}
        self.asked = 0
        self.away = False

    async def find(self, customers: Collection[str]) -> Mapping[str, int]:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away")
        return {customer: self.versions[customer] for customer in customers if customer in self.versions}


class World:
    def __init__(self, wire: Wire, run_id: str) -> None:
        self.graph = Graph()
        self.belief: Belief | None = Belief(1, run_id)
        self.changes = Changes(self.graph.find, lambda: self.belief, Feed(wire))
        self.wire = wire

    async def write(self, customer: str, *, streamed: bool = True) -> int:
        version = self.graph.versions[customer] = self.graph.versions[customer] + 1
        if streamed:
            await self.wire.run(*news({customer: version}))
        return version


@pytest.fixture
async def world(wire: Wire) -> AsyncIterator[World]:
    world = World(wire, (await wire.run(("PING",)))[0])
    running = asyncio.create_task(world.changes.run())
    yield world
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_nothing_is_asked_while_nobody_watches(world: World) -> None:
    await asyncio.sleep(0.2)
    assert world.graph.asked == 0
    with world.changes.watch() as watch:
        watch.follow("cus_a", 1)
        await asyncio.sleep(0.2)
        assert world.graph.asked == 1
        await world.write("cus_a")
        assert await asyncio.wait_for(watch.next(), 5) == 1
    await asyncio.sleep(0.7)
    assert world.graph.asked == 1


async def test_only_what_is_newer_is_told(world: World) -> None:
    with world.changes.watch() as watch, world.changes.watch() as other:
        watch.follow("cus_a", 2)
        other.follow("cus_b", 1)
        await world.write("cus_a")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch.next(), 0.7)
        for _ in range(3):
            await world.write("cus_a")
        async with asyncio.timeout(5):
            assert await watch.next() >= 1
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(other.next(), 0.2)


@pytest.mark.parametrize("doubt", ["closed", "another Redis"])
async def test_what_the_feed_does_not_say_is_asked_for_while_it_is_in_doubt(world: World, doubt: str) -> None:
    believed = world.belief
    with world.changes.watch() as watch:
        watch.follow("cus_a", 1)
        await asyncio.sleep(0.2)
        world.belief = None if doubt == "closed" else Belief(1, "another run")
        version = await world.write("cus_a", streamed=False)
        async with asyncio.timeout(5):
            await watch.next()
        watch.follow("cus_a", version)
        # And once more after the feed is joined again.
        world.belief = None
        await asyncio.sleep(0.6)
        assert believed is not None
        version = await world.write("cus_a", streamed=False)
        world.belief = Belief(3, believed.run_id)
        async with asyncio.timeout(5):
            await watch.next()
        watch.follow("cus_a", version)
        await asyncio.sleep(0.2)
        asked = world.graph.asked
        await world.write("cus_a")
        async with asyncio.timeout(5):
            await watch.next()
        assert world.graph.asked == asked


async def test_a_graph_that_is_away_is_asked_again(world: World) -> None:
    world.graph.away = True
    with world.changes.watch() as watch:
        watch.follow("cus_a", 1)
        await asyncio.sleep(0.2)
        await world.write("cus_a", streamed=False)
        world.graph.away = False
        async with asyncio.timeout(5):
            await watch.next()


async def test_a_customer_that_is_no_more_is_news(world: World) -> None:
    with world.changes.watch() as watch:
        watch.follow("cus_gone", 7)
        async with asyncio.timeout(5):
            await watch.next()
        assert watch.seen < GONE


async def test_watches_leave_nothing_behind(world: World) -> None:
    for number in range(100):
        with world.changes.watch() as watch:
            assert watch.follow("cus_a", number)
            assert not watch.follow("cus_a", number + 1)
            assert watch.follow("cus_b", number)
    assert not world.changes._watches


async def heard(everyone: Everyone) -> Heard:
    return await asyncio.wait_for(everyone.next(None), 5)


@pytest.fixture
async def everyone(world: World) -> AsyncIterator[Everyone]:
    """Who hears of all, and has heard that all will be told."""
    everyone = Everyone()
    world.changes.listen(everyone)
    assert await heard(everyone) == Heard((), True, True)
    yield everyone
    world.changes.leave(everyone)
    assert not world.changes._everyone


async def test_who_listens_hears_of_everyone_once(world: World, everyone: Everyone) -> None:
    for customer in ("cus_b", "cus_a", "cus_b"):
        await world.write(customer)
    assert await heard(everyone) == Heard(("cus_b", "cus_a"), False, True)
    await world.write("cus_a")
    assert await heard(everyone) == Heard(("cus_a",), False, True)
    # One who watches the same customer is told beside.
    with world.changes.watch() as watch:
        watch.follow("cus_a", 1)
        await world.write("cus_a")
        async with asyncio.timeout(5):
            await watch.next()


async def test_word_of_the_same_change_is_heard_once(world: World, everyone: Everyone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.everyone.SEEN", 10)
    for version in (7, 7, 6):
        await world.wire.run(*news({"cus_a": version}))
        await world.wire.run(*news({f"cus_{number}": 1 for number in range(9)}))
        await asyncio.sleep(3 * GATHER_SECONDS)
    assert len(everyone._seen) == 10
    await world.wire.run(*news({"cus_a": 6, "cus_b": 1}))
    assert (await heard(everyone)).customers == ("cus_a", *(f"cus_{number}" for number in range(9)), "cus_b")
    await world.wire.run(*news({"cus_a": 6, "cus_b": 1}), *news({"cus_a": 5}))
    assert (await heard(everyone)).customers == ("cus_a",)


async def test_who_listens_keeps_so_many_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.everyone.MOST", 10)
    everyone = Everyone()
    for number in range(15):
        everyone.tell(f"cus_{number}", 1)
        assert len(everyone._changed) <= 10
    assert await heard(everyone) == Heard(tuple(f"cus_{number}" for number in range(11, 15)), True, False)


async def test_a_place_in_the_feed_outlives_a_doubt_that_was_for_nothing(world: World, everyone: Everyone) -> None:
    believed, asked = world.belief, world.graph.asked
    world.belief = None
    assert await heard(everyone) == Heard((), False, False)
    # It was told of all the same: the cache was open, this process only didn't know.
    await world.write("cus_a")
    await asyncio.sleep(0.2)
    world.belief = believed
    found = await heard(everyone)
    assert (found.customers, found.missed) == (("cus_a",), False)
    assert world.graph.asked == asked
    assert believed is not None
    world.belief = None
    assert not (await heard(everyone)).trusted
    world.belief = Belief(3, believed.run_id)
    assert await heard(everyone) == Heard((), True, True)


async def test_who_lags_behind_hears_that_some_were_missed(
    world: World, everyone: Everyone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "KEPT", 10)
    world.belief, believed = None, world.belief
    assert not (await heard(everyone)).trusted
    for start in range(0, 1_000, 100):
        await world.wire.run(*(command for version in range(start, start + 100) for command in news({"cus_a": version})))
    world.belief = believed
    async with asyncio.timeout(5):
        while not (await everyone.next(None)).missed:
            await asyncio.sleep(GATHER_SECONDS)

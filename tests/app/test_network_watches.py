"""Who is told what of networks, while the feed can and can't be trusted, by a feed on a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest

from app import everyone, network_watches
from app.cache.wire import Wire
from app.changes import Changes
from app.epochs import Belief
from app.feed import Feed, news
from app.network_watches import NetworkWatch, NetworkWatches
from graph.errors import StoreUnavailable
from graph.referrals.below import Extent, NetworkChange, Standing
from graph.referrals.tracing import Step

RESYNC = NetworkChange(resync=True)


class Forest:
    """Who brought whom in: `above` the advocate of each; the referral that brought somebody in is called after the friend."""

    def __init__(self) -> None:
        self.above: dict[str, str | None] = {"a": None, "b": "a", "c": "b", "d": "c", "x": None, "y": "x"}
        self.versions = dict.fromkeys(self.above, 1)
        self.asked: list[tuple[set[str], set[str]]] = []
        self.counted = 0
        self.away = False
        self.whole = True

    def way(self, customer: str) -> list[str]:
        way = [customer]
        while (above := self.above[way[-1]]) is not None:
            way.append(above)
        return way

    async def below(self, customers: Collection[str], roots: Collection[str]) -> list[Standing]:
        if self.away:
            raise StoreUnavailable("away")
        self.asked.append((set(customers), set(roots)))
        ways = [self.way(customer) for customer in sorted(customers) if customer in self.above]
        return [
            Standing(asked=way[0], customer=way[0], steps=tuple(map(Step, way[1:], map(str.upper, way[:-1]))), astray=())
            for way in ways
            if set(roots) & set(way)
        ]

    async def extent(self, root: str, depth: int) -> Extent | None:
        self.counted += 1
        if self.away:
            raise StoreUnavailable("away")
        below = [each for each in self.above if root in self.way(each)[1 : depth + 1]]
        return Extent(root=root, members=len(below), versions=sum(map(self.versions.get, below)), whole=self.whole)  # type: ignore[arg-type]


class World:
    def __init__(self, wire: Wire, run_id: str) -> None:
        self.forest = Forest()
        self.belief: Belief | None = Belief(1, run_id)
        self.changes = Changes(self.nobody, lambda: self.belief, Feed(wire))
        self.now = 0.0
        self.networks = NetworkWatches(self.changes, self.forest.below, self.forest.extent, lambda: self.now)
        self.wire = wire

    async def nobody(self, customers: Collection[str]) -> dict[str, int]:
        return {}

    async def write(self, *customers: str, streamed: bool = True) -> None:
        for customer in customers:
            self.forest.versions[customer] = self.forest.versions.get(customer, 0) + 1
        if streamed:
            await self.wire.run(*news({customer: self.forest.versions[customer] for customer in customers}))

    async def joined(self) -> None:
        """The feed is trusted, and all that was to be looked at for it has been."""
        async with asyncio.timeout(5):
            while not self.changes.trusted or any(each.counted for each in self.networks._watches):
                await asyncio.sleep(0.01)


@pytest.fixture
async def world(wire: Wire) -> AsyncIterator[World]:
    world = World(wire, (await wire.run(("PING",)))[0])
    running = [asyncio.create_task(work) for work in (world.changes.run(), world.networks.run())]
    yield world
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def said(watch: NetworkWatch) -> NetworkChange:
    return await asyncio.wait_for(watch.next(), 5)


async def silent(watch: NetworkWatch, seconds: float = 0.8) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.next(), seconds)


async def test_who_changes_below_a_root_is_told_with_the_path(world: World) -> None:
    async with (
        world.networks.watch("a", 2) as watch,
        world.networks.watch("b", 9) as lower,
        world.networks.watch("x", 9) as other,
    ):
        await world.joined()
        await world.write("d", "c", "b", "a")
        assert [await said(watch) for _ in range(2)] == [
            NetworkChange(path=("a", "b"), referral="B", brought_by="B"),
            NetworkChange(path=("a", "b", "c"), referral="C", brought_by="C"),
        ]
        assert [(await said(lower)).path for _ in range(2)] == [("b", "c"), ("b", "c", "d")]
        for each in (watch, lower, other):
            await silent(each, 0.3)
        # All that came at once was asked for at once, for all who watch.
        assert world.forest.asked == [({"a", "b", "c", "d"}, {"a", "b", "x"})]


async def test_nothing_is_asked_while_nobody_watches(world: World) -> None:
    async with world.networks.watch("a", 9):
        await world.joined()
    await world.write("b")
    counted = world.forest.counted
    await asyncio.sleep(0.8)
    assert (world.forest.asked, world.forest.counted) == ([], counted)
    assert not world.networks._watches and not world.changes._everyone and not world.changes.trusted


async def test_who_comes_to_watch_later_hears_of_what_comes_later(world: World) -> None:
    async with world.networks.watch("x", 9):
        await world.joined()
        await world.write("b")
        counted = world.forest.counted
        await asyncio.sleep(0.5)
        async with world.networks.watch("a", 9) as watch:
            await world.write("c")
            assert (await said(watch)).path == ("a", "b", "c")
        assert world.forest.counted == counted


async def test_changes_of_one_member_wait_as_one(world: World) -> None:
    async with world.networks.watch("a", 9) as watch:
        for _ in range(3):
            watch.tell(NetworkChange(path=("a", "b"), referral="B", brought_by="B"))
            watch.tell(NetworkChange(path=("a", "b", "c"), referral="C", brought_by="C"))
        watch.tell(NetworkChange(path=("a", "b"), referral="Z", brought_by="B"))
        assert [(await said(watch)).referral for _ in range(3)] == ["B", "C", "Z"]
        await silent(watch, 0.1)
        assert watch._ids == 0


async def test_more_than_may_wait_is_to_be_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_watches, "MOST_WAITING", 10)
    async with world.networks.watch("a", 9) as watch:
        for number in range(100):
            watch.tell(NetworkChange(path=("a", f"f{number}"), referral=f"F{number}", brought_by=f"F{number}"))
            assert watch._ids <= 10 and len(watch._waiting) <= 5
        heard = [await said(watch) for _ in range(1 + len(watch._waiting))]
        assert heard[0] == RESYNC and RESYNC not in heard[1:] and heard[-1].referral == "F99"
        await silent(watch, 0.1)


async def test_more_changes_than_are_asked_for_at_once_are_to_be_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everyone, "MOST", 3)
    async with world.networks.watch("a", 9) as watch:
        await world.joined()
        await world.write("b", "p", "q", "r", "s")
        assert await said(watch) == RESYNC
        assert all(len(customers) <= 3 for customers, _ in world.forest.asked)


async def test_without_trust_what_is_below_is_counted(world: World) -> None:
    world.belief = None
    async with world.networks.watch("a", 2) as watch:
        await silent(watch)
        await world.write("d", "a", "x", streamed=False)
        await silent(watch)
        await world.write("c", streamed=False)
        assert await said(watch) == RESYNC
        world.forest.above["e"] = "a"
        world.forest.versions["e"] = 0
        assert await said(watch) == RESYNC
        await silent(watch)
        assert world.forest.asked == []


async def test_trust_that_goes_is_told_and_what_happened_before_it_comes_back(world: World) -> None:
    assert world.belief is not None
    run_id = world.belief.run_id
    async with world.networks.watch("a", 9) as watch:
        await world.joined()
        world.belief = None
        assert await said(watch) == RESYNC
        await silent(watch)
        # In a new epoch, after which nothing of before counts.
        world.belief = Belief(3, run_id)
        await world.joined()
        await silent(watch, 0.3)
        world.belief = Belief(3, "another run")
        assert await said(watch) == RESYNC
        await world.write("b", streamed=False)
        world.belief = Belief(5, run_id)
        assert await said(watch) == RESYNC
        await world.joined()
        await world.write("c")
        assert (await said(watch)).path == ("a", "b", "c")


async def test_a_network_too_large_to_be_counted_is_read_again_each_so_often(world: World) -> None:
    world.belief, world.forest.whole = None, False
    async with world.networks.watch("a", 9) as watch:
        await silent(watch)
        world.now += network_watches.BEYOND_SECONDS
        assert await said(watch) == RESYNC
        await silent(watch)


async def test_what_can_not_be_asked_for_is_to_be_read_again(world: World) -> None:
    async with world.networks.watch("a", 9) as watch:
        await world.joined()
        world.forest.away = True
        await world.write("b")
        # At once, each so often, and when it can be asked for again.
        assert await said(watch) == RESYNC
        await silent(watch)
        world.now += network_watches.BEYOND_SECONDS
        assert await said(watch) == RESYNC
        world.forest.away = False
        assert await said(watch) == RESYNC
        await world.joined()
        await world.write("c")
        assert (await said(watch)).path == ("a", "b", "c")
        await silent(watch)


async def test_who_begins_to_watch_what_can_not_be_counted_is_told_when_it_can(world: World) -> None:
    world.belief, world.forest.away = None, True
    async with world.networks.watch("a", 9) as watch:
        await silent(watch)
        world.forest.away = False
        assert await said(watch) == RESYNC
        await silent(watch)


async def test_a_fault_of_ours_is_outlived(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.networks.watch("a", 9) as watch:
        await world.joined()
        with monkeypatch.context() as patch:
            patch.setattr(network_watches, "_place", None)
            await world.write("b")
            assert await said(watch) == RESYNC
        await world.write("b")
        assert (await said(watch)).path == ("a", "b")

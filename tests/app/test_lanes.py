"""Lanes: what shares nothing is under way at once, what shares something never is, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import random

import pytest

from app.lanes import WAITING, WAYS, Lanes

SIZE = 20
Item = tuple[int, frozenset[str]]


class Desk:
    """Writes batches, each for a random number of turns of the loop, and watches what is there at once."""

    def __init__(self, seed: int = 1) -> None:
        self.batches: list[list[Item]] = []
        self.most = 0
        self._random = random.Random(seed)
        self._present: list[set[str]] = []

    async def write(self, batch: list[Item]) -> None:
        named = {name for _, names in batch for name in names}
        assert all(named.isdisjoint(others) for others in self._present), "what shares a name is written at once"
        self._present.append(named)
        self.most = max(self.most, len(self._present))
        self.batches.append(batch)
        for _ in range(self._random.randrange(20)):
            await asyncio.sleep(0)
        self._present.remove(named)

    @property
    def written(self) -> list[int]:
        return [number for batch in self.batches for number, _ in batch]


def names_of(item: Item) -> frozenset[str]:
    return item[1]


def item(number: int, *names: str) -> Item:
    return number, frozenset(names)


async def put_all(desk: Desk, items: list[Item], chunk: int = 7) -> None:
    async with Lanes(desk.write, names_of, size=SIZE) as lanes:
        for start in range(0, len(items), chunk):
            await lanes.put(items[start : start + chunk])


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_is_lost_doubled_or_written_beside_what_it_shares_a_name_with(seed: int) -> None:
    chance = random.Random(seed)
    people = chance.choice([3, 30, 3_000])
    items = [item(number, *(f"p{chance.randrange(people)}" for _ in range(chance.randint(1, 3)))) for number in range(700)]
    desk = Desk(seed)
    await put_all(desk, items, chunk=chance.choice([1, 7, 50, 700]))
    assert sorted(desk.written) == list(range(700))
    assert max(map(len, desk.batches)) <= SIZE


async def test_what_shares_nothing_goes_in_full_batches_side_by_side() -> None:
    desk = Desk()
    await put_all(desk, [item(number, f"p{number}") for number in range(10 * SIZE)])
    assert [len(batch) for batch in desk.batches] == [SIZE] * 10
    assert desk.most == WAYS


async def test_the_first_batch_goes_alone() -> None:
    desk = Desk()
    async with Lanes(desk.write, names_of, size=SIZE) as lanes:
        await lanes.put([item(number, f"p{number}") for number in range(2 * SIZE - 1)])
        assert len(desk.batches) == 1
    assert desk.most == 1


async def test_what_shares_a_name_stays_in_order_and_alone() -> None:
    desk = Desk()
    await put_all(desk, [item(number, "everybody") for number in range(95)])
    assert desk.written == list(range(95))
    assert desk.most == 1


async def test_one_that_has_to_wait_lets_others_pass() -> None:
    desk = Desk()
    first = [item(-1 - number, "first") for number in range(SIZE)]
    busy = [item(number, "busy", f"p{number}") for number in range(SIZE)]
    waits = item(SIZE, "busy")
    others = [item(number, f"p{number}") for number in range(SIZE + 1, 3 * SIZE)]
    await put_all(desk, [*first, *busy, waits, *others], chunk=4 * SIZE)
    assert waits not in desk.batches[2]
    assert desk.written.index(SIZE) >= 3 * SIZE


async def test_no_more_than_a_few_batches_wait() -> None:
    gate, begun = asyncio.Event(), 0

    async def write(batch: list[Item]) -> None:
        nonlocal begun
        begun += len(batch)
        if begun > SIZE:
            await gate.wait()

    taken = 0

    async def feed(lanes: Lanes[Item]) -> None:
        nonlocal taken
        for number in range(100 * SIZE):
            await lanes.put([item(number, f"p{number}")])
            taken = number + 1

    async with Lanes(write, names_of, size=SIZE) as lanes:
        feeding = asyncio.create_task(feed(lanes))
        for _ in range(200 * SIZE):
            await asyncio.sleep(0)
        assert begun == (1 + WAYS) * SIZE
        assert taken < (1 + WAYS + WAITING) * SIZE
        gate.set()
        await feeding
    assert begun == 100 * SIZE


@pytest.mark.parametrize(("at", "others"), [(0, 0), (60, 0), (149, 1)])
async def test_an_error_ends_what_is_under_way_and_reaches_whoever_puts(at: int, others: int) -> None:
    ended: list[bool] = []

    async def write(batch: list[Item]) -> None:
        if any(number == at for number, _ in batch):
            raise RuntimeError("no more")
        if batch[0][0] == 0:
            return
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            ended.append(True)
            raise

    with pytest.raises(RuntimeError, match="no more"):
        async with Lanes(write, names_of, size=50) as lanes:
            for number in range(150):
                await lanes.put([item(number, f"p{number}")])
    assert len(ended) == others


async def test_whoever_gives_up_leaves_nothing_under_way() -> None:
    desk_busy = asyncio.Event()

    async def write(batch: list[Item]) -> None:
        desk_busy.set()
        await asyncio.sleep(3_600)

    with pytest.raises(KeyError):
        async with Lanes(write, names_of, size=2) as lanes:
            await lanes.put([item(1, "a"), item(2, "b")])
            await desk_busy.wait()
            raise KeyError("row")
    # Services of other tests run in the same loop.
    assert not [task for task in asyncio.all_tasks() if "Lanes." in repr(task)]

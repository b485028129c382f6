"""The cache's protocol as a state machine: the code of the service on a simulated Redis and clock.

A read may never give less than what was acknowledged before it began. Everything that crosses a wire waits until the machine
lets it through, its request and its answer each for itself, so that any interleaving of processes can come about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from app import epochs
from app.admission import Admission
from app.cache.profiles import Cache
from app.cache.wire import Command, Unanswered
from app.epochs import BELIEF, LOOK, WAIT, Epochs
from app.profiles import CachedProfiles
from app.publishing import newest
from graph.cache import Seen
from graph.customers import Profile, ProfileKey
from graph.customers.profiles import ProfileRow, ProfileRows
from graph.outbox import Row

CUSTOMERS = ("cus_a", "cus_b")
PROCESSES = 2
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Waiting:
    """Something on its way, for the task of this name."""

    task: str
    arrived: asyncio.Future[None]


@dataclass(eq=False)
class World:
    """Neo4j, Redis, the wires, and the clock."""

    now: float = 100.0
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CUSTOMERS, 1))
    acknowledged: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CUSTOMERS, 1))
    outbox: list[tuple[str, int]] = field(default_factory=list)
    epoch: int = 0
    run_id: str | None = None
    closed_at: float | None = 0.0
    redis: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    snapshot: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    redis_run: int = 1
    reachable: list[bool] = field(default_factory=lambda: [True] * PROCESSES)
    waiting: list[Waiting] = field(default_factory=list)
    versions_read: int = 0
    sleepers: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)

    async def wire(self) -> None:
        """Something is on its way, until the machine lets it arrive."""
        arrived = asyncio.get_running_loop().create_future()
        task = asyncio.current_task()
        assert task is not None
        self.waiting.append(Waiting(task.get_name(), arrived))
        await arrived

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.now + seconds, future))
        await future

    def seen(self) -> Seen:
        closed = None if self.closed_at is None else int((self.now - self.closed_at) * 1000)
        return Seen(self.epoch, self.run_id, closed)

    async def ask(self, what: Callable[[], Result]) -> Result:
        """Neo4j does `what` between request and answer."""
        await self.wire()
        done = what()
        await self.wire()
        return done

    # CacheEpoch, as the statements in cypher/cache change it.

    async def find(self) -> Seen:
        return await self.ask(self.seen)

    async def close(self) -> Seen:
        def done() -> Seen:
            if self.closed_at is None:
                self.epoch, self.closed_at, self.run_id = self.epoch + 1, self.now, None
            return self.seen()

        return await self.ask(done)

    async def open(self, seen: Seen, run_id: str, after_ms: int) -> Seen:
        def done() -> Seen:
            now = self.seen()
            if now.closed_ms is not None and now.epoch == seen.epoch and now.closed_ms >= after_ms:
                self.epoch, self.closed_at, self.run_id = self.epoch + 1, None, run_id
            return self.seen()

        return await self.ask(done)

    # The profile statement.

    async def one(self, name: str, record: type[Any], /, **parameters: Any) -> Any:
        assert record is ProfileRows

        def done() -> ProfileRows:
            self.versions_read += 1
            return ProfileRows(
                rows=tuple(_row(key["position"], key["id"], self.versions[key["id"]]) for key in parameters["keys"])
            )

        return await self.ask(done)

    async def many(self, name: str, record: type[Any], /, **parameters: Any) -> list[Any]:
        raise AssertionError("profiles are loaded many in one row")


def _row(position: int, customer: str, version: int) -> ProfileRow:
    return ProfileRow(
        position=position,
        version_before=version,
        version_after=version,
        addresses=None,
        traits=None,
        sums=(),
        profile=Profile(id=customer, version=version),
    )


class SimulatedCache(Cache):
    """The service's own cache; the machine says when the probe finds Redis again."""

    def _trip(self) -> None:
        self._open = True


class SimulatedWire:
    """One process's wire to the simulated Redis."""

    def __init__(self, world: World, process: int) -> None:
        self._world = world
        self._process = process

    async def run(self, *commands: Command, seconds: float | None = None) -> tuple[str, list[Any]]:
        await self._world.wire()
        self._check()
        answers = [self.done(*command) for command in commands]
        run_id = f"run-{self._world.redis_run}"
        await self._world.wire()
        # The answer is lost as well as the request.
        self._check()
        return run_id, answers

    async def close(self) -> None:
        return

    def _check(self) -> None:
        if not self._world.reachable[self._process]:
            raise Unanswered

    def _get(self, key: str) -> bytes | None:
        found = self._world.redis.get(key)
        return found[0] if found is not None and found[1] > self._world.now else None

    def done(self, name: str | bytes | int, *given: Any) -> Any:
        redis = self._world.redis
        match name:
            case "PING":
                return b"PONG"
            case "MGET":
                return [self._get(key) for key in given]
            case "DEL":
                return sum(redis.pop(key, None) is not None for key in given)
            case "XADD":
                return b"1-0"
            case "SET":
                key, value, *options = given
                if "NX" in options and self._get(key) is not None:
                    return None
                redis[key] = value.encode() if isinstance(value, str) else value, self._world.now + options[-1]
                return True
            case "EVAL":
                _, _, value_key, lease_key, token, value, seconds = given
                if self._get(lease_key) != token.encode():
                    return 0
                redis[value_key] = value, self._world.now + seconds
                redis.pop(lease_key)
                return 1
        raise AssertionError(f"{name!r} is simulated by nothing")


class Process:
    def __init__(self, world: World, number: int) -> None:
        self.cache = SimulatedCache(SimulatedWire(world, number), ttl_seconds=3_600)
        self.epochs = Epochs(world, self.cache, lambda: world.now, world.sleep)
        self.profiles = CachedProfiles(world, self.cache, self.epochs.belief, Admission(at_once=True))


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.processes = [Process(self.world, number) for number in range(PROCESSES)]
        self.running: list[asyncio.Task[Any]] = []
        self.background = [self.start(f"looks {number}", each.epochs.run()) for number, each in enumerate(self.processes)]
        # The cache is open when the story begins.
        self.spin()
        self.everything()

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self.loop.create_task(work, name=name)

    def spin(self) -> None:
        async def turns() -> None:
            for _ in range(12):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())
        for task in [task for task in self.running if task.done()]:
            self.running.remove(task)
            task.result()

    # What processes do.

    @rule(process=st.integers(0, PROCESSES - 1), customer=st.sampled_from(CUSTOMERS))
    def read(self, process: int, customer: str) -> None:
        least = self.world.acknowledged[customer]

        async def work() -> None:
            (profile,) = await self.processes[process].profiles.load([ProfileKey(id=customer)])
            assert profile is not None
            assert profile.version >= least, f"process {process} read version {profile.version} after {least} was acknowledged"

        self.running.append(self.start(f"reads {process}", work()))
        self.spin()

    @rule(process=st.integers(0, PROCESSES - 1), customer=st.sampled_from(CUSTOMERS), crash=st.booleans())
    def write(self, process: int, customer: str, crash: bool) -> None:
        async def work() -> None:
            version = await self.world.ask(lambda: self._commit(customer))
            if crash:
                return
            await self.processes[process].epochs.settle({customer: version})
            self._acknowledge(customer, version)

        self.running.append(self.start(f"writes {process}", work()))
        self.spin()

    @rule(process=st.integers(0, PROCESSES - 1))
    def send_again_or_relay(self, process: int) -> None:
        """A duplicate: what any transaction left in the outbox is published before it is answered."""

        async def work() -> None:
            rows = await self.world.ask(lambda: list(self.world.outbox))
            if rows:
                await self.processes[process].epochs.settle(
                    newest(Row(receipt="", customers=(row[0],), versions=(row[1],), age=0) for row in rows)
                )
            for row in rows:
                self._acknowledge(*row)

        self.running.append(self.start(f"relays {process}", work()))
        self.spin()

    def _commit(self, customer: str) -> int:
        self.world.versions[customer] += 1
        row = customer, self.world.versions[customer]
        self.world.outbox.append(row)
        return row[1]

    def _acknowledge(self, customer: str, version: int) -> None:
        self.world.acknowledged[customer] = max(self.world.acknowledged[customer], version)
        if (customer, version) in self.world.outbox:
            self.world.outbox.remove((customer, version))

    # What happens to them.

    @precondition(lambda self: self.world.waiting)
    @rule(data=st.data(), times=st.integers(1, 4))
    def arrive(self, data: st.DataObject, times: int) -> None:
        for _ in range(min(times, len(self.world.waiting))):
            at = data.draw(st.integers(0, len(self.world.waiting) - 1))
            self.let(self.world.waiting[at])

    @precondition(lambda self: self.world.waiting)
    @rule()
    def everything_arrives(self) -> None:
        self.everything()

    def everything(self, task: str = "") -> None:
        """Let arrive what is on its way for tasks whose names begin so, and what these send then."""
        for _ in range(40):
            each = next((each for each in self.world.waiting if each.task.startswith(task)), None)
            if each is None:
                break
            self.let(each)

    def let(self, each: Waiting) -> None:
        self.world.waiting.remove(each)
        each.arrived.set_result(None)
        self.spin()

    @rule(seconds=st.sampled_from([LOOK / 2, LOOK, BELIEF / 2, BELIEF, WAIT, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.now += seconds
        due = [future for until, future in self.world.sleepers if until <= self.world.now]
        self.world.sleepers = [each for each in self.world.sleepers if each[0] > self.world.now]
        for future in due:
            future.set_result(None)
        self.spin()

    @rule(process=st.integers(0, PROCESSES - 1), can=st.booleans())
    def redis_goes_or_comes_back_for(self, process: int, can: bool) -> None:
        self.world.reachable[process] = can
        if can:
            # The probe found it.
            self.processes[process].cache._open = False

    @rule()
    def redis_saves_its_data(self) -> None:
        self.world.snapshot = dict(self.world.redis)

    @rule()
    def redis_restarts_with_what_it_saved(self) -> None:
        self.world.redis = dict(self.world.snapshot)
        self.world.redis_run += 1

    @invariant()
    def epochs_are_believed_no_longer_than_they_stand(self) -> None:
        for process in self.processes:
            belief = process.epochs.belief()
            if belief is not None and self.world.closed_at is not None and self.world.epoch != belief.epoch:
                assert self.world.now - self.world.closed_at <= BELIEF

    def teardown(self) -> None:
        tasks = [*self.running, *self.background]
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()


EXAMPLES = settings(
    max_examples=150, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_no_read_is_older_than_what_was_acknowledged_before_it() -> None:
    run_state_machine_as_test(Machine, settings=EXAMPLES)


# Each part of the protocol, left out, and the story in which a reader then sees the past.


def _no_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(epochs, "WAIT", 0.0)


def _believe_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(epochs, "BELIEF", 1e9)


def _any_redis(patch: pytest.MonkeyPatch) -> None:
    async def run(self: SimulatedWire, *commands: Command, seconds: float | None = None) -> tuple[str, list[Any]]:
        _, answers = await original(self, *commands)
        return "run-1", answers

    original = SimulatedWire.run
    patch.setattr(SimulatedWire, "run", run)


def _any_epoch(patch: pytest.MonkeyPatch) -> None:
    original = epochs.Belief
    patch.setattr(epochs, "Belief", lambda epoch, run_id: original(7, run_id))


def _fill_without_lease(patch: pytest.MonkeyPatch) -> None:
    original = SimulatedWire.done

    def done(self: SimulatedWire, name: Any, *given: Any) -> Any:
        if name == "EVAL":
            self._world.redis[given[3]] = given[4].encode(), self._world.now + 1
        return original(self, name, *given)

    patch.setattr(SimulatedWire, "done", done)


def _acknowledge_whatever_redis_says(patch: pytest.MonkeyPatch) -> None:
    async def settle(self: Epochs, customers: Any) -> None:
        await self._dropped(customers)

    patch.setattr(Epochs, "settle", settle)


def _cached(machine: Machine) -> None:
    machine.read(1, "cus_a")
    machine.everything()
    assert machine.world.redis, "nothing was cached"


def _a_writer_is_cut_off(machine: Machine) -> None:
    """Process 0 can't drop what process 1 reads, and believes."""
    _cached(machine)
    machine.redis_goes_or_comes_back_for(0, False)
    machine.write(0, "cus_a", False)
    machine.everything("writes")
    machine.read(1, "cus_a")
    machine.everything("reads")


def _a_reader_looks_at_the_node_in_vain(machine: Machine) -> None:
    """As before, and what process 1 asks the node for isn't answered until the write is."""
    _a_writer_is_cut_off(machine)
    for _ in range(2):
        machine.time_passes(WAIT)
        machine.everything("writes")
    machine.read(1, "cus_a")
    machine.everything("reads")


def _redis_restarts_with_old_data(machine: Machine) -> None:
    _cached(machine)
    machine.redis_saves_its_data()
    machine.write(0, "cus_a", False)
    machine.everything()
    machine.redis_restarts_with_what_it_saved()
    machine.read(1, "cus_a")
    machine.everything()


def _the_cache_is_opened_again_over_what_it_held(machine: Machine) -> None:
    _cached(machine)
    machine.redis_goes_or_comes_back_for(0, False)
    machine.write(0, "cus_a", False)
    for _ in range(4):
        machine.everything()
        machine.time_passes(WAIT)
    machine.everything()
    assert machine.world.closed_at is None, "the cache was not opened again"
    machine.read(1, "cus_a")
    machine.everything()


def _a_load_takes_longer_than_a_write(machine: Machine) -> None:
    machine.read(1, "cus_a")
    while machine.world.versions_read == 0:
        machine.let(next(each for each in machine.world.waiting if each.task == "reads 1"))
    machine.write(0, "cus_a", False)
    machine.everything("writes")
    machine.everything("reads")
    machine.read(0, "cus_a")
    machine.everything("reads")


async def _settled_against(seen: Seen, drops: str | None) -> tuple[list[str], Seen]:
    """What a process does with a write whose last look was long ago, over a node that is as `seen`."""
    done: list[str] = []

    class Node:
        async def find(self) -> Seen:
            done.append("looks")
            return seen

        async def close(self) -> Seen:
            done.append("closes")
            return Seen(seen.epoch + 1, None, 10_000)

        async def open(self, seen: Seen, run_id: str, after_ms: int) -> Seen:
            raise AssertionError("nothing is opened by a write")

    class Redis:
        async def drop(self, changed: Any) -> str | None:
            done.append("drops")
            return drops

        async def run_id(self) -> str | None:
            return drops

    process = Epochs(Node(), Redis(), lambda: 100.0)
    await process.settle({"cus_a": 2})
    return done, process._seen or seen


async def test_who_has_not_looked_for_long_looks_again_before_closing_what_others_opened() -> None:
    assert (await _settled_against(Seen(3, "run-1", None), "run-1"))[0] == ["looks", "drops"]
    assert (await _settled_against(Seen(3, "run-1", None), "run-2"))[0] == ["looks", "drops", "closes"]
    assert (await _settled_against(Seen(3, "run-1", None), None))[0] == ["looks", "drops", "closes"]
    assert (await _settled_against(Seen(3, None, 10_000), "run-1"))[0] == ["looks"]


STORIES = {
    _no_wait: _a_writer_is_cut_off,
    _acknowledge_whatever_redis_says: _a_writer_is_cut_off,
    _believe_for_ever: _a_reader_looks_at_the_node_in_vain,
    _any_redis: _redis_restarts_with_old_data,
    _any_epoch: _the_cache_is_opened_again_over_what_it_held,
    _fill_without_lease: _a_load_takes_longer_than_a_write,
}


def _told(story: Callable[[Machine], None]) -> None:
    machine = Machine()
    try:
        story(machine)
    finally:
        machine.teardown()


@pytest.mark.parametrize(("weaken", "story"), STORIES.items(), ids=lambda part: part.__name__.strip("_"))
def test_without_any_part_of_the_protocol_somebody_reads_the_past(
    weaken: Callable[[pytest.MonkeyPatch], None], story: Callable[[Machine], None]
) -> None:
    _told(story)
    with pytest.MonkeyPatch.context() as patch:
        weaken(patch)
        with pytest.raises(AssertionError, match="was acknowledged"):
            _told(story)

"""Merges by hand and their undoing: of customers with few events and with many, of a celebrity, with profiles read meanwhile;
what a profile of many identifiers costs, and what it costs to find out who is one while events come in."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from itertools import count, islice
from statistics import median, quantiles
from typing import Any

from app.demo.story import World
from app.settings import Settings
from benchmarks.figures import Figure, at_most
from benchmarks.servers import opened
from benchmarks.timing import in_turn
from graph import events
from graph.customers import ProfileKey, load_profiles
from graph.events.inputs import (
    REFERRING,
    AcceptInput,
    CustomerKey,
    Event,
    IdentifierKey,
    IdentifyInput,
    MergeInput,
    PurchaseInput,
    ReferralCodeInput,
    TouchpointInput,
    UndoMergeInput,
)
from graph.events.kept import Kept
from graph.events.referring import code_of
from graph.events.who import key_of
from graph.identity.merges import find_merge_by_event
from graph.money import Money
from graph.store import Store

BATCH = 2_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = "benchmark"
ONE, IDENTIFIERS = 1, 20
#: Of each person whose events are told.
EVENTS = 20
#: `met`: two of the identifiers are customers of their own when they are linked, so that all evidence is looked at.
WAYS = ("linked", "met", "apart", "single")
LIVES = ("linked", "apart")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergesSize:
    """`few`, `many`: events of each of two customers; `fans`, `more_fans`: direct referrals of a celebrity; `rounds`,
    `celebrities`: how often either is merged and taken back; `calls`: how often profiles are loaded; `people`: whose events are
    told, `streams` times, and `worlds` times those of as many of the demo."""

    few: int = 10
    many: int = 10_000
    fans: int = 2_000
    more_fans: int = 20_000
    rounds: int = 60
    celebrities: int = 5
    calls: int = 1_000
    warm_up: int = 10
    people: int = 200
    streams: int = 20
    worlds: int = 9


@dataclass(slots=True)
class _Pair:
    """Two customers, the one to keep first, who are merged and taken back again and again; milliseconds that it took."""

    store: Store
    name: str
    sides: str = "ab"
    merging: list[float] = field(default_factory=list)
    undoing: list[float] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=count)

    def turned(self) -> _Pair:
        """The same two, the other one of whom is kept."""
        return _Pair(self.store, self.name, self.sides[::-1])

    async def turn(self, *, counts: bool = True) -> None:
        number = next(self.turns)
        at = BEGIN + timedelta(days=30, seconds=number)
        key = f"merge-{self.name}-{self.sides}-{number}"
        keep, absorb = (_user(f"{self.name}-{side}") for side in self.sides)
        merge = MergeInput(id=key, source=SOURCE, at=at, keep=keep, absorb=absorb, reason="one", actor=SOURCE)
        merging = await self._timed(merge)
        id = await find_merge_by_event(self.store, Kept.of(0, merge).key)
        assert id is not None
        undo = UndoMergeInput(id=f"undo-{key}", source=SOURCE, at=at, merge=id, reason="two", actor=SOURCE)
        undoing = await self._timed(undo)
        if counts:
            self.merging.append(merging)
            self.undoing.append(undoing)

    async def _timed(self, event: Event) -> float:
        begun = time.perf_counter()
        outcome = await events.record(self.store, [event])
        taken = time.perf_counter() - begun
        assert outcome.accepted == 1, outcome.rejected
        return taken * 1_000


async def merges_figures(settings: Settings, size: MergesSize) -> list[Figure]:
    async with opened(settings) as store:
        few, many = await _pair(store, size.few), await _pair(store, size.many)
        some, most = await _celebrity(store, size.fans), await _celebrity(store, size.more_fans)
        for number in range(size.warm_up + size.rounds):
            for pair in (few, many) if number % 2 else (many, few):
                await pair.turn(counts=number >= size.warm_up)
        some_away, most_away = some.turned(), most.turned()
        for number in range(1 + size.celebrities):
            for pair in (some, most, some_away, most_away):
                await pair.turn(counts=number >= 1)
        profiles = await _profiles(store, size)
        quiet, busy = await _reads(store, few, many, calls=size.calls)
        told = await in_turn(
            {name: partial(_tell, store, name, size.people) for name in WAYS},
            range(2 + size.streams),
            warm_up=2,
            dice=random.Random(size.people),
        )
        world: list[Event] = [
            event for event in World.of(customers=size.people, seed=7).events() if not isinstance(event, REFERRING)
        ]
        lived = await in_turn(
            {name: partial(_live, store, name, world) for name in LIVES},
            range(1 + size.worlds),
            warm_up=1,
        )
    linear = size.more_fans / size.fans
    one, several = median(profiles[ONE]), median(profiles[IDENTIFIERS])
    return [
        *_compared(f"of two customers with {size.many:,} events each", many, few, f"with {size.few} each", 1.5),
        *_compared(f"into a celebrity with {size.more_fans:,} direct referrals", most, some, f"with {size.fans:,}", linear),
        *_compared(f"of one with {size.more_fans:,} into somebody", most_away, some_away, f"with {size.fans:,}", linear),
        _figure("Profile loaded while it and others are merged and taken back, p99", _p99(busy), "nobody merged", _p99(quiet), 2),
        _figure(f"Profile of {IDENTIFIERS} identifiers, p50", several, "of a single one", one, 1.5),
        *(
            _figure(
                f"{size.people * EVENTS:,} events by three identifiers, linked half-way, p50",
                median(told["linked"]),
                against,
                median(told[other]),
                1.15,
            )
            for other, against in (("apart", "never linked"), ("single", "by a single one"))
        ),
        _figure(
            f"{len(world):,} events of {size.people:,} customers of the demo, p50",
            median(lived["linked"]),
            "nothing linked",
            median(lived["apart"]),
            1.15,
        ),
        Figure(
            case=f"{size.people * EVENTS:,} events, each twentieth of which shows that two customers are one, p50",
            value=median(told["met"]),
            unit="ms",
            against="never linked",
            reference=median(told["apart"]),
        ),
    ]


def _compared(whom: str, large: _Pair, small: _Pair, against: str, most: float) -> Iterator[Figure]:
    """How long it takes to merge two, and to undo it, beside two others."""
    for what, ours, theirs in (("Merge", large.merging, small.merging), ("Undone merge", large.undoing, small.undoing)):
        yield _figure(f"{what} {whom}, p50", median(ours), against, median(theirs), most)


def _figure(case: str, value: float, against: str, reference: float, most: float) -> Figure:
    return Figure(case=case, value=value, unit="ms", against=against, reference=reference, target=at_most(most))


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98]


def _user(name: str) -> CustomerKey:
    return CustomerKey(identifier=IdentifierKey("user_id", name))


async def _record(store: Store, stream: Iterator[Event]) -> None:
    for batch in iter(partial(lambda: list(islice(stream, BATCH))), []):
        outcome = await events.record(store, batch)
        assert outcome.accepted == len(batch), outcome.rejected[:3]


def _touchpoint(id: str, seconds: int, customer: CustomerKey) -> Event:
    at = BEGIN + timedelta(seconds=seconds)
    return TouchpointInput(id=id, source=SOURCE, at=at, customer=customer, channel="web", type="page_view")


def _purchase(id: str, at: datetime, customer: CustomerKey) -> Event:
    return PurchaseInput(id=id, source=SOURCE, at=at, customer=customer, number=id, items=(), total=Money(1_000, "USD"))


async def _pair(store: Store, number: int) -> _Pair:
    """Two customers with so many events each, of which every tenth is a purchase."""
    name = f"pair-{number}"

    def stream() -> Iterator[Event]:
        for side in "ab":
            customer = _user(f"{name}-{side}")
            for each in range(number):
                id, at = f"{name}-{side}-{each}", BEGIN + timedelta(seconds=each)
                if each % 10:
                    yield _touchpoint(id, each, customer)
                else:
                    yield _purchase(id, at, customer)

    await _record(store, stream())
    return _Pair(store, name)


async def _celebrity(store: Store, fans: int) -> _Pair:
    """One who brought in so many by a standing code, and one who has nothing but a touchpoint."""
    name = f"celebrity-{fans}"
    code = ReferralCodeInput(id=name, source=SOURCE, at=BEGIN, advocate=_user(f"{name}-a"))

    def stream() -> Iterator[Event]:
        yield code
        yield _touchpoint(f"{name}-b", 1, _user(f"{name}-b"))
        text = code_of(Kept.of(0, code))
        for each in range(fans):
            at = BEGIN + timedelta(minutes=each + 1)
            yield AcceptInput(id=f"{name}-{each}", source=SOURCE, at=at, code=text, friend=_user(f"{name}-fan-{each}"))

    await _record(store, stream())
    return _Pair(store, name)


async def _profiles(store: Store, size: MergesSize) -> dict[int, list[float]]:
    """Two customers with as many events, under one identifier and under several."""

    def stream() -> Iterator[Event]:
        for number in (ONE, IDENTIFIERS):
            keys = tuple(IdentifierKey("user_id", f"wide-{number}-{each}") for each in range(number))
            yield IdentifyInput(id=f"wide-{number}", source=SOURCE, at=BEGIN, identifiers=keys, traits={"name": "Wide"})
            for each in range(400):
                yield _touchpoint(f"wide-{number}-{each}", each, CustomerKey(identifier=keys[each % number]))

    await _record(store, stream())

    async def load(number: int, _: int) -> None:
        (profile,) = await load_profiles(store, [ProfileKey.of("user_id", f"wide-{number}-0")])
        assert profile is not None and profile.facts.touchpoints == 400

    calls = {str(number): partial(load, number) for number in (ONE, IDENTIFIERS)}
    found = await in_turn(calls, range(size.calls + 200), warm_up=200)
    return {int(number): times for number, times in found.items()}


async def _tell(store: Store, way: str, people: int, turn: int) -> None:
    """The events of people who come as nobody knows whom, then say who they are, write by mail, and buy; the same where that has
    bought before; where nothing tells that those are one; or by one identifier each."""

    def stream() -> Iterator[Event]:
        for number in range(EVENTS):
            for person in range(people):
                name = f"{way}-{turn}-{person}"
                id, at = f"{name}-{number}", BEGIN + timedelta(seconds=number * people + person)
                known = IdentifierKey("user_id", name)
                first, mail = IdentifierKey("anonymous_id", name), IdentifierKey("email", f"{name}@example.com")
                if way == "single":
                    first = mail = known
                if number == EVENTS // 2:
                    named = (known, first, mail) if way in ("linked", "met") else (known,)
                    yield IdentifyInput(id=id, source=SOURCE, at=at, identifiers=named, traits={"name": name})
                elif number == EVENTS - 1:
                    yield _purchase(id, at, CustomerKey(identifier=known))
                else:
                    early = known if way == "met" and number == 1 else first
                    by = early if number < EVENTS // 2 else mail if number == EVENTS // 2 + 1 else known
                    yield _touchpoint(id, number, CustomerKey(identifier=by))

    await _record(store, stream())


async def _live(store: Store, way: str, world: list[Event], turn: int) -> None:
    """The events of a demo world, under names that nobody has heard of; and the same where nothing says who is one with whom."""
    await _record(store, (_renamed(event, f"{way}-{turn}", linked=way == "linked") for event in world))


def _renamed(event: Event, name: str, *, linked: bool) -> Event:
    changes: dict[str, Any] = {"source": f"{event.source}-{name}"}
    if isinstance(event, IdentifyInput):
        keys = tuple(_another(each, name) for each in event.identifiers)
        changes["identifiers"] = keys if linked else keys[:1]
    elif isinstance(customer := getattr(event, "customer", None), CustomerKey):
        changes["customer"] = CustomerKey(identifier=_another(IdentifierKey(*key_of(customer)), name))
    return replace(event, **changes)


def _another(key: IdentifierKey, name: str) -> IdentifierKey:
    if key.type != "phone":
        return replace(key, value=f"{name}-{key.value}")
    number = int.from_bytes(blake2b(f"{name}{key.value}".encode(), digest_size=8).digest()) % 10**8
    return replace(key, value=f"+8190{number:08}")


async def _reads(store: Store, *pairs: _Pair, calls: int) -> tuple[list[float], list[float]]:
    """How long profiles take while nobody is merged, and while these pairs are, again and again, in turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(10):
        enough = asyncio.Event()
        merging = asyncio.create_task(_merge_on(pairs, enough)) if turn % 2 else None
        for number in range(calls // 5):
            pair = pairs[number % len(pairs)]
            begun = time.perf_counter()
            (profile,) = await load_profiles(store, [ProfileKey.of("user_id", f"{pair.name}-{'ab'[number // 2 % 2]}")])
            found[turn % 2].append((time.perf_counter() - begun) * 1_000)
            assert profile is not None
        if merging is not None:
            enough.set()
            await merging
    return found


async def _merge_on(pairs: tuple[_Pair, ...], enough: asyncio.Event) -> None:
    while not enough.is_set():
        for pair in pairs:
            await pair.turn(counts=False)

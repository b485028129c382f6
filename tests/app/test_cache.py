"""Profiles under leases, on a real Redis: what an invalidation voids, what aliases are worth, and life without Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

import app.profiles
from app.cache.profiles import LAYOUT, Cache, decode, encode
from app.epochs import Belief
from app.profiles import CachedProfiles
from app.services import Services, open_services
from app.settings import Settings
from benchmarks.wires import Wire, wire_to
from graph.customers import Parts, Profile, ProfileKey
from graph.identity import Identifier
from graph.store import Store
from resolvers.observer import CacheStatus, Observer, observed
from tests.conftest import Stack
from tests.happenings import at, identify, touchpoint, user

ANA = Profile(
    id="cus_" + "a" * 32,
    version=3,
    name="Ana",
    identifiers=(
        Identifier(type="email", value="ana@example.com", verified=False, source="s", first_seen_at=at(0), last_seen_at=at(0)),
    ),
)


KEPT = encode(ANA, epoch=7)
KEY_OF_ANA = ProfileKey.of("user_id", "ana")


@pytest.fixture
async def cache(stack: Stack) -> AsyncIterator[Cache]:
    cache = Cache.connect(stack.redis_url, timeout_seconds=0.5, ttl_seconds=60)
    await cache.drop({ANA.id: ANA.version})
    yield cache
    await cache.close()


@pytest.fixture
async def services(settings: Settings, graph: Store) -> AsyncIterator[Services]:
    async with open_services(settings) as services:
        yield services


async def believed(cache: Cache, epoch: int = 7) -> Belief:
    run_id = await cache.run_id()
    assert run_id is not None
    return Belief(epoch, run_id)


async def cache_open(services: Services) -> None:
    assert services.cache is not None
    while services.cache.bypassed or services.epochs.belief() is None:
        await asyncio.sleep(0.05)


async def read(cache: Cache, belief: Belief | None = None) -> Profile | None:
    found = await cache.read([ANA.id], belief or await believed(cache))
    assert found is not None
    return found[0]


def test_a_value_has_its_layout_epoch_and_version_before_the_profile() -> None:
    value = encode(ANA, epoch=7)
    assert value[:17] == bytes([LAYOUT]) + (7).to_bytes(8) + (3).to_bytes(8)
    assert decode(value, epoch=7) == ANA
    assert decode(value, epoch=8) is None


@pytest.mark.parametrize("value", [None, b"", b"\x02", bytes([LAYOUT - 1]) + KEPT[1:], KEPT[:-1], KEPT[:17] + b"[]"])
def test_a_value_that_cannot_be_read_is_a_miss(value: bytes | None) -> None:
    assert decode(value, epoch=7) is None


async def test_a_load_fills_under_its_lease(cache: Cache) -> None:
    (token,) = await cache.lease([ANA.id])
    assert token is not None
    belief = await believed(cache)
    await cache.fill([(ANA, token)], belief)
    assert await read(cache) == ANA
    assert await read(cache, await believed(cache, epoch=8)) is None, "another epoch"
    assert await cache.read([ANA.id], Belief(7, "another run")) is None, "another Redis"


async def test_one_load_at_a_time_holds_the_lease(cache: Cache) -> None:
    assert (await cache.lease([ANA.id]))[0] is not None
    assert await cache.lease([ANA.id]) == [None]


async def test_an_invalidation_voids_a_load_that_began_before_it(cache: Cache) -> None:
    (early,) = await cache.lease([ANA.id])
    assert await cache.drop({ANA.id: ANA.version}) == await cache.run_id()
    (late,) = await cache.lease([ANA.id])
    assert early is not None and late is not None
    await cache.fill([(ANA, early)], await believed(cache))
    assert await read(cache) is None
    await cache.fill([(ANA, late)], await believed(cache))
    assert await read(cache) == ANA


async def test_an_alias_counts_only_if_the_profile_has_the_identifier(services: Services) -> None:
    await services.record([identify("1", 0, ("email", "ana@example.com")), identify("2", 0, ("email", "ben@example.com"))])
    ana, ben = (ProfileKey.of("email", f"{name}@example.com") for name in ("ana", "ben"))
    ours, theirs = await services.profiles.load([ana, ben])
    assert ours is not None and theirs is not None and services.cache is not None
    await services.profiles.load([ProfileKey(id=theirs.id)])
    await services.cache.keep_aliases({f"{ana.type}\x1f{ana.value}": theirs.id})
    assert await services.profiles.load([ana]) == [ours]


async def test_an_id_of_before_a_merge_is_answered_from_the_cache_until_it_changes_hands(services: Services) -> None:
    await services.record([touchpoint("1", 1, user("ana")), touchpoint("2", 2, user("ben"))])
    ana, ben = await services.profiles.load([KEY_OF_ANA, ProfileKey.of("user_id", "ben")])
    assert ana is not None and ben is not None
    await services.record([identify("3", 3, ("user_id", "ana"), ("user_id", "ben"))])
    notes = [(await status(services.profiles, ProfileKey(id=ben.id)))[1] for _ in range(3)]
    assert notes == [["miss"], ["miss"], ["hit"]]
    profile, _ = await status(services.profiles, ProfileKey(id=ben.id))
    assert profile is not None and profile.id == ana.id and set(profile.ids) == {ana.id, ben.id}


async def test_no_name_of_a_key_tells_who_it_is_about(services: Services, stack: Stack) -> None:
    from redis.asyncio import Redis

    await services.record([identify("1", 0, ("email", "ana@example.com"))])
    await services.profiles.load([ProfileKey.of("email", "ana@example.com")])
    async with Redis.from_url(stack.redis_url) as redis:
        keys = [key async for key in redis.scan_iter("c360:*")]
    assert keys and not any(b"ana" in key for key in keys)


async def test_a_write_is_seen_by_the_next_read_of_another_process(services: Services, settings: Settings) -> None:
    async with open_services(settings) as other:
        for hour in range(5):
            await services.record([touchpoint(str(hour), hour, user("ana"))])
            for reader in (other, services, other):
                (profile,) = await reader.profiles.load([KEY_OF_ANA])
                assert profile is not None and profile.facts.touchpoints == hour + 1


async def test_readers_at_once_never_see_less_than_was_acknowledged(services: Services) -> None:
    acknowledged = 0

    async def write() -> None:
        nonlocal acknowledged
        for hour in range(15):
            await services.record([touchpoint(str(hour), hour, user("ana"))])
            acknowledged = hour + 1

    async def look(writing: asyncio.Task[None]) -> None:
        while not writing.done():
            known = acknowledged
            (profile,) = await services.profiles.load([KEY_OF_ANA])
            assert (0 if profile is None else profile.facts.touchpoints) >= known

    writing = asyncio.create_task(write())
    await asyncio.gather(writing, *(look(writing) for _ in range(4)))


class Notes(Observer):
    """Where profiles came from."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def loaded(self, status: CacheStatus, profiles: int, /) -> None:
        self.heard += [status] * profiles


async def status(profiles: CachedProfiles, key: ProfileKey) -> tuple[Profile | None, list[str]]:
    notes = Notes()
    token = observed.set(notes)
    (profile,) = await profiles.load([key])
    observed.reset(token)
    return profile, notes.heard


async def test_redis_gone_costs_the_first_read_a_time_out_and_then_nothing(services: Services, stack: Stack) -> None:
    await services.record([touchpoint("1", 1, user("ana"))])
    before, _ = await status(services.profiles, KEY_OF_ANA)
    await stack.stop_redis()
    try:
        assert services.cache is not None
        assert await status(services.profiles, KEY_OF_ANA) == (before, ["bypassed"])
        outcome = await services.record([touchpoint("2", 2, user("ana"))])
        assert outcome.accepted == 1
        after, notes = await status(services.profiles, KEY_OF_ANA)
        assert notes == ["bypassed"] and after is not None and after.facts.touchpoints == 2
    finally:
        await stack.start_redis()
    await cache_open(services)
    seen = [await status(services.profiles, KEY_OF_ANA) for _ in range(2)]
    assert [profile for profile, _ in seen] == [after, after] and seen[1][1] == ["hit"]


async def test_an_answer_waits_for_no_filling_and_the_next_one_does(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    await services.record([touchpoint("1", 1, user("ana"))])
    await cache_open(services)
    may_fill, fill = asyncio.Event(), Cache.fill

    async def fill_later(*given: Any) -> None:
        await may_fill.wait()
        await fill(*given)

    monkeypatch.setattr(Cache, "fill", fill_later)
    profile, notes = await status(services.profiles, KEY_OF_ANA)
    assert profile is not None and notes == ["miss"]
    # By another name as well.
    nexts = [asyncio.create_task(status(services.profiles, KEY_OF_ANA)) for key in (KEY_OF_ANA, ProfileKey(id=profile.id))]
    await asyncio.sleep(0.05)
    assert not any(each.done() for each in nexts)
    may_fill.set()
    assert [await each for each in nexts] == [(profile, ["hit"])] * 2


async def test_a_load_that_nobody_waits_for_any_more_leaves_no_lease(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    await services.record([touchpoint("1", 1, user("ana"))])
    await cache_open(services)
    begun = asyncio.Event()

    async def never(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(app.profiles, "load_profiles", never)
        asking = asyncio.create_task(services.profiles.load([KEY_OF_ANA]))
        await begun.wait()
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
    assert [(await status(services.profiles, KEY_OF_ANA))[1] for _ in range(2)] == [["miss"], ["hit"]]


async def test_a_lease_is_given_back_by_who_holds_it(cache: Cache) -> None:
    (token,) = await cache.lease([ANA.id])
    assert token is not None
    await cache.release({ANA.id: "another"})
    assert await cache.lease([ANA.id]) == [None]
    await cache.release({ANA.id: token})
    assert await cache.lease([ANA.id]) != [None]


async def test_a_redis_that_was_started_again_is_used_though_nothing_is_written(services: Services, stack: Stack) -> None:
    await services.record([touchpoint("1", 1, user("ana"))])
    before = [await status(services.profiles, KEY_OF_ANA) for _ in range(2)][1]
    assert before[1] == ["hit"] and services.cache is not None
    await stack.stop_redis()
    await stack.start_redis()
    deadline = time.monotonic() + 120
    while (await status(services.profiles, KEY_OF_ANA))[1] != ["hit"]:
        assert time.monotonic() < deadline, "reads pass Redis by for ever"
        await asyncio.sleep(0.05)
    assert await status(services.profiles, KEY_OF_ANA) == before


@pytest.mark.parametrize("leave", [Wire.mute, Wire.cut], ids=["mute", "cut off"])
async def test_a_redis_that_says_nothing_more_changes_no_answer(
    settings: Settings, graph: Store, leave: Callable[[Wire], None]
) -> None:
    assert settings.redis_url is not None
    port = urlsplit(settings.redis_url).port
    assert port is not None
    async with wire_to(port) as wire:
        through = replace(settings, redis_url=settings.redis_url.replace(f":{port}", f":{wire.port}"))
        async with open_services(through) as services:
            assert services.cache is not None
            await services.record([touchpoint("1", 1, user("ana"))])
            before = [await status(services.profiles, KEY_OF_ANA) for _ in range(2)][1]
            assert before[1] == ["hit"]
            leave(wire)
            assert await status(services.profiles, KEY_OF_ANA) == (before[0], ["bypassed"])
            waited_for = not services.cache.bypassed
            assert not waited_for
            await services.record([touchpoint("2", 2, user("ana"))])
            after, notes = await status(services.profiles, KEY_OF_ANA)
            assert notes == ["bypassed"] and after is not None and after.facts.touchpoints == 2
            wire.mend()
            while services.cache.bypassed:
                await asyncio.sleep(0.05)
            assert [(await status(services.profiles, KEY_OF_ANA))[0] for _ in range(2)] == [after, after]


async def test_what_was_committed_without_redis_is_published_when_it_is_back(services: Services, stack: Stack) -> None:
    await services.record([touchpoint("1", 1, user("ana"))])
    (profile,) = await services.profiles.load([KEY_OF_ANA])
    assert profile is not None and services.cache is not None
    # As a process leaves it that ends between its commit and its publishing.
    from graph import events

    await events.record(services.store, [touchpoint("2", 2, user("ana"))])
    await services.publisher.relay()
    (fresh,) = await services.profiles.load([KEY_OF_ANA])
    assert fresh is not None and fresh.facts.touchpoints == 2


@pytest.fixture
async def choosy(settings: Settings, graph: Store) -> AsyncIterator[Services]:
    """As in production: what is missed once isn't kept."""
    async with open_services(replace(settings, cache_admission="second", redis_timeout_ms=5_000)) as services:
        await cache_open(services)
        yield services


def loads(services: Services) -> int:
    return services.counters.statements["customers/load_profiles"].times


async def test_a_profile_is_kept_from_its_second_miss_on(choosy: Services) -> None:
    await choosy.record([touchpoint("1", 0, user("ana"))])
    load = choosy.profiles.load
    (part,) = await load([KEY_OF_ANA], Parts.only())
    assert part is not None and part.entries == () and part.facts.touchpoints == 1, "what was asked, and no more"
    (whole,) = await load([KEY_OF_ANA], Parts.only())
    assert whole is not None and len(whole.entries) == 1
    before = loads(choosy)
    assert await load([KEY_OF_ANA]) == [whole] == await load([ProfileKey(id=whole.id)])
    assert loads(choosy) == before
    await choosy.record([touchpoint("2", 1, user("ana"))])
    (changed,) = await load([KEY_OF_ANA], Parts.only())
    assert changed is not None and changed.facts.touchpoints == 2 and len(changed.entries) == 2, "kept again at once"


async def test_what_is_missed_first_and_what_is_missed_again_come_in_order(choosy: Services) -> None:
    names = ["ana", "ben", "cleo"]
    await choosy.record([touchpoint(name, 0, user(name)) for name in names])
    ana, ben, cleo = (ProfileKey.of("user_id", name) for name in names)
    await choosy.profiles.load([ben])
    found = await choosy.profiles.load([ana, ben, ProfileKey(id="cus_none"), cleo, ana])
    assert [each and [identifier.value for identifier in each.identifiers] for each in found] == [
        ["ana"],
        ["ben"],
        None,
        ["cleo"],
        ["ana"],
    ]


async def test_those_who_miss_the_same_at_once_share_a_load(choosy: Services) -> None:
    await choosy.record([touchpoint("1", 0, user("ana"))])
    before = loads(choosy)
    found = await asyncio.gather(*(choosy.profiles.load([KEY_OF_ANA]) for _ in range(20)))
    assert loads(choosy) == before + 1 and all(each == found[0] for each in found)

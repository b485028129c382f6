"""Persisted queries: bounded here, shared through a real Redis, and never what somebody else says they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from app.cache.profiles import Cache
from app.local.process import free_port
from app.persisted import PersistedQueries, digest_of
from tests.conftest import Stack

TEXT = "{ channels { name } } # チャネル"


@asynccontextmanager
async def process(url: str) -> AsyncIterator[PersistedQueries]:
    """The persisted queries of one process."""
    cache = Cache.connect(url, timeout_seconds=5, ttl_seconds=60)
    try:
        yield PersistedQueries(cache, room=1_000, ttl_seconds=60)
    finally:
        await cache.close()


async def test_what_one_process_keeps_another_finds(stack: Stack) -> None:
    async with process(stack.redis_url) as first, process(stack.redis_url) as second, Redis.from_url(stack.redis_url) as redis:
        await redis.flushall()
        assert await first.find(digest_of(TEXT)) is None
        await first.keep(TEXT)
        await redis.expire(f"c360:document:{digest_of(TEXT)}", 5)
        assert await second.find(digest_of(TEXT)) == TEXT
        assert await redis.ttl(f"c360:document:{digest_of(TEXT)}") > 5
        await redis.flushall()
        assert await first.find(digest_of(TEXT)) == await second.find(digest_of(TEXT)) == TEXT


async def test_a_text_in_redis_counts_only_under_its_own_hash(stack: Stack) -> None:
    async with process(stack.redis_url) as persisted, Redis.from_url(stack.redis_url) as redis:
        for text in ("{ other }", b"\xff\xfe", ""):
            await redis.set(f"c360:document:{digest_of(TEXT)}", text)
            assert await persisted.find(digest_of(TEXT)) is None


async def test_names_that_are_no_hashes_lead_nowhere(stack: Stack) -> None:
    async with process(stack.redis_url) as persisted, Redis.from_url(stack.redis_url) as redis:
        for name in ("", "x" * 64, digest_of(TEXT).upper(), digest_of(TEXT) + "0", "a" * 300):
            await redis.set(f"c360:document:{name}", TEXT)
            assert await persisted.find(name) is None


async def test_without_redis_a_process_has_its_own() -> None:
    async with process(f"redis://127.0.0.1:{free_port()}") as away:
        for persisted in (away, PersistedQueries(None, room=1_000, ttl_seconds=60)):
            await persisted.keep(TEXT)
            assert await persisted.find(digest_of(TEXT)) == TEXT
            assert await persisted.find(digest_of("another")) is None


async def test_the_least_used_go_first_when_there_is_no_more_room() -> None:
    texts = [f"{number:10}" for number in range(4)]
    persisted = PersistedQueries(None, room=30, ttl_seconds=60)
    for text in texts[:3]:
        await persisted.keep(text)
    assert await persisted.find(digest_of(texts[0])) == texts[0]
    await persisted.keep(texts[3])
    await persisted.keep(texts[3])
    assert [await persisted.find(digest_of(text)) is not None for text in texts] == [True, False, True, True]


async def test_a_text_larger_than_the_room_is_not_kept_and_leaves_room_for_others() -> None:
    persisted = PersistedQueries(None, room=30, ttl_seconds=60)
    await persisted.keep("茶" * 11)
    assert await persisted.find(digest_of("茶" * 11)) is None
    await persisted.keep("茶" * 10)
    assert await persisted.find(digest_of("茶" * 10)) == "茶" * 10

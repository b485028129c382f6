"""Servers that exist for one measurement: a Neo4j tuned for load, not for a quick start, and a Redis; both empty."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from neo4j import AsyncDriver, AsyncGraphDatabase, Query

from app.local.process import free_port
from app.local.stack import Programs, attached, located, prepare
from app.settings import Settings
from graph.migrations import migrate
from graph.store import Store

HEAP, PAGE_CACHE, TRANSACTION_MEMORY = "1536m", "1g", "384m"
PATIENCE_SECONDS = 1_200.0

Servers = Callable[[], AbstractAsyncContextManager[Settings]]
"""Gives the settings of empty servers with the migrations applied, which end with the block."""

HOUSEKEEPING = "Migration|Outbox|Answer|CacheEpoch|ApiKey|KeyRing|NetworkMark|SuspicionMark"
"""Labels of what the service keeps for itself, and nobody asks for: no part of the graph that is compared."""

#: Everything but what the migrations left: they stay applied.
_WIPE = "MATCH (n) WHERE NOT n:Migration CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 2000 ROWS"


def find_programs() -> Programs:
    """Java, Redis and Neo4j's jars from the user's cache. Blocks; raises StackError."""
    return prepare(Settings.from_env(os.environ | {"C360_CURSOR_SECRET": secrets.token_urlsafe(32)}))


def servers_in(folder: Path, programs: Programs) -> Servers:
    """Servers with their data under `folder`, removed again when they end: one pair at a time."""
    return partial(_servers, folder / "servers", programs)


Kept = Callable[[str], AbstractAsyncContextManager[Settings]]
"""Gives the settings of servers with the graph of that name, which is there again the next time."""


def kept_in(folder: Path, programs: Programs) -> Kept:
    """Servers whose data stays in `folder`, apart for each graph."""
    return lambda name: _servers(folder.absolute() / name, programs, keep=True)


@asynccontextmanager
async def _servers(home: Path, programs: Programs, *, keep: bool = False) -> AsyncIterator[Settings]:
    settings = Settings(
        home=home,
        local_bolt_port=free_port(),
        local_redis_port=free_port(),
        neo4j_heap=HEAP,
        neo4j_page_cache=PAGE_CACHE,
        neo4j_transaction_memory=TRANSACTION_MEMORY,
        cursor_secret=secrets.token_bytes(32),
        # What takes long is to be measured, not cut off.
        neo4j_transaction_timeout_seconds=60.0,
        request_timeout_seconds=60.0,
    )
    try:
        async with attached(settings, programs, quick=False):
            found = located(settings)
            async with opened(found) as store:
                await migrate(store)
            yield found
    finally:
        if not keep:
            shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The store as the service opens it."""
    assert settings.neo4j_uri is not None
    store = await Store.connect(
        settings.neo4j_uri,
        user=settings.neo4j_user,
        password=settings.neo4j_password,
        timeout=settings.neo4j_transaction_timeout_seconds,
    )
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def bare_driver(settings: Settings) -> AsyncIterator[AsyncDriver]:
    """The driver as it comes, with one connection."""
    assert settings.neo4j_uri is not None
    async with AsyncGraphDatabase.driver(
        settings.neo4j_uri,
        auth=(settings.neo4j_user, settings.neo4j_password),
        max_connection_pool_size=1,
        notifications_min_severity="OFF",
    ) as driver:
        yield driver


async def wipe(settings: Settings) -> None:
    """Removes every node; constraints, indexes and plans stay."""
    async with bare_driver(settings) as driver, driver.session() as session:
        await (await session.run(Query(_WIPE, timeout=PATIENCE_SECONDS))).consume()


async def size_of(settings: Settings) -> tuple[int, int]:
    """How many nodes, housekeeping apart, and how many relationships there are."""
    counted = f"RETURN COUNT {{ () }} - COUNT {{ (:{HOUSEKEEPING}) }} AS nodes, COUNT {{ ()-->() }} AS relationships"
    async with bare_driver(settings) as driver:
        found = (await driver.execute_query(counted)).records[0]
    return found["nodes"], found["relationships"]

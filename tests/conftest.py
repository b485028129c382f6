"""A real Neo4j and a real Redis for the whole session, on ports and in a folder of their own.

`stack` has the addresses, `store` is a connection with the migrations applied, `graph` is the same store emptied
before the test. Everything async runs on one event loop, the session's.
"""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from itertools import count

import hypothesis
import neo4j
import pytest
from redis.asyncio import Redis

from app.local import redis as local_redis
from app.local.process import Guard, free_port, stop
from app.local.stack import Connection, Programs, attached, prepare
from app.settings import Settings
from graph.errors import StoreUnavailable
from graph.migrations import migrate
from graph.statements import Statement, statement
from graph.store import Store
from resolvers.scopes import SCOPES
from tests.write_key import keep

WIPE = "MATCH (n) WHERE NOT n:Migration|CacheEpoch|ApiKey|KeyRing CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"
WIPE_ATTEMPTS = 20
# Looked up in an index each time, so that Neo4j notices between two of them that it was told to stop.
ENDLESS = "UNWIND range(1, 1000000000000) AS n OPTIONAL MATCH (m:Migration {name: toString(n)}) RETURN count(m)"
CURSOR_SECRET = b"the tests' secret"

# Machines are shared and noisy: no test is a matter of time.
PATIENT = 60.0  # seconds
PATIENT_ENVIRON = {"C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS": "60", "C360_REQUEST_TIMEOUT_SECONDS": "60"}
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The graph of the real data sets is emptied for nobody, which would take as long as some of them: after it come only files
    that want no empty graph. So a run in several processes ends with them side by side.
    """
    emptied = {item.path for item in items if "graph" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: 0 if item.path in emptied else 1 if item.path.name == "test_import_graph.py" else 2)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not go through it again and again."""
    gc.freeze()


@dataclass(slots=True)
class Stack:
    """The session's servers. `stop_redis` and `start_redis` are for tests of what happens without it."""

    connection: Connection
    programs: Programs
    settings: Settings
    _guard: Guard = field(default_factory=Guard)

    @property
    def neo4j_uri(self) -> str:
        return self.connection.neo4j_uri

    @property
    def neo4j_user(self) -> str:
        return self.connection.neo4j_user

    @property
    def neo4j_password(self) -> str:
        return self.connection.neo4j_password

    @property
    def redis_url(self) -> str:
        return self.connection.redis_url

    async def stop_redis(self) -> None:
        await stop(local_redis.Redis.of(self.settings).alive)

    async def start_redis(self) -> None:
        """On the same port, with the same password, and empty."""
        redis = local_redis.Redis.of(self.settings)
        if redis.alive.pid() is None:
            process = redis.start(self.programs.redis)
            self._guard.watch(process)
            await redis.ready(process)

    async def close(self) -> None:
        await self.stop_redis()
        self._guard.dismiss()


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Java, Redis and Neo4j's jars from the user's cache: the only thing the tests share with the user."""
    return prepare(replace(Settings.from_env(os.environ | {"C360_CURSOR_SECRET": CURSOR_SECRET.decode()})))


@pytest.fixture(scope="session")
def local_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a local stack with a home and ports of its own, and nothing from the environment."""
    return Settings(
        home=tmp_path_factory.mktemp("home"),
        local_bolt_port=free_port(),
        local_redis_port=free_port(),
        cursor_secret=CURSOR_SECRET,
        currency_rates={},
        # Who may do what has tests of its own; all others ask without a key.
        anonymous_scopes=SCOPES,
        # What is asked for once is kept: tests of what is kept need not ask twice.
        cache_admission="first",
        # A machine that runs other things too plans the first statements slowly.
        neo4j_transaction_timeout_seconds=PATIENT,
        request_timeout_seconds=PATIENT,
    )


@pytest.fixture(scope="session")
async def stack(local_settings: Settings, programs: Programs) -> AsyncIterator[Stack]:
    async with attached(local_settings, programs, quick=True) as connection:
        running = Stack(connection, programs, local_settings)
        yield running
        await running.close()


@pytest.fixture(scope="session")
def settings(stack: Stack) -> Settings:
    """Settings that point at the session's servers. What writes leave to be done is left: services go on for longer than a test,
    and other tests have rules and rates of their own."""
    return replace(
        stack.settings,
        follow_marks=False,
        neo4j_uri=stack.neo4j_uri,
        neo4j_user=stack.neo4j_user,
        neo4j_password=stack.neo4j_password,
        redis_url=stack.redis_url,
    )


@pytest.fixture(scope="session")
async def store(stack: Stack) -> AsyncIterator[Store]:
    """A connection to the session's Neo4j, migrations applied."""
    store = await Store.connect(stack.neo4j_uri, user=stack.neo4j_user, password=stack.neo4j_password)
    await migrate(store)
    await keep(store)
    yield store
    await store.close()


async def _wipe(store: Store) -> None:
    """Empty the graph. What services of the test before are still forgetting may be in the way for a while."""
    for attempt in count(1):
        try:
            await store.apply(WIPE)
        except StoreUnavailable:
            if attempt == WIPE_ATTEMPTS:
                raise
        else:
            return


@pytest.fixture
async def graph(store: Store, stack: Stack) -> Store:
    """The same store, empty but for the schema and what isn't data, and nothing left in Redis of before."""
    await _wipe(store)
    async with Redis.from_url(stack.redis_url) as redis:
        await redis.flushall()
    return store


@dataclass(slots=True)
class Endless:
    """Statements that Neo4j works on until it is told to stop, instead of what stands in their files."""

    driver: neo4j.AsyncDriver
    names: set[str] = field(default_factory=set)

    def statement(self, name: str) -> Statement:
        return replace(statement(name), text=ENDLESS) if name in self.names else statement(name)

    async def running(self) -> int:
        """How many of them Neo4j works on now."""
        asked = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery = $text RETURN count(*)"
        rows, _, _ = await self.driver.execute_query(asked, text=ENDLESS)
        return int(rows[0][0])

    async def until(self, number: int) -> None:
        """Wait until Neo4j works on so many."""
        async with asyncio.timeout(40):
            while await self.running() != number:
                await asyncio.sleep(0.02)


@pytest.fixture
async def endless(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Endless]:
    async with neo4j.AsyncGraphDatabase.driver(
        stack.neo4j_uri, auth=(stack.neo4j_user, stack.neo4j_password), notifications_min_severity="OFF"
    ) as driver:
        each = Endless(driver)
        monkeypatch.setattr("graph.store.statement", each.statement)
        yield each

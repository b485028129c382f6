"""The session's own servers: how they were started, and what other commands see of them."""

import asyncio
import stat
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import HomeInUse, NotReachable, StartFailed
from app.local import neo4j as neo4j_module
from app.local import stack as stack_module
from app.local.java import Java
from app.local.neo4j import Neo4j
from app.local.process import AliveFile, free_port
from app.local.redis import Redis
from app.local.stack import Connection, Programs, attached, connection, located, status, up
from app.settings import Settings
from graph.errors import StoreUnavailable
from graph.store import Store
from tests.conftest import Stack


async def test_other_commands_find_them(stack: Stack) -> None:
    found = status(stack.settings)
    assert found.running
    assert found.owner is not None
    assert connection(stack.settings) == stack.connection
    by_record = located(stack.settings)
    assert (by_record.neo4j_uri, by_record.redis_url) == (stack.neo4j_uri, stack.redis_url)


async def test_settings_that_name_a_neo4j_are_taken_as_they_are(stack: Stack) -> None:
    elsewhere = replace(stack.settings, neo4j_uri="bolt://example.test:7687")
    assert located(elsewhere) == elsewhere


async def test_a_second_command_uses_the_running_servers(stack: Stack) -> None:
    async with attached(stack.settings, stack.programs) as again:
        assert again == stack.connection
    assert status(stack.settings).running


async def test_without_servers_the_line_says_what_to_do(tmp_path: Path, stack: Stack) -> None:
    with pytest.raises(NotReachable, match="run `c360 up` first, or set NEO4J_URI"):
        located(replace(stack.settings, home=tmp_path))


async def test_nothing_readable_by_others_holds_a_password(stack: Stack) -> None:
    secrets = {stack.neo4j_password, Redis.of(stack.settings).password()}
    holders = [
        path
        for path in stack.settings.home.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets)
    ]
    assert {path.name for path in holders} >= {"connection.json", "password", "redis.conf"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}


async def test_both_want_their_password(stack: Stack) -> None:
    intruder = await Store.connect(stack.neo4j_uri, user="neo4j", password="neo4j")
    with pytest.raises(StoreUnavailable):
        await intruder.verify()
    await intruder.close()
    redis = Redis.of(stack.settings)
    assert await redis.answers()
    (wrong := stack.settings.home.with_name("other") / "redis").mkdir(parents=True)
    assert not await Redis(folder=wrong, port=redis.port).answers()


async def test_redis_can_go_and_come_back(stack: Stack) -> None:
    await stack.stop_redis()
    assert not status(stack.settings).running
    assert not await Redis.of(stack.settings).answers()
    await stack.start_redis()
    assert connection(stack.settings) == stack.connection


async def test_what_cannot_start_says_where_its_log_is_and_leaves_no_process(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neo4j_module, "QUICK", ("-XX:NoSuchFlag",))
    broken = replace(stack.settings, home=tmp_path, local_bolt_port=free_port(), local_redis_port=free_port())
    with pytest.raises(StartFailed, match=r"Neo4j did not start .* its log is .*console\.log"):
        async with attached(broken, stack.programs):
            pytest.fail("it should not start")
    assert status(broken) == replace(status(broken), neo4j=None, redis=None, owner=None)
    assert connection(broken) is None


class Start:
    """Stands in for the start of both servers: it lasts until `end` is set, and stops no others'."""

    def __init__(self) -> None:
        self.begun, self.end = asyncio.Event(), asyncio.Event()

    async def __call__(self, *_: object, **__: object) -> Connection:
        assert not self.begun.is_set(), "a second start"
        self.begun.set()
        await self.end.wait()
        return Connection(neo4j_uri="bolt://x", neo4j_user="neo4j", neo4j_password="x", redis_url="redis://x")


NONE = Programs(Java(Path("java"), "17"), Path("jars"), Path("redis"))


async def started(settings: Settings) -> None:
    async with attached(settings, NONE):
        pass


async def upped(settings: Settings) -> None:
    await up(settings, NONE)


@pytest.mark.parametrize("second", [started, upped])
@pytest.mark.parametrize("first", [started, upped])
async def test_one_command_at_a_time_starts_servers(
    first: Callable[[Settings], Coroutine[None, None, None]],
    second: Callable[[Settings], Coroutine[None, None, None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stack_module, "_start", start := Start())
    settings = Settings(home=tmp_path, cursor_secret=b"x")
    starting = asyncio.create_task(first(settings))
    await start.begun.wait()
    with pytest.raises(HomeInUse, match="wait for it"):
        await second(settings)
    start.end.set()
    await starting


async def test_servers_that_have_an_owner_are_not_started_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "_start", start := Start())
    start.end.set()
    settings = Settings(home=tmp_path, cursor_secret=b"x")
    with AliveFile(tmp_path / "owner").locked() as owner:
        owner.write("1")
        owner.flush()
        for second in (started, upped):
            with pytest.raises(HomeInUse):
                await second(settings)


def test_benchmarks_get_the_whole_compiler(local_settings: object, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, cursor_secret=b"x")
    java = Java(Path("java"), "17")
    quick = Neo4j.of(settings, quick=True)._command(java, Path("jars"))
    full = Neo4j.of(settings, quick=False)._command(java, Path("jars"))
    assert set(quick) - set(full) == {"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}


def test_a_connection_does_not_show_its_passwords() -> None:
    shown = repr(Connection(neo4j_uri="bolt://x", neo4j_user="neo4j", neo4j_password="hidden", redis_url="hidden"))
    assert "hidden" not in shown

"""The pair of servers: started together, stopped together, found again by the next command.

Attached, they live as long as the command that started them; detached, until `c360 down`. Either way a record in
the home folder tells other commands where they are.

Two files are locked. `lock` by whoever starts servers, either way, and by `down`: one at a time. `owner` by the command
that the servers end with, until they have ended; whoever has `lock` starts none while another command has `owner`. That
command does not need `lock` to stop them, which `down` holds while it waits for this.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import msgspec

from app.errors import DiskFull, HomeInUse, NotReachable
from app.local import archive, jars
from app.local.java import Java, find_java
from app.local.neo4j import USER, Neo4j
from app.local.process import AliveFile, Guard, check_port, stop
from app.local.redis import Redis, find_redis
from app.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where the local servers are, and how to get in."""

    neo4j_uri: str
    neo4j_user: str
    neo4j_password: str = field(repr=False)
    redis_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Programs:
    """What the servers run on."""

    java: Java
    jars: Path
    redis: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Process ids of what lives. `owner` is the command that the servers will end with."""

    neo4j: int | None
    redis: int | None
    owner: int | None

    @property
    def running(self) -> bool:
        return self.neo4j is not None and self.redis is not None


def prepare(settings: Settings, *, on_bytes: jars.OnBytes | None = None) -> Programs:
    """Finds Java and Redis, and fetches Neo4j when it isn't there yet. Blocks; raises StackError."""
    java, redis = find_java(java_home=settings.java_home), find_redis()
    folder = jars.ensure(cache=settings.cache_home.absolute(), mirror=settings.maven_mirror, on_bytes=on_bytes)
    return Programs(java, folder, redis)


@asynccontextmanager
async def attached(settings: Settings, programs: Programs, *, quick: bool = True) -> AsyncIterator[Connection]:
    """The servers for the length of the block. They end with it, or with this process, however it ends.

    Servers that run already are used, and left running. Raises StackError, of which HomeInUse when another command is
    starting or stopping them.
    """
    async with AsyncExitStack() as held:
        with _lock(settings):
            if (found := connection(settings)) is None:
                guard = Guard()
                held.callback(guard.dismiss)
                owner = held.enter_context(_owner(settings).locked())
                owner.write(str(os.getpid()))
                owner.flush()
                found = await _start(settings, programs, quick=quick, guard=guard)
                held.push_async_callback(_stop_servers, settings)
        yield found


async def up(settings: Settings, programs: Programs, *, quick: bool = False) -> Connection:
    """Starts the servers, to run until `down`. Does nothing when they run already.

    Raises StackError, of which HomeInUse when another command is starting or stopping them.
    """
    with _lock(settings):
        if running := connection(settings):
            return running
        # Servers are missing and yet have an owner: it is about to stop what we would start.
        if _owner(settings).pid() is not None:
            raise HomeInUse(settings.home)
        return await _start(settings, programs, quick=quick, guard=None)


async def down(settings: Settings) -> bool:
    """Stops the servers, and the command they belong to if there is one. Returns whether any was running."""
    with _lock(settings):
        owned = await stop(_owner(settings))
        return await _stop_servers(settings) or owned


def status(settings: Settings) -> Status:
    """What lives, by the locks the processes hold."""
    neo4j, redis = Neo4j.of(settings, quick=True), Redis.of(settings)
    return Status(neo4j=neo4j.alive.pid(), redis=redis.alive.pid(), owner=_owner(settings).pid())


def connection(settings: Settings) -> Connection | None:
    """Where the running servers are, or None when they don't run."""
    if not status(settings).running:
        return None
    try:
        return msgspec.json.decode(_record(settings).read_bytes(), type=Connection)
    except (OSError, msgspec.MsgspecError):
        return None


async def _start(settings: Settings, programs: Programs, *, quick: bool, guard: Guard | None) -> Connection:
    neo4j, redis = Neo4j.of(settings, quick=quick), Redis.of(settings)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # What a killed start left behind holds the ports that are wanted now.
    await _stop_servers(settings)
    check_port(neo4j.port, wanted_by="the local Neo4j", setting="C360_LOCAL_BOLT_PORT")
    check_port(redis.port, wanted_by="the local Redis", setting="C360_LOCAL_REDIS_PORT")
    try:
        watch = guard.watch if guard else lambda _: None
        kept = archive.flags(programs.java, programs.jars)
        watch(slow := neo4j.start(java=programs.java, jars=programs.jars, flags=kept))
        watch(swift := redis.start(programs.redis))
        await asyncio.gather(neo4j.ready(slow), redis.ready(swift))
        found = Connection(neo4j_uri=neo4j.uri, neo4j_user=USER, neo4j_password=neo4j.password(), redis_url=redis.url)
        _write(found, _record(settings))
    except BaseException as error:
        await _stop_servers(settings)
        if DiskFull.explains(error):
            raise DiskFull(settings.home) from error
        raise
    return found


async def _stop_servers(settings: Settings) -> bool:
    _record(settings).unlink(missing_ok=True)
    servers = Neo4j.of(settings, quick=True).alive, Redis.of(settings).alive
    return any(await asyncio.gather(*map(stop, servers)))


def _write(found: Connection, path: Path) -> None:
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(found))
    draft.rename(path)


def _record(settings: Settings) -> Path:
    return settings.home / "connection.json"


def _lock(settings: Settings) -> AbstractContextManager[IO[str]]:
    """Held while servers are started, or stopped by another command than their owner. Raises HomeInUse."""
    return AliveFile(settings.home / "lock").locked()


def _owner(settings: Settings) -> AliveFile:
    return AliveFile(settings.home / "owner")


def located(settings: Settings) -> Settings:
    """Settings that say where Neo4j is: as they stand when they name one, else those of the running local servers.

    Raises NotReachable when they name none and none runs.
    """
    if settings.neo4j_uri is not None:
        return settings
    local = connection(settings)
    if local is None:
        raise NotReachable("Neo4j", "run `c360 up` first, or set NEO4J_URI")
    return replace(
        settings,
        neo4j_uri=local.neo4j_uri,
        neo4j_user=local.neo4j_user,
        neo4j_password=local.neo4j_password,
        redis_url=settings.redis_url or local.redis_url,
    )

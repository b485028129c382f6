"""The one module that knows the Redis client: commands and answers, by connections that know which run of a server answers."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.counters import Counters
from resolvers.observer import observed

CONNECTIONS = 64
CONNECTION_WAIT = 0.02  # seconds for a free connection of the pool

Command = tuple[str | bytes | int, ...]


class Unanswered(Exception):
    """Redis refused, or did not answer in time."""


class Wire:
    """Commands to one Redis, each waited for no longer than the time-out, and never sent twice."""

    def __init__(self, pool: BlockingConnectionPool, timeout_seconds: float, counters: Counters | None = None) -> None:
        self._pool = pool
        self._timeout = timeout_seconds
        self._counters = counters or Counters()

    @classmethod
    def connect(
        cls, url: str, *, timeout_seconds: float, connections: int = CONNECTIONS, counters: Counters | None = None
    ) -> Wire:
        """A wire to `url`; nothing is sent before the first command."""
        return cls(
            BlockingConnectionPool.from_url(
                url,
                max_connections=connections,
                timeout=CONNECTION_WAIT,
                # Times are kept here: the client would make a task of each command, and lose a cancellation now and then
                # (asyncio.wait_for before Python 3.12).
                socket_timeout=None,
                socket_connect_timeout=None,
                retry=Retry(NoBackoff(), 0),
                redis_connect_func=_introduce,
            ),
            timeout_seconds,
            counters,
        )

    async def run(self, *commands: Command, seconds: float | None = None) -> tuple[str, list[Any]]:
        """The run id of the Redis that answered, and its answers, all by one connection. Raises Unanswered.

        `seconds`: how long they are waited for, instead of the wire's own time-out.
        """
        begun = perf_counter()
        try:
            async with asyncio.timeout(self._timeout if seconds is None else seconds):
                connection: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
                try:
                    await connection.send_packed_command(connection.pack_commands(commands))
                    answers = [await connection.read_response() for _ in commands]
                    run_id = _run_ids[connection]
                except BaseException:
                    # Answers that are still to come belong to nobody.
                    await connection.disconnect(nowait=True)
                    raise
                finally:
                    await self._pool.release(connection)
        except (RedisError, OSError, TimeoutError) as error:
            self._counters.redis_failures["timeout" if isinstance(error, TimeoutError) else "error"] += 1
            raise Unanswered(str(error)) from error
        took, seen = perf_counter() - begun, observed.get()
        self._counters.redis.observe(took)
        if seen.traced:
            seen.spent("redis", took, "commands", len(commands))
        return run_id, answers

    async def close(self) -> None:
        await self._pool.aclose()


_run_ids: WeakKeyDictionary[AbstractConnection, str] = WeakKeyDictionary()


async def _introduce(connection: AbstractConnection) -> None:
    """Called on each new connection: log in, and ask once which run of which server this is."""
    await connection.on_connect()
    await connection.send_command("INFO", "server")
    lines = dict(line.partition(":")[::2] for line in (await connection.read_response()).decode().splitlines())
    _run_ids[connection] = lines["run_id"]

"""The one module that knows Redis: profile documents kept under leases, so that no load that began before a write outlives it.

A value is `layout byte, epoch (8 bytes), version (8 bytes), JSON of the profile`. The epoch is 0 until processes agree on
epochs; it is in the value, never in the key's name. All keys of one customer share a hash tag, so that Lua works on a
cluster. Names of aliases are hashes: what identifies a person stands in no key.

When Redis fails or doesn't answer in time the breaker opens: nothing waits for it again. A probe in the background half closes
it, so that writes are published again while reads still pass Redis by; once what could not be published meanwhile has been, it
closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graph.customers import Profile

LAYOUT = 1
_HEADER = struct.Struct(">BQQ")
#: Longer than any load may take on the server, so that a lease ends after the load that holds it.
LEASE_SECONDS = 15
CONNECTIONS = 64
CONNECTION_WAIT = 0.02  # seconds for a free connection of the pool
PROBE_SECONDS = 0.5

_FILL = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1
"""


class _Unreachable(Exception):
    """Redis didn't answer in time, or is known not to; the caller goes on without it."""


class Breaker(Enum):
    """Who may use Redis: everybody, only who publishes, or nobody."""

    CLOSED = "closed"
    HALF_OPEN = "half open"
    OPEN = "open"


class OnReturn(Protocol):
    """Publishes what could not be published while Redis was away; True when nothing is left."""

    def __call__(self) -> Awaitable[bool]: ...


class Cache:
    """Profiles in Redis. Every method answers within the time-out, and says None, False or nothing where Redis doesn't."""

    def __init__(self, redis: Redis, *, ttl_seconds: int) -> None:
        self._redis = redis
        self._ttl = ttl_seconds
        self._fill = redis.register_script(_FILL)
        self._breaker = Breaker.CLOSED
        self._probe: asyncio.Task[None] | None = None
        self._on_return: OnReturn | None = None

    @classmethod
    def connect(cls, url: str, *, timeout_seconds: float, ttl_seconds: int) -> Cache:
        """A cache at `url`; nothing is sent before the first use."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=CONNECTION_WAIT,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        return cls(Redis(connection_pool=pool), ttl_seconds=ttl_seconds)

    def when_back(self, publish: OnReturn) -> None:
        """What has to be done, once Redis answers again, before anything is read from it."""
        self._on_return = publish

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probe
        await self._redis.aclose(close_connection_pool=True)

    @property
    def bypassed(self) -> bool:
        """Whether reads pass Redis by, because it failed."""
        return self._breaker is not Breaker.CLOSED

    async def ping(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def read(self, customers: Sequence[str]) -> list[Profile | None] | None:
        """The profiles kept under these ids, None for each that isn't; None instead of a list where Redis doesn't answer."""
        values = await self._ask(lambda: self._redis.mget([_value(customer) for customer in customers]))
        return None if values is None else [decode(value) for value in values]

    async def aliases(self, names: Sequence[str]) -> list[str | None] | None:
        """The customer ids last seen under these names: hints, good only if the profile confirms them."""
        values = await self._ask(lambda: self._redis.mget([_alias(name) for name in names]))
        return None if values is None else [value.decode() if value else None for value in values]

    async def keep_alias(self, name: str, customer: str) -> None:
        """Remember which customer a name led to."""
        await self._ask(lambda: self._redis.set(_alias(name), customer, ex=self._ttl))

    async def lease(self, customers: Sequence[str]) -> list[str | None]:
        """For each customer a token to fill with after a load that begins now; None while another load holds the lease."""

        async def take() -> list[Any]:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for customer, token in zip(customers, tokens, strict=True):
                    pipeline.set(_lease(customer), token, nx=True, ex=LEASE_SECONDS)
                return await pipeline.execute()

        tokens = [secrets.token_hex(8) for _ in customers]
        taken = await self._ask(take) if customers else []
        return [token if ok else None for token, ok in zip(tokens, taken or [None] * len(tokens), strict=True)]

    async def fill(self, filled: Sequence[tuple[Profile, str]]) -> None:
        """Keep loaded profiles, each with its token, but those whose lease an invalidation voided since it was taken."""

        async def put() -> None:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for profile, token in filled:
                    keys = [_value(profile.id), _lease(profile.id)]
                    await self._fill(keys=keys, args=[token, encode(profile), self._ttl], client=pipeline)
                await pipeline.execute()

        if filled:
            await self._ask(put)

    async def invalidate(self, customers: Iterable[str]) -> bool:
        """Drop values and leases; True once Redis has answered, which is what an acknowledgement may rest on."""
        keys = [key for customer in customers for key in (_value(customer), _lease(customer))]
        if not keys:
            return True
        if self._breaker is Breaker.OPEN:
            return False
        return await self._try(lambda: self._redis.delete(*keys)) is not None

    async def _ask(self, command: Callable[[], Awaitable[Any]]) -> Any:
        return None if self.bypassed else await self._try(command)

    async def _try(self, command: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await command()
        except (RedisError, OSError, TimeoutError):
            self._trip()
            return None

    def _trip(self) -> None:
        was, self._breaker = self._breaker, Breaker.OPEN
        if was is Breaker.CLOSED:
            self._probe = asyncio.create_task(self._until_back())

    async def _until_back(self) -> None:
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            if not await self.ping():
                continue
            # A write that commits from now on is published by its writer; one that committed before left word in the outbox.
            self._breaker = Breaker.HALF_OPEN
            published = self._on_return is None or await self._on_return()
            # A failure meanwhile has opened it again.
            if published and self._breaker is Breaker.HALF_OPEN:
                self._breaker = Breaker.CLOSED
                return
            self._breaker = Breaker.OPEN


def encode(profile: Profile, *, epoch: int = 0) -> bytes:
    """A profile as it is kept."""
    return _HEADER.pack(LAYOUT, epoch, profile.version) + msgspec.json.encode(profile)


def decode(value: bytes | None) -> Profile | None:
    """The profile of a kept value; None for one that is missing, or that another version of the service wrote."""
    if value is None or len(value) < _HEADER.size or value[0] != LAYOUT:
        return None
    try:
        return _profile.decode(memoryview(value)[_HEADER.size :])
    except msgspec.DecodeError:
        return None


_profile = msgspec.json.Decoder(Profile)


def _value(customer: str) -> str:
    return f"c360:{{{customer}}}:profile"


def _lease(customer: str) -> str:
    return f"c360:{{{customer}}}:lease"


def _alias(name: str) -> str:
    return f"c360:alias:{blake2b(name.encode(), digest_size=16).hexdigest()}"

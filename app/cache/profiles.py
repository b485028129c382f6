"""Profile documents in Redis, kept under leases, so that no load that began before a write outlives it.

A value is `layout byte, epoch (8 bytes), version (8 bytes), JSON of the profile`. It counts only in that epoch and only from the
Redis that counts in it (app/epochs.py); the epoch is in the value, never in the key's name. All keys of one customer share a
hash tag, so that Lua works on a cluster. Names of aliases are hashes: what identifies a person stands in no key.

When Redis fails or doesn't answer in time the breaker opens: nothing waits for it again, and a probe in the background closes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import struct
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Protocol

import msgspec

from app.cache.wire import Command, Unanswered, Wire
from app.counters import Counters
from app.epochs import Belief
from app.feed import news
from graph.customers import Profile

LAYOUT = 2
DECODED_BYTES = 16_000_000
"""How much of what Redis gave is remembered with the profile in it; that takes about four times as much memory."""

_HEADER = struct.Struct(">BQQ")
#: Longer than any load may take on the server, so that a lease ends after the load that holds it.
LEASE_SECONDS = 15
PROBE_SECONDS = 0.5
DROP_SECONDS = 0.5

_FILL = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1
"""

_RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class Commands(Protocol):
    """A wire to a Redis; see app.cache.wire."""

    async def run(self, *commands: Command, seconds: float | None = None) -> tuple[str, list[Any]]: ...

    async def close(self) -> None: ...


class Cache:
    """Profiles in Redis. Every method answers within the time-out, and says None or nothing where Redis doesn't."""

    def __init__(self, wire: Commands, *, ttl_seconds: int, counters: Counters | None = None) -> None:
        self._wire = wire
        self._ttl = ttl_seconds
        self._counters = counters or Counters()
        self._open = False
        self._probe: asyncio.Task[None] | None = None
        self._decoded = Decoded(DECODED_BYTES)

    @classmethod
    def connect(cls, url: str, *, timeout_seconds: float, ttl_seconds: int, counters: Counters | None = None) -> Cache:
        """A cache at `url`; nothing is sent before the first use."""
        wire = Wire.connect(url, timeout_seconds=timeout_seconds, counters=counters)
        return cls(wire, ttl_seconds=ttl_seconds, counters=counters)

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probe
        await self._wire.close()

    @property
    def bypassed(self) -> bool:
        """Whether Redis failed, and nothing waits for it."""
        return self._open

    async def ping(self) -> bool:
        """Whether Redis answers."""
        return await self.run_id() is not None

    async def run_id(self) -> str | None:
        """The run id of the Redis that answers now; asked even while the breaker is open."""
        try:
            return (await self._wire.run(("PING",)))[0]
        except Unanswered:
            return None

    async def read(self, customers: Sequence[str], belief: Belief) -> list[Profile | None] | None:
        """The profiles kept under these ids, None for each that isn't; None instead of a list where the Redis that counts doesn't
        answer."""
        answered = await self._ask(("MGET", *(_value(customer) for customer in customers)))
        if answered is None:
            return None
        run_id, (values,) = answered
        if run_id != belief.run_id:
            return None
        decoded = self._decoded
        profiles = [decoded.profile(customer, value, belief.epoch) for customer, value in zip(customers, values, strict=True)]
        if None in profiles:
            pairs = zip(values, profiles, strict=True)
            self._counters.stale += sum(value is not None and profile is None for value, profile in pairs)
        return profiles

    async def aliases(self, names: Sequence[str]) -> list[str | None] | None:
        """The customer ids last seen under these names: hints, good only if the profile confirms them."""
        answered = await self._ask(("MGET", *(_alias(name) for name in names)))
        return None if answered is None else [value.decode() if value else None for value in answered[1][0]]

    async def keep_aliases(self, named: Mapping[str, str]) -> None:
        """Remember which customer each name led to."""
        if named:
            await self._ask(*(("SET", _alias(name), customer, "EX", self._ttl) for name, customer in named.items()))

    async def find_document(self, digest: str, *, ttl_seconds: int) -> str | None:
        """The text that was kept under this SHA-256, from now on for that long again; what is no text is none."""
        answered = await self._ask(("GETEX", _document(digest), "EX", ttl_seconds))
        value: bytes | None = None if answered is None else answered[1][0]
        return None if value is None else value.decode("utf-8", "replace")

    async def keep_document(self, digest: str, text: str, *, ttl_seconds: int) -> None:
        """Keep the text of a persisted query for all processes."""
        await self._ask(("SET", _document(digest), text, "EX", ttl_seconds))

    async def lease(self, customers: Sequence[str]) -> list[str | None]:
        """For each customer a token to fill with after a load that begins now; None while another load holds the lease."""
        if not customers:
            return []
        tokens = [secrets.token_hex(8) for _ in customers]
        commands = [
            ("SET", _lease(customer), token, "NX", "EX", LEASE_SECONDS) for customer, token in zip(customers, tokens, strict=True)
        ]
        answered = await self._ask(*commands)
        taken = [None] * len(tokens) if answered is None else answered[1]
        if answered is not None:
            self._counters.leases["taken"] += sum(bool(ok) for ok in taken)
            self._counters.leases["held"] += sum(not ok for ok in taken)
        return [token if ok else None for token, ok in zip(tokens, taken, strict=True)]

    async def fill(self, filled: Sequence[tuple[Profile, str]], belief: Belief) -> None:
        """Keep loaded profiles, each with its token, but those whose lease an invalidation voided since it was taken.

        `belief`: what was believed before the leases were taken.
        """
        commands = [
            ("EVAL", _FILL, 2, _value(profile.id), _lease(profile.id), token, encode(profile, epoch=belief.epoch), self._ttl)
            for profile, token in filled
        ]
        answered = await self._ask(*commands) if commands else None
        if answered is not None:
            kept = sum(answered[1])
            self._counters.leases["filled"] += kept
            self._counters.leases["void"] += len(filled) - kept

    async def release(self, leased: Mapping[str, str]) -> None:
        """Give leases back, by customer, that nothing is filled under: nobody else could fill before they end by themselves."""
        if leased:
            await self._ask(*(("EVAL", _RELEASE, 1, _lease(customer), token) for customer, token in leased.items()))

    async def drop(self, changed: Mapping[str, int]) -> str | None:
        """Drop values and leases of customers that have these versions now, and tell of them whoever follows the feed.

        Gives the run id of the Redis that did so, which is what an acknowledgement may rest on. Where none does the cache is to
        be closed for everybody, for seconds: this waits longer than a read may, and even while reads pass Redis by.
        """
        keys = [key for customer in changed for key in (_value(customer), _lease(customer))]
        try:
            return (await self._wire.run(("DEL", *keys), *news(changed), seconds=DROP_SECONDS))[0]
        except Unanswered:
            self._trip()
            return None

    async def _ask(self, *commands: Command) -> tuple[str, list[Any]] | None:
        if self._open:
            return None
        try:
            return await self._wire.run(*commands)
        except Unanswered:
            self._trip()
            return None

    def _trip(self) -> None:
        if not self._open:
            self._open = True
            self._counters.breaker_trips += 1
            self._probe = asyncio.create_task(self._until_back())

    async def _until_back(self) -> None:
        # What was written meanwhile has closed the cache for all: what Redis still holds of before counts no more.
        while self._open:
            await asyncio.sleep(PROBE_SECONDS)
            self._open = not await self.ping()


class Decoded:
    """Profiles that were decoded before: as long as Redis gives the very same bytes they are the same."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._size = 0
        self._kept: OrderedDict[str, tuple[bytes, Profile]] = OrderedDict()

    def profile(self, customer: str, value: bytes | None, epoch: int) -> Profile | None:
        """What `decode` makes of the value that is kept under a customer's id."""
        kept = self._kept.get(customer)
        if kept is not None and kept[0] == value and _HEADER.unpack_from(value)[1] == epoch:
            self._kept.move_to_end(customer)
            return kept[1]
        profile = decode(value, epoch=epoch)
        if kept is not None:
            del self._kept[customer]
            self._size -= len(kept[0])
        if profile is not None and value is not None:
            profile.__dict__["comes_again"] = True
            self._kept[customer] = value, profile
            self._size += len(value)
            while self._size > self._room:
                self._size -= len(self._kept.popitem(last=False)[1][0])
        return profile


def encode(profile: Profile, *, epoch: int) -> bytes:
    """A profile as it is kept."""
    return _HEADER.pack(LAYOUT, epoch, profile.version) + msgspec.json.encode(profile)


def decode(value: bytes | None, *, epoch: int) -> Profile | None:
    """The profile of a kept value; None for one that is missing, of another epoch, or from another version of the service."""
    if value is None or len(value) < _HEADER.size:
        return None
    layout, kept_in, _ = _HEADER.unpack_from(value)
    if (layout, kept_in) != (LAYOUT, epoch):
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


def _document(digest: str) -> str:
    return f"c360:document:{digest}"


def _alias(name: str) -> str:
    return f"c360:alias:{blake2b(name.encode(), digest_size=16).hexdigest()}"

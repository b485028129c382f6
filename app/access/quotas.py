"""How much one may ask for: a token bucket for each principal, in Redis, of which every process takes a portion at a time.

A bucket holds `burst` objects and is filled by `rate` of them a second (https://en.wikipedia.org/wiki/Token_bucket). A request
takes what it could cost, and gives back what it didn't. Most requests find enough in the portion that their process has, and ask
nobody; what is left of one that nobody used for a while goes back. While Redis is away each process has buckets of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from typing import Any, Protocol

from app.cache.wire import Command, Unanswered

PORTIONS = 20
"""Of a whole bucket, one of which a process takes at a time."""

HELD_SECONDS = 10.0
"""For which a process keeps what is left of a portion that nobody uses; by default a bucket is full again by then."""

RETURNED = 100
"""Portions given back at a time."""

ROOM = 20_000
"""Principals whose portions a process has."""

AWAY_SECONDS = 1.0
"""For which Redis isn't asked again after it didn't answer."""

# Redis's own clock: those of the processes differ. What is granted is what was wanted, or all there is, if that is enough.
_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local rate, burst, need, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if kept[1] then tokens = math.min(burst, kept[1] + math.max(0, now - kept[2]) * rate) end
local granted = 0
if tokens >= need then granted = math.min(tokens, want) end
tokens = math.min(burst, tokens - granted)
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / rate * 1000) + 1000)
return {math.floor(granted), math.ceil(math.max(0, need - tokens) / rate * 1000)}
"""

logger = logging.getLogger(__name__)


class Commands(Protocol):
    """A wire to a Redis; see app.cache.wire."""

    async def run(self, *commands: Command, seconds: float | None = None) -> tuple[str, list[Any]]: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class Portion:
    tokens: int
    until: float


@dataclass(slots=True)
class Bucket:
    """One of a process's own."""

    tokens: float
    at: float


class Quotas:
    """What principals may still ask for. `wire` None: there is no Redis. `rate`: objects a second; `burst`: at once."""

    def __init__(self, wire: Commands | None, *, rate: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._portions: OrderedDict[str, Portion] = OrderedDict()
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._away_until = float("-inf")

    def at_hand(self, principal: str, price: int) -> bool:
        """Take so many objects of the portion that this process has, if there are as many."""
        portion = self._portions.get(principal)
        if portion is None or portion.tokens < price:
            return False
        portion.tokens -= price
        portion.until = self._clock() + HELD_SECONDS
        return True

    async def take(self, principal: str, price: int) -> int:
        """Take so many objects: 0, or in how many seconds there will be as many, and none are taken."""
        price = min(price, self.burst)
        if self._wire is None or self._clock() < self._away_until:
            return self._take_here(principal, price)
        portion = self._portions.pop(principal, None)
        # In nobody's hands but ours meanwhile.
        left = 0 if portion is None else portion.tokens
        need = max(0, price - left)
        try:
            granted, wait_ms = await self._ask(principal, need, max(need, self.burst // PORTIONS))
        except Unanswered:
            self._away_until = self._clock() + AWAY_SECONDS
            logger.warning("each process counts for itself what is asked for: Redis does not answer")
            self.give_back(principal, left)
            return self._take_here(principal, price)
        except BaseException:
            self.give_back(principal, left)
            raise
        if granted < need:
            self.give_back(principal, left)
            return max(1, ceil(wait_ms / 1000))
        self.give_back(principal, left + granted - price)
        return 0

    def give_back(self, principal: str, tokens: int) -> None:
        """What a request didn't cost after all; others of this process may have it."""
        if tokens <= 0:
            return
        portion = self._portions.setdefault(principal, Portion(0, 0))
        portion.tokens = min(portion.tokens + tokens, self.burst)
        portion.until = self._clock() + HELD_SECONDS
        if len(self._portions) > ROOM:
            self._portions.popitem(last=False)

    async def run(self) -> None:
        """Give back for ever what is left of portions that nobody uses any more."""
        while True:
            await asyncio.sleep(HELD_SECONDS)
            try:
                await self.return_left()
            except Unanswered:
                continue
            except Exception:
                logger.exception("portions can't be given back")

    async def close(self) -> None:
        """What is left of all portions is lost: buckets fill again."""
        if self._wire is not None:
            await self._wire.close()

    async def return_left(self) -> None:
        """Give back what is left of portions whose time is over; raises Unanswered."""
        now = self._clock()
        over = {principal: portion for principal, portion in self._portions.items() if now >= portion.until}
        for principal in over:
            del self._portions[principal]
        if self._wire is None or now < self._away_until:
            return
        left = [(principal, portion.tokens) for principal, portion in over.items() if portion.tokens]
        for start in range(0, len(left), RETURNED):
            await self._wire.run(*(self._command(each, 0, -tokens) for each, tokens in left[start : start + RETURNED]))

    async def _ask(self, principal: str, need: int, want: int) -> tuple[int, int]:
        assert self._wire is not None
        _, (answer,) = await self._wire.run(self._command(principal, need, want))
        granted, wait_ms = answer
        return int(granted), int(wait_ms)

    def _command(self, principal: str, need: int, want: int) -> Command:
        # A subject may be a name, and keys are shown to whoever looks at a Redis.
        key = f"c360:quota:{{{sha256(principal.encode()).hexdigest()[:32]}}}"
        return ("EVAL", _TAKE, 1, key, self.rate, self.burst, need, want)

    def _take_here(self, principal: str, price: int) -> int:
        now = self._clock()
        bucket = self._buckets.setdefault(principal, Bucket(self.burst, now))
        self._buckets.move_to_end(principal)
        if len(self._buckets) > ROOM:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.rate)
        bucket.at = now
        if bucket.tokens < price:
            return max(1, ceil((price - bucket.tokens) / self.rate))
        bucket.tokens -= price
        return 0

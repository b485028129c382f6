"""What tests of the process stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.cache.wire import Wire
from tests.conftest import Stack


@pytest.fixture
async def wire(stack: Stack) -> AsyncIterator[Wire]:
    """A way to an empty Redis."""
    async with Redis.from_url(stack.redis_url) as redis:
        await redis.flushall()
    wire = Wire.connect(stack.redis_url, timeout_seconds=5)
    yield wire
    await wire.close()

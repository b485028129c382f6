"""Who comes in, how much they may ask for, and what is recorded of it: opened with the service, as its settings say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.access.keys import Keys
from app.access.principals import Access
from app.access.quotas import Quotas
from app.access.tokens import Rules, Tokens
from app.audit import Trail
from app.cache.wire import Wire
from app.counters import Counters
from app.settings import Settings
from graph.store import Store
from resolvers.access import Principal


@dataclass(frozen=True, slots=True)
class Guards:
    """`trail` None: nothing is recorded; `quotas` None: everybody may ask for as much as they like."""

    access: Access
    trail: Trail | None
    quotas: Quotas | None


@asynccontextmanager
async def guards(settings: Settings, store: Store, counters: Counters) -> AsyncIterator[Guards]:
    """For the length of the block; what keeps them up to date runs beside it."""
    opened = Guards(_access(settings, store), _trail(settings), _quotas(settings, counters))
    works = [opened.access.keys.run()]
    works += [each.run() for each in (opened.trail, opened.quotas) if each is not None]
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield opened
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if opened.trail is not None:
            opened.trail.close()
        if opened.quotas is not None:
            await opened.quotas.close()


def _access(settings: Settings, store: Store) -> Access:
    tokens = None
    if settings.jwt_issuer is not None:
        # Settings.from_env demands all three.
        assert settings.jwt_audience is not None
        assert settings.jwt_jwks is not None
        rules = Rules(
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            jwks=settings.jwt_jwks,
            algorithms=settings.jwt_algorithms,
            leeway=settings.jwt_leeway_seconds,
            customers=settings.jwt_customer_identifier,
        )
        tokens = Tokens(rules)
    scopes = frozenset(settings.anonymous_scopes)
    return Access(Keys(store), tokens, Principal(id="anonymous", scopes=scopes) if scopes else None)


def _trail(settings: Settings) -> Trail | None:
    return Trail(settings.trail, days=settings.audit_days) if settings.audit else None


def _quotas(settings: Settings, counters: Counters) -> Quotas | None:
    if not settings.limit_rate:
        return None
    wire = None
    if settings.redis_url is not None:
        seconds = settings.redis_timeout_ms / 1000
        wire = Wire.connect(settings.redis_url, timeout_seconds=seconds, counters=counters, connections=4)
    return Quotas(wire, rate=settings.limit_rate, burst=settings.limit_burst)

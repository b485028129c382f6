"""What one process holds: the graph, the cache in front of it, and the door through which everything is written."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

from app.cache import Cache
from app.errors import SettingsError
from app.profiles import CachedProfiles
from app.settings import Settings
from graph import events, outbox
from graph.errors import StoreUnavailable
from graph.events import Outcome
from graph.events.inputs import Event
from graph.migrations import migrate
from graph.money import exponent
from graph.store import Store

RELAY_SECONDS = 1.0
RELAY_ROWS = 1_000

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Services:
    """Opened by `open_services`; `cache` is None where the settings name no Redis."""

    settings: Settings
    store: Store
    cache: Cache | None
    profiles: CachedProfiles
    _migrated: bool = False

    async def ready(self) -> None:
        """Return once the graph answers and has every migration; raises StoreUnavailable or MigrationError."""
        await self._migrate()
        await self.store.verify()

    async def record(self, given: Sequence[Event]) -> Outcome:
        """Hand events to the write door and drop what the cache holds of the customers they touched; see graph.events.record."""
        await self._migrate()
        outcome = await events.record(self.store, given, weights=reporting_weights(self.settings))
        if outcome.touched and (self.cache is None or await self.cache.invalidate(outcome.touched)):
            await outbox.forget(self.store, outcome.touched.items())
        return outcome

    async def _migrate(self) -> None:
        if not self._migrated:
            await migrate(self.store)
            self._migrated = True

    async def relay(self) -> bool:
        """Publish what was committed but not published, by this process or one that ended; True when nothing is left."""
        while rows := await outbox.waiting(self.store, limit=RELAY_ROWS):
            if self.cache is not None and not await self.cache.invalidate({customer for customer, _ in rows}):
                return False
            await outbox.forget(self.store, rows)
        return True

    async def catch_up(self) -> bool:
        """`relay` for when Redis is back: False, to be tried again, where the graph can't be reached either."""
        try:
            return await self.relay()
        except StoreUnavailable as error:
            logger.warning("the outbox waits: %s", error)
        except Exception:
            # Whoever relays goes on for ever: what can't be published now is tried again.
            logger.exception("the outbox waits")
        return False


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Services for the addresses in `settings`; raises SettingsError when it names no Neo4j."""
    if settings.neo4j_uri is None:
        raise SettingsError("NEO4J_URI", "is not set; run `c360 up` first, or set it")
    store = await Store.connect(
        settings.neo4j_uri,
        user=settings.neo4j_user,
        password=settings.neo4j_password,
        database=settings.neo4j_database,
        timeout=settings.neo4j_transaction_timeout_seconds,
    )
    cache = _cache(settings)
    services = Services(settings, store, cache, CachedProfiles(store, cache))
    if cache is not None:
        cache.when_back(services.catch_up)
    try:
        await services.ready()
    except StoreUnavailable as error:
        logger.warning("Neo4j is not there yet; migrations wait for it: %s", error)
    relaying = asyncio.create_task(_relay_for_ever(services))
    try:
        yield services
    finally:
        relaying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await relaying
        if cache is not None:
            await cache.close()
        await store.close()


def reporting_weights(settings: Settings) -> Mapping[str, float]:
    """For each currency with a rate, how many minor units of the reporting currency one of its minor units is worth."""
    rates = {**settings.currency_rates, settings.reporting_currency: Decimal(1)}
    scale = exponent(settings.reporting_currency)
    return {currency: float(rate.scaleb(scale - exponent(currency))) for currency, rate in rates.items()}


def _cache(settings: Settings) -> Cache | None:
    if settings.redis_url is None:
        return None
    return Cache.connect(
        settings.redis_url, timeout_seconds=settings.redis_timeout_ms / 1000, ttl_seconds=settings.cache_ttl_seconds
    )


async def _relay_for_ever(services: Services) -> None:
    while True:
        await services.catch_up()
        await asyncio.sleep(RELAY_SECONDS)

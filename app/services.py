"""What one process holds: the graph, the cache in front of it, and the door through which everything is written."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import ceil

from app.admission import Admission
from app.cache.profiles import Cache
from app.cache.wire import Wire
from app.catalogue import Copies
from app.changes import READ_SECONDS, Changes
from app.counters import Counters
from app.epochs import Epochs
from app.errors import SettingsError
from app.feed import Feed
from app.flights import Flights
from app.following import Follower
from app.forever import forever
from app.gathering import Gathering
from app.network_watches import NetworkWatches
from app.profiles import LOAD_SIZE, LOADS, CachedProfiles
from app.publishing import Publisher
from app.settings import Settings
from graph import deadletters, events
from graph.answers import Request
from graph.cache import EpochNode
from graph.changes import find_versions
from graph.deadletters import Undelivered
from graph.errors import InvalidEvent, Outgrown, StoreUnavailable
from graph.events import Call, Outcome
from graph.events.inputs import Event
from graph.identity.forms import dial_from
from graph.identity.rules import BadRules, IdentityRules, read_rules, usual_rules
from graph.migrations import migrate
from graph.money import exponent
from graph.referrals import Rule
from graph.referrals.judging import find_suspicion_marks, judge
from graph.referrals.marks import Marks
from graph.referrals.networks import Network, trace_network
from graph.referrals.suspicion import Suspicions
from graph.referrals.totals import find_marks, follow
from graph.referrals.tracing import Chain, load_chains
from graph.store import Store
from resolvers.money import Rates
from resolvers.observer import observed

FEED_SECONDS = READ_SECONDS + 1.0
"""Before a Redis that doesn't answer a read of the feed counts as away."""

PLANNED_FROM = 1_000
"""Characters of statements that are planned before anybody asks: a cold Neo4j takes a second and more for one of them, where it
takes a tenth for most others."""

PLAN_SECONDS = 1.0
"""Between two looks at whether Neo4j has its plans still to make, as after it was away."""

logger = logging.getLogger(__name__)

NETWORKS = 16
"""Networks that are walked at once, each of them by a statement of its own."""


@dataclass(slots=True)
class Services:
    """Opened by `open_services`; `cache` is None where the settings name no Redis."""

    settings: Settings
    store: Store
    cache: Cache | None
    profiles: CachedProfiles
    chains: Flights[str, Chain | None]
    networks: Flights[tuple[str, int | None], Network]
    catalogue: Copies
    epochs: Epochs
    publisher: Publisher
    changes: Changes
    network_watches: NetworkWatches
    totals: Follower
    suspects: Follower
    counters: Counters = field(default_factory=Counters)
    gathering: Gathering = field(init=False)
    _weights: Mapping[str, float] = field(init=False)
    _rule: Rule = field(init=False)
    identity_rules: IdentityRules = field(init=False)
    _migrated: bool = False

    def __post_init__(self) -> None:
        self._weights, self._rule = reporting_weights(self.settings), referral_rule(self.settings)
        self.identity_rules = identity_rules_of(self.settings)
        dial_from(self.identity_rules.region)
        self.gathering = Gathering(
            self.record_all, room=self.settings.write_queue, alone=not self.settings.group_commit, counters=self.counters
        )

    async def ready(self) -> None:
        """Return once the graph answers and has every migration; raises StoreUnavailable or MigrationError."""
        await self._migrate()
        await self.store.verify()

    async def record(self, given: Sequence[Event], request: Request | None = None) -> Outcome:
        """Hand events to the write door, in a transaction with whoever else comes now; see graph.events.record.

        Raises Overloaded when too much is waiting already, and InvalidEvent (CONFLICT) for a key that was used before.
        """
        found = await self.gathering.keep(Call(events=given, request=request))
        if isinstance(found, InvalidEvent):
            raise found
        return found

    async def record_batch(self, given: Sequence[Event]) -> Outcome:
        """`record` by a transaction of its own, and however much waits: for bulk work, which sees to that itself. Raises Outgrown
        for several events that may be kept apart from each other."""
        try:
            (found,) = await self.record_all([Call(events=given)])
        except Outgrown as error:
            if len(given) > 1:
                raise
            return Outcome.refused("TOO_LARGE", str(error))
        assert isinstance(found, Outcome)
        return found

    async def record_all(self, calls: Sequence[Call]) -> list[Outcome | InvalidEvent]:
        """Keep the events of these calls by one transaction, and publish what it changed; see graph.events.record_all."""
        await self._migrate()
        receipt = Request.receipt()
        found = await events.record_all(
            self.store,
            calls,
            receipt=receipt,
            weights=self._weights,
            rule=self._rule,
            identity_rules=self.identity_rules,
        )
        outcomes = [each for each in found if isinstance(each, Outcome)]
        touched = {customer: version for each in outcomes for customer, version in each.touched.items()}
        await self.publisher.publish(touched, receipt.key)
        if any(each.duplicates or each.repeated for each in outcomes):
            # Whoever committed it first may have ended before publishing it; this answer says that it can be read.
            await self.publisher.relay()
        return found

    async def bury(self, letters: Sequence[Undelivered]) -> int:
        """Keep what could not be kept as it should, to be looked at; returns for how many there was room."""
        return await deadletters.record(self.store, letters, at=datetime.now(UTC))

    async def _migrate(self) -> None:
        if not self._migrated:
            await migrate(self.store.patient())
            self._migrated = True


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Services for the addresses in `settings`; raises SettingsError when it names no Neo4j."""
    if settings.neo4j_uri is None:
        raise SettingsError("NEO4J_URI", "is not set; run `c360 up` first, or set it")
    counters = Counters()
    store = await Store.connect(
        settings.neo4j_uri,
        user=settings.neo4j_user,
        password=settings.neo4j_password,
        database=settings.neo4j_database,
        timeout=settings.neo4j_transaction_timeout_seconds,
        observe=partial(_observe, counters),
    )
    cache = _cache(settings, counters)
    epochs = Epochs(EpochNode(store), cache, time.monotonic)
    publisher = Publisher(store, epochs, timedelta(hours=settings.idempotency_hours))
    feed = None if settings.redis_url is None else Wire.connect(settings.redis_url, timeout_seconds=FEED_SECONDS, connections=1)
    changes = Changes(partial(find_versions, store), epochs.belief, None if feed is None else Feed(feed))
    admission = Admission(at_once=settings.cache_admission == "first")
    profiles = CachedProfiles(store, cache, epochs.belief, admission)
    watches = NetworkWatches.of(changes, store)
    weights, rule = reporting_weights(settings), referral_rule(settings)
    totals = Follower("totals of networks", partial(find_marks, store), partial(follow, store, weights=weights))
    judging = partial(_judge, store, publisher, rule, suspicions(settings))
    suspects = Follower("suspicious referrals", partial(find_suspicion_marks, store), judging)
    copies = Copies(store)
    # Together with whoever asks at the same time, as profiles are.
    chains = Flights(partial(load_chains, store), ways=LOADS, size=LOAD_SIZE)
    networks = Flights(partial(_load_network, store), ways=NETWORKS, size=1, once=True)
    services = Services(
        settings=settings,
        store=store,
        cache=cache,
        profiles=profiles,
        chains=chains,
        networks=networks,
        catalogue=copies,
        epochs=epochs,
        publisher=publisher,
        changes=changes,
        network_watches=watches,
        totals=totals,
        suspects=suspects,
        counters=counters,
    )
    try:
        await services.ready()
    except StoreUnavailable as error:
        logger.warning("Neo4j is not there yet; migrations wait for it: %s", error)
    # The first look at the cache's epoch is done before anything is asked.
    with contextlib.suppress(StoreUnavailable):
        await epochs.turn()
    works = [publisher.run(), epochs.run(), changes.run(), watches.run()]
    works.append(forever(partial(_plan, store), "the first to ask wait for Neo4j's plans", later=PLAN_SECONDS))
    if settings.follow_marks:
        works += [totals.run(), suspects.run()]
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield services
    finally:
        await services.gathering.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await services.profiles.close()
        await services.chains.close()
        await services.networks.close()
        await services.catalogue.close()
        if cache is not None:
            await cache.close()
        if feed is not None:
            await feed.close()
        await store.close()


async def _load_network(store: Store, asked: Sequence[tuple[str, int | None]]) -> list[Network]:
    return [await trace_network(store, customer, depth=depth) for customer, depth in asked]


def reporting_weights(settings: Settings) -> Mapping[str, float]:
    """For each currency with a rate, how many minor units of the reporting currency one of its minor units is worth."""
    return Rates(settings.reporting_currency, settings.currency_rates).weights


def identity_rules_of(settings: Settings) -> IdentityRules:
    """Which identifiers are one person; raises SettingsError where the file can't be read."""
    if settings.identity_rules is None:
        return usual_rules()
    try:
        return read_rules(settings.identity_rules)
    except BadRules as error:
        raise SettingsError("C360_IDENTITY_RULES", f"names rules that can't be used: {error}") from error


def referral_rule(settings: Settings) -> Rule:
    """When referrals qualify."""
    least: dict[str, int] | None = None
    if settings.referral_qualifying_amount:
        rates = {**settings.currency_rates, settings.reporting_currency: Decimal(1)}
        worth = Fraction(settings.referral_qualifying_amount)
        least = {each: ceil(worth / Fraction(rate) * Fraction(10) ** exponent(each)) for each, rate in rates.items()}
    return Rule(days=settings.referral_qualifying_days, least=least, open_days=settings.referral_invitation_days)


def suspicions(settings: Settings) -> Suspicions:
    """What makes referrals suspicious."""
    return Suspicions(
        devices=frozenset(settings.referral_device_traits),
        payments=frozenset(settings.referral_payment_traits),
        crowd=settings.referral_burst or None,
        minutes=settings.referral_burst_minutes,
    )


async def _plan(store: Store) -> float:
    await store.plan(PLANNED_FROM)
    return PLAN_SECONDS


async def _judge(store: Store, publisher: Publisher, rule: Rule, suspicious: Suspicions, marks: Marks) -> None:
    receipt = Request.receipt()
    changed = await judge(store, marks, rule=rule, suspicions=suspicious, receipt=receipt)
    if changed:
        await publisher.publish(changed, receipt.key)


def _observe(counters: Counters, statement: str, seconds: float, failed: bool) -> None:
    counters.statements[statement].add(seconds, failed=failed)
    observed.get().spent("neo4j", seconds, "statement", statement)


def _cache(settings: Settings, counters: Counters) -> Cache | None:
    if settings.redis_url is None:
        return None
    return Cache.connect(
        settings.redis_url,
        timeout_seconds=settings.redis_timeout_ms / 1000,
        ttl_seconds=settings.cache_ttl_seconds,
        counters=counters,
    )

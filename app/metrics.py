"""What Prometheus is told: counts of app/counters.py and the state of the process, in the text format, at GET /metrics.

Everything is read when it is asked for, on a thread of its own: to write a few thousand lines takes milliseconds, which no
request is to wait for. docs/operations.md says what each metric means.
"""

from __future__ import annotations

import asyncio
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import __version__
from app.counters import Counters, Histogram
from app.services import Services
from resolvers.documents import Documents

LAG_SECONDS = 0.1
"""Between two looks at how late the event loop is."""


def registry_of(services: Services, documents: Documents) -> CollectorRegistry:
    """A registry with all there is to tell of this service, and of the process that it runs in."""
    registry = CollectorRegistry()
    registry.register(_Counted(services.counters))
    registry.register(_States(services, documents))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


def metrics_route() -> Route:
    """GET /metrics, for a registry in the state `metrics`."""
    return Route("/metrics", _endpoint)


async def _endpoint(request: Request) -> Response:
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(await asyncio.to_thread(encode, request.state["metrics"]), headers={"content-type": content_type})


async def watch_loop(lag: Histogram) -> None:
    """Observe for ever how much later than asked for the event loop wakes this up."""
    while True:
        begun = perf_counter()
        await asyncio.sleep(LAG_SECONDS)
        lag.observe(max(0.0, perf_counter() - begun - LAG_SECONDS))


@dataclass(frozen=True, slots=True, eq=False)
class _Counted(Collector):
    counters: Counters

    def collect(self) -> Iterator[Metric]:
        counters = self.counters
        yield _requests(counters)
        yield _counts("c360_graphql_errors", "Errors in answers, by code; once a request.", "code", counters.errors)
        yield _histograms(
            "c360_graphql_request_duration_seconds",
            "From the arrival of a request to the end of its answer, subscriptions apart.",
            "type",
            counters.durations,
        )
        yield _histogram("c360_graphql_cost_objects", "Objects that an answer could hold, as priced.", counters.costs)
        yield _counts(
            "c360_graphql_plans",
            "Queries and mutations that a plan answered, left, or none was there for.",
            "result",
            counters.plans,
        )
        yield _counts(
            "c360_profile_cache_lookups", "Profiles by where they came from: hit, miss, bypassed.", "result", counters.profiles
        )
        yield CounterMetricFamily(
            "c360_profile_cache_stale", "Values found in Redis that don't count: of another epoch or version.", counters.stale
        )
        yield _counts("c360_profile_cache_leases", "Leases: taken, held by others, filled, void.", "result", counters.leases)
        yield from _statements(counters)
        yield _histogram("c360_redis_call_duration_seconds", "Calls of Redis that were answered.", counters.redis)
        yield _counts("c360_redis_failures", "Calls of Redis that were not: timeout, error.", "reason", counters.redis_failures)
        yield CounterMetricFamily("c360_redis_breaker_trips", "How often Redis began to be passed by.", counters.breaker_trips)
        yield _histogram("c360_write_batch_events", "Events written together.", counters.batches)
        yield _histogram("c360_write_batch_duration_seconds", "Time to write and publish a batch.", counters.batch_seconds)
        yield CounterMetricFamily("c360_write_shed_events", "Events turned away, as too many waited.", counters.shed)
        yield _histogram("c360_event_loop_lag_seconds", "How late the event loop was.", counters.loop_lag)


@dataclass(frozen=True, slots=True, eq=False)
class _States(Collector):
    services: Services
    documents: Documents

    def collect(self) -> Iterator[Metric]:
        found = {"hit": self.documents.hits, "miss": self.documents.misses}
        yield _counts("c360_document_cache_lookups", "Documents found parsed and validated (hit), or not.", "result", found)
        services, cache, seen = self.services, self.services.cache, self.services.epochs.seen
        yield InfoMetricFamily(
            "c360_build", "What runs here.", {"version": __version__, "python": platform.python_version()}
        )  # fmt: skip
        yield _gauge("c360_graphql_subscriptions", "Subscriptions under way.", services.counters.subscriptions)
        yield _gauge("c360_redis_breaker_open", "1 while Redis is passed by, as it failed.", cache is not None and cache.bypassed)
        yield _gauge("c360_cache_open", "1 while this process may read from the cache.", services.epochs.belief() is not None)
        yield _gauge("c360_cache_epoch", "Rises with each closing and opening of the cache.", 0 if seen is None else seen.epoch)
        yield _gauge("c360_network_totals_lag_seconds", "How long advocates wait to be ranked anew.", services.totals.lag)
        yield _gauge("c360_suspicion_lag_seconds", "How long referrals wait to be looked at.", services.suspects.lag)
        yield _gauge("c360_write_queue_events", "Events that wait to be written.", services.gathering.waiting)
        yield _gauge("c360_write_queue_room_events", "Events that may wait (C360_WRITE_QUEUE).", services.settings.write_queue)


def _requests(counters: Counters) -> Metric:
    family = CounterMetricFamily(
        "c360_graphql_requests",
        "GraphQL requests by operation, document (the beginning of its SHA-256) and outcome.",
        labels=("operation", "document", "outcome"),
    )
    # Of several types there are others, and names that were cut or are invalid may have become the same.
    merged = Counter[tuple[str, str, str]]()
    for series in counters.all_series():
        for outcome, count in list(series.outcomes.items()):
            merged[series.operation, series.document, outcome] += count
    for key, count in merged.items():
        family.add_metric(key, count)
    return family


def _statements(counters: Counters) -> Iterator[Metric]:
    times = SummaryMetricFamily("c360_neo4j_statement_seconds", "Statements, by file of cypher/.", labels=("statement",))
    failures = CounterMetricFamily(
        "c360_neo4j_statement_failures", "Statements that failed or were given up.", labels=("statement",)
    )
    for name, spent in list(counters.statements.items()):
        times.add_metric((name,), spent.times, spent.seconds)
        failures.add_metric((name,), spent.failures)
    return iter((times, failures))


def _counts(name: str, help: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, help, labels=(label,))
    for value, count in list(counts.items()):
        family.add_metric((value,), count)
    return family


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, float(value))


def _histogram(name: str, help: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(name, help, _buckets(histogram), histogram.total)


def _histograms(name: str, help: str, label: str, histograms: Mapping[str, Histogram]) -> Metric:
    family = HistogramMetricFamily(name, help, labels=(label,))
    for value, histogram in list(histograms.items()):
        family.add_metric((value,), _buckets(histogram), histogram.total)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Each upper bound with how many values lie up to it, as Prometheus wants them."""
    bounds: Iterable[str] = (*(str(float(bound)) for bound in histogram.bounds), "+Inf")
    return list(zip(bounds, accumulate(histogram.counts), strict=True))


Stop = Callable[[], None]


def serve_apart(registry: CollectorRegistry, *, host: str, port: int) -> Stop:
    """Serve the registry on a port of its own, from a thread; returns what ends that."""
    server, thread = start_http_server(port, addr=host, registry=registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop

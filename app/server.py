"""The service as an ASGI application: its routes, and what lives as long as it does."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.opening import Guards, guards
from app.errors import SettingsError
from app.explorer import explorer_files
from app.graphql import GraphQL
from app.graphql.replies import CAREFUL, COMPRESSED_FROM, LEVEL
from app.known import KnownDocuments
from app.metrics import metrics_route, registry_of, serve_apart, watch_loop
from app.observation import Observations
from app.persisted import PersistedQueries
from app.segment import segment_routes
from app.services import Services, open_services
from app.settings import Settings
from app.trusted import TrustedDocuments
from app.websocket import websocket
from graph.customers import ProfileKey, load_profiles
from graph.customers.places import load_quintiles
from graph.errors import MigrationError, StoreUnavailable
from resolvers.cursors import Cursors
from resolvers.documents import Documents
from resolvers.money import Rates
from resolvers.sources import Rules, Sources
from resolvers.value import QuintileCopy

if TYPE_CHECKING:
    from app.tracing import Tracing

logger = logging.getLogger(__name__)


SWITCH_SECONDS = 0.001
"""Python's own are five times as many: with a document to be read beside it, each turn of the event loop waited for so long."""


LARGEST = 4_000
"""Characters of statements that are planned before the service says that it is there; the other long ones follow."""

WARM_SECONDS = 30.0
"""For those plans, after which the service says so all the same."""

MADE_BETWEEN = 20_000
"""Objects between two looks at the youngest: no single request makes so many that all others are looked at, too."""


class State(TypedDict):
    """What the lifespan gives to every request."""

    services: Services
    sources: Sources
    documents: KnownDocuments
    observations: Observations
    metrics: CollectorRegistry
    guards: Guards


def create_app(settings: Settings) -> ASGIApp:
    """The application; Neo4j and Redis are connected to when it starts, and left when it stops.

    Raises SettingsError where the trusted documents can't be used, or the packages that a setting needs are missing.
    """
    trusted, tracing = TrustedDocuments.of(settings), tracing_of(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        try:
            async with (
                open_services(settings) as services,
                guards(settings, services.store, services.counters) as opened,
            ):
                await warm(services)
                quintiles = QuintileCopy(lambda: load_quintiles(services.store))
                sources = sources_of(services, quintiles, opened)
                known = KnownDocuments(trusted, persisted_of(services), sources.documents)
                registry = registry_of(services, sources.documents)
                settle()
                try:
                    async with observing(services, registry, tracing) as observations:
                        yield State(
                            services=services,
                            sources=sources,
                            documents=known,
                            observations=observations,
                            metrics=registry,
                            guards=opened,
                        )
                finally:
                    await quintiles.close()
        except Exception:
            # uvicorn logs all of it as the text of a message, of which app/logs.py keeps the first line.
            logger.exception("the service did not start, or not end, in good order")
            raise

    routes: list[BaseRoute] = [
        WebSocketRoute("/graphql", websocket),
        *segment_routes(),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    if settings.metrics and settings.metrics_port is None:
        routes.append(metrics_route())
    if settings.graphiql:
        routes.append(explorer_files())
    middleware = [Middleware(Careful), Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=LEVEL)]
    others = Starlette(routes=routes, lifespan=lifespan, middleware=middleware)
    graphql: ASGIApp = GraphQL(
        explorer=settings.graphiql,
        seconds=settings.request_timeout_seconds,
        purpose=settings.purpose_required,
        by_get=settings.reads_by_get,
    )
    if settings.origins:
        graphql = CORSMiddleware(
            graphql,
            allow_origins=settings.origins,
            allow_methods=("GET", "POST"),
            allow_headers=("authorization", "content-type", "traceparent", "x-c360-explain", "x-c360-purpose"),
            expose_headers=("retry-after",),
        )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Ahead of routes and middleware, which would take longer than the answer to a cached profile.
        await (graphql if scope["type"] == "http" and scope["path"] == "/graphql" else others)(scope, receive, send)

    return app


class Careful:
    """Has browsers make nothing of an answer but what it says it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in CAREFUL if each[0] not in said)]
            await send(message)

        await self._app(scope, receive, careful if scope["type"] == "http" else send)


@asynccontextmanager
async def observing(
    services: Services, registry: CollectorRegistry, tracing: Callable[[], Tracing] | None
) -> AsyncIterator[Observations]:
    """Where requests are observed, and Prometheus is answered on a port of its own, as the settings say."""
    settings = services.settings
    async with AsyncExitStack() as ends:
        if settings.metrics and settings.metrics_port is not None:
            stop = serve_apart(registry, host=settings.host, port=settings.metrics_port)
            ends.push_async_callback(asyncio.to_thread, stop)
        tracer = None
        if tracing is not None:
            tracer = tracing()
            ends.push_async_callback(asyncio.to_thread, tracer.close)
        watching = asyncio.create_task(watch_loop(services.counters.loop_lag))
        try:
            yield Observations(services.counters, tracer, settings.log_requests)
        finally:
            watching.cancel()
            await asyncio.wait([watching])


def tracing_of(settings: Settings) -> Callable[[], Tracing] | None:
    """What begins to send spans; None where nobody takes any. Raises SettingsError where its packages are missing."""
    if settings.traces is None:
        return None
    try:
        from app.tracing import Tracing
    except ImportError:
        raise SettingsError("OTEL_TRACES_EXPORTER", "needs more packages: pip install 'customer360[tracing]'") from None
    return partial(Tracing.to, settings.traces)


def settle() -> None:
    """Have the garbage collector leave alone what is loaded by now, which stays, and look less often at the rest: all of it takes
    a tenth of a second. And have threads that work beside the event loop give way to it sooner."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(MADE_BETWEEN, 10, 10)
    gc.collect()
    gc.freeze()


async def warm(services: Services) -> None:
    """Have Neo4j plan the largest statements before the first request: a cold server takes longer for them than a request has."""
    try:
        async with asyncio.timeout(WARM_SECONDS):
            await services.store.plan(LARGEST)
        await load_profiles(services.store, [ProfileKey(id="none")])
    except (StoreUnavailable, TimeoutError) as error:
        logger.warning("the first requests will wait for their plans: %s", str(error) or "Neo4j has not made them in time")


def sources_of(services: Services, quintiles: QuintileCopy, guards: Guards | None = None) -> Sources:
    """What resolvers ask, from what the process holds."""
    settings = services.settings
    return Sources(
        profiles=services.profiles,
        chains=services.chains,
        networks=services.networks,
        reader=services.store,
        door=services,
        catalogue=services.catalogue,
        watches=services.changes,
        network_watches=services.network_watches,
        quintiles=quintiles,
        rules=Rules(
            cursors=Cursors(settings.cursor_secret),
            rates=Rates(settings.reporting_currency, settings.currency_rates),
            cart_abandoned_after=timedelta(minutes=settings.cart_abandoned_after_minutes),
            clock=lambda: datetime.now(UTC),
            referral_url=settings.referral_url,
            old_customers=settings.referral_old_customers,
            identity=services.identity_rules,
        ),
        documents=Documents(settings.limits),
        plans=settings.plans,
        trail=None if guards is None else guards.trail,
        quotas=None if guards is None else guards.quotas,
    )


def persisted_of(services: Services) -> PersistedQueries | None:
    """What clients may persist; None where they may not."""
    settings = services.settings
    if not settings.persisted:
        return None
    return PersistedQueries(services.cache, room=settings.persisted_kb * 1024, ttl_seconds=settings.persisted_ttl_seconds)


async def healthz(_: Request) -> Response:
    """The process lives; it says nothing of Neo4j, for a restart wouldn't help there."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Whether requests can be answered: Neo4j must be there with all migrations; Redis may be away."""
    services: Services = request.state["services"]
    try:
        await services.ready()
    except StoreUnavailable:
        return JSONResponse({"status": "unavailable", "neo4j": False}, status_code=503)
    except MigrationError as error:
        logger.error("not ready: %s", error)
        return JSONResponse({"status": "unavailable", "neo4j": True, "migrations": False}, status_code=503)
    cache = "none" if services.cache is None else "ok" if await services.cache.ping() else "away"
    return JSONResponse({"status": "ok", "neo4j": True, "cache": cache})

"""What tests of the API share: the service on a port of its own, over the session's Neo4j and Redis, and a way to ask it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import venv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from redis.asyncio import Redis

from app.commands.web import serving
from app.epochs import CALM
from app.local.process import free_port
from app.server import create_app
from app.services import Services, open_services
from app.settings import Settings
from graph.events.inputs import CustomerKey, Event, IdentifierKey
from graph.store import Store
from tests.conftest import Stack

LIBRARIES = Path(__file__).parent / "libraries"
START = datetime(2024, 1, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """That many minutes into the story that these tests tell."""
    return START + timedelta(minutes=minutes)


def by_email(address: str) -> CustomerKey:
    return CustomerKey(email=address)


def email(address: str) -> IdentifierKey:
    return IdentifierKey("email", address)


@dataclass(frozen=True, slots=True)
class Api:
    """The service as a client sees it."""

    http: httpx2.AsyncClient

    async def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The whole response of a query."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        body: dict[str, Any] = response.json()
        return body

    async def data(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The data of a query that has no errors."""
        body = await self.ask(query, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def codes(self, query: str, /, **variables: Any) -> list[str]:
        """The codes of a query's errors; each has a message without traces of our code."""
        errors = (await self.ask(query, **variables)).get("errors", [])
        for error in errors:
            assert error["message"]
            assert "Traceback" not in error["message"] and ".py" not in error["message"]
        return [error["extensions"]["code"] for error in errors]


@pytest.fixture(scope="session")
def api_settings(settings: Settings) -> Settings:
    return replace(
        settings,
        port=free_port(),
        currency_rates={"EUR": Decimal("1.10"), "JPY": Decimal("0.0067")},
        redis_timeout_ms=5_000,
    )


@pytest.fixture(scope="session")
async def service(api_settings: Settings, store: Store) -> AsyncIterator[str]:
    """The address of the running service."""
    async with serving(create_app(api_settings), api_settings):
        yield f"http://127.0.0.1:{api_settings.port}"


@pytest.fixture(scope="session")
async def api(service: str) -> AsyncIterator[Api]:
    async with httpx2.AsyncClient(base_url=service, timeout=20) as http:
        yield Api(http)


@pytest.fixture(scope="session")
async def services(api_settings: Settings, store: Store) -> AsyncIterator[Services]:
    """The write door with the cache's invalidation, as another process would have it."""
    async with open_services(api_settings) as opened:
        yield opened


@pytest.fixture
async def told(graph: Store, services: Services, stack: Stack) -> Tell:
    """Tells events to an empty graph before an empty cache; all of them must be accepted."""
    async with Redis.from_url(stack.redis_url) as redis:
        await redis.flushall()
    return Tell(services)


@pytest.fixture
async def cached(api: Api, told: Tell) -> None:
    """The cache may be believed: after a test without Redis it stays closed for some seconds."""
    query = {"query": '{ customer(by: {email: "nobody@example.com"}) { id } }', "extensions": {"cache": True}}
    async with asyncio.timeout(CALM + 10):
        while (await api.http.post("/graphql", json=query)).json()["extensions"]["cache"] == "bypassed":
            await asyncio.sleep(0.1)


@asynccontextmanager
async def another(settings: Settings, **changed: Any) -> AsyncIterator[str]:
    """The address of one more service, whose settings are others."""
    other = replace(settings, port=free_port(), **changed)
    async with serving(create_app(other), other):
        yield f"http://127.0.0.1:{other.port}"


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of `tests/api/libraries` and all they want, apart from ours: an interpreter and a Node.js of the
    lock's, whatever this machine has, and the packages of both."""
    folder = tmp_path_factory.mktemp("libraries")
    venv.create(folder, with_pip=True)
    for file in LIBRARIES.iterdir():
        shutil.copy(file, folder)
    quiet = ("--quiet", "--disable-pip-version-check")
    _run(folder, "python", "-m", "pip", "install", *quiet, "--require-hashes", "-r", "requirements.lock")
    _run(folder, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    return folder


def _run(folder: Path, program: str, *arguments: str) -> None:
    done = subprocess.run([str(folder / "bin" / program), *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


async def node(libraries: Path, program: str, *arguments: str) -> Any:
    """What a program of the libraries, run by Node.js, says in JSON."""
    running = await asyncio.create_subprocess_exec(
        libraries / "bin" / "node", libraries / program, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said, complained = await asyncio.wait_for(running.communicate(), 120)
    assert running.returncode == 0, complained.decode()
    return orjson.loads(said)


@dataclass(frozen=True, slots=True)
class Tell:
    services: Services

    async def __call__(self, *events: Event) -> None:
        outcome = await self.services.record(events)
        assert outcome.rejected == (), outcome.rejected

    async def many(self, events: Sequence[Event]) -> None:
        for start in range(0, len(events), 1000):
            await self(*events[start : start + 1000])

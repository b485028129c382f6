"""Whether a service says of itself that it can answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request

from app.server import readyz
from app.services import Services, open_services
from app.settings import Settings
from graph.store import Store

CHANGE = "MATCH (m:Migration) WITH m ORDER BY m.name LIMIT 1 SET m.kept = m.checksum, m.checksum = 'other'"
RESTORE = "MATCH (m:Migration) WHERE m.kept IS NOT NULL SET m.checksum = m.kept REMOVE m.kept"


@pytest.fixture
async def services(settings: Settings, graph: Store) -> AsyncIterator[Services]:
    async with open_services(settings) as opened:
        yield opened


async def ready(services: Services) -> tuple[int, object]:
    response = await readyz(Request({"type": "http", "state": {"services": services}}))
    return response.status_code, json.loads(bytes(response.body))


async def test_it_is_ready_unless_a_migration_was_changed_before_it_could_look(services: Services) -> None:
    assert await ready(services) == (200, {"status": "ok", "neo4j": True, "cache": "ok"})
    # As after a start without Neo4j.
    services._migrated = False
    await services.store.apply(CHANGE)
    try:
        assert await ready(services) == (503, {"status": "unavailable", "neo4j": True, "migrations": False})
    finally:
        await services.store.apply(RESTORE)
    assert await ready(services) == (200, {"status": "ok", "neo4j": True, "cache": "ok"})

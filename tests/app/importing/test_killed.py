"""An import that is killed half-way is run again, and finishes: nothing is missing, nothing is there twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from neo4j import AsyncDriver, AsyncGraphDatabase

from app.importing import import_path
from app.settings import Settings
from graph.store import Store
from tests.app.importing.harness import ROOT

ROWS = 24_000
MAPPING = """
version = 1
source = "killed"
[files.lines]
path = "lines.csv"
[[read]]
file = "lines"
group_by = "basket"
  [[read.events]]
  kind = "purchase"
  id = "{basket}"
  at = "2026-01-01T00:00:00Z"
  customer = { type = "user_id", value = "{user}" }
  number = "{basket}"
  total = { sum = "amount", currency = "EUR" }
    [read.events.items]
    sku = "{sku}"
    quantity = 1
"""
CHILD = """
import asyncio, sys
from pathlib import Path
from app.importing import import_path
from app.settings import Settings
folder = Path(sys.argv[1])
asyncio.run(import_path(Settings.from_env(), folder, folder / "mapping.toml"))
"""


@pytest.fixture
async def driver(settings: Settings) -> AsyncIterator[AsyncDriver]:
    assert settings.neo4j_uri is not None
    auth = (settings.neo4j_user, settings.neo4j_password)
    async with AsyncGraphDatabase.driver(settings.neo4j_uri, auth=auth) as driver:
        yield driver


async def purchases(driver: AsyncDriver) -> int:
    found = await driver.execute_query("MATCH (p:Purchase {source: 'killed'}) RETURN count(p)")
    return int(found.records[0].value())


async def test_killed_and_run_again(graph: Store, driver: AsyncDriver, settings: Settings, tmp_path: Path) -> None:
    lines = "".join(f"b{row // 2},u{row % 997},s{row % 13},0.50\n" for row in range(ROWS))
    (tmp_path / "lines.csv").write_text(f"basket,user,sku,amount\n{lines}")
    (tmp_path / "mapping.toml").write_text(MAPPING)
    environment = os.environ | {
        "NEO4J_URI": settings.neo4j_uri or "",
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password,
        "REDIS_URL": settings.redis_url or "",
        "C360_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, str(tmp_path), env=environment)
    async with asyncio.timeout(300):
        while await purchases(driver) == 0:
            assert child.returncode is None
            await asyncio.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    half = await purchases(driver)
    assert 0 < half < ROWS // 2
    summary = await import_path(settings, tmp_path, tmp_path / "mapping.toml")
    assert (summary.accepted + summary.duplicates, summary.rejected) == (ROWS // 2, 0)
    # The transaction that was under way may have been committed after the count.
    assert summary.duplicates >= half
    whole = await driver.execute_query(
        "MATCH (p:Purchase {source: 'killed'}) RETURN count(p), sum(p.total), sum(COUNT { (p)-[:CONTAINS]->() })"
    )
    assert whole.records[0].values() == [ROWS // 2, ROWS * 50, ROWS]
    facts = await driver.execute_query("MATCH (c:Customer) RETURN sum(c.orders)")
    assert facts.records[0].value() == ROWS // 2

"""Migrations of a graph that is full already."""

from __future__ import annotations

import pytest

from graph.migrations import migrate
from graph.store import Store
from tests.graph.conftest import AskCypher

pytestmark = pytest.mark.usefixtures("graph")


async def test_indexes_are_filled_once_a_migration_is_applied(graph: Store, ask: AskCypher) -> None:
    await ask("UNWIND range(1, 100000) AS number CREATE (:NetworkMark {customer: toString(number), at: datetime()})")
    name = "V0009__program_and_order"
    await graph.apply("DROP INDEX network_mark_at")
    await ask("MATCH (m:Migration {name: $name}) DELETE m", name=name)
    assert await migrate(graph) == [name]
    assert await ask("SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE' RETURN name") == []

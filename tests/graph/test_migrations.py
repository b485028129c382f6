"""Migrations of a graph that is full already."""

from __future__ import annotations

import pytest

from graph import outbox
from graph.migrations import migrate, migrations
from graph.store import Store
from tests.graph.conftest import AskCypher

pytestmark = pytest.mark.usefixtures("graph")


def test_no_index_has_the_name_of_another() -> None:
    """It would be passed over without a word, since it is there already."""
    commands = [command for migration in migrations() for command in migration.commands]
    names = [command.split("IF NOT EXISTS")[0].split()[-1] for command in commands if "IF NOT EXISTS" in command]
    assert len(names) > 20 and len(names) == len(set(names))


async def test_indexes_are_filled_once_a_migration_is_applied(graph: Store, ask: AskCypher) -> None:
    await ask("UNWIND range(1, 100000) AS number CREATE (:NetworkMark {customer: toString(number), at: datetime()})")
    name = "V0009__program_and_order"
    await graph.apply("DROP INDEX network_mark_at")
    await ask("MATCH (m:Migration {name: $name}) DELETE m", name=name)
    assert await migrate(graph) == [name]
    assert await ask("SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE' RETURN name") == []


async def test_what_a_version_of_before_left_in_the_outbox_is_published(graph: Store, ask: AskCypher) -> None:
    await ask("UNWIND range(1, 3) AS version CREATE (:Outbox {customer: 'cus_' + version, version: version})")
    name = "V0015__outbox"
    await ask("MATCH (m:Migration {name: $name}) DELETE m", name=name)
    assert await migrate(graph) == [name]
    found = await outbox.waiting(graph, limit=9)
    assert sorted((*row.touched.items(),) for row in found) == [(("cus_1", 1),), (("cus_2", 2),), (("cus_3", 3),)]
    await outbox.forget(graph, (row.receipt for row in found))
    assert await ask("MATCH (o:Outbox) RETURN count(o)") == [0]

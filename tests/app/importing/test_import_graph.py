"""The four real sets imported into a real Neo4j through the write door, and counted there with Cypher."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from neo4j import AsyncDriver, AsyncGraphDatabase

from app.importing import ImportSummary, import_path
from app.settings import Settings
from graph.referrals.members import Selection, page_members
from graph.referrals.networks import trace_network
from graph.referrals.ranking import AdvocateOrder, count_advocates, find_longest_chain, rank_advocates
from graph.referrals.totals import follow_all
from graph.referrals.tracing import trace_upstream
from graph.store import Store
from tests.app.importing.harness import EXAMPLES
from tests.app.importing.recount import CompleteJourney, Olist, Otto, Vouching
from tests.app.outside import SETS, real_data

WIPE = (
    "MATCH ()-[r]->() WITH r LIMIT 20000 DELETE r RETURN count(*)",
    "MATCH (n) WHERE NOT n:Migration|MigrationLock|CacheEpoch|ApiKey|KeyRing WITH n LIMIT 10000 DELETE n RETURN count(*)",
)


@pytest.fixture(scope="module")
def data() -> Path:
    return real_data()


@pytest.fixture(scope="module")
async def driver(settings: Settings) -> AsyncIterator[AsyncDriver]:
    assert settings.neo4j_uri is not None
    auth = (settings.neo4j_user, settings.neo4j_password)
    async with AsyncGraphDatabase.driver(settings.neo4j_uri, auth=auth) as driver:
        yield driver


async def wipe(driver: AsyncDriver) -> None:
    """In steps: a transaction may take neither the time nor the memory that all of it would need."""
    for step in WIPE:
        while (await driver.execute_query(step)).records[0].value():
            pass


@pytest.fixture(scope="module")
async def imported(data: Path, settings: Settings, store: Store, driver: AsyncDriver) -> dict[str, ImportSummary]:
    # What is there afterwards is left to whoever wants an empty graph next: nobody does, for conftest puts this module last.
    await wipe(driver)
    return {name: await import_path(settings, data / name, EXAMPLES / name / "mapping.toml") for name in SETS}


@pytest.fixture
def ask(imported: dict[str, ImportSummary], driver: AsyncDriver) -> Any:
    """`await ask(cypher)` gives the columns of the only row, or its single value."""

    async def run(cypher: str, **parameters: Any) -> Any:
        found = await driver.execute_query(cypher, parameters)
        (row,) = found.records
        return row.values() if len(row.keys()) > 1 else row.value()

    return run


async def test_everything_is_accepted(imported: dict[str, ImportSummary]) -> None:
    for name, summary in imported.items():
        assert (summary.rejected, summary.duplicates, summary.rejects_path) == (0, 0, None), name
        assert summary.accepted == sum(summary.by_kind.values()) > 0


async def test_completejourney(ask: Any, data: Path) -> None:
    truth = CompleteJourney(data / "completejourney")
    assert await ask("MATCH (:Customer)-[:IDENTIFIED_BY]->(i {type: 'household_id'}) RETURN count(i)") == 2_379
    assert len(truth.households) == 2_379
    campaigns_only = """
        MATCH (i:Identifier {type: 'household_id'})
        WHERE NOT EXISTS { (i)-[:MADE]->() } AND EXISTS { (i)-[:WAS_SENT]->() }
        RETURN count(i)"""
    assert await ask(campaigns_only) == 2
    baskets = """
        MATCH (:Identifier {type: 'household_id'})-[:MADE]->(p:Purchase)
        RETURN count(p) AS baskets, sum(p.total) AS sales, sum(COUNT { (p)-[:CONTAINS]->(:Product) }) AS lines"""
    assert await ask(baskets) == [47_243, truth.sales, 75_000]
    assert truth.sales == 23_393_524
    line_total = "MATCH (:Identifier {type: 'household_id'})-[:MADE]->(:Purchase)-[l:CONTAINS]->() RETURN sum(l.total)"
    assert await ask(line_total) == truth.sales
    assert await ask("MATCH (:Identifier {type: 'household_id'})-[:WAS_SENT]->(c:Communication) RETURN count(c)") == 6_589
    assert await ask("MATCH (t:Touchpoint {type: 'coupon_redeemed'}) RETURN count(t)") == 2_102
    revenue = "MATCH (c:Customer)-[:IDENTIFIED_BY]->({type: 'household_id'}) RETURN sum(c.orders)"
    assert await ask(revenue) == 47_243


async def test_olist(ask: Any, data: Path) -> None:
    truth = Olist(data / "olist")
    assert await ask("MATCH (:Customer)-[:IDENTIFIED_BY]->(i:Identifier {type: 'customer_id'}) RETURN count(i)") == 8_135
    persons = "MATCH (c:Customer)-[:IDENTIFIED_BY]->(:Identifier {type: 'customer_id'}) RETURN count(DISTINCT c)"
    assert await ask(persons) == len(truth.persons) == 8_016
    orders = """
        MATCH (:Identifier {type: 'customer_id'})-[:MADE]->(p:Purchase)
        RETURN count(p), sum(p.total), count(CASE WHEN p.total IS NULL THEN 1 END)"""
    assert await ask(orders) == [8_135, truth.item_value, 775]
    assert truth.item_value == 109_326_435
    for status, count in truth.statuses.items():
        found = "MATCH (:Identifier {type: 'customer_id'})-[:MADE]->(p:Purchase {purchase_status: $status}) RETURN count(p)"
        assert await ask(found, status=status) == count
    assert await ask("MATCH (:Identifier {type: 'customer_id'})-[:WROTE]->(r:Review) RETURN count(r)") == 8_225
    assert await ask("MATCH (:Customer)-[:IDENTIFIED_BY]->(i:Identifier {type: 'mql_id'}) RETURN count(i)") == 8_000
    assert await ask("MATCH (t:Touchpoint {type: 'deal_won'}) RETURN count(t)") == len(truth.deals) == 842
    for origin, count in truth.origins.items():
        found = "MATCH (t:Touchpoint {type: 'lead_qualified', channel: $origin}) RETURN count(t)"
        assert await ask(found, origin=origin) == count


async def test_vouching(ask: Any, data: Path) -> None:
    truth = Vouching(data / "debian-vouching")
    member = "(:Identifier {type: 'member_id'})<-[:IDENTIFIED_BY]-(c:Customer)"
    assert await ask(f"MATCH {member} RETURN count(c)") == len(truth.members) == 905
    assert await ask(f"MATCH {member} RETURN count {{ (c)<-[:REFERRED]-() }} AS n, count(*) ORDER BY n DESC LIMIT 1") == [1, 831]
    assert await ask(f"MATCH {member} WHERE NOT (c)<-[:REFERRED]-() RETURN count(c)") == len(truth.roots) == 74
    depth = "MATCH path = (root:Customer)-[:REFERRED*]->() WHERE NOT (root)<-[:REFERRED]-() RETURN max(length(path))"
    assert await ask(depth) == truth.depth == 9
    pairs = """
        MATCH (a:Identifier {type: 'member_id'})<-[:IDENTIFIED_BY]-()-[:REFERRED]->()-[:IDENTIFIED_BY]->(f:Identifier)
        RETURN collect([f.value, a.value])"""
    assert dict(await ask(pairs)) == truth.referrers


async def test_the_vouching_forest_is_traced(ask: Any, data: Path, store: Store) -> None:
    """Who brought in whom among Debian's developers: each network, chain and rank as the file has it."""
    truth = Vouching(data / "debian-vouching")
    names = await ask("MATCH (c:Customer)-[:IDENTIFIED_BY]->(i {type: 'member_id'}) RETURN collect([i.value, c.id])")
    ids = dict(names)
    networks = [await trace_network(store, ids[root]) for root in truth.roots]
    by_depth = [
        sum(column) for column in zip_longest(*([each.customers for each in one.generations] for one in networks), fillvalue=0)
    ]
    assert [len(truth.roots), *by_depth] == [74, 70, 112, 148, 166, 121, 112, 70, 23, 9]
    assert sum(by_depth) == 831 and not any(one.truncated for one in networks)
    chains = await trace_upstream(store, list(ids.values()))
    for member, id in ids.items():
        above = [member]
        while above[-1] in truth.referrers:
            above.append(truth.referrers[above[-1]])
        assert [step.customer for step in chains[id].steps] == [ids[each] for each in above[1:]]
    await follow_all(store, weights={})
    (first, *_) = await rank_advocates(store, AdvocateOrder.NETWORK_SIZE, limit=3, weights={})
    assert first.network_size == 284 == max(one.size for one in networks)
    assert await count_advocates(store) == len(set(truth.referrers.values()))
    direct = Counter(truth.referrers.values())
    most, number = direct.most_common(1)[0]
    assert number == 19 == (await trace_network(store, ids[most], depth=1)).size
    assert await find_longest_chain(store) == truth.depth == 9
    listed = await page_members(store, Selection(root=first.customer), limit=1_000)
    assert len(listed) == 284 and [each.depth for each in listed] == sorted(each.depth for each in listed)


async def test_otto(ask: Any, data: Path) -> None:
    truth = Otto(data / "otto" / "otto-20-sessions.jsonl")
    session = "(i:Identifier {type: 'session_id'})"
    assert await ask(f"MATCH {session}-[:HAD]->(t:Touchpoint) RETURN count(t)") == truth.types.total() == 862
    assert await ask(f"MATCH {session}-[:MADE]->(p:Purchase)-[l:CONTAINS]->() RETURN count(DISTINCT p), count(l)") == [5, 10]
    assert await ask(f"MATCH {session}-[:MADE]->(p:Purchase) WHERE p.total IS NOT NULL RETURN count(p)") == 0
    carts = sum(len(found) for found in truth.carts.values())
    assert await ask("MATCH (c:Cart) RETURN count(c)") == carts


async def test_a_second_import_changes_nothing(
    imported: dict[str, ImportSummary], data: Path, settings: Settings, driver: AsyncDriver
) -> None:
    counts = "MATCH (n) RETURN count(n), sum(COUNT { (n)-->() }), sum(n.version)"
    before = (await driver.execute_query(counts)).records[0].values()
    for name in SETS:
        again = await import_path(settings, data / name, EXAMPLES / name / "mapping.toml")
        assert (again.accepted, again.rejected) == (0, 0)
        assert again.duplicates == imported[name].accepted
    assert (await driver.execute_query(counts)).records[0].values() == before

"""How long Neo4j may take: a second or two when it has the plan, longer when it may have to make one, and then it is stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import neo4j
import pytest
from neo4j.exceptions import ServiceUnavailable

from app.local.process import free_port
from benchmarks.wires import Wire, wire_to
from graph import store as store_module
from graph.customers.lists import count_customers
from graph.errors import CommitUnheard, StoreUnavailable
from graph.statements import statement
from graph.store import FIRST_TIMEOUT, PATIENCE, WRITE_TIMEOUT, Store, Transaction
from tests.conftest import ENDLESS, Endless, Stack

COUNT = "customers/count_customers"

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The limits that Neo4j is told, in seconds, one for each count of customers: other tests may read too."""
    told: list[float] = []

    def query(text: str, *, timeout: float) -> neo4j.Query:
        if text in (statement(COUNT).text, ENDLESS):
            told.append(timeout)
        return neo4j.Query(text, timeout=timeout)

    monkeypatch.setattr(store_module, "Query", query)
    return told


@pytest.fixture
async def hasty(stack: Stack) -> AsyncIterator[Store]:
    """A store that has asked nothing yet, and grants a second."""
    opened = await Store.connect(stack.neo4j_uri, user=stack.neo4j_user, password=stack.neo4j_password, timeout=1.0)
    yield opened
    await opened.close()


def gone(**_: object) -> Any:
    raise ServiceUnavailable("nobody is there")


async def test_a_statement_has_longer_until_it_was_answered_and_again_once_neo4j_could_not_be_reached(
    hasty: Store, endless: Endless, limits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    await count_customers(hasty)
    await count_customers(hasty)
    endless.names.add(COUNT)
    with pytest.raises(StoreUnavailable):
        await count_customers(hasty)
    endless.names.clear()
    await count_customers(hasty)
    # A statement that took too long isn't given more time for it.
    assert limits == [FIRST_TIMEOUT, 1.0, 1.0, 1.0]
    with monkeypatch.context() as patch:
        patch.setattr(hasty._driver, "session", gone)
        with pytest.raises(StoreUnavailable):
            await count_customers(hasty)
    await count_customers(hasty)
    assert limits[-1] == FIRST_TIMEOUT


async def test_a_patient_store_has_long_limits_and_the_same_connections(hasty: Store, limits: list[float]) -> None:
    await count_customers(hasty.patient())
    await count_customers(hasty)
    assert limits == [PATIENCE, FIRST_TIMEOUT]


async def test_neo4j_stops_what_takes_too_long(hasty: Store, endless: Endless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "FIRST_TIMEOUT", 1.0)
    endless.names.add(COUNT)
    with pytest.raises(StoreUnavailable):
        await count_customers(hasty)
    await endless.until(0)


@pytest.fixture
async def wired(stack: Stack) -> AsyncIterator[tuple[Store, Wire]]:
    """A store whose wire to Neo4j can go mute."""
    async with wire_to(stack.settings.local_bolt_port) as wire:
        uri = f"bolt://127.0.0.1:{wire.port}"
        opened = await Store.connect(uri, user=stack.neo4j_user, password=stack.neo4j_password, timeout=1.0)
        yield opened, wire
        await opened.close()


async def test_a_neo4j_that_says_nothing_is_not_waited_for(wired: tuple[Store, Wire], monkeypatch: pytest.MonkeyPatch) -> None:
    opened, wire = wired
    monkeypatch.setattr(store_module, "FIRST_TIMEOUT", 1.0)
    await count_customers(opened)
    wire.mute()
    with pytest.raises(StoreUnavailable, match="in time"):
        await count_customers(opened)
    with pytest.raises(StoreUnavailable, match="in time"):
        await opened.verify()
    wire.mend()
    assert await count_customers(opened) == 0


@pytest.mark.parametrize("when", ["before the commit", "while it commits"])
async def test_a_write_that_hears_nothing_says_whether_it_may_have_been_kept(
    wired: tuple[Store, Wire], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    opened, wire = wired
    monkeypatch.setattr(store_module, "WRITE_TIMEOUT", 1.0)

    async def work(transaction: Transaction) -> None:
        if when == "before the commit":
            wire.mute()
        await transaction.many("migrations/find_migrations", dict[str, Any])
        wire.mute()

    with pytest.raises(StoreUnavailable) as unheard:
        await opened.write(work)
    assert isinstance(unheard.value, CommitUnheard) == (when == "while it commits")


async def test_a_server_that_is_not_there_is_unavailable_at_once(stack: Stack) -> None:
    nowhere = await Store.connect(f"bolt://127.0.0.1:{free_port()}", user="neo4j", password="x")
    try:
        with pytest.raises(StoreUnavailable):
            await count_customers(nowhere)
    finally:
        await nowhere.close()
    assert WRITE_TIMEOUT > FIRST_TIMEOUT

"""How long Neo4j may take: a second or two when it has the plan, longer when it may have to make one, and then it is stopped."""

from __future__ import annotations

import asyncio
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
    hasty: Store, limits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await count_customers(hasty)
    assert limits == [FIRST_TIMEOUT, 1.0, 1.0]
    with monkeypatch.context() as patch:
        patch.setattr(hasty._driver, "session", gone)
        with pytest.raises(StoreUnavailable):
            await count_customers(hasty)
    await count_customers(hasty)
    assert limits[-1] == FIRST_TIMEOUT


async def test_long_statements_are_planned_before_anybody_asks_and_again_once_neo4j_could_not_be_reached(
    hasty: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained: list[str] = []
    explain = hasty.explain

    def noted(text: str, **parameters: Any) -> Any:
        explained.append(text)
        return explain(text, **parameters)

    monkeypatch.setattr(hasty, "explain", noted)
    await hasty.plan(4_000)
    largest = [*explained]
    assert largest[0] == statement("customers/load_profiles").text
    assert {statement(f"referrals/{name}").text for name in ("page_members", "trace_network")} <= {*largest}
    # Whoever asks at the same time has none of them planned twice.
    await asyncio.gather(*(hasty.plan(characters) for characters in (4_000, 1_000, 1_000)))
    assert explained[: len(largest)] == largest
    assert len({*explained}) == len(explained) > 3 * len(largest)
    with monkeypatch.context() as patch:
        patch.setattr(hasty._driver, "session", gone)
        with pytest.raises(StoreUnavailable):
            await count_customers(hasty)
        # What can't be done now is left to the next time.
        with pytest.raises(StoreUnavailable):
            await hasty.plan(4_000)
    explained.clear()
    await hasty.plan(4_000)
    assert explained == largest


async def test_what_took_too_long_has_longer_for_one_caller_at_a_time_until_it_is_answered(
    hasty: Store, endless: Endless, limits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "FIRST_TIMEOUT", 3.0)
    await count_customers(hasty)
    endless.names.add(COUNT)
    for _ in range(2):
        # Its plan may be gone, and whoever asks for much may ask again and again.
        with pytest.raises(StoreUnavailable):
            await count_customers(hasty)
    assert limits == [3.0, 1.0, 3.0]
    found = await asyncio.gather(*(count_customers(hasty) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in found] == [StoreUnavailable] * 3
    assert sorted(limits[3:]) == [1.0, 1.0, 3.0]
    endless.names.clear()
    await count_customers(hasty)
    await count_customers(hasty)
    assert limits[6:] == [3.0, 1.0]


async def test_what_may_be_being_planned_goes_on_for_a_while_when_its_caller_goes_away(
    hasty: Store, endless: Endless, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leave() -> None:
        endless.names.add(COUNT)
        asked = asyncio.create_task(count_customers(hasty))
        await endless.until(1)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        endless.names.clear()

    monkeypatch.setattr(store_module, "FIRST_TIMEOUT", 2.0)
    await leave()
    await asyncio.sleep(0.5)
    assert await endless.running() == 1
    await endless.until(0)
    await count_customers(hasty)
    # Now that it was answered, nobody needs what nobody waits for.
    monkeypatch.setattr(store_module, "FIRST_TIMEOUT", 1000.0)
    await leave()
    await endless.until(0)


async def test_a_store_that_is_closed_leaves_nothing_behind(stack: Stack, endless: Endless) -> None:
    opened = await Store.connect(stack.neo4j_uri, user=stack.neo4j_user, password=stack.neo4j_password)
    endless.names.add(COUNT)
    asked = asyncio.create_task(count_customers(opened))
    await endless.until(1)
    asked.cancel()
    await opened.close()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await endless.until(0)


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

"""What a process does when it starts, and what it survives."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.epochs import Epochs
from app.local.process import free_port
from app.publishing import Publisher
from app.services import open_services
from app.settings import Settings
from graph import answers, events, outbox
from graph.answers import Request
from graph.errors import StoreUnavailable
from graph.events import Call, Outcome
from graph.store import Store, Transaction
from tests.happenings import touchpoint, user

# Neo4j's driver leaves a socket to the collector when it is cancelled while connecting; what was logged holds it until the test
# is over.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """No later module is to be blamed for it."""
    yield
    gc.collect()


async def constraints(store: Store) -> set[str]:
    async def work(transaction: Transaction) -> set[str]:
        result = await transaction._transaction.run("SHOW CONSTRAINTS YIELD name")
        return {row["name"] async for row in result}

    return await store.write(work)


async def test_whoever_opens_a_graph_brings_it_up_to_date(graph: Store, settings: Settings) -> None:
    before = await constraints(graph)
    await graph.apply("DROP CONSTRAINT event_key")
    await graph.apply("MATCH (m:Migration) DETACH DELETE m")
    async with open_services(settings):
        assert await constraints(graph) == before >= {"event_key"}


async def test_without_neo4j_it_starts_and_says_so_when_asked(settings: Settings) -> None:
    async with open_services(replace(settings, neo4j_uri=f"bolt://127.0.0.1:{free_port()}")) as services:
        with pytest.raises(StoreUnavailable):
            await services.ready()
        with pytest.raises(StoreUnavailable):
            await services.record([touchpoint("1", 1, user("ana"))])


async def test_relaying_goes_on_whatever_happens(graph: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> list[outbox.Row]:
        raise RuntimeError("nobody expected this")

    async with open_services(settings) as services:
        # As a process leaves it that ends between its commit and its publishing.
        await events.record(services.store, [touchpoint("1", 1, user("ana"))])
        monkeypatch.setattr(outbox, "waiting", broken)
        await services.publisher.catch_up()
        monkeypatch.undo()
        assert len(await outbox.waiting(services.store, limit=9)) == 1
        monkeypatch.setattr("app.publishing.LEFT_SECONDS", 0)
        await services.publisher.catch_up()
        assert await outbox.waiting(services.store, limit=9) == []


@pytest.fixture
def published() -> list[Mapping[str, int]]:
    return []


@pytest.fixture
def idle(graph: Store, published: list[Mapping[str, int]]) -> Publisher:
    """A publisher that does nothing by itself."""

    async def settle(changed: Mapping[str, int]) -> None:
        published.append(dict(changed))

    return Publisher(graph, cast(Epochs, SimpleNamespace(settle=settle)), timedelta(hours=1))


async def test_what_is_about_to_be_published_is_left_to_whoever_committed_it(
    graph: Store, idle: Publisher, published: list[Mapping[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = outbox.waiting

    async def alone(store: Store, *, limit: int) -> list[outbox.Row]:
        # Services of other tests may still look as well.
        return await waiting(store, limit=limit) if store is graph else []

    monkeypatch.setattr(outbox, "waiting", alone)
    outcome = await events.record(graph, [touchpoint("1", 1, user("ana"))])
    await idle.look()
    assert published == []
    monkeypatch.setattr("app.publishing.LEFT_SECONDS", 30)
    monkeypatch.setattr("app.publishing.RELAY_ROWS", 2)
    await graph.apply("MATCH (o:Outbox) SET o.at = datetime() - duration('PT1M')")
    for number in range(2, 5):
        await events.record(graph, [touchpoint(str(number), 1, user("bea"))])
    await idle.look()
    assert published == [outcome.touched] and len(await outbox.waiting(graph, limit=9)) == 3
    await idle.relay()
    assert await outbox.waiting(graph, limit=9) == []


async def test_a_flush_that_is_cut_short_is_done_by_the_last_one(
    graph: Store, idle: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = Request.receipt()
    (outcome,) = await events.record_all(graph, [Call(events=[touchpoint("1", 1, user("ana"))])], receipt=receipt)
    assert isinstance(outcome, Outcome)
    begun, forget = asyncio.Event(), outbox.forget_told

    async def slowly(*arguments: Any) -> None:
        begun.set()
        await asyncio.sleep(60)

    running = asyncio.create_task(idle.run())
    monkeypatch.setattr(outbox, "forget_told", slowly)
    await idle.publish(outcome.touched, receipt.key)
    await begun.wait()
    monkeypatch.setattr(outbox, "forget_told", forget)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await graph.write(lambda transaction: answers.find(transaction, [receipt])) == {}
    assert await outbox.waiting(graph, limit=9) == []


async def test_a_wrong_statement_does_not_pass_for_a_server_that_is_away(graph: Store) -> None:
    with pytest.raises(Exception, match="Invalid input") as wrong:
        await graph.apply("NOT CYPHER")
    assert not isinstance(wrong.value, StoreUnavailable)

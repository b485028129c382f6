"""A request is given up in time, and nobody goes on working for a client that has gone away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
import orjson
import pytest
import websockets

from app.settings import Settings
from graph import store as store_module
from tests.api.conftest import Api, Tell, another
from tests.conftest import Endless

pytestmark = pytest.mark.usefixtures("told")

PROFILE = '{ customer(by: {email: "none@example.com"}) { name } }'
LIST = "{ customers(first: 3) { nodes { id } } }"
PRODUCT = '{ product(by: {sku: "none"}) { id } }'
HELD = {
    "a profile": (PROFILE, "identity/find_customer_ids"),
    "a profile that was found": (PROFILE, "customers/load_profiles"),
    "a list": (LIST, "customers/page_by_last_seen"),
    "a product": (PRODUCT, "catalogue/load_products"),
}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "text/event-stream"])
async def test_a_request_that_takes_too_long_is_given_up_and_its_work_is_ended(
    api_settings: Settings, endless: Endless, accept: str
) -> None:
    async with (
        another(api_settings, request_timeout_seconds=1.0) as address,
        httpx2.AsyncClient(base_url=address, timeout=60) as http,
    ):
        endless.names.add("customers/load_profiles")
        response = await http.post("/graphql", json={"query": PROFILE}, headers={"accept": accept})
        assert "UNAVAILABLE" in response.text and "more than 1 seconds" in response.text
        if accept != "text/event-stream":
            assert response.status_code == 503 and set(response.json()) == {"errors"}
        await endless.until(0)
        endless.names.clear()
        assert (await http.post("/graphql", json={"query": PROFILE})).json() == {"data": {"customer": None}}


async def test_a_field_that_neo4j_does_not_answer_in_time_is_an_error_beside_the_others(
    api_settings: Settings, endless: Endless, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        another(api_settings, neo4j_transaction_timeout_seconds=1.0) as address,
        httpx2.AsyncClient(base_url=address, timeout=60) as http,
    ):
        monkeypatch.setattr(store_module, "FIRST_TIMEOUT", 1.0)
        endless.names.add("customers/load_profiles")
        response = await http.post("/graphql", json={"query": PROFILE[:-1] + "__typename }"})
        assert response.status_code == 200
        assert response.json()["data"] == {"customer": None, "__typename": "Query"}
        assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["UNAVAILABLE"]
        await endless.until(0)


@asynccontextmanager
async def asking(service: str, way: str, query: str) -> AsyncIterator[None]:
    """A client that waits for its answer, and goes away when the block ends."""
    async with httpx2.AsyncClient(base_url=service, timeout=60) as http:
        if way == "POST":
            sent = http.post("/graphql", json={"query": query})
        elif way == "GET":
            sent = http.get("/graphql", params={"query": query})
        else:
            sent = http.post("/graphql", json={"query": query}, headers={"accept": "text/event-stream"})
        task = asyncio.ensure_future(sent)
        try:
            yield
        finally:
            assert not task.done()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.mark.parametrize("way", ["POST", "GET", "event stream"])
@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
async def test_a_client_that_goes_away_takes_its_work_with_it(
    api: Api, service: str, endless: Endless, way: str, held: tuple[str, str]
) -> None:
    query, statement = held
    endless.names.add(statement)
    async with asking(service, way, query):
        await endless.until(1)
    await endless.until(0)
    endless.names.clear()
    assert "errors" not in await api.ask(query)


async def test_a_websocket_that_is_closed_takes_the_work_of_its_operations_with_it(service: str, endless: Endless) -> None:
    endless.names.add("customers/load_profiles")
    ours = [websockets.Subprotocol("graphql-transport-ws")]
    async with websockets.connect(f"{service.replace('http', 'ws')}/graphql", subprotocols=ours) as socket:
        await socket.send(orjson.dumps({"type": "connection_init"}).decode())
        await socket.recv()
        asked = {"id": "1", "type": "subscribe", "payload": {"query": PROFILE}}
        await socket.send(orjson.dumps(asked).decode())
        await endless.until(1)
    await endless.until(0)


async def test_others_are_answered_while_one_goes_away(api: Api, service: str, endless: Endless, told: Tell) -> None:
    endless.names.add("customers/load_profiles")
    async with asking(service, "POST", PROFILE):
        await endless.until(1)
        assert "errors" not in await api.ask(LIST)
    assert "errors" not in await api.ask(LIST)
    await endless.until(0)

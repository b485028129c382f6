"""A request is given up in time, and nobody goes on working for a client that has gone away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx2
import orjson
import pytest
import websockets

from app.settings import Settings
from graph import store as store_module
from tests.api.conftest import Api, Tell, another
from tests.conftest import Endless
from tests.happenings import touchpoint, user

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


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Neo4j may be planning goes on for a second, whoever waits for it."""
    monkeypatch.setattr(store_module, "FIRST_TIMEOUT", 1.0)


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
    api_settings: Settings, endless: Endless
) -> None:
    async with (
        another(api_settings, neo4j_transaction_timeout_seconds=1.0) as address,
        httpx2.AsyncClient(base_url=address, timeout=60) as http,
    ):
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


@pytest.fixture
async def hasty(api_settings: Settings) -> AsyncIterator[str]:
    """The address of a service that waits for a second."""
    async with another(api_settings, request_timeout_seconds=1.0) as address:
        yield address


POST = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def speaking(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
    try:
        yield reader, writer
    finally:
        writer.close()


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /gra", POST, POST + b"content-length: 30\r\n\r\n", POST + b"content-length: 30\r\n\r\n" + b'{"query"'],
    ids=["nothing", "a line", "headers", "no body", "half a body"],
)
@pytest.mark.parametrize("after_another", [False, True])
async def test_a_request_that_does_not_arrive_is_not_waited_for(hasty: str, begun: bytes, after_another: bool) -> None:
    async with speaking(hasty) as (reader, writer):
        if after_another:
            whole = b'{"query":"{ __typename }"}'
            writer.write(POST + b"content-length: %d\r\n\r\n" % len(whole) + whole)
            assert b"200 OK" in await reader.readuntil(b"}}")
        writer.write(begun)
        answered = await asyncio.wait_for(reader.read(), 20)
        assert answered.startswith(b"HTTP/1.1 408 ") if begun else answered == b""
        if begun:
            assert orjson.loads(answered.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"


async def test_who_sends_a_request_byte_by_byte_is_not_waited_for(hasty: str) -> None:
    async with speaking(hasty) as (reader, writer):
        writer.write(POST + b"content-length: 1000\r\n\r\n")
        answered = asyncio.create_task(reader.read())
        async with asyncio.timeout(20):
            while not answered.done():
                writer.write(b" ")
                await asyncio.sleep(0.05)
        assert (await answered).startswith(b"HTTP/1.1 408 ")


async def test_streams_and_websockets_last(hasty: str, told: Tell) -> None:
    await told(touchpoint("1", 1, user("ana")))
    query = 'subscription { customerChanged(by: {identifier: {type: "user_id", value: "ana"}}) { customer { id } } }'
    ours = [websockets.Subprotocol("graphql-transport-ws")]
    async with (
        websockets.connect(f"{hasty.replace('http', 'ws')}/graphql", subprotocols=ours) as socket,
        httpx2.AsyncClient(base_url=hasty, timeout=60) as http,
        http.stream("POST", "/graphql", json={"query": query}, headers={"accept": "text/event-stream"}) as stream,
    ):
        await socket.send(orjson.dumps({"type": "connection_init"}).decode())
        await socket.recv()
        await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}).decode())
        await asyncio.sleep(3)
        lines = stream.aiter_lines()
        async with asyncio.timeout(20):
            number = 2
            heard = asyncio.ensure_future(anext(line async for line in lines if line.startswith("data: {")))
            told_of = asyncio.ensure_future(socket.recv())
            while not (heard.done() and told_of.done()):
                await told(touchpoint(str(number), number, user("ana")))
                number += 1
                await asyncio.sleep(0.1)
        assert b"cus_" in heard.result().encode() and orjson.loads(told_of.result())["type"] == "next"

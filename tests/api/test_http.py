"""The endpoint: whatever arrives, a GraphQL answer leaves, and never a 500."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
import pytest

from app.graphql.media import preferred
from app.graphql.requests import BadRequest
from tests.api.conftest import Api

JSON = {"content-type": "application/json"}
NEWER = "application/graphql-response+json"
OK = b'{"query": "{ __typename }"}'
EVENTS = b'{"query": "mutation { recordEvents(events: []) { accepted } }"}'


def problem(response: Any) -> str:
    """The code of the one error in a response that has nothing else, and nothing of ours in it."""
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] in ("application/json; charset=utf-8", f"{NEWER}; charset=utf-8")
    body = orjson.loads(response.content)
    assert set(body) == {"errors"}
    [error] = body["errors"]
    assert error["message"] and "Traceback" not in response.text and ".py" not in response.text
    code: str = error["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"123",
        b"null",
        b'"x"',
        b"true",
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"[" * 10_000,
        b"{" * 10_000,
        b'{"a":' * 10_000,
        b"\xff\xfe\x00",
        b'{"query": "\xc3\x28"}',
        b'{"query": "\\ud800"}',
        b"{}",
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": ""}',
        b'{"query": "  "}',
        b'{"query": {"a": 1}}',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "variables": "x"}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "extensions": []}',
        b'{"query": "{ __typename }"',
        b"NaN",
        b'{"query": NaN}',
        b"query={__typename}",
    ],
)
async def test_bodies_that_are_no_request(api: Api, body: bytes) -> None:
    for accept in ("application/json", NEWER, "*/*"):
        response = await api.http.post("/graphql", content=body, headers={**JSON, "accept": accept})
        assert response.status_code == 400
        assert problem(response) == "BAD_REQUEST"


async def test_bodies_that_are_too_large(api: Api) -> None:
    for size in (1_000_001, 10_000_000):
        response = await api.http.post("/graphql", content=b" " * size, headers=JSON)
        assert response.status_code == 413 and problem(response) == "BODY_TOO_LARGE"

    async def drip() -> Any:
        for _ in range(200):
            yield b" " * 10_000

    response = await api.http.post("/graphql", content=drip(), headers=JSON)
    assert response.status_code == 413 and problem(response) == "BODY_TOO_LARGE"


@pytest.mark.parametrize(("body", "most"), [(OK, 100_000), (EVENTS, 1_000_000)], ids=["any", "events"])
async def test_only_events_may_be_large(api: Api, body: bytes, most: int) -> None:
    assert (await api.http.post("/graphql", content=body.ljust(most), headers=JSON)).status_code == 200
    response = await api.http.post("/graphql", content=body.ljust(most + 1), headers=JSON)
    assert response.status_code == 413 and problem(response) == "BODY_TOO_LARGE"


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin-1", "json"],
)
async def test_bodies_of_another_kind(api: Api, kind: str) -> None:
    response = await api.http.post("/graphql", content=OK, headers={"content-type": kind})
    assert response.status_code == 415 and problem(response) == "UNSUPPORTED_MEDIA_TYPE"


async def test_a_packed_body_and_one_with_a_mark_are_told_so(api: Api) -> None:
    body, form = b'{"query":"{ __typename }"}', {"content-type": "application/json"}
    packed = await api.http.post("/graphql", content=gzip.compress(body), headers=form | {"content-encoding": "gzip"})
    assert packed.status_code == 415 and "content-encoding" in packed.json()["errors"][0]["message"]
    plain = await api.http.post("/graphql", content=body, headers=form | {"content-encoding": "identity"})
    assert plain.json() == {"data": {"__typename": "Query"}}
    marked = await api.http.post("/graphql", content=b"\xef\xbb\xbf" + body, headers=form)
    assert marked.status_code == 400 and "byte order mark" in marked.json()["errors"][0]["message"]


async def test_bodies_with_a_charset(api: Api) -> None:
    for kind in ("application/json; charset=utf-8", 'Application/JSON; Charset="UTF-8"'):
        response = await api.http.post("/graphql", content=OK, headers={"content-type": kind})
        assert response.json() == {"data": {"__typename": "Query"}}


async def test_methods(api: Api) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        response = await api.http.request(method, "/graphql", content=OK, headers=JSON)
        assert response.status_code == 405 and response.headers["allow"] == "GET, POST"
        assert problem(response) == "METHOD_NOT_ALLOWED"


async def test_get(api: Api) -> None:
    query = "query Q($k: ProductKey!) { product(by: $k) { id } }"
    response = await api.http.get("/graphql", params={"query": query, "variables": '{"k": {"sku": "茶"}}', "operationName": "Q"})
    assert response.status_code == 200 and response.json() == {"data": {"product": None}}
    for params in (
        {}, {"query": ""}, {"query": "{ __typename }", "variables": "{"}, {"query": "{ __typename }", "variables": "[]"},
        {"query": "{ __typename }", "extensions": "7"},
    ):  # fmt: skip
        response = await api.http.get("/graphql", params=params)
        assert response.status_code == 400 and problem(response) == "BAD_REQUEST"
    assert (await api.http.get("/graphql?query=%ff%fe")).status_code == 200  # a document of two odd characters: a parse error


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (NEWER, NEWER),
        (f"{NEWER}, application/json", NEWER),
        (f"application/json, {NEWER}", NEWER),
        (f"{NEWER};q=0.5, application/json;q=0.9", "application/json"),
        (f"{NEWER}; charset=utf-8, application/json; charset=utf-8", NEWER),
        ("text/html, application/json;q=0.1", "application/json"),
    ],
)
async def test_the_answer_comes_in_the_form_that_is_liked_best(api: Api, accept: str | None, form: str) -> None:
    headers = JSON if accept is None else {**JSON, "accept": accept}
    response = await api.http.post("/graphql", content=OK, headers=headers)
    assert response.headers["content-type"] == f"{form}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_a_form_that_we_haven_t_got(api: Api) -> None:
    for accept in ("text/plain", "image/*", "application/json;q=0", "application/xml, text/*"):
        response = await api.http.post("/graphql", content=OK, headers={**JSON, "accept": accept})
        assert response.status_code == 406 and problem(response) == "NOT_ACCEPTABLE"


def test_forms_for_browsers() -> None:
    chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    assert preferred(chromium, page=True) == "text/html"
    assert preferred(chromium, page=False) == "application/json"
    assert preferred("*/*", page=True) == "application/json"
    assert preferred("", page=True) == "application/json"
    assert preferred("application/json, text/html;q=0.5", page=True) == "application/json"
    assert preferred("text/html;q=nonsense, */*;q=0.1", page=True) == "application/json"
    for weight in ("-1", "nan", "inf", "2"):
        with pytest.raises(BadRequest):
            preferred(f"application/json;q={weight}", page=False)
    with pytest.raises(BadRequest):
        preferred("text/html", page=False)


async def test_the_status_tells_a_wrong_request_from_a_wrong_field(api: Api) -> None:
    wrong_documents = (
        "{",
        "{ nonsense }",
        "{ customer }",
        "query Q($x: Nonsense) { __typename }",
        "fragment F on Query { __typename }",
    )
    for query in wrong_documents:
        for form, status in ((NEWER, 400), ("application/json", 200)):
            response = await api.http.post("/graphql", json={"query": query}, headers={"accept": form})
            body = response.json()
            unnamed = body["errors"][0]["extensions"]["code"] == "UNKNOWN_OPERATION"
            assert response.status_code == (400 if unnamed else status), query
            assert "data" not in body
    misfit = {"query": "query Q($id: ID!) { node(id: $id) { id } }", "variables": {}}
    assert (await api.http.post("/graphql", json=misfit, headers={"accept": NEWER})).status_code == 400
    wrong_field = {"query": '{ node(id: "nonsense") { id } }'}
    response = await api.http.post("/graphql", json=wrong_field, headers={"accept": NEWER})
    assert response.status_code == 200 and response.json()["data"] == {"node": None}


async def test_operations_by_name(api: Api) -> None:
    two = "query A { a: __typename } query B { b: __typename }"
    response = await api.http.post("/graphql", json={"query": two, "operationName": "B"})
    assert response.json() == {"data": {"b": "Query"}}
    for name in (None, "", "C"):
        response = await api.http.post("/graphql", json={"query": two, "operationName": name})
        assert response.status_code == 400 and problem(response) == "UNKNOWN_OPERATION"


async def test_answers_are_not_kept_on_the_way_and_are_compressed(api: Api) -> None:
    response = await api.http.post("/graphql", content=OK, headers=JSON)
    assert response.headers["cache-control"] == "no-store" and "accept" in response.headers["vary"].lower()
    query = {"query": "{ __schema { types { name description } } }"}
    response = await api.http.post("/graphql", json=query, headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip" and len(gzip.compress(response.content)) < len(response.content)


async def test_health(api: Api) -> None:
    assert (await api.http.get("/healthz")).json() == {"status": "ok"}
    ready = await api.http.get("/readyz")
    assert ready.status_code == 200 and ready.json() == {"status": "ok", "neo4j": True, "cache": "ok"}


async def test_a_large_body_has_only_so_many_parts(api: Api) -> None:
    text = '{"query": "mutation($e: [EventInput!]!) { recordEvents(events: $e) { accepted } }", "variables": {"e": [%s]}}'
    for body in (text % ",".join(["[]"] * 300_000), text % ",".join(['{"a":{}}'] * 60_000)):
        assert len(body) < 1_000_000
        response = await api.http.post("/graphql", content=body.encode(), headers=JSON)
        assert response.status_code == 413 and problem(response) == "BODY_TOO_LARGE"
        assert "50,000" in response.json()["errors"][0]["message"]

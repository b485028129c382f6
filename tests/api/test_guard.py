"""What a document may ask for: each limit at its value and one above, and documents made to hurt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import httpx2
import orjson
import pytest
import websockets
from graphql import get_introspection_query

from app.settings import Settings
from benchmarks.hostile import HOSTILE, nested_spreads, ring
from resolvers import documents as documents_module
from resolvers.documents import COMPARISONS, Document, Documents, examine, read
from resolvers.guard import MOST, Limits, values_in
from tests.api.conftest import Api, another

LIMITS = Limits()


def deep(levels: int) -> str:
    """A document of so many levels: every second one is a customer's account."""
    inner = "id"
    for _ in range(levels - 2):
        inner = f"account {{ {inner} }}"
    return f'{{ customer(by: {{email: "a@example.com"}}) {{ {inner} }} }}'


def aliases(number: int) -> str:
    return f"{{ channels {{ {' '.join(f'a{each}: id' for each in range(number))} }} }}"


def roots(number: int) -> str:
    """Half of them in a fragment."""
    written = number - number // 2
    spread = "... on Query { " + " ".join(f"b{each}: __typename" for each in range(number // 2)) + " }" if number > 1 else ""
    return f"{{ {' '.join(f'a{each}: __typename' for each in range(written))} {spread} }}"


def long_alias(number: int) -> str:
    return f"{{ {'a' * number}: channels {{ id }} }}"


def nested(levels: int) -> str:
    """Selection sets one within the other, half of them in a fragment, without a field more."""
    written = (levels - 1) // 2
    spread = levels - 1 - written
    inner = "{ ... on Query " * (spread - 1) + "{ __typename }" + " }" * (spread - 1)
    return "{ ... on Query " * written + "{ ...F }" + " }" * written + f" fragment F on Query {inner}"


def directives(number: int) -> str:
    return f"{{ channels {{ {' '.join('id @skip(if: false)' for _ in range(number))} }} }}"


def selections(number: int) -> str:
    """Expanded: a fragment of nine fields, spread again and again."""
    spreads, rest = divmod(number - 1, 10)
    fields = "id key label channelKind __typename a: id b: id c: id d: id"
    more = " ".join(["__typename"] * rest)
    return f"{{ channels {{ {'...F ' * spreads} {more} }} }} fragment F on Channel {{ {fields} }}"


@pytest.mark.parametrize(
    ("make", "limit", "code"),
    [
        (deep, LIMITS.depth, "DOCUMENT_TOO_DEEP"),
        (aliases, LIMITS.aliases, "TOO_MANY_ALIASES"),
        (long_alias, LIMITS.alias, "ALIAS_TOO_LONG"),
        (nested, 200, "DOCUMENT_TOO_DEEP"),
        (roots, LIMITS.root_fields, "TOO_MANY_ROOT_FIELDS"),
        (directives, LIMITS.directives, "TOO_MANY_DIRECTIVES"),
        (selections, LIMITS.selections, "TOO_MANY_SELECTIONS"),
    ],
)
async def test_a_limit_may_be_reached_and_not_passed(api: Api, make: Callable[[int], str], limit: int, code: str) -> None:
    assert code not in await api.codes(make(limit))
    body = await api.ask(make(limit + 1))
    [error] = body["errors"]
    assert "data" not in body and error["extensions"] == {"code": code, "limit": limit, "actual": limit + 1}
    assert f"{limit:,}" in error["message"] and f"{limit + 1:,}" in error["message"]


async def test_each_limit_is_a_setting(api_settings: Settings) -> None:
    introspection = "{ __schema { types { name kind } } }"
    smaller: dict[str, tuple[int, str, str]] = {
        "limit_tokens": (10, "{" + " __typename" * 9 + " }", "TOO_MANY_TOKENS"),
        "limit_depth": (2, deep(3), "DOCUMENT_TOO_DEEP"),
        "limit_aliases": (1, aliases(2), "TOO_MANY_ALIASES"),
        "limit_alias": (9, long_alias(10), "ALIAS_TOO_LONG"),
        "limit_root_fields": (1, roots(2), "TOO_MANY_ROOT_FIELDS"),
        "limit_directives": (0, directives(1), "TOO_MANY_DIRECTIVES"),
        "limit_selections": (2, "{ channels { id key } }", "TOO_MANY_SELECTIONS"),
        "limit_introspection_depth": (2, introspection, "DOCUMENT_TOO_DEEP"),
        "limit_introspection_selections": (3, introspection, "TOO_MANY_SELECTIONS"),
        "limit_introspection_fields": (50, introspection, "TOO_LARGE"),
        "limit_errors": (1, "{ nothing nobody }", "TOO_MANY_ERRORS"),
        "limit_ids": (1, '{ nodes(ids: ["a", "b"]) { id } }', "TOO_MANY_IDS"),
        "limit_answer": (100, introspection, "TOO_LARGE"),
        "limit_cost": (199, "{ channels { id } }", "COST_TOO_HIGH"),
    }
    for name, (limit, text, code) in smaller.items():
        async with another(api_settings, **{name: limit}) as address, httpx2.AsyncClient(base_url=address, timeout=60) as http:
            errors = (await http.post("/graphql", json={"query": text})).json()["errors"]
            assert errors[-1]["extensions"]["code"] == code, (name, errors)
            assert errors[-1]["extensions"]["limit"] == limit and errors[-1]["extensions"]["actual"] > limit


async def test_an_answer_has_so_many_bytes_however_it_is_sent(api_settings: Settings) -> None:
    query = {"query": "{ " + " ".join(f"a{number}: __typename" for number in range(10)) + " }"}
    size = len(orjson.dumps({"data": {f"a{number}": "Query" for number in range(10)}}))
    ours = [websockets.Subprotocol("graphql-transport-ws")]
    for limit in (size, size - 1):
        async with (
            another(api_settings, limit_answer=limit) as address,
            httpx2.AsyncClient(base_url=address) as http,
            websockets.connect(f"{address.replace('http', 'ws')}/graphql", subprotocols=ours) as socket,
        ):
            await socket.send(orjson.dumps({"type": "connection_init"}).decode())
            await socket.recv()
            await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": query}).decode())
            streamed = await http.post("/graphql", json=query, headers={"accept": "text/event-stream"})
            answers = [
                (await http.post("/graphql", json=query)).json(),
                orjson.loads(streamed.text.partition("data: ")[2].partition("\n")[0]),
                orjson.loads(await socket.recv())["payload"],
            ]
        if limit == size:
            assert all("errors" not in answer for answer in answers)
        else:
            extensions = {"code": "TOO_LARGE", "limit": limit, "actual": size}
            assert [(answer["data"], answer["errors"][0]["extensions"]) for answer in answers] == [(None, extensions)] * 3


async def test_numbers_that_nobody_can_read_are_not_told(api: Api) -> None:
    errors = (await api.ask(nested_spreads(150)))["errors"]
    assert [error["extensions"]["code"] for error in errors] == ["TOO_MANY_ROOT_FIELDS", "TOO_MANY_SELECTIONS"]
    assert all(error["extensions"]["actual"] == MOST and f"{MOST:,} or more" in error["message"] for error in errors)


async def test_nobody_is_told_how_to_programme_the_service(api: Api) -> None:
    body = await api.ask(f"{{ customers(first: {'9' * 5_000}) {{ pageInfo {{ hasNextPage }} }} }}")
    assert "has 5000 digits" in body["errors"][0]["message"] and "sys." not in body["errors"][0]["message"]


def test_directives_count_wherever_they_stand() -> None:
    text = "query ($a: ID! @a) @a { customer(by: {id: $a}) @a { ...F @a ... @a { id @a } } } fragment F on Customer @a { id @a }"
    [error] = read(text, replace(LIMITS, directives=7)).errors
    assert error["extensions"] == {"code": "TOO_MANY_DIRECTIVES", "limit": 7, "actual": 8}


def test_operations_are_counted_one_by_one() -> None:
    text = " ".join(f"query Q{each} {{ {'__typename ' * 10} }}" for each in range(20))
    assert read(text, LIMITS).errors == ()
    assert codes(read(f"{text} query R {{ {'__typename ' * 11} }}", LIMITS)) == ["TOO_MANY_ROOT_FIELDS"]


def test_fragments_that_spread_each_other_are_named() -> None:
    for text in (
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ... { ...B } } fragment B on Query { ...A }",
        "{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }",
        ring(180),
    ):
        [error] = read(text, LIMITS).errors
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED" and "spreads itself" in error["message"]


def test_a_document_has_an_end() -> None:
    limits = replace(LIMITS, tokens=10)
    assert read(f"{{ {'__typename ' * 8} }}", limits).errors == ()
    [error] = read(f"{{ {'__typename ' * 9} }}", limits).errors
    assert error["extensions"] == {"code": "TOO_MANY_TOKENS", "limit": 10, "actual": 11} and "11 tokens" in error["message"]
    assert read("#\n" * 10 + "{ __typename }", limits).errors == ()
    [error] = read("#\n" * 11 + "{ __typename }", limits).errors
    assert error["extensions"] == {"code": "TOO_MANY_TOKENS", "limit": 10, "actual": 11} and "11 comments" in error["message"]
    assert read("{ __typename }".ljust(LIMITS.characters), LIMITS).errors == ()
    [error] = read("{ __typename }".ljust(LIMITS.characters + 1), LIMITS).errors
    assert error["extensions"] == {"code": "BODY_TOO_LARGE", "limit": LIMITS.characters, "actual": LIMITS.characters + 1}


async def test_no_more_errors_are_told_than_help(api: Api) -> None:
    def wrong(number: int) -> str:
        return "{ channels { " + " ".join(f"nothing{each}" for each in range(number)) + " } }"

    assert await api.codes(wrong(LIMITS.errors)) == ["GRAPHQL_VALIDATION_FAILED"] * LIMITS.errors
    *told, last = (await api.ask(wrong(100)))["errors"]
    assert len(told) == LIMITS.errors and last["extensions"] == {"code": "TOO_MANY_ERRORS", "limit": 5, "actual": 6}


def test_an_error_quotes_no_more_than_a_part_of_a_long_text() -> None:
    [error] = read("{ " + "a" * 50_000 + " }", LIMITS).errors
    assert len(error["message"]) <= documents_module.LONGEST_MESSAGE


def test_fields_of_one_name_are_compared_until_it_takes_too_long() -> None:
    [error] = read(HOSTILE["130 equal lists, four deep"], LIMITS).errors
    assert error["extensions"] == {"code": "TOO_MANY_SELECTIONS", "limit": COMPARISONS, "actual": COMPARISONS + 1}
    assert "select each of them once" in error["message"]


async def test_ids_are_counted_and_told(api: Api) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert "TOO_MANY_IDS" not in await api.codes(query, ids=["x"] * 50)
    [error] = (await api.ask(query, ids=["x"] * 51))["errors"]
    assert error["extensions"] == {"code": "TOO_MANY_IDS", "limit": 50, "actual": 51} and "51" in error["message"]


async def test_variables_have_so_many_values(api: Api) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    # The object of all of them, and the list.
    assert await api.codes(query, ids=["x"] * (LIMITS.values - 2)) == ["TOO_MANY_IDS"]
    [error] = (await api.ask(query, ids=["x"] * (LIMITS.values - 1)))["errors"]
    assert error["extensions"] == {"code": "TOO_MANY_VALUES", "limit": LIMITS.values, "actual": LIMITS.values + 1}


@pytest.mark.parametrize(
    ("value", "number"), [(1, 1), ([], 1), ({"a": [1, {"b": None}], "c": "text"}, 6), ([[[[]]]], 4), ([0] * 99, 100)]
)
def test_values_are_counted(value: Any, number: int) -> None:
    assert values_in(value, number) == number
    assert values_in(value, number - 1) > number - 1


@pytest.mark.parametrize(("method", "refused"), [("GET", 414), ("POST", 413)])
async def test_a_request_has_so_many_bytes(api_settings: Settings, method: str, refused: int) -> None:
    async with another(api_settings, limit_body=1_000) as address, httpx2.AsyncClient(base_url=address, timeout=60) as http:
        for size, status in ((1_000, 200), (1_001, refused)):
            if method == "POST":
                content = orjson.dumps({"query": "{ __typename }"}).ljust(size)
                response = await http.post("/graphql", content=content, headers={"content-type": "application/json"})
            else:
                response = await http.get("/graphql?" + "query=%7B__typename%7D&x=".ljust(size, "x"))
            assert response.status_code == status
        [error] = response.json()["errors"]
        assert error["extensions"] == {"code": "BODY_TOO_LARGE", "limit": 1_000, "actual": 1_001}
        assert "1,000" in error["message"] and "1,001" in error["message"]


async def test_only_events_may_come_in_large_bodies(api: Api) -> None:
    record = "mutation Record($events: [EventInput!]!) { recordEvents(events: $events) { accepted userErrors { code } } }"
    both = record.replace("{ recordEvents", "{ again: __typename recordEvents", 1)
    spread = "mutation Record { ...F } fragment F on Mutation { recordEvents(events: []) { accepted } }"
    headers = {"content-type": "application/json"}
    for query, status in ((record, 200), (both, 413), (spread, 413), (f"{record} query Other {{ __typename }}", 200)):
        body = orjson.dumps({"query": query, "operationName": "Record", "variables": {"events": []}})
        for size, found in ((LIMITS.body, 200), (LIMITS.body + 1, status), (LIMITS.events_body, status)):
            response = await api.http.post("/graphql", content=body.ljust(size), headers=headers)
            assert response.status_code == found, (query, response.text)
        response = await api.http.post("/graphql", content=body.ljust(LIMITS.events_body + 1), headers=headers)
        [error] = response.json()["errors"]
        assert response.status_code == 413
        assert error["extensions"] == {
            "code": "BODY_TOO_LARGE",
            "limit": LIMITS.events_body,
            "actual": LIMITS.events_body + 1,
        }


def codes(document: Document) -> list[str]:
    return [error["extensions"]["code"] for error in document.errors]


async def test_what_was_read_is_remembered_right_or_wrong_and_forgotten_in_the_end() -> None:
    documents = Documents(Limits(kept=1_000))
    first, wrong = await documents.find("{ __typename }"), await documents.find("{ nothing }")
    assert documents.kept("{ __typename }") is first and documents.kept("{ nothing }") is wrong and wrong.errors
    for each in range(30):
        await documents.find(f"{{ a{each}: __typename }}")
    assert documents.kept("{ nothing }") is None and 1 < len(documents) <= 1_000 / 50


async def test_a_text_that_comes_while_it_is_read_is_read_once() -> None:
    documents = Documents()
    found = await asyncio.gather(*(documents.find("{ channels { id } }") for _ in range(20)))
    assert all(each is found[0] for each in found)


class Held:
    """Holds the thread that reads documents until it is let go, and notes what it read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let_go = asyncio.Event(), Event()
        self.texts: list[str] = []
        loop = asyncio.get_running_loop()

        def held(text: str, limits: Limits) -> Any:
            self.texts.append(text)
            loop.call_soon_threadsafe(self.begun.set)
            assert self.let_go.wait(60)
            return examine(text, limits)

        monkeypatch.setattr(documents_module, "examine", held)


def texts(number: int) -> list[str]:
    return [f"{{ held{each}: __typename }}" for each in range(number)]


async def test_too_many_new_documents_are_turned_away_and_known_ones_are_not(
    api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"query": "{ channels { id } }"}
    async with another(api_settings, limit_waiting=2) as address, httpx2.AsyncClient(base_url=address, timeout=60) as http:
        assert (await http.post("/graphql", json=known)).status_code == 200
        held = Held(monkeypatch)
        asked = {asyncio.create_task(http.post("/graphql", json={"query": text})) for text in texts(5)}
        away: set[asyncio.Task[httpx2.Response]] = set()
        while len(away) < 2:
            done, asked = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            away |= done
        for each in away:
            response = each.result()
            assert response.status_code == 503 and response.headers["retry-after"] == "1"
            [error] = response.json()["errors"]
            assert error["extensions"] == {"code": "OVERLOADED", "limit": 2, "actual": 3, "retryAfter": 1}
        assert (await http.post("/graphql", json=known)).status_code == 200
        held.let_go.set()
        assert [(await each).status_code for each in asked] == [200] * 3
        # Those that were turned away are no worse for it.
        assert [(await http.post("/graphql", json={"query": text})).status_code for text in texts(5)] == [200] * 5


async def test_a_document_that_its_client_no_longer_waits_for_is_not_read(
    api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with another(api_settings, limit_waiting=1) as address, httpx2.AsyncClient(base_url=address, timeout=60) as http:
        held = Held(monkeypatch)

        def ask(text: str) -> asyncio.Task[httpx2.Response]:
            return asyncio.create_task(http.post("/graphql", json={"query": text}))

        first = ask("{ first: __typename }")
        await held.begun.wait()
        asked = {ask(text): text for text in texts(2)}
        _, (waiting,) = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        while (last := ask("{ last: __typename }")) in (await asyncio.wait([last], timeout=1))[0]:
            assert last.result().status_code == 503
        held.let_go.set()
        assert [(await each).status_code for each in (first, last)] == [200, 200]
        assert held.texts == ["{ first: __typename }", "{ last: __typename }"]


@pytest.mark.parametrize("everything", [True, False])
async def test_tools_that_ask_for_the_schema_get_it(api: Api, everything: bool) -> None:
    query = get_introspection_query(
        specified_by_url=everything,
        directive_is_repeatable=everything,
        schema_description=everything,
        input_value_deprecation=everything,
    )
    found = await api.data(query)
    assert {"Query", "Customer"} <= {each["name"] for each in found["__schema"]["types"]}
    # What clients of Apollo's add to each selection.
    assert read(query.replace("name\n", "name __typename\n"), LIMITS).errors == ()


async def test_lists_of_introspection_do_not_multiply(api: Api) -> None:
    query = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
    [error] = (await api.ask(query))["errors"]
    assert error["extensions"] == {"code": "DOCUMENT_TOO_DEEP", "limit": 2, "actual": 3}


async def test_the_schema_is_told_of_up_to_so_many_fields(api: Api) -> None:
    for name in ("the schema thirty times for each field", "the fields of the types of all fields"):
        body = await api.ask(HOSTILE[name])
        [error] = body["errors"]
        limit = LIMITS.introspection_fields
        assert "data" not in body and error["extensions"] == {"code": "TOO_LARGE", "limit": limit, "actual": limit + 1}


async def test_the_schema_is_asked_for_by_itself(api: Api) -> None:
    assert await api.codes("{ __schema { types { name } } channels { id } }") == ["INTROSPECTION_NOT_ALONE"]
    spread = '{ ...F __typename ... { node(id: "a") { id } } } fragment F on Query { __type(name: "Query") { name } }'
    assert await api.codes(spread) == ["INTROSPECTION_NOT_ALONE"]
    found = await api.data("query ($name: String!) { kind: __typename __type(name: $name) { name } }", name="Query")
    assert found == {"kind": "Query", "__type": {"name": "Query"}}
    query = "query ($name: String!) { __type(name: $name) { name } }"
    assert await api.codes(query, name=1) == ["BAD_USER_INPUT"]
    assert await api.codes(query) == ["BAD_USER_INPUT"]


async def test_the_refusal_is_a_request_error(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": deep(13)}, headers={"accept": "application/graphql-response+json"})
    assert response.status_code == 400 and "data" not in response.json()
    assert response.json()["errors"][0]["extensions"] == {"code": "DOCUMENT_TOO_DEEP", "limit": 12, "actual": 13}

"""Documents that are wrong, large or hostile, and errors that are nobody's business."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from app.catalogue import Copies
from app.changes import Changes
from app.network_watches import NetworkWatches
from graph.answers import Request
from graph.changes import find_versions
from graph.customers import EVERYTHING, Parts
from graph.errors import StoreUnavailable
from graph.events import Outcome
from graph.events.inputs import Event, TouchpointInput
from graph.store import Store
from resolvers.cursors import Cursors
from resolvers.documents import Documents
from resolvers.money import Rates
from resolvers.operations import answer
from resolvers.sources import Rules, Sources
from resolvers.value import QuintileCopy
from tests.api.conftest import Api, Tell, at, by_email
from tests.api.whoever import WHOEVER


async def test_documents_that_can_not_be_parsed(api: Api) -> None:
    for query in ("{", "}", "{ a( }", "query", '{ a(b: "', "{ a }}", "\u0000", "{}", "{ customer { } }"):
        assert await api.codes(query) == ["GRAPHQL_PARSE_FAILED"], query


async def test_documents_that_are_not_valid(api: Api) -> None:
    for query in ("{ nonsense }", "{ channels }", "{ __typename { a } }", "mutation { a }", "subscription { a }", "{ ...F }"):
        codes = await api.codes(query)
        assert codes and set(codes) <= {"GRAPHQL_VALIDATION_FAILED", "UNKNOWN_OPERATION"}, query
    [error] = (await api.ask("{ custmer { id } }"))["errors"]
    assert "Did you mean" not in error["message"]


async def test_hostile_documents_end_quickly(api: Api) -> None:
    deep = "{" + "a{" * 5_000 + "b" + "}" * 5_001
    wide = "{" + " ".join(f"a{n}: __typename" for n in range(5_000)) + "}"
    spread = (
        "{ ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))
        + (" fragment F200 on Query { __typename }")
    )
    crossed = (
        "{"
        + "".join(f" ...F{n}" for n in range(90))
        + "} "
        + " ".join(f"fragment F{n} on Query {{ channels {{ {' '.join('key' for _ in range(8))} }} }}" for n in range(90))
    )
    ring = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    again = '{ customer(by: {id: "cus_0"}) {' + " id" * 1_900 + "} }"
    comments = "#\n" * 40_000 + "{ __typename }"
    for query in (deep, wide, spread, crossed, ring, again, comments):
        body = await api.ask(query)
        assert "errors" in body or body["data"]
        assert all("Traceback" not in error["message"] for error in body.get("errors", []))
    [error] = (await api.ask(wide))["errors"]
    assert error["extensions"] == {"code": "TOO_MANY_TOKENS", "limit": 2_000, "actual": 2_001} and "2,000" in error["message"]


async def test_nested_pages_are_stopped_before_they_are_asked_for(api: Api, told: Tell) -> None:
    await told(
        *(
            TouchpointInput(id=f"{n}", source="s", at=at(n), customer=by_email("loop@example.com"), channel="web", type="x")
            for n in range(60)
        )
    )
    query = '{ customer(by: {email: "loop@example.com"}) { touchpoints(first: 60) { HERE } } }'
    for _ in range(3):
        query = query.replace("HERE", "nodes { customer { touchpoints(first: 60) { HERE } } }")
    query = query.replace("HERE", "totalCount")
    body = await api.ask(query)
    assert "data" not in body and [error["extensions"]["code"] for error in body["errors"]] == ["COST_TOO_HIGH"]


class Broken:
    """Profiles and a write door that fail with whatever they are given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def load(self, keys: Sequence[Any], parts: Parts = EVERYTHING, /) -> list[Any]:
        raise self.error

    async def record(self, events: Sequence[Event], request: Request | None = None, /) -> Outcome:
        raise self.error


def sources(store: Store, error: Exception) -> Sources:
    async def no_quintiles() -> None:
        return None

    changes = Changes(partial(find_versions, store), lambda: None, None)
    rules = Rules(
        cursors=Cursors(b"a secret of this test"),
        rates=Rates("USD", {"EUR": Decimal(1)}),
        cart_abandoned_after=timedelta(hours=1),
        clock=lambda: datetime.now(UTC),
    )
    return Sources(
        profiles=Broken(error),
        chains=Broken(error),
        networks=Broken(error),
        reader=store,
        door=Broken(error),
        catalogue=Copies(store),
        watches=changes,
        network_watches=NetworkWatches.of(changes, store),
        quintiles=QuintileCopy(no_quintiles),
        documents=Documents(),
        rules=rules,
    )


ASK = '{ customer(by: {email: "secret@example.com"}) { id } }'


async def test_errors_of_ours_are_masked_and_logged_without_personal_data(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        given = await answer(ASK, sources(store, ValueError("secret@example.com is odd")), WHOEVER)
    assert given.executed and given.data == {"customer": None}
    [error] = given.errors
    assert error["extensions"]["code"] == "INTERNAL" and error["path"] == ["customer"]
    assert "secret" not in str(error) and "odd" not in str(error)
    trace = error["extensions"]["traceId"]
    assert trace in error["message"] and trace in caplog.text
    assert "ValueError" in caplog.text and "test_operations.py" in caplog.text
    assert "secret@example.com" not in caplog.text and ASK not in caplog.text


async def test_a_graph_that_is_away(store: Store) -> None:
    given = await answer(ASK, sources(store, StoreUnavailable("bolt://10.0.0.1 refused")), WHOEVER)
    [error] = given.errors
    assert error["extensions"] == {"code": "UNAVAILABLE"} and "10.0.0.1" not in error["message"]


async def test_a_service_without_its_graph_answers_calmly(api: Api, api_settings: Any) -> None:
    import httpx2

    from app.commands.web import serving
    from app.local.process import free_port
    from app.server import create_app

    nowhere = replace(api_settings, port=free_port(), neo4j_uri=f"bolt://127.0.0.1:{free_port()}", redis_url=None)
    address = f"http://127.0.0.1:{nowhere.port}"
    async with serving(create_app(nowhere), nowhere), httpx2.AsyncClient(base_url=address, timeout=30) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        body = (await http.post("/graphql", json={"query": ASK})).json()
        assert body["data"] == {"customer": None} and body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"

"""Logs: their form, and that nothing personal is in them, whatever clients send and whatever fails."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import websockets

from app import logs
from app.commands.web import serving
from app.errors import SettingsError
from app.local.process import free_port
from app.profiles import CachedProfiles
from app.server import create_app
from app.settings import Settings
from graph.errors import StoreUnavailable
from graph.store import Store
from tests.write_key import WRITE_KEY

SECRETS = ("eve.adams", "Evelyn", "+49170123", "cus_secret", "tok_secret", "127.0.0.1:")
MAIL, NAME, PHONE = "eve.adams@example.com", "Evelyn", "+491701234567"
ASK = "query Find($by: CustomerKey!) { customer(by: $by) { name } }"


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """To log to, with the logging of before put back in the end."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in (*logs.OURS, logs.SERVER)}
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


@pytest.fixture
async def http(settings: Settings, graph: Store, output: io.StringIO) -> AsyncIterator[httpx2.AsyncClient]:
    """A service that logs all that it can."""
    loud = replace(
        settings,
        port=free_port(),
        log_level="debug",
        log_format="json",
        log_requests=True,
        neo4j_transaction_timeout_seconds=60.0,
    )
    logs.configure(loud, to=output)
    address = f"http://127.0.0.1:{loud.port}"
    async with serving(create_app(loud), loud), httpx2.AsyncClient(base_url=address, timeout=30) as client:
        yield client


async def ask(http: httpx2.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    body: dict[str, Any] = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    return body


async def test_a_request_is_a_line_without_anything_but_names_and_numbers(http: httpx2.AsyncClient, output: io.StringIO) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await http.post("/graphql", json={"query": ASK, "variables": {"by": {"email": MAIL}}}, headers=headers)
    [line] = [line for line in lines(output) if line["logger"] == "customer360.requests"]
    record, request = (
        {"time", "level", "logger", "message"},
        {"operation", "type", "document", "outcome", "cache", "plan", "cost"},
    )
    assert line.keys() == record | request | {"ms", "trace_id"}
    assert (line["operation"], line["type"], line["outcome"], line["trace_id"]) == ("Find", "query", "ok", trace)


async def test_nothing_personal_is_logged_or_a_label_whatever_is_sent(http: httpx2.AsyncClient, output: io.StringIO) -> None:
    await ask(http, ASK, by={"email": MAIL})
    await ask(http, ASK, by={"phone": PHONE, "email": MAIL})
    await ask(http, ASK, by={"nonsense": NAME})
    await ask(http, f'{{ customer(by: {{email: "{MAIL}"}}) {{ name }} }}')
    await ask(http, f'{{ customer(by: {{email: "{MAIL}" }}) {{ {NAME} }} }}')
    await ask(http, f'{{ customer(by: {{email: "{MAIL}')
    await ask(http, f'{{ customers(search: "{NAME}", first: -1) {{ nodes {{ id }} }} }}')
    await ask(http, f'{{ node(id: "cus_secret{MAIL}") {{ id }} }}')
    await http.post("/graphql", json={"query": ASK, "operationName": NAME})
    await http.post("/graphql", content=f'{{"query": "{MAIL}'.encode(), headers={"content-type": "application/json"})
    await http.get("/graphql", params={"query": ASK, "variables": json.dumps({"by": {"email": MAIL}})})
    await http.get(f"/{MAIL}")
    await http.post(f"/graphql?email={MAIL}", json={"query": "{ __typename }"}, headers={"traceparent": MAIL, "x-name": NAME})
    mutation = "mutation Put($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { userErrors { message } } }"
    await ask(http, mutation, input={"source": NAME, "id": MAIL, "identifiers": [{"type": "email", "value": MAIL}]})
    who = {"messageId": "1", "userId": MAIL, "traits": {"name": NAME, "phone": PHONE}, "timestamp": "not a time"}
    for body in ({"batch": [{"type": "identify", **who}, {"type": NAME, "email": MAIL}, MAIL]}, {"batch": MAIL}, [MAIL]):
        await http.post("/v1/batch", json=body, auth=(WRITE_KEY, ""))
    await http.post("/v1/identify", json=who, auth=(WRITE_KEY, ""))
    await http.post("/v1/identify", json=who, auth=("tok_secret_of_somebody", ""))
    socket = str(http.base_url).replace("http", "ws") + f"/graphql?email={MAIL}"
    async with websockets.connect(socket, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as connected:
        await connected.send(json.dumps({"type": "connection_init", "payload": {"token": "tok_secret", "email": MAIL}}))
        await connected.recv()
        asked = {"query": ASK, "variables": {"by": {"email": MAIL}}}
        await connected.send(json.dumps({"id": MAIL, "type": "subscribe", "payload": asked}))
        await connected.recv()
    labels = (await http.get("/metrics")).text
    logged = output.getvalue()
    assert logged.count('"customer360.requests"') >= 13 and '"app.segment.endpoint"' in logged
    # uvicorn says where it listens.
    logged = "\n".join(line for line in logged.splitlines() if "running on" not in line)
    for secret in SECRETS:
        assert secret not in logged
        assert secret not in labels


async def test_nothing_personal_is_logged_when_resolvers_fail(
    http: httpx2.AsyncClient, output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: CachedProfiles, keys: Sequence[object], *parts: object) -> list[object]:
        raise ValueError(f"{keys} of {NAME}") from StoreUnavailable(f"{MAIL} exists already")

    monkeypatch.setattr(CachedProfiles, "load", fail)
    body = await ask(http, f"query Find($by: CustomerKey!) {{ {NAME}: customer(by: $by) {{ name }} }}", by={"email": MAIL})
    [error] = body["errors"]
    trace = error["extensions"]["traceId"]
    found = [line for line in lines(output) if line.get("trace_id") == trace]
    # The fault, and the request: both under the id that the client was told.
    assert [line["logger"] for line in found] == ["customer360.graphql", "customer360.requests"]
    assert "ValueError" in found[0]["message"] and "test_logs.py" in found[0]["message"]
    assert found[1]["outcome"] == "failed"
    assert NAME not in output.getvalue() and "eve.adams" not in output.getvalue()


def test_of_an_exception_its_kind_is_written_and_where_it_was_raised(output: io.StringIO) -> None:
    logs.configure(Settings(log_format="json"), to=output)
    log = logging.getLogger("app.test")
    try:
        raise StoreUnavailable(f"{MAIL} exists already") from ValueError(NAME)
    except StoreUnavailable as error:
        log.exception("the outbox waits")
        log.warning("the outbox waits: %s", error)
        log.warning(error)
    log.error("%(error)s", {"error": SettingsError("C360_PORT", "must be a whole number")})
    first, second, third, fourth = lines(output)
    assert first["error"] == "StoreUnavailable from ValueError" and "test_logs.py" in first["raised"][0]
    assert (second["message"], third["message"]) == (
        "the outbox waits: StoreUnavailable from ValueError",
        "StoreUnavailable from ValueError",
    )
    assert fourth["message"].startswith("C360_PORT: must be")
    assert MAIL not in output.getvalue() and NAME not in output.getvalue()


def test_other_libraries_are_heard_from_warnings_on_and_one_line_of_each(output: io.StringIO) -> None:
    logs.configure(Settings(log_level="debug", log_format="json"), to=output)
    logging.getLogger("neo4j.io").debug("C: RUN %r", MAIL)
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task exception=ValueError(%r)>", MAIL)
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "192.0.2.1:99", f"/graphql?email={MAIL}")
    logging.getLogger("app.test").debug("ours")
    assert [line["message"] for line in lines(output)] == ["Task exception was never retrieved", "ours"]


def test_text_is_for_terminals_and_levels_are_kept(output: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "isatty", lambda: True)
    logs.configure(Settings(log_level="warning"), to=output)
    logging.getLogger("app.test").info("not this")
    logging.getLogger("app.test").warning("two\nlines", extra={"facts": {"ms": 1.5}})
    assert output.getvalue()[8:] == " WARNING app.test: two ms=1.5\n"

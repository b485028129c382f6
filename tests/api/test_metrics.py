"""What Prometheus is told, by a service of the tests' own, so that nobody else's requests are counted."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
import websockets
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from app.commands.web import serving
from app.counters import MOST_OPERATIONS, NONE, OTHER, Counters, clean
from app.local.process import free_port
from app.server import create_app
from app.settings import Settings
from graph.events.inputs import IdentifyInput, TouchpointInput
from resolvers.documents import LONGEST_NAME, read
from resolvers.guard import Limits
from tests.api.conftest import Tell, at, by_email, email
from tests.conftest import Stack
from tests.write_key import WRITE_KEY

TOP = Path(__file__).parents[2]
QUERY = 'query Named { customer(by: {email: "eve@example.com"}) { name } }'
DIGEST = sha256(QUERY.encode()).hexdigest()[:12]


class Metrics:
    """All samples of one answer, by name and labels."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in self.families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def labels(self, name: str, label: str) -> list[str]:
        return [dict(labels)[label] for found, labels in self.samples if found == name]


class Own:
    """A service that nobody else asks."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def ask(self, query: str, name: str | None = None) -> dict[str, object]:
        body: dict[str, object] = (await self.http.post("/graphql", json={"query": query, "operationName": name})).json()
        return body

    async def metrics(self) -> Metrics:
        response = await self.http.get("/metrics")
        assert response.status_code == 200 and response.headers["content-type"].startswith("text/plain; version=")
        return Metrics(response.text)

    async def requests(self, outcome: str, operation: str = "Named", document: str = DIGEST) -> float:
        found = await self.metrics()
        return found.value("c360_graphql_requests_total", operation=operation, document=document, outcome=outcome)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    settings = replace(settings, port=free_port())
    address = f"http://127.0.0.1:{settings.port}"
    async with serving(create_app(settings), settings), httpx2.AsyncClient(base_url=address, timeout=30) as http:
        yield http


@pytest.fixture
async def own(api_settings: Settings, told: Tell) -> AsyncIterator[Own]:
    eve = IdentifyInput(id="1", source="s", at=at(0), identifiers=(email("eve@example.com"),), traits={"name": "Eve"})
    await told(eve)
    async with running(api_settings) as http:
        yield Own(http)


async def test_a_request_is_counted_under_its_operation_its_document_and_its_outcome(own: Own) -> None:
    for _ in range(3):
        assert await own.ask(QUERY) == {"data": {"customer": {"name": "Eve"}}}
    assert await own.requests("ok") == 3
    found = await own.metrics()
    assert found.value("c360_document_cache_lookups_total", result="miss") == 1
    assert found.value("c360_document_cache_lookups_total", result="hit") == 2
    # A plan is made when an operation comes for the second time.
    assert found.value("c360_graphql_plans_total", result="none") == 1
    assert found.value("c360_graphql_plans_total", result="answered") == 2
    assert found.value("c360_graphql_cost_objects_count") == 3
    assert found.value("c360_graphql_request_duration_seconds_count", type="query") == 3
    assert found.value("c360_graphql_request_duration_seconds_bucket", type="query", le="+Inf") == 3
    assert found.value("c360_profile_cache_lookups_total", result="miss") == 1
    assert found.value("c360_profile_cache_lookups_total", result="hit") == 2
    assert found.value("c360_profile_cache_leases_total", result="taken") == 1
    assert found.value("c360_profile_cache_leases_total", result="filled") == 1
    assert found.value("c360_neo4j_statement_seconds_count", statement="customers/load_profiles") == 2  # the first is to warm up
    assert found.value("c360_neo4j_statement_seconds_sum", statement="customers/load_profiles") > 0
    assert found.value("c360_redis_call_duration_seconds_count") >= 4
    assert found.value("c360_cache_open") == 1 and found.value("c360_cache_epoch") >= 1
    assert found.value("c360_redis_breaker_open") == 0


async def test_requests_of_which_nothing_is_run_share_a_label_and_tell_their_codes(own: Own) -> None:
    await own.ask("{ secret_name ")
    await own.ask("query Made_up { nonsense }")
    await own.ask(QUERY, "Nobody")
    await own.http.post("/graphql", content=b"no JSON", headers={"content-type": "application/json"})
    assert await own.requests("refused", NONE, NONE) == 4
    found = await own.metrics()
    assert set(found.labels("c360_graphql_requests_total", "operation")) == {"none"}
    for code in ("GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "UNKNOWN_OPERATION", "BAD_REQUEST"):
        assert found.value("c360_graphql_errors_total", code=code) == 1


async def test_an_answer_with_errors_is_told_from_one_without(own: Own) -> None:
    await own.ask('query Wrong { node(id: "nothing") { id } }')
    found = await own.metrics()
    [outcome] = found.labels("c360_graphql_requests_total", "outcome")
    assert outcome == "errors" and found.value("c360_graphql_errors_total", code="INVALID_ID") == 1


async def test_who_answers_is_counted_plan_or_graphql_core(own: Own) -> None:
    for _ in range(3):
        await own.ask('query Wrong { node(id: "nothing") { id } }')
    await own.ask("{ __schema { queryType { name } } }")
    found = await own.metrics()
    counted = [found.value("c360_graphql_plans_total", result=result) for result in ("answered", "left", "none")]
    assert counted == [0, 2, 2]


async def test_an_operation_over_a_websocket_is_counted_like_any_other(own: Own) -> None:
    address = str(own.http.base_url).replace("http", "ws") + "/graphql"
    async with websockets.connect(address, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        for number, asked in enumerate(({"query": QUERY}, {"query": "{ nonsense }"}, {"documentId": "unknown"})):
            await socket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": asked}))
            while json.loads(await socket.recv())["type"] == "next":
                pass
    assert (await own.requests("ok"), await own.requests("refused", NONE, NONE)) == (1, 2)


async def test_the_explorer_and_the_metrics_are_no_graphql_requests(own: Own) -> None:
    await own.http.get("/graphql", headers={"accept": "text/html"})
    assert (await own.metrics()).labels("c360_graphql_requests_total", "outcome") == []


async def test_whatever_clients_call_their_operations_there_are_no_more_labels_than_allowed(own: Own) -> None:
    for number in range(MOST_OPERATIONS + 20):
        await own.ask(f"query N{number}_{'x' * 200} {{ __typename }}")
    found = await own.metrics()
    names = found.labels("c360_graphql_requests_total", "operation")
    assert len(names) == MOST_OPERATIONS + 1 and names.count("other") == 1
    assert max(map(len, names)) == LONGEST_NAME
    assert await own.requests("ok", OTHER, OTHER) == 20


def test_labels_are_cut_and_cleaned() -> None:
    counters = Counters()
    [unnamed] = read("{ __typename }", Limits()).operations
    [long] = read(f"query {'N' * 10_000} {{ __typename }}", Limits()).operations
    for operation, label in ((unnamed, "anonymous"), (long, "N" * LONGEST_NAME)):
        found = counters.series("a" * 64, operation)
        assert (found.type, found.operation, found.document) == ("query", label, "a" * 12)
        assert counters.series("a" * 64, operation) is found
    assert clean('evil"\n# HELP') == "invalid" and clean("e@x.com") == "invalid" and clean("Ünï") == "invalid"


async def test_without_redis_what_is_passed_by_and_tripped_is_told(own: Own, stack: Stack) -> None:
    await own.ask(QUERY)
    await stack.stop_redis()
    try:
        for _ in range(2):
            assert await own.ask(QUERY) == {"data": {"customer": {"name": "Eve"}}}
        found = await own.metrics()
        assert found.value("c360_profile_cache_lookups_total", result="bypassed") == 2
        assert found.value("c360_redis_breaker_open") == 1 and found.value("c360_redis_breaker_trips_total") == 1
        assert found.value("c360_redis_failures_total", reason="error") >= 1
        ready = await own.http.get("/readyz")
        assert ready.status_code == 200 and ready.json() == {"status": "ok", "neo4j": True, "cache": "away"}
    finally:
        await stack.start_redis()


async def test_a_value_of_another_epoch_is_stale(own: Own, stack: Stack) -> None:
    await own.ask(QUERY)
    async with Redis.from_url(stack.redis_url) as redis:
        [key] = await redis.keys("c360:{*}:profile")
        value = await redis.get(key)
        assert isinstance(value, bytes)
        await redis.set(key, value[:1] + bytes(8) + value[9:])
    await own.ask(QUERY)
    found = await own.metrics()
    assert found.value("c360_profile_cache_stale_total") == 1
    assert found.value("c360_profile_cache_lookups_total", result="miss") == 2


async def test_batches_of_events_are_counted_with_what_they_wait_for(own: Own) -> None:
    page = {"type": "page", "messageId": "1", "userId": "ana", "timestamp": "2024-01-02T03:00:00Z", "name": "Lamps"}
    response = await own.http.post("/v1/batch", json={"batch": [page]}, auth=(WRITE_KEY, ""))
    assert response.json()["accepted"] == 1
    found = await own.metrics()
    assert found.value("c360_write_batch_events_count") == found.value("c360_write_batch_events_sum") == 1
    assert found.value("c360_write_batch_duration_seconds_count") == 1
    assert found.value("c360_write_queue_events") == 0 and found.value("c360_write_queue_room_events") == 5_000


async def test_events_that_are_turned_away_are_counted(api_settings: Settings, told: Tell) -> None:
    pages = [
        {"type": "page", "messageId": str(n), "userId": "ana", "timestamp": "2024-01-02T03:00:00Z", "name": "Lamps"}
        for n in range(20)
    ]
    async with running(replace(api_settings, write_queue=1, group_commit=False)) as http:
        answers = await asyncio.gather(*(http.post("/v1/page", json=page, auth=(WRITE_KEY, "")) for page in pages))
        turned_away = sum(answer.status_code == 429 for answer in answers)
        assert turned_away and (await Own(http).metrics()).value("c360_write_shed_events_total") == turned_away


async def test_a_subscription_is_counted_while_it_runs_and_when_it_has_ended(own: Own, told: Tell) -> None:
    watching = 'subscription Watching { customerChanged(by: {email: "eve@example.com"}) { customer { id } } }'
    headers = {"accept": "text/event-stream"}
    async with own.http.stream("POST", "/graphql", json={"query": watching}, headers=headers) as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        while (await own.metrics()).value("c360_graphql_subscriptions") != 1:
            await asyncio.sleep(0.02)
        visits = 0
        heard = asyncio.ensure_future(_event(lines))
        while not heard.done():
            visits += 1
            visit = TouchpointInput(
                id=f"v{visits}", source="s", at=at(visits), customer=by_email("eve@example.com"), channel="web", type="x"
            )
            await told(visit)
            await asyncio.wait([heard], timeout=1)
    while (await own.metrics()).value("c360_graphql_subscriptions") != 0:
        await asyncio.sleep(0.02)
    assert await own.requests("ok", "Watching", sha256(watching.encode()).hexdigest()[:12]) == 1
    assert (await own.metrics()).value("c360_graphql_request_duration_seconds_count", type="subscription") == 0


async def _event(lines: AsyncIterator[str]) -> None:
    async for line in lines:
        if line == "event: next":
            return


async def test_the_process_tells_of_itself(own: Own) -> None:
    found = await own.metrics()
    assert found.labels("c360_build_info", "version") == ["0.1.0"]
    assert found.value("process_resident_memory_bytes") > 0
    while (await own.metrics()).value("c360_event_loop_lag_seconds_count") < 2:
        await asyncio.sleep(0.05)


async def test_every_metric_is_documented_and_named_as_prometheus_wants(own: Own) -> None:
    await own.ask(QUERY)
    found = await own.metrics()
    documented = set(re.findall(r"^\| `(c360_\w+)", (TOP / "docs" / "operations.md").read_text(), re.MULTILINE))
    told = {family.name + ("_total" if family.type == "counter" else "") for family in found.families if "c360" in family.name}
    assert told == documented
    assert all(family.documentation for family in found.families)


async def test_two_services_in_one_process_are_told_apart(own: Own, api_settings: Settings) -> None:
    async with running(api_settings) as http:
        other = Own(http)
        await own.ask(QUERY)
        assert (await own.requests("ok"), await other.requests("ok")) == (1, 0)


async def test_metrics_can_be_had_on_a_port_of_their_own_or_not_at_all(api_settings: Settings, store: object) -> None:
    async with running(replace(api_settings, metrics=False)) as http:
        assert (await http.get("/metrics")).status_code == 404
    port = free_port()
    async with running(replace(api_settings, metrics_port=port)) as http:
        assert (await http.get("/metrics")).status_code == 404
        apart = await http.get(f"http://127.0.0.1:{port}/metrics")
        assert Metrics(apart.text).labels("c360_build_info", "version")
    with pytest.raises(httpx2.ConnectError):
        async with httpx2.AsyncClient() as gone:
            await gone.get(f"http://127.0.0.1:{port}/metrics")

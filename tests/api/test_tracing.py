"""Spans, as a collector of OpenTelemetry gets them over HTTP."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app.server import tracing_of
from app.settings import Settings
from graph.events.inputs import IdentifyInput
from tests.api.conftest import Tell, at, email
from tests.api.test_metrics import running

TOP = Path(__file__).parents[2]
QUERY = "query Named($address: String!) { customer(by: {email: $address}) { name } }"
ASKED = {"query": QUERY, "variables": {"address": "eve@example.com"}}
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Takes spans at `address`."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [span for one in requests for each in one.resource_spans for scope in each.scope_spans for span in scope.spans]

    def root(self) -> Span:
        [found] = [span for span in self.spans if span.kind == Span.SPAN_KIND_SERVER]
        return found


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield collector
    collector.close()


def traced(settings: Settings, collector: Collector) -> Settings:
    return replace(settings, otlp_endpoint=collector.address)


def attributes(span: Span) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


async def test_each_phase_of_a_request_is_a_span_under_its_own(api_settings: Settings, told: Tell, collector: Collector) -> None:
    eve = IdentifyInput(id="1", source="s", at=at(0), identifiers=(email("eve@example.com"),), traits={"name": "Eve"})
    await told(eve)
    async with running(traced(api_settings, collector)) as http:
        response = await http.post("/graphql", json=ASKED, headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
        assert response.json() == {"data": {"customer": {"name": "Eve"}}}
    root = collector.root()
    assert (root.trace_id.hex(), root.parent_span_id.hex()) == (TRACE, CALLER)
    assert root.name == "query Named"
    said = attributes(root)
    assert (said["graphql.operation.name"], said["graphql.operation.type"]) == ("Named", "query")
    assert (said["c360.outcome"], said["c360.cache"]) == ("ok", "miss")
    children = [span for span in collector.spans if span.parent_span_id == root.span_id]
    assert len(children) == len(collector.spans) - 1
    assert {span.name for span in children} == {"read", "document", "execute", "load profiles", "redis", "neo4j", "write"}
    assert {attributes(span)["statement"] for span in children if span.name == "neo4j"} >= {"customers/load_profiles"}
    for span in children:
        assert root.start_time_unix_nano - 1_000_000 <= span.start_time_unix_nano <= span.end_time_unix_nano
    phases = [span for span in children if span.name in ("read", "document", "execute", "write")]
    assert all(before.end_time_unix_nano == after.start_time_unix_nano for before, after in pairwise(phases))


async def test_no_span_holds_what_a_client_sent_but_the_name_of_its_operation(
    api_settings: Settings, told: Tell, collector: Collector
) -> None:
    async with running(traced(api_settings, collector)) as http:
        await http.post("/graphql", json=ASKED)
        await http.post("/graphql", json={"query": '{ customer(by: {email: "eve@example.com"}) { nonsense } }'})
        await http.post("/graphql", json={"query": '{ node(id: "eve@example.com") { id } }'})
        await http.get("/graphql", params={"query": '{ customer(by: {email: "eve@example.com" '})
    assert len([span for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER]) == 4
    assert not any(b"eve" in body for body in collector.bodies)


async def test_what_the_caller_does_not_sample_is_not_sampled_here(
    api_settings: Settings, told: Tell, collector: Collector
) -> None:
    async with running(traced(api_settings, collector)) as http:
        await http.post("/graphql", json=ASKED, headers={"traceparent": f"00-{TRACE}-{CALLER}-00"})
    assert collector.spans == []


async def test_a_traceparent_that_is_none_begins_a_trace(api_settings: Settings, told: Tell, collector: Collector) -> None:
    async with running(traced(api_settings, collector)) as http:
        await http.post("/graphql", json=ASKED, headers={"traceparent": "eve@example.com"})
    root = collector.root()
    assert root.parent_span_id == b"" and root.trace_id


def test_where_no_exporter_is_configured_nothing_that_makes_or_sends_spans_is_even_imported() -> None:
    assert tracing_of(Settings()) is None
    assert tracing_of(Settings(otlp_endpoint="http://127.0.0.1:4318", traces_exporter="none")) is None
    # Not `opentelemetry` as a whole: the client of Redis looks for the SDK's metrics, and imports them where they are installed.
    spans = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "app.tracing")
    assert _run(f"create_app(Settings()); print([name for name in sys.modules if name.startswith({spans})])") == "[]\n"


def test_the_packages_for_spans_need_not_be_installed_until_an_exporter_is_configured() -> None:
    without = 'sys.modules["opentelemetry"] = None'
    assert _run("create_app(Settings())", before=without) == ""
    asked = 'try: create_app(Settings(traces_exporter="console"))\nexcept Exception as error: print(type(error).__name__, error)'
    assert (
        _run(asked, before=without)
        == "SettingsError OTEL_TRACES_EXPORTER: needs more packages: pip install 'customer360[tracing]'\n"
    )


def _run(code: str, *, before: str = "") -> str:
    """What a Python of its own prints."""
    code = f"""
import sys
{before}
from app.server import create_app
from app.settings import Settings
{code}
"""
    return subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True).stdout

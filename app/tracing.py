"""Spans of requests for OpenTelemetry: made when a request has ended, sent in the background.

Imported only where OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_TRACES_EXPORTER asks for spans: its packages are those of the extra
`tracing`. Where spans go, how many are sampled and what else describes the service are the SDK's own variables, which it reads
itself: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app import __version__
from app.observation import Part

CLOSING_SECONDS = 2.0
"""How long the last spans may take to be sent when the service ends."""

_NANOSECONDS = 1_000_000_000
_propagator = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class RequestSpan:
    """The span of one request, whose parts become spans under it at its end.

    `epoch`: when perf_counter() was nought, in nanoseconds of Unix time.
    """

    span: Span
    tracer: Tracer
    epoch: int

    @property
    def id(self) -> str:
        return format_trace_id(self.span.get_span_context().trace_id)

    def end(self, name: str, facts: Mapping[str, str | int], parts: Sequence[Part], *, failed: bool) -> None:
        """End it, and with it the spans of its parts."""
        self.span.update_name(name)
        self.span.set_attributes(facts)
        if failed:
            self.span.set_status(StatusCode.ERROR)
        under = set_span_in_context(self.span, Context())
        for part in parts:
            child = self.tracer.start_span(part.name, under, SpanKind.INTERNAL, part.facts, start_time=self._at(part.began))
            child.end(self._at(part.ended))
        self.span.end()

    def _at(self, moment: float) -> int:
        return self.epoch + int(moment * _NANOSECONDS)


class Tracing:
    """Begins the spans of requests, and sends them when they have ended."""

    def __init__(self, exporter: SpanExporter) -> None:
        given = Resource.create({"service.name": "customer360", "service.version": __version__})
        # Of its own, not the process's: another service in it has its own, and none is left behind at the end.
        self._provider = TracerProvider(resource=given.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("customer360", __version__)

    @classmethod
    def to(cls, exporter: str) -> Tracing:
        """Tracing to an exporter by its name in OTEL_TRACES_EXPORTER: otlp or console."""
        return cls(ConsoleSpanExporter() if exporter == "console" else OTLPSpanExporter())

    def begin(self, traceparent: str | None) -> RequestSpan | None:
        """The span of a request that begins now, under the one that `traceparent` names, if it names one; None where it isn't
        sampled."""
        caller = _propagator.extract({"traceparent": traceparent} if traceparent else {}, Context())
        span = self._tracer.start_span("request", caller, SpanKind.SERVER)
        epoch = time.time_ns() - int(time.perf_counter() * _NANOSECONDS)
        return RequestSpan(span, self._tracer, epoch) if span.is_recording() else None

    def close(self) -> None:
        """Send what waits, and end. It blocks, for CLOSING_SECONDS where nobody takes the spans."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSING_SECONDS)

"""What one request carries through its phases, and what is told of it at its end: counters, spans and a line in the log.

While it runs it only takes notes, names and numbers, so that a request is measured in microseconds. Nothing that a client sent
is among them but the name of its operation.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from contextvars import Token
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol

from starlette.requests import ClientDisconnect

from app.counters import DIGEST, NONE, Counters
from app.profiles import CacheStatus, verdict
from resolvers.observer import Observer, observed

MOST_PARTS = 200
"""Statements and the like of one request that become spans; a request may ask for thousands of pages."""

GONE = "gone"
"""The outcome of a request whose client went away, or whose process was told to stop."""

log = logging.getLogger("customer360.requests")

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_TRACE = "0" * 32


@dataclass(frozen=True, slots=True)
class Part:
    """Something that took time: `began` and `ended` as perf_counter() has them."""

    name: str
    began: float
    ended: float
    facts: Mapping[str, str | int]


class Trace(Protocol):
    """The span of one request; see app.tracing."""

    @property
    def id(self) -> str: ...

    def end(self, name: str, facts: Mapping[str, str | int], parts: Sequence[Part], *, failed: bool) -> None: ...


class Tracer(Protocol):
    """Begins spans."""

    def begin(self, traceparent: str | None) -> Trace | None:
        """The span of a request that begins now; None where it isn't sampled."""
        ...


@dataclass(frozen=True, slots=True)
class Observations:
    """One process's: where the observations of its requests end up. `tracer` None: nowhere to send spans to."""

    counters: Counters
    tracer: Tracer | None = None
    log_requests: bool = False

    def begin(self, traceparent: str | None = None) -> Observation:
        """The observation of a request that begins now, for the length of a `with` block; `traceparent`: its header."""
        trace = None if self.tracer is None else self.tracer.begin(traceparent)
        return Observation(self, trace, traceparent)


class Observation:
    """One request. What was answered last before the block ends is its outcome; without an answer nothing is counted."""

    # What most requests never set costs nothing here.
    _token: Token[Observer] | None = None
    _marks: list[tuple[str, float]]
    _parts: list[Part]
    _kind = "none"
    _labels = NONE
    _digest = ""
    _kept: bool | None = None
    _cost: int | None = None
    _outcome: str | None = None
    _codes: Sequence[str] = ()

    def __init__(self, of: Observations, trace: Trace | None, traceparent: str | None) -> None:
        self._of = of
        self._trace = trace
        self._traceparent = traceparent
        #: Where the profiles came from, a word for each.
        self.cache: list[CacheStatus] = []

    def __enter__(self) -> Observation:
        self._token = observed.set(self)
        self._began = perf_counter()
        if self._trace is not None:
            self._marks, self._parts = [("read", self._began)], []
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        ended = perf_counter()
        if self._token is not None:
            observed.reset(self._token)
            self._token = None
        if error is not None:
            gone = isinstance(error, (asyncio.CancelledError, ClientDisconnect))
            self._outcome, self._codes = (GONE, self._codes) if gone else ("failed", ("INTERNAL",))
        if self._outcome is None:
            if self._kind == "none":
                # No request of GraphQL: the explorer was shown.
                return
            self._outcome = GONE
        self._count(ended - self._began)
        if self._trace is not None:
            self._tell(self._trace, ended)
        if self._of.log_requests:
            self._write(ended - self._began)

    def phase(self, name: str, /) -> None:
        if self._trace is not None:
            self._marks.append((name, perf_counter()))

    def document(self, digest: str, /, *, kept: bool) -> None:
        # Where it is asked for twice the first time tells.
        self._digest, self._kept = digest, kept and self._kept is not False

    def operation(self, kind: str, name: str | None, /) -> None:
        counters = self._of.counters
        self._kind = kind
        self._labels = counters.labels.of(name, self._digest)
        if kind == "subscription":
            counters.subscriptions += 1

    def cost(self, objects: int, /) -> None:
        self._cost = objects

    def spent(self, what: str, seconds: float, fact: str, value: str | int, /) -> None:
        # What a request started may go on after its end, and several may share it.
        if self._trace is not None and self._token is not None and len(self._parts) < MOST_PARTS:
            ended = perf_counter()
            self._parts.append(Part(what, ended - seconds, ended, {fact: value}))

    def trace_id(self) -> str:
        if self._trace is not None:
            return self._trace.id
        given = _TRACEPARENT.match(self._traceparent or "")
        if given is None or given["trace"] == _NO_TRACE:
            # The same one from now on.
            self._traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
            return self._traceparent[3:35]
        return given["trace"]

    def answered(self, errors: Sequence[Mapping[str, Any]], /, *, executed: bool) -> None:
        if not errors:
            self._outcome = "ok"
            return
        self._codes = tuple(dict.fromkeys([*self._codes, *(error["extensions"]["code"] for error in errors)]))
        self._outcome = _outcome(self._codes, executed=executed)

    def gone(self) -> None:
        """The client went away."""
        self._outcome = GONE

    def _count(self, seconds: float) -> None:
        counters = self._of.counters
        assert self._outcome is not None
        counters.requests[self._labels, self._outcome] += 1
        for code in self._codes:
            counters.errors[code] += 1
        if self._kept is not None:
            counters.documents["hit" if self._kept else "miss"] += 1
        if self._cost is not None:
            counters.costs.observe(self._cost)
        if self._kind == "subscription":
            # How long somebody watches says nothing of us.
            counters.subscriptions -= 1
        else:
            counters.durations[self._kind].observe(seconds)

    def _facts(self) -> dict[str, str | int]:
        operation, _ = self._labels
        facts: dict[str, str | int] = {
            "graphql.operation.type": self._kind,
            "graphql.operation.name": operation,
            "graphql.document.hash": self._digest[:DIGEST],
            "c360.outcome": self._outcome or GONE,
        }
        if self.cache:
            facts["c360.cache"] = verdict(self.cache)
        if self._cost is not None:
            facts["c360.cost"] = self._cost
        return facts

    def _tell(self, trace: Trace, ended: float) -> None:
        starts = [began for _, began in self._marks]
        phases = [
            Part(name, began, after, {})
            for (name, began), after in zip(self._marks, [*starts[1:], ended], strict=True)
        ]  # fmt: skip
        name = f"{self._kind} {self._labels[0]}" if self._labels is not NONE else "GraphQL request"
        trace.end(name, self._facts(), phases + self._parts, failed=self._outcome in ("failed", "unavailable"))

    def _write(self, seconds: float) -> None:
        facts: dict[str, object] = {name.rpartition(".")[2]: value for name, value in self._facts().items()}
        facts = {"operation": facts.pop("name"), **facts, "ms": round(seconds * 1000, 3), "trace_id": self.trace_id()}
        log.info("request", extra={"facts": facts})


def _outcome(codes: Sequence[str], *, executed: bool) -> str:
    """One word for a request with errors."""
    if "INTERNAL" in codes:
        return "failed"
    if "UNAVAILABLE" in codes:
        return "unavailable"
    return "errors" if executed else "refused"

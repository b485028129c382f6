"""What one request carries through its phases, and what is told of it at its end: counters, spans and a line in the log.

Nothing that a client sent is among it but the name of its operation. Where neither spans nor lines are wanted a request is only
counted, which takes less than three microseconds.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextvars import Token
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any, ClassVar, Protocol

from starlette.requests import ClientDisconnect

from app.counters import Counters, Series, clean
from resolvers.documents import DIGEST, Operation
from resolvers.observer import CacheStatus, Observer, PlanStatus, observed

MOST_PARTS = 200
"""Statements and the like of one request that become spans; a request may ask for thousands of pages."""

GONE = "gone"
"""The outcome of a request whose client went away, or whose process was told to stop."""

log = logging.getLogger("customer360.requests")

Headers = Iterable[tuple[bytes, bytes]]

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_TRACE = "0" * 32
_LESS_HAPPY: Mapping[CacheStatus | None, int] = {None: 0, "hit": 1, "miss": 2, "bypassed": 3}


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

    def begin(self, headers: Headers) -> Observation:
        """The observation of a request that begins now, for the length of a `with` block; `headers`: as ASGI has them."""
        trace = None if self.tracer is None else self.tracer.begin(traceparent(headers))
        if trace is None and not self.log_requests:
            return Observation(self.counters, headers)
        return Detailed(self.counters, headers, trace, logged=self.log_requests)


class Observation(Observer):
    """One request. What was answered last before the block ends is its outcome; without an answer nothing is counted.

    `cache`: one word for all profiles of the request, the least happy of theirs.
    """

    __slots__ = ("_began", "_counters", "_headers", "_outcome", "_series", "_token", "_trace_id", "cache")

    def __init__(self, counters: Counters, headers: Headers) -> None:
        self._counters = counters
        self._headers = headers
        self._series: Series = counters.none
        self._outcome: str | None = None
        self._trace_id: str | None = None
        self.cache: CacheStatus | None = None

    def __enter__(self) -> Observation:
        self._token: Token[Observer] | None = observed.set(self)
        self._began = perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        ended = perf_counter()
        assert self._token is not None
        observed.reset(self._token)
        self._token = None
        if error is not None:
            self._interrupted(error)
        series, outcome = self._series, self._outcome
        if outcome is None:
            if series is self._counters.none:
                # No request of GraphQL: the explorer was shown.
                return
            outcome = self._outcome = GONE
        series.outcomes[outcome] += 1
        if series.durations is None:
            self._counters.subscriptions -= 1
        else:
            series.durations.observe(ended - self._began)
        if self.traced:
            self._tell(ended)

    def running(self, digest: str, operation: Operation, /) -> None:
        series = self._series = self._counters.series(digest, operation)
        if series.durations is None:
            self._counters.subscriptions += 1

    def priced(self, objects: int, /) -> None:
        self._counters.costs.observe(objects)

    def planned(self, status: PlanStatus, /) -> None:
        self._counters.plans[status] += 1

    def loaded(self, status: CacheStatus, profiles: int, /) -> None:
        self._counters.profiles[status] += profiles
        if _LESS_HAPPY[status] > _LESS_HAPPY[self.cache]:
            self.cache = status

    def answered(self, errors: Sequence[dict[str, Any]], executed: bool, /) -> None:
        if not errors:
            self._outcome = "ok"
            return
        codes = {error["extensions"]["code"] for error in errors}
        for code in codes:
            self._counters.errors[code] += 1
        if "INTERNAL" in codes:
            self._outcome = "failed"
        elif not codes.isdisjoint(("UNAVAILABLE", "OVERLOADED")):
            self._outcome = "unavailable"
        else:
            self._outcome = "errors" if executed else "refused"

    def trace_id(self) -> str:
        if self._trace_id is None:
            given = _TRACEPARENT.match(traceparent(self._headers) or "")
            told = given is not None and given["trace"] != _NO_TRACE
            self._trace_id = given["trace"] if given is not None and told else secrets.token_hex(16)
        return self._trace_id

    def _interrupted(self, error: BaseException) -> None:
        if not isinstance(error, (asyncio.CancelledError, ClientDisconnect)):
            self._counters.errors["INTERNAL"] += 1
            self._outcome = "failed"
        elif self._series.durations is not None:
            # For that to be left is the way to end.
            self._outcome = GONE

    def _tell(self, ended: float) -> None:
        """Tell more of it than counts."""


class Detailed(Observation):
    """A request that is to be a span, a line in the log, or both."""

    __slots__ = ("_cost", "_document", "_logged", "_marks", "_name", "_parts", "_plan", "_trace")
    traced: ClassVar[bool] = True

    def __init__(self, counters: Counters, headers: Headers, trace: Trace | None, *, logged: bool) -> None:
        super().__init__(counters, headers)
        self._trace = trace
        self._logged = logged
        self._marks: list[tuple[str, float]] = []
        self._parts: list[Part] = []
        self._name: str | None = None
        self._document = ""
        self._plan: PlanStatus | None = None
        self._cost: int | None = None
        if trace is not None:
            self._trace_id = trace.id

    def __enter__(self) -> Observation:
        super().__enter__()
        self._marks.append(("read", self._began))
        return self

    def phase(self, name: str, /) -> None:
        self._marks.append((name, perf_counter()))

    def running(self, digest: str, operation: Operation, /) -> None:
        super().running(digest, operation)
        self._name, self._document = clean(operation.name), digest[:DIGEST]
        self.phase("execute")

    def priced(self, objects: int, /) -> None:
        super().priced(objects)
        self._cost = objects

    def planned(self, status: PlanStatus, /) -> None:
        super().planned(status)
        self._plan = status

    def spent(self, what: str, seconds: float, fact: str, value: str | int, /) -> None:
        # What a request started may go on after its end, and several may share it.
        if self._token is not None and len(self._parts) < MOST_PARTS:
            ended = perf_counter()
            self._parts.append(Part(what, ended - seconds, ended, {fact: value}))

    def _tell(self, ended: float) -> None:
        facts: dict[str, str | int | None] = {
            "operation": self._name,
            "type": self._series.type,
            "document": self._document,
            "outcome": self._outcome,
            "cache": self.cache,
            "plan": self._plan,
            "cost": self._cost,
        }
        said = {name: value for name, value in facts.items() if value is not None and value != ""}
        if self._trace is not None:
            self._send(self._trace, said, ended)
        if self._logged:
            said |= {"ms": round((ended - self._began) * 1000, 3), "trace_id": self.trace_id()}  # type: ignore[dict-item]
            log.info("request", extra={"facts": said})

    def _send(self, trace: Trace, facts: Mapping[str, str | int], ended: float) -> None:
        ends = [began for _, began in self._marks[1:]] + [ended]
        phases = [Part(name, began, end, {}) for (name, began), end in zip(self._marks, ends, strict=True)]
        name = "GraphQL request" if self._name is None else f"{self._series.type} {self._name}"
        named = {_ATTRIBUTES.get(name, f"c360.{name}"): value for name, value in facts.items()}
        trace.end(name, named, phases + self._parts, failed=self._outcome in ("failed", "unavailable"))


_ATTRIBUTES = {"operation": "graphql.operation.name", "type": "graphql.operation.type"}
"""Facts that OpenTelemetry has names for."""


def traceparent(headers: Headers) -> str | None:
    """The header by which a caller says in which trace a request is."""
    return next((value.decode("latin-1") for name, value in headers if name == b"traceparent"), None)

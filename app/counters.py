"""What one process counts of itself: plain numbers, cheap enough to be counted with every request.

app/metrics.py shows them to Prometheus when it asks. prometheus_client's own counters take a lock and a look-up of labels each
time; these here are additions.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

from resolvers.documents import DIGEST, LONGEST_NAME, Operation

MOST_OPERATIONS = 200
"""Different pairs of operation and document that are told apart: each is a time series for Prometheus to keep, and clients may
send as many as they like."""

OTHER = "other"
"""The operation and the document of what came after MOST_OPERATIONS."""

NONE = "none"
"""The type, the operation and the document of a request that named no operation of a valid document."""

DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SHORT_DURATIONS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
COSTS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000)
BATCHES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")


class Histogram:
    """How many values lie up to each bound, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class Spent:
    """How often something was done, how often that failed, and the seconds that it took in all."""

    times: int = 0
    failures: int = 0
    seconds: float = 0.0

    def add(self, seconds: float, *, failed: bool) -> None:
        self.times += 1
        self.failures += failed
        self.seconds += seconds


@dataclass(slots=True, eq=False)
class Series:
    """The requests of one operation by their outcomes. `durations`: of all operations of its type; None for subscriptions, as how
    long somebody watches says nothing of us."""

    type: str
    operation: str
    document: str
    durations: Histogram | None
    outcomes: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


def clean(name: str | None) -> str:
    """An operation's name as a label."""
    if name is None:
        return "anonymous"
    return name[:LONGEST_NAME] if _NAME.match(name) else "invalid"


def _numbers() -> defaultdict[str, int]:
    return defaultdict(int)


@dataclass(slots=True, eq=False)
class Counters:
    """All that is counted; docs/operations.md says what each means."""

    durations: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(lambda: Histogram(DURATIONS)))
    errors: defaultdict[str, int] = field(default_factory=_numbers)
    plans: defaultdict[str, int] = field(default_factory=_numbers)
    costs: Histogram = field(default_factory=lambda: Histogram(COSTS))
    subscriptions: int = 0
    profiles: defaultdict[str, int] = field(default_factory=_numbers)
    stale: int = 0
    leases: defaultdict[str, int] = field(default_factory=_numbers)
    statements: defaultdict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    redis: Histogram = field(default_factory=lambda: Histogram(SHORT_DURATIONS))
    redis_failures: defaultdict[str, int] = field(default_factory=_numbers)
    breaker_trips: int = 0
    batches: Histogram = field(default_factory=lambda: Histogram(BATCHES))
    batch_seconds: Histogram = field(default_factory=lambda: Histogram(DURATIONS))
    shed: int = 0
    loop_lag: Histogram = field(default_factory=lambda: Histogram(SHORT_DURATIONS))
    none: Series = field(init=False)
    _known: dict[tuple[str, str | None], Series] = field(default_factory=dict)
    _others: dict[str, Series] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.none = self._series(NONE, NONE, NONE)

    def series(self, digest: str, operation: Operation) -> Series:
        """That of an operation of the document with this SHA-256: the first MOST_OPERATIONS have their own, later ones of a type
        share one."""
        name = operation.name
        return self._known.get((digest, name)) or self._seldom(digest, name, operation.type.value)

    def _seldom(self, digest: str, name: str | None, type: str) -> Series:
        name = name and name[:LONGEST_NAME]
        found = self._known.get((digest, name))
        if found is None and len(self._known) < MOST_OPERATIONS:
            found = self._known[digest, name] = self._series(type, clean(name), digest[:DIGEST])
        if found is None:
            found = self._others.get(type)
        if found is None:
            found = self._others[type] = self._series(type, OTHER, OTHER)
        return found

    def all_series(self) -> list[Series]:
        return [self.none, *list(self._known.values()), *list(self._others.values())]

    def _series(self, type: str, operation: str, document: str) -> Series:
        return Series(type, operation, document, None if type == "subscription" else self.durations[type])

"""`python -m benchmarks.traffic TURNS`: requests to one or more ports from a process of its own, as fast as they are answered or
evenly at a rate; several plans in turn. They are JSON, and so is what it prints.

Requests and answers are handled on the bytes: a generator that costs more than the server measures itself. `Traffic.own_us` of
the outcome says what it cost.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import cast

import msgspec

from benchmarks.load import carry_out

FIRST_LINE = b"POST /graphql HTTP/1.1\r\n"

QUIET_SECONDS = 1.0
"""A connection that had nothing to do for longer may be about to be closed."""
WAIT_SECONDS = 60.0
"""For what is still unanswered in the end."""


class Operation(msgspec.Struct, frozen=True):
    """A GraphQL document whose one operation has a name, and a variable `id` that stands for a customer."""

    name: str
    query: str

    def body(self, id: str) -> bytes:
        return msgspec.json.encode({"query": self.query, "operationName": self.name, "variables": {"id": id}})


class Traffic(msgspec.Struct, kw_only=True):
    """`file`: a JSON object with `operations` and `ids`. Each request is of a random operation, about a random customer; or with
    `in_turn` about the next one, beginning with number `skip`, so that each comes again only after all others.

    It ends after `seconds`, or `requests`. `rate`: requests a second, sent when they are due; 0: each connection sends the
    next one when the last was answered. Connections are spread evenly over the ports. `authorizations`: a file, a JSON list of
    headers of that name, which requests have one after the other; nothing: they have none.
    """

    ports: list[int]
    file: str
    connections: int
    seconds: float = 3_600.0
    requests: int = sys.maxsize
    rate: float = 0.0
    in_turn: bool = False
    skip: int = 0
    authorizations: str = ""


class Turns(msgspec.Struct, kw_only=True):
    """Plans that take turns, each for as long as it says, `rounds` times: what the machine does meanwhile is the same for all."""

    plans: list[Traffic]
    rounds: int


class Subjects(msgspec.Struct):
    """What the file of a plan holds."""

    operations: list[Operation]
    ids: list[str]


class Answered(msgspec.Struct, kw_only=True):
    """`failed`: answers that were no 200, or had errors; `failure` is the beginning of the first. Latencies in milliseconds.
    `own_us`: microseconds of processor that the generator itself took for a request.
    """

    requests: int
    failed: int
    failure: str
    seconds: float
    p50: float
    p99: float
    own_us: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def requests(plan: Traffic, subjects: Subjects) -> Iterator[bytes]:
    """Whole HTTP requests, without end. Ids have one length, so that all but the id is there beforehand."""
    ids = [id.encode() for id in subjects.ids]
    length = len(ids[0])
    assert all(len(id) == length for id in ids)
    parts = [_around(operation, subjects.ids[0]) for operation in subjects.operations]
    number, by = plan.skip, cycle(_authorizations(plan))
    while True:
        before, after = parts[0] if len(parts) == 1 else random.choice(parts)
        yield FIRST_LINE + next(by) + before + (ids[number % len(ids)] if plan.in_turn else random.choice(ids)) + after
        number += 1


def _authorizations(plan: Traffic) -> list[bytes]:
    if not plan.authorizations:
        return [b""]
    given = msgspec.json.decode(Path(plan.authorizations).read_bytes(), type=list[str])
    return [f"authorization: {each}\r\n".encode() for each in given]


def _around(operation: Operation, id: str) -> tuple[bytes, bytes]:
    """A request without its first line, and without the id that it is about."""
    body = operation.body(id)
    head = f"host: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    before, _, after = body.rpartition(id.encode())
    return head.encode() + before, after


class Run:
    """The connections of one plan, and what they saw."""

    def __init__(self, plan: Traffic, subjects: Subjects) -> None:
        self._plan = plan
        self._requests = requests(plan, subjects)
        self._idle: list[Client] = []
        self._going = False
        self._sent = 0
        self._begun = self._ended = time.perf_counter()
        self._took = self._cost = 0.0
        self._loop = asyncio.get_running_loop()
        self.latencies: list[float] = []
        self.failed = 0
        self.failure = b""
        self.done: asyncio.Future[None] = self._loop.create_future()

    async def connect(self) -> None:
        """All connections that there aren't yet. Those that were quiet while others had their turn are made anew: servers close
        such, and a request may come too late to be told."""
        plan = self._plan
        if time.perf_counter() - self._ended > QUIET_SECONDS:
            self.close()
            self._idle.clear()
        for number in range(len(self._idle), plan.connections):
            port = plan.ports[number % len(plan.ports)]
            _, client = await self._loop.create_connection(lambda: Client(self), "127.0.0.1", port)
            self._idle.append(client)

    async def go(self) -> None:
        """Send for as long as the plan says, and wait for the answers; once more for as long each time."""
        await self.connect()
        plan, self._sent, self.done = self._plan, 0, self._loop.create_future()
        self._going = True
        cost = time.process_time()
        self._begun = time.perf_counter()
        if plan.rate:
            self._send_what_is_due()
        else:
            for client in [*self._idle]:
                self._next(client)
        await asyncio.wait_for(self.done, plan.seconds + WAIT_SECONDS)
        self._going = False
        self._took += self._ended - self._begun
        self._cost += time.process_time() - cost

    def close(self) -> None:
        for client in self._idle:
            client.close()

    def outcome(self) -> Answered:
        self.latencies.sort()
        return Answered(
            requests=len(self.latencies),
            failed=self.failed,
            failure=self.failure.decode(errors="replace"),
            seconds=self._took,
            p50=self._latency(50),
            p99=self._latency(99),
            own_us=self._cost / len(self.latencies) * 1e6,
        )

    def answered(self, client: Client, answer: bytes) -> None:
        self._ended = time.perf_counter()
        self.latencies.append(self._ended - client.due)
        # Most answers have no errors, and none has that name for a field.
        if not answer.startswith(b"HTTP/1.1 200") or b'"errors":' in answer:
            self.failed += 1
            self.failure = self.failure or answer[:1_000]
        # Then what is due has waited for this connection, and counts from when it was due.
        waited = bool(self._plan.rate) and not self._idle
        self._idle.append(client)
        if not self._plan.rate or self._due() <= self._ended:
            self._next(client, waited=waited)
        elif self._over():
            self._finish()

    def lost(self, client: Client) -> None:
        if client.closed:
            return
        if not self._going:
            self._idle.remove(client)
        elif not self.done.done():
            self.done.set_exception(ConnectionError(f"a connection was closed after {len(self.latencies):,} answers"))

    def _next(self, client: Client, *, waited: bool = False) -> None:
        """Have an idle client send the next request, unless that was all."""
        if self._over():
            self._finish()
            return
        self._idle.remove(client)
        # That our own clock ticks in milliseconds isn't the server's doing.
        client.send(next(self._requests), self._due() if waited else time.perf_counter())
        self._sent += 1

    def _send_what_is_due(self) -> None:
        while self._idle and not self._over() and self._due() <= time.perf_counter():
            self._next(self._idle[-1])
        if self._over():
            self._finish()
        else:
            self._loop.call_later(max(0.001, self._due() - time.perf_counter()), self._send_what_is_due)

    def _due(self) -> float:
        return self._begun + self._sent / self._plan.rate

    def _over(self) -> bool:
        return self._sent >= self._plan.requests or time.perf_counter() - self._begun >= self._plan.seconds

    def _finish(self) -> None:
        if len(self._idle) == self._plan.connections and not self.done.done():
            self.done.set_result(None)

    def _latency(self, percent: int) -> float:
        return self.latencies[min(len(self.latencies) - 1, len(self.latencies) * percent // 100)] * 1_000


class Client(asyncio.Protocol):
    """One connection, with one request at a time. `due`: from when on its latency counts."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.closed = False
        self._seen = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost(self)

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self._transport.write(request)

    def close(self) -> None:
        self.closed = True
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._seen = answer = self._seen + data if self._seen else data
        if whole(answer):
            self._seen = b""
            self._run.answered(self, answer)


def whole(answer: bytes) -> bool:
    """Whether these are all bytes of an HTTP answer that has a content-length, or comes in chunks."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = answer[:end].lower()
    _, stated, rest = head.partition(b"content-length:")
    if not stated:
        return answer.endswith(b"\r\n0\r\n\r\n")
    return len(answer) >= end + 4 + int(rest.partition(b"\r")[0])


async def send(plan: Traffic) -> Answered:
    """Send what the plan says."""
    (answered,) = await take_turns(Turns(plans=[plan], rounds=1))
    return answered


async def take_turns(turns: Turns) -> list[Answered]:
    """Send what the plans say, one after the other, again and again."""
    runs = [Run(plan, msgspec.json.decode(Path(plan.file).read_bytes(), type=Subjects)) for plan in turns.plans]
    try:
        for number in range(turns.rounds):
            # Whoever comes first has what the others left in the processor's caches: each does so as often as the last.
            for run in runs[:: -1 if number % 2 else 1]:
                await run.go()
    finally:
        for run in runs:
            run.close()
    return [run.outcome() for run in runs]


if __name__ == "__main__":
    carry_out(Turns, take_turns)

"""`python -m benchmarks.load PLAN`: requests to one service from a process of its own, prepared beforehand, over connections
that stay. The plan is JSON, and so is what it prints.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import orjson
import uvloop

Plan = TypeVar("Plan")

RECORD = """mutation ($events: [EventInput!]!) { recordEvents(events: $events) {
  accepted duplicates rejected { code message } userErrors { code message } } }"""


class LoadPlan(msgspec.Struct, kw_only=True):
    """`file`: events of the contract, one a line, of which `skip` are left out and `events` sent, `batch` in a request.

    `rate`: requests a second, sent when they are due as long as a connection is free; 0: each connection sends the next one when
    the last was answered. `seconds`: send nothing more after so long.
    """

    port: int
    file: str
    events: int
    batch: int
    connections: int
    skip: int = 0
    rate: float = 0.0
    seconds: float = 600.0


class Loaded(msgspec.Struct, kw_only=True):
    """`latencies`: milliseconds of each request, from when it was due."""

    accepted: int
    seconds: float
    latencies: list[float]


class Connection:
    """One HTTP connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> Any:
        """The JSON of the answer to a request; raises AssertionError unless it is a 200."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await self._reader.readexactly(int(length.partition(b":")[2]))
        assert head.startswith(b"HTTP/1.1 200"), (head, body[:500])
        return orjson.loads(body)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


def posted(body: bytes) -> bytes:
    """A request of /graphql."""
    head = f"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def requests(plan: LoadPlan) -> Iterator[bytes]:
    with Path(plan.file).open("rb") as lines:
        for _ in range(plan.skip):
            next(lines)
        left = plan.events
        while left > 0 and (events := [line for line, _ in zip(lines, range(min(plan.batch, left)), strict=False)]):
            left -= len(events)
            variables = b'{"events":[' + b",".join(map(bytes.strip, events)) + b"]}"
            body = b'{"query":' + orjson.dumps(RECORD) + b',"variables":' + variables + b"}"
            yield posted(body)


def accepted(answer: Any) -> int:
    assert "errors" not in answer, answer["errors"][:3]
    found = answer["data"]["recordEvents"]
    assert not found["rejected"] and not found["userErrors"], found
    # A demo world has some events twice.
    return int(found["accepted"] + found["duplicates"])


async def load(plan: LoadPlan) -> Loaded:
    """Send what the plan says."""
    prepared = list(requests(plan))
    latencies: list[float] = []
    total = 0
    waiting = iter(enumerate(prepared))
    begun = time.perf_counter()

    async def worker() -> None:
        nonlocal total
        async with connected(plan.port) as connection:
            for number, request in waiting:
                due = time.perf_counter()
                if plan.rate:
                    due = begun + number / plan.rate
                    await asyncio.sleep(due - time.perf_counter())
                if due - begun > plan.seconds:
                    return
                answer = await connection.ask(request)
                # In one step: what others add while this waits would be lost.
                total += accepted(answer)
                latencies.append((time.perf_counter() - due) * 1_000)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(plan.connections):
            tasks.create_task(worker())
    return Loaded(accepted=total, seconds=time.perf_counter() - begun, latencies=latencies)


def carry_out(kind: type[Plan], work: Callable[[Plan], Coroutine[Any, Any, Any]]) -> None:
    """Do what the plan in the first argument says, and print what came of it; both are JSON."""
    plan = msgspec.json.decode(sys.argv[1], type=kind)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(work(plan))))


if __name__ == "__main__":
    carry_out(LoadPlan, load)

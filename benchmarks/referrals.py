"""The referral network over GraphQL: every question against the bare driver running the statements that the service runs for it,
against other questions, and against the peer. Wrong answers end the benchmark.

All calls take turns in one order after the other, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from neo4j import READ_ACCESS, AsyncSession

from app.settings import Settings
from benchmarks.asked import Asked
from benchmarks.contenders import service
from benchmarks.figures import Figure, Target, at_most, below
from benchmarks.forest import CELEBRITY, CHAINS, LARGE, SMALL
from benchmarks.hotpath import plural
from benchmarks.load import Connection, connected
from benchmarks.preparing import Prepared
from benchmarks.questions import (
    ORDERS,
    Question,
    advocates_by,
    chain_of,
    page_of,
    summary_of,
)
from benchmarks.servers import bare_driver
from benchmarks.timing import in_turn
from graph.statements import statement

OVER_BARE = at_most(1.4)
GROWTH = at_most(1.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestSize:
    """`seconds` for which all calls take turns, after `warm` that don't count: Java compiles for a minute; `least` turns, however
    long they take. The peer and the service are asked over `connections` in `turns` of `turn` seconds, `rounds` times, after
    `peer_warm` seconds each."""

    warm: float = 60.0
    seconds: float = 240.0
    least: int = 5
    connections: int = 16
    rounds: int = 3
    turns: int = 10
    turn: float = 0.5
    peer_warm: float = 5.0
    peer: bool = True


class Comparison(NamedTuple):
    """p50 of one question against another's."""

    question: str
    against: str
    target: Target


COMPARISONS = (
    Comparison(summary_of(LARGE), summary_of(SMALL), at_most(5)),
    Comparison(summary_of(CELEBRITY), summary_of(SMALL), at_most(30)),
    # Twice the steps take at most twice the time.
    *(Comparison(chain_of(long), chain_of(short), at_most(long / short)) for short, long in pairwise(CHAINS)),
    *(
        Comparison(page_of(name, which), page_of(name, "first"), at_most(1.5))
        for name in (LARGE, CELEBRITY)
        for which in ("middle", "last")
    ),
    *(Comparison(advocates_by(order, "ever"), advocates_by(order, "last month"), at_most(1)) for order in ORDERS),
    Comparison("Path between strangers", "Lookup by id", at_most(20)),
    Comparison("Path between relatives", "Lookup by id", at_most(20)),
)
GUIDES = {chain_of(20): below(5, "ms"), summary_of(LARGE): below(30, "ms")}

Medians = Mapping[str, float]
"""Milliseconds by question."""


async def times(settings: Settings, prepared: Sequence[Prepared], size: ForestSize) -> dict[str, dict[str, float]]:
    """Medians in milliseconds, of `ours` and, where it asks anything of Neo4j, `bare`, by question."""
    async with (
        service(settings) as (port, _),
        connected(port) as connection,
        bare_driver(settings) as driver,
        driver.session(default_access_mode=READ_ACCESS) as session,
    ):
        calls = {}
        for each in prepared:
            calls[f"ours {each.question.name}"] = _ours(connection, each.question)
            if each.statements:
                calls[f"bare {each.question.name}"] = _bare(session, each.asked)
        dice = random.Random(size.least)
        await in_turn(calls, _turns(size.warm, size.least), dice=dice)
        found = await in_turn(calls, _turns(size.seconds, size.least), dice=dice)
    return {
        side: {name.removeprefix(f"{side} "): median(taken) for name, taken in found.items() if name.startswith(f"{side} ")}
        for side in ("ours", "bare")
    }


def _turns(seconds: float, least: int) -> Iterator[int]:
    begun, number = time.monotonic(), 0
    while number < least or time.monotonic() - begun < seconds:
        yield number
        number += 1


def _ours(connection: Connection, question: Question) -> Callable[[int], Awaitable[None]]:
    requests = [question.request(asking) for asking in question.askings]

    async def call(turn: int) -> None:
        answer = await connection.ask(requests[turn % len(requests)])
        assert "errors" not in answer, (question.name, answer["errors"][:3])

    return call


def _bare(session: AsyncSession, asked: Sequence[Sequence[Asked]]) -> Callable[[int], Awaitable[None]]:
    texts = {each.statement: statement(each.statement).text for one in asked for each in one}

    async def call(turn: int) -> None:
        for name, parameters in asked[turn % len(asked)]:
            async for _ in await session.run(texts[name], asked=parameters):
                pass

    return call


def figures(prepared: Sequence[Prepared], found: Mapping[str, Medians], *, customers: int) -> Iterator[Figure]:
    ours, bare = found["ours"], found["bare"]

    def case(name: str) -> str:
        return f"{name}, {customers:,} customers, p50"

    for each in prepared:
        name, count = each.question.name, each.statements
        yield Figure(
            case=case(name), value=ours[name], unit="ms",
            against=f"bare driver, {plural(count, 'statement')}" if count else "",
            reference=bare.get(name), target=OVER_BARE if count else None,
        )  # fmt: skip
    for name, target in GUIDES.items():
        if name in ours:
            yield Figure(case=case(name), value=ours[name], unit="ms", against="guide for this machine", target=target)
    for name, against, target in COMPARISONS:
        if name in ours and against in ours:
            yield Figure(
                case=case(name), value=ours[name], unit="ms", against=_begun(against), reference=ours[against], target=target
            )


def _begun(name: str) -> str:
    return name[0].lower() + name[1:]


def growth(found: Mapping[int, Medians]) -> list[Figure]:
    """The largest world's times against the smallest's, where there are two."""
    least, most = min(found), max(found)
    if least == most:
        return []
    return [
        Figure(
            case=f"{name}, {most:,} customers, p50",
            value=taken,
            unit="ms",
            against=f"{least:,} customers",
            reference=found[least][name],
            target=GROWTH,
        )
        for name, taken in found[most].items()
        if name in found[least]
    ]

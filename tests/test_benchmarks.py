"""The benchmarks run, at a size where they measure nothing: no time is judged here."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest
from graphql import build_schema, parse, validate

from app.settings import Settings
from benchmarks import forest_world, referrals, report
from benchmarks.access import AccessSize
from benchmarks.asked import Asked
from benchmarks.bare import write_bare
from benchmarks.children import TOP
from benchmarks.contenders import REFERENCES, asked, contenders
from benchmarks.demo import step_in
from benchmarks.figures import Figure, as_markdown, at_least, at_most, below
from benchmarks.forest import CELEBRITY, LARGE, NOBODY, SMALL, Forest, Shape, grow
from benchmarks.hotpath import JUDGED_AT, SLICES, Cell, Hot, HotSize, Measured, growth
from benchmarks.imports import Imported, World, import_measured, memory_figures
from benchmarks.ingestion import Size
from benchmarks.load import connected
from benchmarks.merges import MergesSize
from benchmarks.operations import PROFILE, SHAPES, different
from benchmarks.peer_server import comparable
from benchmarks.planted import truth_of
from benchmarks.profiles import ProfileTimes, growth_figures
from benchmarks.questions import chain_of, questions, summary_of, there
from benchmarks.referrals import ForestSize
from benchmarks.rivals import nested, through_cypher
from benchmarks.run import CASES, Plan, Run
from benchmarks.servers import Servers, wipe
from benchmarks.snapshot import Snapshot, take
from benchmarks.timing import in_turn
from benchmarks.traffic import Subjects, Traffic, requests, send
from graph import doctor, events
from graph.store import Store
from tests.happenings import identify, purchase, touchpoint, user

#: What one thing takes more than another, which may be nothing where next to nothing is measured; or a share.
DIFFERENCES = (
    "Redis cut off, first", "Redis mute, first", "Single event at one", "Uncached profile at one", "Uncached profiles that",
)  # fmt: skip
"""Figures that may be nothing."""


@pytest.fixture
def servers(settings: Settings, graph: Store) -> Servers:
    """The session's servers, emptied each time."""

    @asynccontextmanager
    async def emptied() -> AsyncIterator[Settings]:
        await wipe(settings)
        yield settings

    return emptied


async def test_every_case_has_its_rows(servers: Servers, tmp_path: Path) -> None:
    plan = Plan(
        cases=tuple(case for case in CASES if case not in ("demo", "referrals")),
        customers=20, sizes=(20,), rounds=1, calls=5, warm_up=2, outages=2, long=300, warmth=5,
        hot=HotSize(
            rounds=1, seconds=0.2, hot=5, connections=(1, JUDGED_AT), warm=0.5, requests=SLICES, operations=10, peer=False,
        ),
        access=AccessSize(rounds=1, turns=2, seconds=0.1, connections=2, hot=5, keys=3, tokens=5, requests=20),
        ingestion=Size(customers=20, singles=20, seconds=1, fresh=5),
        merges=MergesSize(
            rounds=2, celebrities=1, calls=20, warm_up=1, few=1, many=10, fans=2, more_fans=6, people=3, streams=2, worlds=2,
        ),
    )  # fmt: skip
    run = Run(plan, servers, tmp_path, lambda line: None)
    await run.all()
    cases = [figure.case for figure in run.figures]
    assert [case.split(",")[0] for case in cases] == [
        "Profile by load_profiles", "Profile over GraphQL", "Profile over GraphQL",
        "Redis cut off", "Redis cut off", "Redis mute", "Redis mute",
        "Timeline of 300 touchpoints", "Timeline of 300 touchpoints", "Timeline of 300 touchpoints",
        "Merge of two customers with 10 events each", "Undone merge of two customers with 10 events each",
        "Merge into a celebrity with 6 direct referrals", "Undone merge into a celebrity with 6 direct referrals",
        "Merge of one with 6 into somebody", "Undone merge of one with 6 into somebody",
        "Profile loaded while it and others are merged and taken back", "Profile of 20 identifiers",
        "60 events by three identifiers", "60 events by three identifiers", "27 events of 3 customers of the demo",
        "60 events",
        "Cached profile", "Cached profile", "Cached profile", "Uncached profile",
        "Uncached profile at one connection",
        "floor: 1 process", "floor: 1 process", "floor: 2 processes", "floor", "floor",
        "cached", "cached",
        "cached: 1 process", "cached: 1 process", "cached: 2 processes",
        "cached", "cached", "cached", "cached", "cached", "cached", "cached", "cached", "cached",
        "uncached: 1 process", "uncached: 1 process", "uncached: 2 processes", "uncached", "uncached", "uncached",
        "Uncached profiles that the cache lacked", "Processor of the load generator",
        "Cached profile at half of the saturating load", "Memory of one process over 20 requests of 10 different operations",
        "Cached profile with a key", "Cached profile with 3 keys in turn", "Cached profile with 5 tokens in turn",
        "Memory of one process over 20 requests with 5 tokens in turn",
        "Import of 20 customers",
        "Peak memory of the importer",
        "Events over GraphQL", "Acknowledgement of 100 events at half of that",
        "Single events at 64 connections", "Single event at one connection",
        "From a commit to a fresh read on another process",
    ]  # fmt: skip
    assert [each.case for each in run.figures if each.value <= 0 and not each.case.startswith(DIFFERENCES)] == []


def test_different_operations_are_different_and_valid() -> None:
    schema = build_schema((TOP / "schema.graphql").read_text())
    operations = [*SHAPES, *different(100)]
    assert len({operation.query for operation in operations}) == len(operations)
    for operation in operations:
        assert validate(schema, parse(operation.query)) == [], operation.query


async def test_a_request_that_is_due_while_none_is_free_has_waited_since_then(tmp_path: Path) -> None:
    async with answering(tmp_path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", seconds=0.05) as plan:
        answered = await send(msgspec.structs.replace(plan, rate=1_000.0, requests=11))
    # The sixth one waited for five others, which were all due in a hundredth of a second.
    assert answered.requests == 11 and answered.p50 > 5 * 50 - 10
    assert answered.failed == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}",
        b'HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{"data":null,"errors":[]}',
        b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n19\r\n{"data":null,"errors":[]}\r\n0\r\n\r\n',
    ],
)
async def test_answers_that_are_none_are_counted(tmp_path: Path, answer: bytes) -> None:
    async with answering(tmp_path, answer) as plan:
        answered = await send(msgspec.structs.replace(plan, requests=7))
    assert (answered.requests, answered.failed) == (7, 7)
    assert answer.startswith(answered.failure.encode())


def test_customers_come_again_only_after_all_others() -> None:
    subjects = Subjects(operations=[PROFILE], ids=["one", "two", "six"])
    plan = Traffic(ports=[], file="", connections=1, in_turn=True, skip=4)
    found = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in islice(requests(plan, subjects), 4)]
    assert [body["variables"]["id"] for body in found] == ["two", "six", "one", "two"]


@asynccontextmanager
async def answering(folder: Path, answer: bytes, *, seconds: float = 0.0) -> AsyncIterator[Traffic]:
    """Traffic over one connection to a server that says always the same, after so long."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.rpartition(b"content-length: ")[2]))
                await asyncio.sleep(seconds)
                writer.write(answer)
        writer.close()
        await writer.wait_closed()
        left.set()

    left = asyncio.Event()

    path = folder / "subjects.json"
    path.write_bytes(msgspec.json.encode(Subjects(operations=[PROFILE], ids=["somebody"])))
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield Traffic(ports=[server.sockets[0].getsockname()[1]], file=str(path), connections=1)
        await left.wait()


def test_two_sizes_are_compared() -> None:
    imports = {size: Imported(events=13 * size, seconds=1, peak_bytes=size * 10**6) for size in (100, 200)}
    assert [(figure.case, figure.met) for figure in memory_figures(imports)] == [
        ("Peak memory of the importer, 100 customers", True),
        ("Peak memory of the importer, 200 customers", True),
        ("Peak memory of the importer, 200 customers", False),
    ]
    small, large = Hot(100), Hot(200)
    for hot, rate in ((small, 500.0), (large, 400.0)):
        for path, each in (("floor", 1_000.0), ("cached", 900.0), ("uncached, kept at once", rate)):
            hot.cells[Cell(path, 1, JUDGED_AT)] = [
                Measured(rate=each, p50=1.0, p99=2.0, server_ms=1.0, database_ms=0.0, generator_us=30.0)
            ]
    assert [(figure.case, figure.compared, figure.met) for figure in growth({100: small, 200: large})] == [
        ("Profile, cached: part of the floor at 16 connections, 200 customers", 1.0, True),
        ("Profile, uncached, kept at once: part of the floor at 16 connections, 200 customers", 0.8, False),
    ]
    profiles = {100: ProfileTimes(ours=2.0, bare=1.8), 200: ProfileTimes(ours=2.2, bare=1.9)}
    assert [(figure.case, figure.met) for figure in growth_figures(profiles)] == [
        ("Profile by load_profiles, 200 customers, p50", True)
    ]
    forests = {100: {"Chain of 5": 1.0, "Chain of 10": 1.0}, 200: {"Chain of 5": 1.2, "Chain of 10": 1.4, "Chain of 20": 3.0}}
    assert [(figure.case, figure.met) for figure in referrals.growth(forests)] == [
        ("Chain of 5, 200 customers, p50", True),
        ("Chain of 10, 200 customers, p50", False),
    ]


async def test_the_peer_says_what_the_service_says(servers: Servers, tmp_path: Path) -> None:
    world = await World.made(tmp_path, customers=2 * REFERENCES)
    async with servers() as settings:
        await import_measured(settings, world)
        async with contenders(settings, tmp_path / "hot", hot=REFERENCES, operations=1, with_peer=True) as up:
            assert len(up.hot) == len(up.compared) == REFERENCES
            async with connected(up.servers["service"].ports[0]) as connection:
                answers = [comparable(await asked(connection, PROFILE, id)) for id in up.compared]
    # The customers that were compared have something of everything.
    assert any(answer["purchases"] and answer["touchpoints"] and answer["reviews"] for answer in answers)


async def test_referrals_have_their_rows(servers: Servers, tmp_path: Path) -> None:
    said: list[str] = []
    size = ForestSize(warm=0.0, seconds=0.0, least=2, connections=2, rounds=1, turns=1, turn=0.2, peer_warm=0.2)
    run = Run(Plan(cases=("referrals",), sizes=(300,), warmth=5, forest=size), servers, tmp_path, said.append)
    await run.all()
    assert run.plan.title == "referrals at 300 customers"
    first, *others = run.figures
    assert first.case.startswith("Import of a forest, 300 customers, ")
    assert [figure.case for figure in others if figure.value <= 0] == []
    cases = {figure.case.split(",")[0] for figure in others}
    assert cases >= {"Lookup by id", "Chain of 5", "Chain of 10", "Path between strangers", "Path between relatives"}
    # Each question has a row, or a line that says why it has none.
    asked = [question.name for question in questions(truth_of(grow(300)), {}) if there(question.query)]
    left_out = [line for line in said if "not in the schema, and left out" in line]
    every = list(questions(truth_of(grow(300)), {}))
    assert len(asked) + len(left_out) == len(every)
    assert {f"{name}, 300 customers, p50" for name in asked} <= {figure.case for figure in others}
    peers = {(figure.case.split(",")[0], figure.against) for figure in others if figure.against.startswith("peer")}
    assert {("Chain of 10", "peer, translated"), ("Chain of 10", "peer, our statement")} <= peers


@pytest.mark.parametrize("customers", [20, 300, 3_000])
def test_a_forest_is_what_its_truth_says(customers: int) -> None:
    forest = grow(customers)
    truth = truth_of(forest)
    links = [(number, advocate) for number, advocate in enumerate(forest.advocates) if advocate != NOBODY]
    assert (truth.customers, truth.referrals) == (len(forest.advocates), len(links)) == (customers, customers // 2)
    assert all(forest.joined[advocate] < forest.joined[number] for number, advocate in links)
    shape = forest.shape
    sizes = {SMALL: shape.small, LARGE: shape.large, CELEBRITY: shape.direct + (shape.direct + 3) // 4}
    assert {name: network.size for name, network in truth.networks.items()} == sizes
    assert truth.networks[CELEBRITY].customers[0] == shape.direct
    assert {length: len(chain.steps) for length, chain in truth.chains.items()} == {length: length for length in shape.chains}
    assert truth.longest >= max(shape.chains, default=0)
    assert truth.converted == sum(cents > 0 for cents in forest.spent)
    assert any(pair.length for pair in truth.relatives)
    assert truth_of(grow(customers)) == truth
    kinds = Counter(event.kind for event in forest_world.events(forest))
    assert kinds == Counter(
        identify=customers,
        invite=truth.referrals,
        accept=truth.referrals,
        purchase=truth.converted,
        referral_code=forest_world.CODES,
    )


def test_ways_between_customers_of_a_forest() -> None:
    forest = Forest(Shape.of(6))
    forest.plant([NOBODY, 0, 0, 1, 3])
    forest.plant([NOBODY])
    assert forest.chain(4) == [3, 1, 0]
    assert [forest.path(4, end) for end in range(6)] == [3, 2, 4, 1, 0, None]


def test_wrong_answers_are_no_figures() -> None:
    truth = truth_of(grow(3_000))
    every = {question.name: question for question in questions(truth, {})}
    asked, network = every[summary_of(SMALL)], truth.networks[SMALL]
    generations = [
        {"customers": customers, "converted": converted, "revenue": {"amount": f"{cents / 100:.2f}"} if cents else None}
        for customers, converted, cents in zip(network.customers, network.converted, network.cents, strict=True)
    ]
    summary = {
        "size": network.size, "depth": len(generations), "converted": sum(network.converted), "truncated": False,
        "revenue": {"amount": f"{sum(network.cents) / 100:.2f}", "currency": "USD"}, "generations": generations,
    }  # fmt: skip

    def answer(**other: Any) -> dict[str, Any]:
        return {"data": {"customer": {"referral": {"network": summary | other}}}}

    asked.check(asked.askings[0], answer())
    for wrong in ({"size": network.size - 1}, {"truncated": True}, {"generations": generations[:-1]}, {"revenue": None}):
        with pytest.raises(AssertionError, match="Summary of the small network"):
            asked.check(asked.askings[0], answer(**wrong))


def test_the_peer_runs_our_statement() -> None:
    truth = truth_of(grow(300))
    chain = next(rival for rival in nested(truth) if rival.question == chain_of(10))
    asked = [
        Asked("customers/load_profiles", {"keys": [chain.id]}),
        Asked("referrals/trace_upstream", {"customer_ids": [chain.id]}),
    ]
    through = through_cypher(chain, asked)
    assert through is not None and through.statement["column"] == "chain"
    assert "UNWIND [$id] AS asked" in through.statement["statement"]
    assert "$asked" not in through.statement["statement"]
    assert through_cypher(chain, asked[:1]) is None


async def test_the_bare_script_writes_what_was_read(settings: Settings, graph: Store, tmp_path: Path) -> None:
    await events.record(
        graph,
        [
            identify("1", 1, ("user_id", "ann"), ("email", "ann@example.com"), traits={"name": "Ann"}),
            touchpoint("2", 2, user("ann")),
            purchase("3", 3, user("ann"), "n-1", "12.50"),
        ],
    )
    first = await take(settings, tmp_path / "first")
    await wipe(settings)
    await write_bare(settings, first)
    again = await take(settings, tmp_path / "again")
    assert rows_of(again) == rows_of(first)
    assert (again.nodes, again.relationships) == (first.nodes, first.relationships)
    assert await doctor.examine(graph) == []


def rows_of(snapshot: Snapshot) -> dict[str, list[list[tuple[str, Any]]]]:
    """The rows of each statement, in an order that doesn't depend on how they are stored."""
    return {
        part.text: sorted((sorted(row.items()) for batch in part.batches() for row in batch), key=str) for part in snapshot.parts
    }


async def test_calls_take_turns_at_being_first() -> None:
    seen: list[str] = []

    async def one(key: int) -> None:
        seen.append(f"one {key}")

    async def other(key: int) -> None:
        seen.append(f"other {key}")

    found = await in_turn({"one": one, "other": other}, range(3), warm_up=1)
    assert seen == ["one 0", "other 0", "other 1", "one 1", "one 2", "other 2"]
    assert {name: len(times) for name, times in found.items()} == {"one": 2, "other": 2}


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure(case="c", value=6.0, unit="s", reference=10.0, target=at_least(0.6)), True),
        (Figure(case="c", value=5.9, unit="s", reference=10.0, target=at_least(0.6)), False),
        (Figure(case="c", value=5.0, unit="s", reference=4.0, target=at_most(1.25)), True),
        (Figure(case="c", value=5.0, unit="s", reference=10.0, ratio=1.3, target=at_most(1.25)), False),
        (Figure(case="c", value=19.0, unit="s", target=below(20, "s")), True),
        (Figure(case="c", value=21.0, unit="s", reference=30.0, target=below(20, "s")), False),
        (Figure(case="c", value=21.0, unit="s"), None),
    ],
)
def test_what_meets_a_target(figure: Figure, met: bool | None) -> None:
    assert figure.met is met


def test_each_choice_of_cases_and_sizes_has_its_table_between_the_marks(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    path.write_text(f"before\n{report.BEGIN}\n{report.END}\nafter\n")

    def figures(rate: float) -> list[Figure]:
        return [Figure(case="Import", value=rate, unit="events/s", against="bare", reference=9_000, target=at_least(0.6))]

    for title, rate, fact in [("import", 3_000, "one core"), ("hotpath", 4_000, "old"), ("import", 6_000, "two cores")]:
        report.write(figures(rate), [fact], title=title, path=path)
    assert "| Import | 6,000 events/s | bare 9,000 events/s | 0.67 | ≥ 0.6 | yes |" in as_markdown(figures(6_000))
    sections = [("import", "two cores", 6_000), ("hotpath", "old", 4_000)]
    whole = "\n\n".join(f"### {title}\n\n- {fact}\n\n{as_markdown(figures(rate))}" for title, fact, rate in sections)
    assert path.read_text() == f"before\n{report.BEGIN}\n\n{whole}\n\n{report.END}\nafter\n"


def test_the_document_has_the_marks() -> None:
    text = report.DOCUMENT.read_text()
    assert text.count(report.BEGIN) == text.count(report.END) == 1


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("✓ Start Neo4j and Redis 4.6 s\n", ("Start Neo4j and Redis", 4.6)),
        ("✓ Load 1,000 demo customers 12.0 s\n", ("Load 1,000 demo customers", 12.0)),
        ("Neo4j 5.26 is started\n", None),
    ],
)
def test_the_steps_of_the_demo(line: str, step: tuple[str, float] | None) -> None:
    assert step_in(line) == step

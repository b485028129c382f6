"""Every statement on a real server: its header tells the truth, and its plan looks nothing up by scanning."""

from __future__ import annotations

import builtins
import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import neo4j
import pytest

import graph
from app.demo import generate
from app.local.process import free_port
from app.local.stack import Programs, attached, located
from app.settings import Settings
from benchmarks.servers import opened
from graph.errors import StatementError
from graph.events import Call, record_all
from graph.migrations import migrate, migrations
from graph.statements import CYPHER, statement, statement_names
from graph.store import Store
from tests.conftest import Stack

VERBS = ("load", "find", "page", "trace", "rank", "count", "record", "merge", "forget", "lock")

SCANS = ("AllNodesScan", "NodeByLabelScan", "UndirectedRelationshipTypeScan", "DirectedRelationshipTypeScan")

#: What the plan says of the use of an index: of which variable, label and properties.
LOOKUP = re.compile(r"(?:RANGE INDEX|UNIQUE) (\w+):(\w+)\(([^)]*)\)")

#: Statements that may scan, each with the reason.
ALLOWED: dict[str, str] = {"referrals/find_referred_revenue": "sums all edges of the type"}

#: Statements of migrations stand apart: they run once, on a graph whose indexes don't exist yet.
NAMES = statement_names()


def operator(plan: dict[str, Any]) -> str:
    return str(plan["operatorType"]).partition("@")[0]


def walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all plans below it, those of its subqueries included."""
    yield plan
    for child in plan.get("children", []):
        yield from walk(child)


def at_most_one_row(plan: dict[str, Any]) -> bool:
    """Whether a plan is a unique seek or a sum over everything: multiplying by it makes nothing larger."""
    kind, children = operator(plan), plan.get("children", [])
    if kind == "CartesianProduct":
        return all(at_most_one_row(child) for child in children)
    if kind in ("Filter", "CacheProperties", "Projection"):
        return at_most_one_row(children[0])
    return kind.startswith("NodeUniqueIndexSeek") or kind == "EagerAggregation"


def multiplies(plan: dict[str, Any]) -> bool:
    """Whether rows are multiplied by rows that have nothing to do with them."""
    return operator(plan) == "CartesianProduct" and not any(at_most_one_row(child) for child in plan["children"])


def record_names() -> set[str]:
    """The records of `graph`, and the builtin types that a single value can be."""
    modules = [importlib.import_module(module.name) for module in pkgutil.walk_packages(graph.__path__, "graph.")]
    found = {name for module in modules for name, value in vars(module).items() if _is_record(value)}
    return found | {"float", "int", "str"} & set(vars(builtins))


def _is_record(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, msgspec.Struct)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_says_what_it_does(name: str) -> None:
    stem, _, verb_noun = name.partition("/")
    assert stem and "/" not in verb_noun, "statements stand in one folder, that of their stem"
    verb, _, noun = verb_noun.partition("_")
    assert verb in VERBS, f"{name} begins with none of {', '.join(VERBS)}"
    assert noun


@pytest.mark.parametrize("name", NAMES)
def test_the_header_parses_and_names_a_record_that_exists(name: str) -> None:
    asked = statement(name)
    if asked.record is not None:
        assert asked.record in record_names(), f"{name} gives {asked.record}, which no module of graph has"
    writes = name.partition("/")[2].startswith(("record_", "forget_"))
    assert not writes or asked.shape in ("write", "one"), f"{name} writes, but its header says {asked.shape}"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_one_statement(name: str) -> None:
    text = "\n".join(line for line in statement(name).text.splitlines() if not line.startswith("//"))
    assert ";" not in text, "one statement a file, and no semicolon"
    assert statement(name).text.endswith("\n")


@pytest.fixture(scope="module")
async def explained(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, neo4j.ResultSummary]:
    """What a server says of each statement that knows the migrations and nothing else: others learn names from what is kept."""
    settings = Settings(
        home=tmp_path_factory.mktemp("new"), local_bolt_port=free_port(), local_redis_port=free_port(), cursor_secret=b"secret"
    )
    found = {}
    async with attached(settings, programs, quick=True), opened(located(settings)) as store:
        await migrate(store)
        for name in NAMES:
            async with store.explain(statement(name).text) as summary:
                found[name] = summary
    return found


@pytest.mark.parametrize("name", NAMES)
def test_its_names_exist_before_it_is_planned(name: str, explained: dict[str, neo4j.ResultSummary]) -> None:
    """A plan with names that don't exist yet is made anew once they do, and requests wait for it: see V0004__names.cypher."""
    unknown = ("01N50", "01N51", "01N52")
    found = [each.status_description for each in explained[name].gql_status_objects if each.gql_status in unknown]
    assert not found, "add the names to a new migration"


@pytest.mark.parametrize("name", NAMES)
def test_the_header_lists_the_parameters_that_the_server_sees(name: str, explained: dict[str, neo4j.ResultSummary]) -> None:
    wanted: set[str] = set()
    for notification in explained[name].gql_status_objects:
        if notification.gql_status == "01N60":
            wanted.update(re.findall(r"\$`(\w+)`", notification.status_description))
    asked = statement(name)
    assert wanted <= {"asked"}
    assert set(re.findall(r"\$asked\.(\w+)", asked.text)) == asked.parameters


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_seeks_and_never_scans(name: str, explained: dict[str, neo4j.ResultSummary]) -> None:
    plan = explained[name].plan
    assert plan is not None
    assert name in ALLOWED or not [operator(part) for part in walk(plan) if operator(part) in SCANS]
    assert not [part["args"] for part in walk(plan) if multiplies(part)]


@pytest.mark.parametrize("name", NAMES)
def test_each_lookup_names_its_index(name: str, explained: dict[str, neo4j.ResultSummary]) -> None:
    """Else the planner may read all of an index instead of one entry: after an import it knows of none there."""
    text = statement(name).text
    details = "\n".join(str(part["args"].get("Details")) for part in walk(explained[name].plan or {}))
    for variable, label, properties in LOOKUP.findall(details):
        if f"MERGE ({variable}:{label} " not in text:
            assert f"USING INDEX SEEK {variable}:{label}({properties})" in text
    # The plan doesn't show what lies in an expression.
    for line in text.splitlines():
        assert not re.search(r"{ MATCH \(\w*:\w+ {", line) or "USING INDEX SEEK" in line, line


async def test_no_plan_depends_on_how_much_there_is(graph: Store) -> None:
    """What was planned while there was little is right when there is much: plans are seldom made anew, see app/local/neo4j.py.

    Which properties are cached on the way may differ.
    """
    empty = {name: await planned(graph, name, "empty") for name in NAMES}
    await record_all(graph, [Call(events=list(generate(customers=300, seed=1)))])
    await graph.apply("CALL db.prepareForReplanning(60)")
    full = {name: await planned(graph, name, "full") for name in NAMES}
    assert {name: full[name] for name in NAMES if full[name] != empty[name]} == {}


async def planned(store: Store, name: str, remark: str) -> list[str]:
    """The operators of a statement's plan, planned anew for a remark that it wasn't planned with before."""
    async with store.explain(f"{statement(name).text}// {remark} {uuid4()}") as summary:
        assert summary.plan is not None
        return [operator(part) for part in walk(summary.plan) if operator(part) != "CacheProperties"]


@pytest.mark.parametrize("name", NAMES)
def test_the_server_has_nothing_against_it(name: str, explained: dict[str, neo4j.ResultSummary]) -> None:
    """Deprecated syntax, and variables that hide others."""
    faults = {"DEPRECATION", "HINT", "PERFORMANCE"}
    found = [
        each.status_description
        for each in explained[name].gql_status_objects
        if each.raw_classification in faults or each.gql_status == "03N60"
    ]
    assert not found


def block(name: str, first: str, last: str) -> list[str]:
    """The lines of a statement from one to another, without their indentation."""
    lines = [line.strip() for line in statement(name).text.splitlines()]
    start = lines.index(first)
    return lines[start : lines.index(last, start) + 1]


def test_an_entry_looks_the_same_wherever_it_is_read() -> None:
    """Text is never put together in Python, so the statements that give entries and carts repeat what they look like."""
    entries = [
        block(name, "CASE t.kind", "END")
        for name in ("customers/load_profiles", "timeline/page_entries", "timeline/load_entries")
    ]
    assert entries[0] == entries[1] == entries[2]
    first = "cart {.id, opened_at: toString(cart.opened_at), updated_at: toString(cart.updated_at), .checkout_step,"
    carts = [block(name, first, ") AS carts") for name in ("customers/load_profiles", "purchases/page_carts")]
    assert carts[0] == carts[1]


def test_migrations_are_read_whole() -> None:
    assert [migration.name for migration in migrations()] == sorted(
        path.stem for path in (CYPHER / "migrations").glob("V*.cypher")
    )
    assert all(migration.commands for migration in migrations())


async def test_every_index_of_the_migrations_is_there(store: Store, stack: Stack) -> None:
    """IF NOT EXISTS skips an index whose properties another one has already, without a word."""
    pattern = re.compile(r"CREATE (?:\w+ )?(?:INDEX|CONSTRAINT) (\w+) IF NOT EXISTS")
    commands = [command for migration in migrations() for command in migration.commands]
    commanded = {found[1] for command in commands if (found := pattern.match(command))}
    dropped = {found[1] for command in commands if (found := re.match(r"DROP (?:INDEX|CONSTRAINT) (\w+) IF EXISTS", command))}
    auth = (stack.neo4j_user, stack.neo4j_password)
    async with neo4j.AsyncGraphDatabase.driver(stack.neo4j_uri, auth=auth) as driver:
        shown = await driver.execute_query("SHOW INDEXES YIELD name, state", database_="neo4j")
    assert len(commanded) == len([command for command in commands if command.startswith("CREATE")])
    there = {row["name"] for row in shown.records if row["state"] != "FAILED"}
    assert commanded - dropped <= there and not dropped & there


@pytest.mark.parametrize(
    "parameters", [{}, {"customer_id": "x"}, {"customer_id": "x", "low": "", "high": "", "limit": 1, "more": 1}]
)
async def test_a_call_that_does_not_fit_the_header_is_refused(store: Store, parameters: dict[str, Any]) -> None:
    with pytest.raises(StatementError, match=r"cypher/purchases/page_carts\.cypher: missing parameters"):
        await store.one("purchases/page_carts", dict, **parameters)

"""Plans answer as graphql-core does: operations made up by chance, each answered both ways, byte for byte."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from random import Random
from threading import Thread
from typing import Any, TypeVar

import hypothesis
import orjson
import pytest
from hypothesis import strategies as st

from app.server import sources_of
from app.services import open_services
from app.settings import Settings
from graph.customers.places import load_quintiles
from graph.store import Store
from resolvers import operations
from resolvers.access import Principal
from resolvers.documents import Documents
from resolvers.guard import Limits
from resolvers.plans import Plan
from resolvers.plans.again import Again
from resolvers.schema import schema
from resolvers.sources import Sources
from resolvers.value import QuintileCopy
from tests.api.operations_by_chance import Maker, Operation
from tests.api.whoever import ALL_SORTS, WHOEVER, own
from tests.graph.histories import by_email, history, invited

OPERATIONS = int(os.environ.get("C360_OPERATIONS", "1000"))
"""How many operations are answered both ways; `make fuzz` asks for more."""

#: graphql-core leaves its coroutines of fields beside one that fails at once.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

#: How an answer begins that holds nothing but errors, and how errors do.
NOTHING = b'{"data":null,"errors":[{'
ERRORS = b'"errors":[{'

NAMES = ("ana", "ben", "cleo", "dan")
Result = TypeVar("Result")


@contextmanager
def loop_of_its_own() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Runs coroutines for a test that can't wait: hypothesis's own function is no coroutine."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Sources]:
    async with open_services(settings) as services:
        for name in NAMES:
            await services.record_batch(history(name, events=60, seed=len(name)))
        await services.record_batch(list(invited(NAMES)))
        quintiles = QuintileCopy(lambda: load_quintiles(services.store))
        # What is refused before it is run says nothing of plans.
        limits = Limits(depth=30, aliases=1_000, selections=10_000, directives=1_000, cost_mode="off")
        yield replace(sources_of(services, quintiles), documents=Documents(limits))
        await quintiles.close()


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    with loop_of_its_own() as run:
        yield run


@pytest.fixture
def sources(settings: Settings, graph: Store, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Sources]:
    rates = replace(settings, currency_rates={}, neo4j_transaction_timeout_seconds=60.0, redis_timeout_ms=5_000)
    services = opened(rates)
    yield run(services.__aenter__())
    run(services.__aexit__(None, None, None))


@pytest.fixture
def uncached(settings: Settings, graph: Store, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Sources]:
    """Each plan loads the parts of profiles that it needs, and no more."""
    services = opened(replace(settings, currency_rates={}, neo4j_transaction_timeout_seconds=60.0, redis_url=None))
    yield run(services.__aenter__())
    run(services.__aexit__(None, None, None))


async def answered(operation: Operation, sources: Sources, principal: Principal = WHOEVER) -> bytes:
    # As if it had come before: the first time nothing is compiled.
    for each in (await sources.documents.find(operation.text)).operations:
        each.plan(sources.documents)
    given = await operations.answer(operation.text, sources, principal, variables=operation.variables)
    # Which of several fields fails first is a matter of time.
    errors = sorted((_apart_from_chance(each) for each in given.errors), key=lambda each: str(each.get("path")))
    return orjson.dumps({"data": given.data, "errors": errors}, option=orjson.OPT_UTC_Z)


def _apart_from_chance(error: dict[str, Any]) -> dict[str, Any]:
    """An error without what is made up anew each time."""
    if error["extensions"]["code"] == "INTERNAL":
        return {**error, "message": "", "extensions": {"code": "INTERNAL"}}
    return error


def data_of(answer: bytes) -> bytes:
    return answer.partition(b"," + ERRORS)[0]


async def known(sources: Sources) -> dict[str, list[Any]]:
    """For arguments, by name or else by type, what exists and what doesn't."""
    query = """{ customers(first: 10) { nodes { id timeline(first: 30) { edges { cursor node { id } } } } }
                 channels { id key } }"""
    while True:
        found = await operations.answer(query, replace(sources, plans=False), WHOEVER)
        assert found.data is not None and not found.errors
        # The catalogue may be a second old, and of another graph.
        if found.data["channels"]:
            break
        await asyncio.sleep(0.1)
    customers = found.data["customers"]["nodes"]
    edges = [edge for each in customers for edge in each["timeline"]["edges"]]
    ids = [each["id"] for each in customers]
    keys: list[dict[str, Any]] = [{"id": id} for id in ids]
    keys += [{"email": by_email(name).email} for name in NAMES]
    keys += [{"identifier": {"type": "user_id", "value": name}} for name in NAMES]
    nobody: list[dict[str, Any]] = [{"phone": "+1 555 0100"}, {"email": " "}, {"id": "no id"}]
    return {
        "CustomerKey": [*keys * 3, *nobody],
        "id": [*ids * 5, edges[0]["node"]["id"], "cus_" + "0" * 32, "no id"],
        "ids": [*ids, *(edge["node"]["id"] for edge in edges[:20]), found.data["channels"][0]["id"], "cus_" + "0" * 32],
        "email": [*(by_email(name).email for name in NAMES * 4), "nobody@example.com", " "],
        "phone": ["+1 555 0100"],
        "type": ["user_id", "email"],
        "value": [*NAMES, "nobody"],
        "sku": ["sku-1", "sku-3", "none"],
        "search": ["an", "ben", "x"],
        "first": [1, 2, 3, 20, 100, 1, 2, 3, 20, 100, 0],
        "last": [1, 2, 30],
        "maxDepth": [1, 2, 100, 1_000, 1, 2, 3, 0],
        "generations": [1, 2, 3, 20, 3, 0],
        "Float": [0.5, 1, 0, 0.25, 0.5, 2.5],
        "after": [edges[3]["cursor"], "no cursor"],
        "before": [edges[5]["cursor"]],
        "channels": ["web", "app", "none"],
        "types": ["page_view", "call"],
        "from": ["2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z"],
        "to": ["2026-01-01T00:15:00Z", "2030-01-01T00:00:00+02:00"],
        "Boolean": [True, False],
        "CurrencyCode": [*["USD"] * 8, "JPY", "EUR"],
    }


def test_operations_made_up_by_chance_are_answered_the_same_and_the_same_again(
    sources: Sources, run: Callable[[Coroutine[Any, Any, Any]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Again.find

    def counted(self: Again) -> orjson.Fragment | None:
        found = original(self)
        seen["again"] += found is not None
        return found

    monkeypatch.setattr(Again, "find", counted)
    values = run(known(sources))
    by_graphql_core = replace(sources, plans=False)
    seen: Counter[str] = Counter()

    @hypothesis.settings(
        max_examples=OPERATIONS,
        database=None,
        derandomize=OPERATIONS <= 2_000,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(st.integers(0, 2**64 - 1))
    def check(seed: int) -> None:
        chance = Random(seed)
        operation, principal = Maker(schema._schema, values, chance).operation(), chance.choice(ALL_SORTS)
        same(operation, principal)
        if operation.others != operation.variables:
            seen["other variables"] += 1
            same(replace(operation, variables=operation.others), principal)

    def same(operation: Operation, principal: Principal) -> None:
        expected = run(answered(operation, by_graphql_core, principal))
        hypothesis.note(f"{operation.text}\n{operation.variables}\n{principal}")
        given = run(answered(operation, sources, principal))
        if given != expected and data_of(given) == data_of(expected) and ERRORS in given and ERRORS in expected:
            # Of several fields that may not be null and fail, the first one to do so is told of: a matter of time.
            seen["another error"] += 1
            return
        assert given == expected
        if not given.startswith(NOTHING):
            assert run(answered(operation, sources, principal)) == expected
        seen["refused"] += b'"FORBIDDEN"' in expected
        seen["errors" if ERRORS in expected else "data"] += 1

    check()
    assert seen["again"] > OPERATIONS / 50 and seen["other variables"] > OPERATIONS / 50, seen
    assert seen["refused"] > OPERATIONS / 20, seen
    assert seen["data"] > OPERATIONS / 5 and seen["another error"] < OPERATIONS / 50, seen


def test_what_is_known_of_whoever_asks_is_known_again_where_a_plan_leaves_off(
    sources: Sources, run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    """graphql-core tells of the first field that may not be null and fails, and of what failed before: it has to meet both in the
    order of the text."""
    text = """{ me { communications { nodes { customer { value { averageOrder { amount } } } } }
                     reviews(after: "no cursor") { totalCount } } }"""
    operation, principal = Operation(text=text, variables={}, others={}), own("user_id", "ana")
    expected = run(answered(operation, replace(sources, plans=False), principal))
    assert b"CURRENCY_NOT_CONVERTIBLE" in expected and b"INVALID_CURSOR" in expected
    assert run(answered(operation, sources, principal)) == expected


def test_a_plan_loads_all_that_its_answer_needs(uncached: Sources, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    values = run(known(uncached))
    whole = replace(uncached, plans=False)
    for seed in range(OPERATIONS // 5):
        operation = Maker(schema._schema, values, Random(seed)).operation()
        given, expected = run(answered(operation, uncached)), run(answered(operation, whole))
        assert given == expected or (given.startswith(NOTHING) and expected.startswith(NOTHING)), operation


def test_a_query_that_goes_well_is_answered_by_its_plan(
    sources: Sources, run: Callable[[Coroutine[Any, Any, Any]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise comparing would be comparing graphql-core with itself."""
    values = run(known(sources))
    planned = 0
    original = Plan.run

    async def counted(self: Plan, *arguments: Any) -> Any:
        nonlocal planned
        data = await original(self, *arguments)
        planned += 1
        return data

    monkeypatch.setattr(Plan, "run", counted)
    well = 0
    for seed in range(200):
        operation = Maker(schema._schema, values, Random(seed)).operation()
        before = planned
        if ERRORS not in run(answered(operation, sources)):
            if None in operation.variables.values():
                # Null where none may stand: an error if ever it is asked for, and no plan's.
                continue
            well += 1
            assert planned == before + 1, operation
    assert well > 50

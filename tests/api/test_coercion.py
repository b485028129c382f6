"""Large variables: coerced beside the event loop, to the same values and the same errors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse
from graphql.execution import get_variable_values
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_argument

from graph.answers import Request
from graph.events import Outcome
from graph.events.inputs import Event
from graph.store import Store
from resolvers.coercion import LARGE, execute_large, is_large
from resolvers.context import Sources
from resolvers.directory import CustomerKey
from resolvers.events import EventInput
from resolvers.operations import answer
from resolvers.schema import schema
from tests.api.test_operations import sources

RECORD = "mutation ($events: [EventInput!]!) { recordEvents(events: $events) { accepted rejected { index message } } }"

COMMON = {"source": "s", "at": "2026-01-01T09:00:00+01:00"}
CUSTOMER = {"customer": {"email": "a@example.com"}}
MONEY = {"amount": "1.50", "currency": "EUR"}
LINE = {"sku": "a", "quantity": 2, "unitPrice": MONEY, "category": ["x", "y"], "title": None}
EVENTS: list[dict[str, Any]] = [
    {"identify": {**COMMON, "id": "1", "identifiers": [{"type": "email", "value": "a@x.io"}], "traits": {"a": [1, None]}}},
    {"touchpoint": {**COMMON, "id": "2", **CUSTOMER, "channel": "web", "type": "x", "durationSeconds": 3, "properties": {}}},
    {"purchase": {**COMMON, "id": "3", **CUSTOMER, "number": "3", "items": [LINE, LINE], "total": MONEY}},
    {"purchase": {**COMMON, "id": "4", "customer": {"id": "cus_1"}, "number": "4", "items": [], "status": "SHIPPED"}},
    {"refund": {**COMMON, "id": "5", "purchase": "3", "amount": MONEY}},
    {"accept": {**COMMON, "id": "6", "code": "c", "friend": {"identifier": {"type": "crm", "value": "7"}}}},
]
WRONG: list[Any] = [
    {"accept": {}},
    {},
    None,
    7,
    {"nonsense": 1},
    {"accept": None},
    {"refund": {**COMMON, "id": "1", "purchase": 1, "amount": {"amount": 1.5, "currency": "XXX"}, "more": True}},
    {
        "touchpoint": {
            **COMMON,
            "at": "yesterday",
            "id": [],
            "customer": {"email": "a", "phone": "b"},
            "channel": "c",
            "type": "t",
        }
    },
]


class Recording:
    """A write door that keeps what it is handed."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def record(self, events: Sequence[Event], request: Request | None = None, /) -> Outcome:
        self.events += events
        return Outcome(len(events), 0, (), {})


def test_variables_are_large_by_the_number_of_their_values() -> None:
    assert not is_large(None) and not is_large({}) and not is_large({"a": "x" * 100_000})
    assert not is_large({"a": [0] * (LARGE - 2)}) and is_large({"a": [0] * (LARGE - 1)})
    assert is_large({"a": [[[0] * 10 for _ in range(10)] for _ in range(10)]})
    assert is_large({"a": {f"{n}": {} for n in range(LARGE)}})


async def test_events_come_to_the_door_the_same_whether_they_are_many_or_few(store: Store) -> None:
    few, many = Recording(), Recording()
    for each in EVENTS:
        await ask(store, few, [each])
    await ask(store, many, EVENTS * 100)
    assert many.events == few.events * 100
    assert len(few.events) == len(EVENTS)


async def ask(store: Store, door: Recording, events: list[Any]) -> None:
    given = await answer(RECORD, replace(sources(store, ValueError()), door=door), variables={"events": events})
    assert given.executed and given.errors == []


@pytest.mark.parametrize("wrong", WRONG)
async def test_errors_of_large_variables_are_those_of_graphql_core(wrong: Any) -> None:
    for events in ([*EVENTS * 100, wrong], [wrong, *EVENTS * 100], [wrong] * LARGE):
        assert await told(events) == by_graphql_core({"events": events})
        assert await told(events)


async def test_errors_of_variables_that_are_no_list_are_those_of_graphql_core() -> None:
    wide = {f"x{n}": n for n in range(LARGE)}
    deep: Any = {}
    for _ in range(300):
        deep = [deep]
    for events in (wide, {"accept": wide}, None, "x", [deep], [[wide]]):
        assert await told(events) == by_graphql_core({"events": events}) != []


async def told(events: Any) -> list[dict[str, Any]]:
    result = await execute_large(schema._schema, parse(RECORD), {"events": events}, operation_name=None, context=None)
    assert result.data is None
    return [dict(error.formatted) for error in result.errors or []]


def by_graphql_core(variables: dict[str, Any]) -> list[dict[str, Any]]:
    (operation,) = parse(RECORD).definitions
    assert isinstance(operation, OperationDefinitionNode)
    found = get_variable_values(schema._schema, operation.variable_definitions or (), variables, max_errors=50)
    assert isinstance(found, list)
    return [dict(error.formatted) for error in found]


def test_inputs_are_built_where_they_are_coerced() -> None:
    (operation,) = parse(RECORD).definitions
    assert isinstance(operation, OperationDefinitionNode)
    found = get_variable_values(schema._schema, operation.variable_definitions or (), {"events": EVENTS})
    assert not isinstance(found, list)
    built = found.coerced["events"]
    assert all(isinstance(each, EventInput) for each in built)
    purchase = built[2].purchase.value
    assert purchase.items[0].unit_price.currency == "EUR" and purchase.items[0].title is None
    assert isinstance(purchase.customer, CustomerKey) and purchase.customer.id is None
    # Strawberry hands them on as they are.
    registry = schema.schema_converter.scalar_registry
    assert convert_argument(built[2], EventInput, registry, StrawberryConfig()) is built[2]


async def test_the_event_loop_goes_on_while_large_variables_are_coerced(store: Store) -> None:
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    ticking = asyncio.create_task(tick())
    assert await told([*EVENTS * 2_000, None])
    ticking.cancel()
    assert turns > 10


async def test_lists_that_are_too_long_are_refused_before_they_are_looked_through(store: Store) -> None:
    door = Recording()
    long = [{"purchase": {**EVENTS[2]["purchase"], "items": [LINE] * 501}}]
    origin: Sources = replace(sources(store, ValueError()), door=door)
    given = await answer(RECORD, origin, variables={"events": long})
    assert given.data is not None
    [rejected] = given.data["recordEvents"]["rejected"]
    assert rejected == {"index": 0, "message": "items: has 501 entries; at most 500 are kept"}

"""What operations cost, written out by hand, and that no answer holds more than its price."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from graphql import (
    DirectiveDefinitionNode,
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    parse,
    print_ast,
    visit,
)

from app.server import sources_of
from app.services import Services
from resolvers.beside import Beside
from resolvers.costs import MOST, Price, price_of
from resolvers.documents import Documents
from resolvers.fields import ListSize, stated
from resolvers.guard import Limits
from resolvers.operations import LONGEST_PATH, answer
from resolvers.schema import schema
from resolvers.sources import Sources
from resolvers.value import QuintileCopy
from tests.api import test_operations
from tests.api.conftest import Api, Tell
from tests.api.operations_by_chance import Maker
from tests.api.test_plans import NAMES, known
from tests.api.whoever import WHOEVER
from tests.graph.histories import history, invited

BY = '(by: {email: "ana@example.com"})'

#: Operations, their variables, and why they cost what they do.
PRICES: list[tuple[str, dict[str, Any], int]] = [
    ("{ __typename }", {}, 0),
    (f"{{ customer{BY} {{ name email }} }}", {}, 1),
    ("{ channels { key } }", {}, 200),
    # A customer, the connection, 20 rows.
    (f"{{ customer{BY} {{ purchases {{ nodes {{ id }} }} }} }}", {}, 1 + 1 + 20),
    # With 3 rows, and their 10 lines with a product each.
    (f"{{ customer{BY} {{ purchases(first: 3) {{ nodes {{ items {{ product {{ sku }} }} }} }} }} }}", {}, 2 + 3 * (1 + 10 * 2)),
    # Edges, nodes, and where the page stands; counting costs 1.
    (
        f"{{ customer{BY} {{ timeline(last: 5) {{ totalCount pageInfo {{ endCursor }} edges {{ node {{ id }} }} }} }} }}",
        {},
        1 + 1 + 1 + 1 + 5 * 2,
    ),
    # The dearest type of an interface: purchases have two amounts.
    (
        f"{{ customer{BY} {{ timeline(first: 2) {{ nodes {{ id ... on Purchase {{ total {{ amount }} refunded {{ amount }} }} "
        "... on Touchpoint { campaign { key } } } } } }",
        {},
        2 + 2 * (1 + 2),
    ),
    # Variables, given, left out and by default.
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 7}, 1 + 7),
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {}, 1 + 20),
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": None}, 1 + 20),
    ("query ($n: Int = 4) { customers(first: $n) { nodes { id } } }", {}, 1 + 4),
    (
        "query ($n: Int!) { customers(first: $n) { nodes { cases(first: $n) { nodes { id } } } } }",
        {"n": 9},
        1 + 9 * (1 + 1 + 9),
    ),
    # No page is longer than 100: the field refuses what is no size of one.
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 10**9}, 1 + 100),
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": -3}, 1),
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": "many"}, 1),
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": True}, 1),
    # GraphQL takes 60.0 for 60.
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 60.0}, 1 + 60),
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 0.5}, 1),
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": float("inf")}, 1),
    # The largest of the sizes that are given; null is none.
    ("{ customers(first: null, last: 90) { nodes { id } } }", {}, 1 + 90),
    ("{ customers(first: 5, last: 90) { nodes { id } } }", {}, 1 + 90),
    ("query ($n: Int, $m: Int) { customers(first: $n, last: $m) { nodes { id } } }", {"n": None, "m": 90}, 1 + 90),
    ("query ($m: Int) { customers(first: 7, last: $m) { nodes { id } } }", {"m": None}, 1 + 7),
    ("query ($m: Int = 9) { customers(last: $m) { nodes { id } } }", {"m": None}, 1 + 20),
    # Only what is included.
    ("query ($x: Boolean!) { channels @include(if: $x) { id } }", {"x": False}, 0),
    ("query ($x: Boolean!) { channels @skip(if: $x) { id } }", {"x": False}, 200),
    ('{ channels @include(if: false) { id } product(by: {sku: "s"}) { id } }', {}, 1),
    ("query ($x: Boolean = false) { ... @include(if: $x) { channels { id } } }", {"x": True}, 200),
    # Fragments count wherever they are spread.
    (
        "{ a: customers(first: 1) { ...C } b: customers(first: 2) { ...C } } fragment C on CustomerConnection { nodes { id } }",
        {},
        (1 + 1) + (1 + 2),
    ),
    # Ids by their number.
    ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a", "b", "c"]}, 3),
    ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": "a"}, 1),
    ("query ($id: ID!) { nodes(ids: [$id, $id]) { id } }", {"id": "a"}, 2),
    ('{ nodes(ids: "a") { id } }', {}, 1),
    ('{ nodes(ids: ["a", "b"]) { id ... on Customer { value { revenue { amount } } } } }', {}, 2 * (1 + 2)),
    # Rejected events are no more than events.
    ("mutation ($e: [EventInput!]!) { recordEvents(events: $e) { rejected { index } } }", {"e": [{}] * 30}, 1 + 30),
    # What is inside a condition inside a fragment of a connection, in edges that another condition lets in.
    (
        "query ($x: Boolean!, $n: Int!) { customers(first: $n) { ...C } } fragment C on CustomerConnection { nodes { id } "
        "edges @skip(if: $x) { node { ... @include(if: $x) { account { id } } } } }",
        {"x": False, "n": 3},
        1 + 3 * 2 + 3,
    ),
    # The dearest type is another for other variables.
    *(
        (
            "query ($x: Boolean!) { node(id: 1) { ... on Purchase @include(if: $x) { total { amount } refunded { amount } } "
            "... on Touchpoint { campaign { key } } } }",
            {"x": included},
            objects,
        )
        for included, objects in ((True, 1 + 2), (False, 1 + 1))
    ),
]


def price(text: str) -> Price:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return price_of(document, operation, schema._schema)


@pytest.mark.parametrize(("text", "variables", "objects"), PRICES)
def test_an_operation_has_its_price(text: str, variables: dict[str, Any], objects: int) -> None:
    assert price(text).of(variables) == objects


@pytest.mark.parametrize(
    "last", ["cases { nodes { id } }", "cases(first: $n) { nodes { id } }", "account @include(if: $x) { id }"]
)
def test_a_bomb_of_fragments_is_priced_at_once(last: str) -> None:
    text = "query ($n: Int, $x: Boolean!) { customers { nodes { ...F0 } } } " + " ".join(
        f"fragment F{each} on Customer {{ account {{ ...F{each + 1} }} a: account {{ ...F{each + 1} }} }}" for each in range(60)
    )
    bomb = price(f"{text} fragment F60 on Customer {{ {last} }}")
    assert bomb.of({"n": 1, "x": True}) == MOST
    assert bomb.dearest({"n": 1, "x": True}).startswith("customers.nodes")


@pytest.mark.parametrize("size", ["", "(first: $n)"])
def test_entries_of_customers_of_entries_are_priced_at_once(size: str) -> None:
    entries = "id"
    for _ in range(40):
        entries = f"id customer {{ timeline{size} {{ nodes {{ {entries} }} }} }}"
    assert price(f"query ($n: Int) {{ node(id: 1) {{ ... on TimelineEntry {{ {entries} }} }} }}").of({"n": 20}) == MOST


def test_a_chain_of_fragments_may_be_longer_than_the_stack_is_deep() -> None:
    chain = " ".join(f"fragment F{each} on Query {{ ...F{each + 1} }}" for each in range(2_000))
    assert price(f"{{ ...F0 }} {chain} fragment F2000 on Query {{ channels {{ id }} }}").of({}) == 200


def test_each_of_five_hundred_variables_counts() -> None:
    declared = " ".join(f"$n{each}: Int" for each in range(500))
    wanted = " ".join(f"a{each}: customers(first: $n{each}) {{ nodes {{ id }} }}" for each in range(500))
    found = price(f"query ({declared}) {{ {wanted} }}")
    assert found.of({f"n{each}": 1 + each % 3 for each in range(500)}) == sum(2 + each % 3 for each in range(500))
    assert found.dearest({"n321": 90}) == "a321.nodes"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{ channels { id } customers { nodes { id } } }", "channels"),
        ("{ some: customers { nodes { every: timeline(first: 90) { edges { node { id } } } } } }", "some.nodes.every.edges"),
        ("{ ...F } fragment F on Query { customers(last: 9) { ... { nodes { account { id } } } } }", "customers.nodes"),
        (
            "{ node(id: 1) { ... on Purchase { items { quantity } total { amount } } ... on Review { product { sku } } } }",
            "node.items",
        ),
        ("{ __typename }", ""),
    ],
)
def test_the_field_that_brings_most_is_known_by_its_path(text: str, path: str) -> None:
    assert price(text).dearest({}) == path


def test_every_list_of_objects_says_how_long_it_may_be() -> None:
    types = [each for each in schema._schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    ours = [(each, name, field) for each in types if not each.name.startswith("__") for name, field in each.fields.items()]
    for owner, name, field in ours:
        if not is_list_type(get_nullable_type(field.type)) or is_leaf_type(get_named_type(field.type)):
            continue
        leading = [stated(outer, ListSize) for _, _, outer in ours if get_named_type(outer.type) is owner]
        sized = [size is not None and name in (size.sized_fields or ()) for size in leading]
        assert stated(field, ListSize) or (sized and all(sized)), f"nothing says how long {owner.name}.{name} may be"


def test_every_size_is_of_a_list_and_by_arguments_that_there_are() -> None:
    for type_ in schema._schema.type_map.values():
        for name, field in type_.fields.items() if isinstance(type_, GraphQLObjectType) else ():
            size = stated(field, ListSize)
            if size is None:
                continue
            assert set(size.slicing_arguments or ()) <= field.args.keys(), f"{type_.name}.{name}"
            named: Any = get_named_type(field.type)
            lists = [named.fields[each].type for each in size.sized_fields] if size.sized_fields else [field.type]
            assert all(is_list_type(get_nullable_type(each)) for each in lists), f"{type_.name}.{name}"


def test_the_directives_are_those_of_the_specification() -> None:
    specified = """
        directive @listSize(
          assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true
        ) on FIELD_DEFINITION
        directive @cost(weight: String!)
          on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
    """
    ours = definitions(schema.as_str())
    for name, wanted in definitions(specified).items():
        assert ours[name] == wanted


def definitions(text: str) -> dict[str, tuple[list[str], set[str], bool]]:
    """Arguments and locations of each directive that a text defines, and whether it may stand twice."""
    return {
        each.name.value: (
            [print_ast(argument) for argument in each.arguments or ()],
            {location.value for location in each.locations},
            each.repeatable,
        )
        for each in parse(text).definitions
        if isinstance(each, DirectiveDefinitionNode)
    }


async def asked(api: Api, query: str, explain: str = "cost", **variables: Any) -> dict[str, Any]:
    response = await api.http.post("/graphql", json={"query": query, "variables": variables}, headers={"x-c360-explain": explain})
    body: dict[str, Any] = response.json()
    return body


async def test_the_price_is_shown_to_who_asks_for_it(api: Api) -> None:
    shown = {"requested": 200, "limit": 10_000, "mode": "enforce"}
    for explain in ("cost", "cache, cost", "COST"):
        assert (await asked(api, "{ channels { key } }", explain))["extensions"]["cost"] == shown
    assert "extensions" not in await asked(api, "{ channels { key } }", "nothing")
    body = (await api.http.post("/graphql", json={"query": "{ channels { key } }", "extensions": {"cost": True}})).json()
    assert body["extensions"]["cost"] == shown


async def test_what_costs_too_much_is_refused_before_it_is_asked_for(api: Api) -> None:
    query = (
        "query ($n: Int!, $m: Int!) { customers(first: $n) { nodes { timeline(first: $m) { nodes { id } } } } channels { id } }"
    )
    # 1 + 96 * (2 + 99) + 200 = 9,897 may be asked for.
    assert "errors" not in await asked(api, query, n=96, m=99)
    refused = await asked(api, query, n=97, m=100)
    [error] = refused["errors"]
    assert "data" not in refused and refused["extensions"]["cost"]["requested"] == 1 + 97 * 102 + 200
    assert error["extensions"] == {"code": "COST_TOO_HIGH", "limit": 10_000, "actual": 10_095}
    assert "10,095" in error["message"] and "customers.nodes.timeline.nodes" in error["message"]


async def test_a_page_of_100_point_0_rows_costs_what_it_brings(api: Api) -> None:
    query = "query ($n: Int) { customers(first: $n) { nodes { timeline(first: $n) { nodes { customer { id } } } } } }"
    [error] = (await asked(api, query, n=100.0))["errors"]
    assert error["extensions"]["code"] == "COST_TOO_HIGH"


@pytest.mark.parametrize(("limit", "refused"), [(200, False), (199, True)])
async def test_the_limit_itself_may_be_asked_for_and_one_more_may_not(services: Services, limit: int, refused: bool) -> None:
    given = await answer("{ channels { id } }", sources(services, Limits(cost=limit)), WHOEVER)
    assert given.cost == 200 and given.executed is not refused
    assert [error["extensions"]["code"] for error in given.errors] == (["COST_TOO_HIGH"] if refused else [])


async def test_a_refusal_shows_no_more_of_an_alias_than_anyone_reads(services: Services) -> None:
    given = await answer(f"{{ {'a' * 5_000}: channels {{ id }} }}", sources(services, Limits(cost=1, alias=10_000)), WHOEVER)
    assert LONGEST_PATH < len(given.errors[0]["message"]) < 2 * LONGEST_PATH


async def test_so_many_costly_answers_may_wait(services: Services) -> None:
    asked_of = replace(sources(services, Limits()), beside=Beside(1))
    text = "{ customers(first: 100) { nodes { timeline(first: 10) { nodes { id } } } } }"
    for _ in range(3):
        assert not (await answer(text, asked_of, WHOEVER)).errors
    given = await asyncio.gather(*(answer(text, asked_of, WHOEVER) for _ in range(6)))
    refused = [each for each in given if each.errors]
    assert refused and len(refused) < len(given) and not any(each.executed for each in refused)
    assert {error["extensions"]["code"] for each in refused for error in each.errors} == {"OVERLOADED"}


# graphql-core leaves its coroutines of fields beside one that fails at once.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_no_answer_holds_more_objects_than_its_price(told: Tell, services: Services) -> None:
    for name in NAMES:
        await told.many(history(name, events=60, seed=len(name)))
    await told(*invited(NAMES))
    asked_of = sources(services, Limits(depth=30, aliases=1_000, selections=10_000, directives=1_000, cost_mode="measure"))
    values: dict[str, Sequence[Any]] = {**await known(asked_of)}
    answered = exact = 0
    for seed in range(400):
        operation = Maker(schema._schema, values, Random(seed)).operation()
        given = await answer(operation.text, asked_of, WHOEVER, variables=operation.variables)
        if given.cost is None:
            continue
        held = objects(given.data, leaves=json_keys(operation.text))
        assert held <= given.cost, (operation.text, operation.variables)
        answered += held > 0
        exact += 0 < held == given.cost
    assert answered > 100 and exact > 10


def sources(services: Services, limits: Limits) -> Sources:
    async def no_quintiles() -> None:
        return None

    return replace(sources_of(services, QuintileCopy(no_quintiles)), documents=Documents(limits))


def objects(data: Any, *, leaves: set[str]) -> int:
    """How many objects there are in the data of an answer; what is under the keys `leaves` only looks like some."""
    if isinstance(data, list):
        return sum(isinstance(each, dict) + objects(each, leaves=leaves) for each in data)
    inner = [value for key, value in data.items() if key not in leaves] if isinstance(data, dict) else []
    return sum(isinstance(each, dict) + objects(each, leaves=leaves) for each in inner)


def json_keys(text: str) -> set[str]:
    """The response keys of JSON scalars."""
    types, found = TypeInfo(schema._schema), set[str]()

    class Look(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            declared = types.get_type()
            if declared is not None and get_named_type(declared).name == "JSON":
                found.add((node.alias or node.name).value)

    visit(parse(text), TypeInfoVisitor(types, Look()))
    return found


async def test_the_example_of_the_documentation_costs_what_it_says(api: Api) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "graphql.md").read_text(encoding="utf-8").partition("**Cost.**")[2]
    said = re.search(r"This one costs (\d+)", page)
    example = re.search(r"```graphql\n(.*?)```", page, re.DOTALL)
    assert said and example
    assert (await asked(api, example[1]))["extensions"]["cost"]["requested"] == int(said[1])


@pytest.mark.parametrize("mode", ["off", "measure"])
async def test_unless_it_is_only_measured_or_not_even_that(api: Api, mode: str) -> None:
    documents = Documents(replace(Limits(cost=1), cost_mode=mode))  # type: ignore[arg-type]
    nothing = test_operations.sources(None, ValueError())  # type: ignore[arg-type]
    given = await answer("{ channels { id } }", replace(nothing, documents=documents), WHOEVER)
    assert given.cost == (None if mode == "off" else 200)
    assert all(error["extensions"]["code"] != "COST_TOO_HIGH" for error in given.errors)

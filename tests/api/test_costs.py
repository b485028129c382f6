"""What operations cost, written out by hand, and that no answer holds more than its price."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, parse
from graphql.type import GraphQLList, GraphQLNonNull

from resolvers.costs import price_of
from resolvers.fields import ListSize, stated
from resolvers.schema import schema
from tests.api.conftest import Api

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
    ("query ($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 60.0}, 1 + 60),
    ("{ customers(first: null, last: 90) { nodes { id } } }", {}, 1 + 90),
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
    ('{ nodes(ids: ["a", "b"]) { id ... on Customer { value { revenue { amount } } } } }', {}, 2 * (1 + 2)),
]


@pytest.mark.parametrize(("text", "variables", "price"), PRICES)
def test_an_operation_has_its_price(text: str, variables: dict[str, Any], price: int) -> None:
    document = parse(text)
    operation = document.definitions[0]
    assert price_of(document, operation, schema._schema).of(variables) == price  # type: ignore[arg-type]


def test_a_bomb_of_fragments_is_priced_at_once() -> None:
    text = "{ customers { nodes { ...F0 } } } " + " ".join(
        f"fragment F{each} on Customer {{ account {{ ...F{each + 1} }} a: account {{ ...F{each + 1} }} }}" for each in range(60)
    )
    document = parse(text + " fragment F60 on Customer { id }")
    operation = document.definitions[0]
    assert price_of(document, operation, schema._schema).of({}) > 2**60  # type: ignore[arg-type]


def test_every_list_of_objects_says_how_long_it_may_be() -> None:
    for name, type_ in schema._schema.type_map.items():
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__"):
            for field_name, field in type_.fields.items():
                inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
                listed = isinstance(inner, GraphQLList) and not is_leaf_type(get_named_type(inner))
                paged = get_named_type(field.type).name.endswith("Connection")
                if (listed and field_name not in ("edges", "nodes")) or paged or (name == "Query" and field_name == "nodes"):
                    assert stated(field, ListSize) is not None, f"{name}.{field_name} has no @listSize"


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
    assert "10,095" in error["message"] and "customers" in error["message"]


async def test_the_example_of_the_documentation_costs_what_it_says(api: Api) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "graphql.md").read_text(encoding="utf-8").partition("**Cost.**")[2]
    said = re.search(r"This one costs (\d+)", page)
    example = re.search(r"```graphql\n(.*?)```", page, re.DOTALL)
    assert said and example
    assert (await asked(api, example[1]))["extensions"]["cost"]["requested"] == int(said[1])


@pytest.mark.parametrize("mode", ["off", "measure"])
async def test_unless_it_is_only_measured_or_not_even_that(api: Api, mode: str) -> None:
    from resolvers.documents import Documents
    from resolvers.guard import Limits
    from resolvers.operations import answer
    from tests.api.test_operations import sources

    documents = Documents(replace(Limits(cost=1), cost_mode=mode))  # type: ignore[arg-type]
    given = await answer("{ channels { id } }", replace(sources(None, ValueError()), documents=documents))  # type: ignore[arg-type]
    assert given.cost == (None if mode == "off" else 200)
    assert all(error["extensions"]["code"] != "COST_TOO_HIGH" for error in given.errors)

"""Answers that come again: the same as long as nothing has changed, and never any longer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.catalogue import FRESH_SECONDS
from graph.events.inputs import CartInput, IdentifyInput, ReviewInput, TouchpointInput
from resolvers.plans.again import MOST, Answers
from tests.api.conftest import Api, Tell, at, by_email, email

ANN = "ann@example.com"
EVE = "eve@example.com"
TIMES = 4
"""Asked so often the text is known, its plan compiled, the cache full, and the answer remembered."""


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each answer that is looked for, whether it was remembered."""
    found: list[bool] = []
    original = Answers.find

    def find(self: Answers) -> Any:
        kept = original(self)
        found.append(kept is not None)
        return kept

    monkeypatch.setattr(Answers, "find", find)
    return found


async def cache_of(api: Api, query: str, variables: dict[str, Any]) -> str | None:
    body = {"query": query, "variables": variables, "extensions": {"cache": True}}
    found: str | None = (await api.http.post("/graphql", json=body)).json().get("extensions", {}).get("cache")
    return found


async def asked(api: Api, query: str, **variables: Any) -> Any:
    """The data of a query, which is the same however often it is asked."""
    first = await api.data(query, **variables)
    # After a start the cache is passed by for a moment.
    while await cache_of(api, query, variables) == "bypassed":
        await asyncio.sleep(0.05)
    for _ in range(TIMES):
        assert await api.data(query, **variables) == first
    return first


def named(who: str, name: str) -> IdentifyInput:
    return IdentifyInput(id=who, source="crm", at=at(0), identifiers=(email(who),), traits={"name": name})


def visit(number: int) -> TouchpointInput:
    return TouchpointInput(id=str(number), source="s", at=at(number), customer=by_email(ANN), type="t", channel="web")


async def test_the_same_request_is_answered_as_before_until_something_is_written(api: Api, told: Tell, again: list[bool]) -> None:
    query = "query Q($by: CustomerKey!) { customer(by: $by) { name touchpoints(first: 3) { nodes { type } totalCount } } }"
    await told(named(ANN, "Ann"))
    empty = {"nodes": [], "totalCount": 0}
    assert await asked(api, query, by={"email": ANN}) == {"customer": {"name": "Ann", "touchpoints": empty}}
    assert again[-1]
    for number in range(1, 4):
        await told(visit(number))
        found = (await asked(api, query, by={"email": ANN}))["customer"]["touchpoints"]
        assert (len(found["nodes"]), found["totalCount"]) == (number, number)
        assert again[-1]


async def test_variables_that_are_equal_but_not_the_same_are_told_apart(api: Api, told: Tell) -> None:
    await told(*(visit(number) for number in range(4)))
    query = """query Q($first: Int, $much: Boolean = false) {
      customer(by: {email: "ann@example.com"}) { touchpoints(first: $first) { nodes { id at @include(if: $much) } } } }"""
    for first in (1, 2, 3):
        for much in (True, False):
            nodes = (await asked(api, query, first=first, much=much))["customer"]["touchpoints"]["nodes"]
            assert len(nodes) == first and all(("at" in node) is much for node in nodes)
    assert await api.codes(query, first=True) == ["BAD_USER_INPUT"]


async def test_what_the_catalogue_says_is_followed(api: Api, told: Tell, again: list[bool]) -> None:
    review = ReviewInput(id="1", source="s", at=at(0), customer=by_email(ANN), rating=5, sku="MUG")
    await told(review)
    query = '{ customer(by: {email: "ann@example.com"}) { reviews { nodes { product { reviewCount averageRating } } } } }'

    def product(answer: Any) -> Any:
        return answer["customer"]["reviews"]["nodes"][0]["product"]

    assert product(await asked(api, query)) == {"reviewCount": 1, "averageRating": 5.0}
    assert again[-1]
    await told(ReviewInput(id="2", source="s", at=at(1), customer=by_email(EVE), rating=1, sku="MUG"))
    # The profile is the same; the catalogue may be a second old.
    await asyncio.sleep(FRESH_SECONDS + 0.1)
    assert product(await asked(api, query)) == {"reviewCount": 2, "averageRating": 3.0}


async def test_what_was_made_of_other_customers_the_graph_or_the_time_is_not_remembered(
    api: Api, told: Tell, again: list[bool]
) -> None:
    await told(
        named(ANN, "Ann"),
        CartInput(id="cart", source="s", at=at(1), customer=by_email(ANN), cart="c", items=()),
        *(visit(number) for number in range(30)),
    )
    for selection in (
        "cart { abandonedAt }",
        "touchpoints(first: 25) { nodes { id } }",
        'touchpoints(types: ["t"], first: 2) { totalCount }',
        "value { rfm { score } }",
    ):
        assert (await asked(api, f'{{ customer(by: {{email: "{ANN}"}}) {{ {selection} }} }}'))["customer"] is not None
        assert not any(again), selection
    two = f'{{ a: customer(by: {{email: "{ANN}"}}) {{ name }} b: customer(by: {{email: "{EVE}"}}) {{ name }} }}'
    assert await asked(api, two) == {"a": {"name": "Ann"}, "b": None}
    assert not any(again)


async def test_a_document_has_so_many_answers_and_the_oldest_goes_first(api: Api, told: Tell, again: list[bool]) -> None:
    await told(named(ANN, "Ann"))

    def query(number: int) -> str:
        return f'{{ customer(by: {{email: "{ANN}"}}) {{ name{number}: name }} }}'

    for number in range(MOST + 1):
        await asked(api, query(number))
        assert again[-1]
    await api.data(query(1))
    assert again[-1]
    await api.data(query(0))
    assert not again[-1]

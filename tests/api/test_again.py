"""Answers that come again: the same as long as nothing has changed, and never any longer."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import ref

import orjson
import pytest

from app.catalogue import FRESH_SECONDS
from app.services import Services
from graph.customers import Profile
from graph.events.inputs import CartInput, IdentifyInput, ReviewInput, TouchpointInput
from resolvers.plans.again import Again
from resolvers.remembered import RememberedAnswer, RememberedAnswers
from tests.api.conftest import Api, Tell, at, by_email, email

ANN = "ann@example.com"
EVE = "eve@example.com"
TIMES = 4
"""Asked so often the text is known, its plan compiled, the cache full, and the answer remembered."""


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each answer that is looked for, whether it was remembered."""
    found: list[bool] = []
    original = Again.find

    def find(self: Again) -> Any:
        kept = original(self)
        found.append(kept is not None)
        return kept

    monkeypatch.setattr(Again, "find", find)
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


async def test_variables_that_nobody_declared_make_no_other_question(api: Api, told: Tell, again: list[bool]) -> None:
    await told(named(ANN, "Ann"))
    query = "query Q($by: CustomerKey!) { customer(by: $by) { name } }"
    await asked(api, query, by={"email": ANN})
    assert await api.data(query, by={"email": ANN}, junk="x" * 1_000) == {"customer": {"name": "Ann"}}
    assert again[-1]


async def test_what_the_catalogue_lacked_is_looked_for_again(api: Api, told: Tell, services: Services, again: list[bool]) -> None:
    await told(visit(1))
    web = (await api.data("{ channels { id } }"))["channels"][0]["id"]
    query = f'{{ customer(by: {{email: "{ANN}"}}) {{ timeline(first: 1) {{ nodes {{ channel {{ key }} }} }} }} }}'
    for key, found in (("away", None), ("web", {"key": "web"})):
        await services.store.apply(f"MATCH (c:Channel {{id: '{web}'}}) SET c.key = '{key}'")
        # What a process knows of it may be a second old.
        await asyncio.sleep(FRESH_SECONDS + 0.1)
        assert (await asked(api, query))["customer"]["timeline"]["nodes"] == [{"channel": found}]
        assert again[-1] is (found is not None)


def answer(document: Profile, *, size: int = 10) -> RememberedAnswer:
    return RememberedAnswer(orjson.Fragment(b"{}"), size, ref(document), ())


def test_so_many_bytes_of_answers_are_remembered_and_those_used_last() -> None:
    document, answers = Profile(id="cus_a", version=1), RememberedAnswers(room=30)
    for number in range(3):
        answers.keep((number, b""), answer(document))
    answers.keep((2, b""), answer(document, size=5))
    assert answers.find((0, b""), document)
    answers.keep((3, b""), answer(document))
    assert [answers.find((number, b""), document) is not None for number in range(4)] == [True, False, True, True]
    answers.keep((4, b""), answer(document, size=31))
    assert not any(answers.find((number, b""), document) for number in range(5))


def test_an_answer_is_good_for_the_document_it_was_made_of() -> None:
    document, answers = Profile(id="cus_a", version=1), RememberedAnswers()
    answers.keep((0, b""), answer(document))
    assert answers.find((0, b""), Profile(id="cus_a", version=1)) is None
    del document
    assert answers.find((0, b""), Profile(id="cus_a", version=1)) is None

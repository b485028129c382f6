"""Where an answer came from, for those who ask."""

from __future__ import annotations

from typing import Any

import pytest

from graph.events.inputs import IdentifyInput
from tests.api.conftest import Api, Tell, at, email
from tests.conftest import Stack

QUERY = '{ customer(by: {email: "eve@example.com"}) { name } }'


async def explained(api: Api, query: str = QUERY) -> tuple[Any, Any]:
    response = await api.http.post("/graphql", json={"query": query}, headers={"x-c360-explain": "cache"})
    body = response.json()
    return body["data"], body.get("extensions")


async def tell_name(told: Tell, name: str, minute: int) -> None:
    await told(IdentifyInput(id=name, source="s", at=at(minute), identifiers=(email("eve@example.com"),), traits={"name": name}))


@pytest.mark.usefixtures("cached")
async def test_miss_then_hit_then_miss_again_after_a_write(api: Api, told: Tell) -> None:
    await tell_name(told, "Eve", 0)
    assert await explained(api) == ({"customer": {"name": "Eve"}}, {"cache": "miss"})
    assert await explained(api) == ({"customer": {"name": "Eve"}}, {"cache": "hit"})
    await tell_name(told, "イブ", 1)
    assert await explained(api) == ({"customer": {"name": "イブ"}}, {"cache": "miss"})
    assert await explained(api) == ({"customer": {"name": "イブ"}}, {"cache": "hit"})


async def test_nobody_is_told_unasked(api: Api, told: Tell) -> None:
    await tell_name(told, "Eve", 0)
    assert "extensions" not in await api.ask(QUERY)
    assert await explained(api, "{ __typename }") == ({"__typename": "Query"}, None)


@pytest.mark.usefixtures("cached")
async def test_asked_for_in_the_body(api: Api, told: Tell) -> None:
    await tell_name(told, "Eve", 0)
    response = await api.http.post("/graphql", json={"query": QUERY, "extensions": {"cache": True}})
    assert response.json()["extensions"]["cache"] in ("hit", "miss")


async def test_without_redis_the_answers_are_the_same(api: Api, told: Tell, stack: Stack) -> None:
    await tell_name(told, "Eve", 0)
    await explained(api)
    await stack.stop_redis()
    try:
        for _ in range(3):
            assert await explained(api) == ({"customer": {"name": "Eve"}}, {"cache": "bypassed"})
    finally:
        await stack.start_redis()

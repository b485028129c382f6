"""What requests take of a quota, and what is given back: by GraphQL and by /v1, never more than was taken."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from typing import Any

import httpx2
import pytest

from app.access.quotas import Quotas
from app.settings import Settings
from graph import keys
from graph.store import Store
from resolvers.scopes import SCOPES
from tests.api.conftest import Tell, another
from tests.graph.histories import identify

BURST = 1_000


@dataclass(slots=True)
class Purse:
    """A service that gives next to nothing a second, and how much is left of what it gives at once."""

    http: httpx2.AsyncClient
    headers: dict[str, str]

    async def ask(self, query: str, **variables: Any) -> httpx2.Response:
        return await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=self.headers)

    async def spent(self, query: str, **variables: Any) -> range:
        """What a request may have taken for good: as many fewer cheap ones are answered, but for what came meanwhile."""
        begun = time.monotonic()
        assert (await self.ask(query, **variables)).status_code == 200
        least = BURST - await self.left()
        return range(least - 1, least + ceil(time.monotonic() - begun) + 2)

    async def left(self) -> int:
        """How many cheap requests are still answered."""
        answered = 0
        while (await self.ask("{ __typename }")).status_code == 200:
            answered += 1
        return answered


@pytest.fixture
async def purse(api_settings: Settings, store: Store, told: Tell) -> AsyncIterator[Purse]:
    await told(*(identify(who, minutes=1, name=who.title()) for who in ("ana", "ben", "cleo")))
    key = await keys.create(store, name="tests", scopes=SCOPES, source="shop", now=datetime.now(UTC))
    # Without Redis: what a request takes is to be seen at once. One a second, so that next to nothing comes meanwhile.
    settings = replace(api_settings, redis_url=None, limit_rate=1, limit_burst=BURST)
    async with another(settings) as address, httpx2.AsyncClient(base_url=address, timeout=60) as http:
        yield Purse(http, {"authorization": f"Bearer {key.text}"})


def visits(number: int) -> list[dict[str, Any]]:
    return [
        {
            "touchpoint": {
                "id": f"visit-{each}",
                "source": "shop",
                "at": "2026-01-02T03:04:05Z",
                "customer": {"identifier": {"type": "user_id", "value": "ana"}},
                "channel": "web",
                "type": "visit",
            }
        }
        for each in range(number)
    ]


@pytest.mark.parametrize(
    ("query", "price"),
    [
        # The page, its rows, and whom these lead to.
        ("{ customers(first: 100) { nodes { id } } }", 8),
        (" ".join(["{", *(f'c{n}: customer(by: {{email: "x{n}@example.com"}}) {{ id }}' for n in range(10)), "}"]), 11),
    ],
    ids=["a short page", "look-ups of nobody"],
)
async def test_what_an_answer_did_not_hold_is_given_back(purse: Purse, query: str, price: int) -> None:
    assert price in await purse.spent(query)


async def test_events_are_paid_for_one_by_one(purse: Purse) -> None:
    assert 501 in await purse.spent("mutation ($e: [EventInput!]!) { recordEvents(events: $e) { accepted } }", e=visits(500))


async def test_a_price_above_all_there_is_gives_nothing_back_that_was_not_taken(purse: Purse) -> None:
    dear = "{ customers(first: 100) { nodes { timeline(first: 50) { nodes { id } } } } }"
    assert (await purse.ask(dear)).status_code == 200
    for _ in range(3):
        await purse.ask(dear)
    assert await purse.left() <= BURST


async def test_what_is_refused_is_paid_for_too(purse: Purse) -> None:
    for _ in range(200):
        assert (await purse.ask("{ nothing }")).json()["errors"]
    assert await purse.left() <= BURST - 200 + 30


async def test_messages_are_paid_for_whatever_becomes_of_them(purse: Purse) -> None:
    broken = [{"type": "page", "messageId": str(each)} for each in range(400)]
    response = await purse.http.post("/v1/batch", json={"batch": broken}, headers=purse.headers)
    assert response.status_code == 200 and len(response.json()["rejected"]) == 400
    assert await purse.left() <= BURST - 400 + 30
    refused = await purse.http.post("/v1/batch", json={"batch": broken}, headers=purse.headers)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1


def test_no_portion_is_larger_than_all_there_is() -> None:
    quotas = Quotas(None, rate=1, burst=100)
    for _ in range(5):
        quotas.give_back("somebody", 90)
    assert quotas.at_hand("somebody", 100) and not quotas.at_hand("somebody", 1)

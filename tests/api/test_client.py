"""A client that we didn't write: it reads the schema, checks its queries against it, and knows the scalars only by name."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

from graph.events.inputs import IdentifyInput, PurchaseInput, PurchaseItemInput
from graph.money import Money
from tests.api.conftest import Api, Tell, at, by_email, email

PROFILE = """
    query Profile($by: CustomerKey!, $period: Period) {
      customer(by: $by) {
        name
        purchases(period: $period, first: 1) { totalCount nodes { at total { amount currency } } pageInfo { endCursor } }
        timeline(first: 1) { nodes { __typename ... on Purchase { number } } }
      }
    }
"""


def run(address: str, email: str) -> dict[str, Any]:
    transport = RequestsHTTPTransport(url=f"{address}/graphql", timeout=30)
    with Client(transport=transport, fetch_schema_from_transport=True) as session:
        key = {"by": {"email": email}, "period": {"from": "2024-01-01T09:00:00+09:00", "to": "2024-01-02T00:00:00Z"}}
        found: dict[str, Any] = session.execute(GraphQLRequest(PROFILE, variable_values=key))
        return found


async def test_a_client_of_others(api: Api, told: Tell, service: str) -> None:
    who = email("oki@example.com")
    item = PurchaseItemInput(sku="A", quantity=Decimal(1))
    await told(
        IdentifyInput(id="1", source="s", at=at(0), identifiers=(who,), traits={"name": "沖"}),
        PurchaseInput(
            id="2", source="s", at=at(5), customer=by_email(who.value), number="N1", items=(item,), total=Money(1250, "USD")
        ),
    )
    customer = (await asyncio.to_thread(run, service, who.value))["customer"]
    assert customer["name"] == "沖"
    assert customer["timeline"]["nodes"] == [{"__typename": "Purchase", "number": "N1"}]
    [purchase] = customer["purchases"]["nodes"]
    assert purchase == {"at": "2024-01-01T00:05:00Z", "total": {"amount": "12.50", "currency": "USD"}}
    assert customer["purchases"]["totalCount"] == 1


async def test_its_errors_are_errors_there(api: Api, told: Tell, service: str) -> None:
    with pytest.raises(TransportQueryError, match="INVALID_KEY"):
        await asyncio.to_thread(run, service, " ")

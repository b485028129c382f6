"""Messages to a customer."""

from __future__ import annotations

from graph.events.inputs import CommunicationInput
from tests.api.conftest import Api, Tell, at, by_email

WHO = by_email("sam@example.com")


async def test_the_communication_calendar(api: Api, told: Tell) -> None:
    await told(
        CommunicationInput(
            id="1",
            source="mail",
            at=at(0),
            customer=WHO,
            message="M1",
            channel="email",
            purpose="marketing",
            status="SENT",
            campaign="spring",
        ),
        CommunicationInput(
            id="2",
            source="mail",
            at=at(3),
            customer=WHO,
            message="M1",
            channel="email",
            purpose="marketing",
            status="CLICKED",
        ),
        CommunicationInput(
            id="3",
            source="mail",
            at=at(1),
            customer=WHO,
            message="M2",
            channel="sms",
            purpose="service",
            status="PLANNED",
            planned_at=at(60),
        ),
    )
    query = """query Q($p: Period) { customer(by: {email: "sam@example.com"}) { communications(period: $p) { totalCount nodes {
        at communicationStatus purpose plannedAt sentAt campaign { id key label } channel { key } } } } }"""
    found = (await api.data(query))["customer"]["communications"]
    assert found["totalCount"] == 2
    planned, clicked = found["nodes"]
    assert planned["communicationStatus"] == "PLANNED" and planned["at"] == planned["plannedAt"] == "2024-01-01T01:00:00Z"
    assert clicked["communicationStatus"] == "CLICKED" and clicked["sentAt"] == "2024-01-01T00:00:00Z"
    assert clicked["campaign"]["key"] == "spring" and planned["campaign"] is None
    within = {"from": "2024-01-01T00:00:00Z", "to": "2024-01-01T00:30:00Z"}
    assert (await api.data(query, p=within))["customer"]["communications"]["nodes"] == [clicked]
    campaign = clicked["campaign"]["id"]
    assert (await api.data("query Q($id: ID!) { node(id: $id) { ... on Campaign { key } } }", id=campaign))["node"] == {
        "key": "spring"
    }

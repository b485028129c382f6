"""Many identifiers, one customer: every id ever given still answers."""

from __future__ import annotations

from graph.events.inputs import CustomerKey, IdentifierKey, IdentifyInput, TouchpointInput
from tests.api.conftest import Api, Tell, at, by_email, email

QUERY = "query Q($by: CustomerKey!) { customer(by: $by) { id touchpoints { totalCount nodes { type customer { id } } } } }"


async def test_ids_of_customers_that_became_one(api: Api, told: Tell) -> None:
    device = IdentifierKey("anonymous_id", "cookie-1")
    await told(
        TouchpointInput(id="1", source="web", at=at(0), customer=CustomerKey(identifier=device), channel="web", type="anonymous"),
        TouchpointInput(id="2", source="app", at=at(1), customer=by_email("noa@example.com"), channel="app", type="known"),
    )
    anonymous = (await api.data(QUERY, by={"identifier": {"type": "anonymous_id", "value": "cookie-1"}}))["customer"]
    known = (await api.data(QUERY, by={"email": "noa@example.com"}))["customer"]
    assert anonymous["id"] != known["id"]
    await told(IdentifyInput(id="3", source="web", at=at(2), identifiers=(email("noa@example.com"), device)))
    answers = [(await api.data(QUERY, by={"id": each["id"]}))["customer"] for each in (anonymous, known)]
    assert answers[0] == answers[1]
    assert answers[0]["id"] in (anonymous["id"], known["id"])
    assert [node["type"] for node in answers[0]["touchpoints"]["nodes"]] == ["known", "anonymous"]
    assert {node["customer"]["id"] for node in answers[0]["touchpoints"]["nodes"]} == {answers[0]["id"]}

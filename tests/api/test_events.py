"""Events in by GraphQL: every kind, what is refused and why, and requests that are made twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.store import Store
from tests.api.conftest import Api

pytestmark = pytest.mark.usefixtures("graph")

RECORD = """
mutation ($events: [EventInput!]!, $key: String) {
  recordEvents(events: $events, idempotencyKey: $key) {
    accepted duplicates rejected { index code message } userErrors { code message path }
  }
}
"""
UPSERT = """
mutation ($input: UpsertCustomerInput!, $key: String) {
  upsertCustomer(input: $input, idempotencyKey: $key) {
    customer { id name givenName email birthDate country traits addresses { kind city postalCode } }
    userErrors { code message path }
  }
}
"""
WHO = {"identifier": {"type": "user_id", "value": "ana"}}
ANA = {"type": "email", "value": "ana@example.com"}
ITEM = {"sku": "lamp", "title": "Lamp", "quantity": "1", "unitPrice": {"amount": "20.00", "currency": "USD"}}


def event(kind: str, id: str, **fields: Any) -> dict[str, Any]:
    return {kind: {"id": id, "source": "shop", "at": "2024-01-02T03:04:05Z", **fields}}


EVERY_KIND = [
    event("identify", "1", identifiers=[{"type": "user_id", "value": "ana"}, {"type": "email", "value": "ana@example.com"}],
          traits={"name": "Ana Ruiz", "plan": "gold"}, account={"type": "company", "value": "acme"}),
    event("touchpoint", "2", customer=WHO, channel="web", type="page_view", session="s1", durationSeconds=12,
          url="https://shop.example/lamp", sku="lamp", properties={"scroll": 0.5}, campaign="spring"),
    event("cart", "3", customer=WHO, cart="c1", items=[ITEM], channel="web", checkoutStep="address"),
    event("purchase", "4", customer=WHO, number="p1", items=[ITEM], channel="web", cart="c1", coupon="TEN",
          total={"amount": "18.00", "currency": "USD"}),
    event("purchaseStatus", "5", purchase="p1", status="SHIPPED"),
    event("refund", "6", purchase="p1", amount={"amount": "3.00", "currency": "USD"}, reason="scratched"),
    event("review", "7", customer=WHO, rating=4, sku="lamp", text="Bright."),
    event("surveyResponse", "8", customer=WHO, survey="spring", surveyKind="NPS", score=9),
    event("case", "9", customer=WHO, case="k1", subject="Where is it?", complaint=True, openedAt="2024-01-03T00:00:00Z"),
    event("communication", "10", customer=WHO, message="m1", channel="email", purpose="marketing", status="OPENED"),
    event("consent", "11", customer=WHO, purpose="marketing", status="GRANTED", channel="email"),
    event("invite", "12", advocate=WHO, friend={"type": "email", "value": "bo@example.com"}, channel="email", code="ANA1"),
    event("accept", "13", code="ANA1", friend={"email": "bo@example.com"}),
]  # fmt: skip


async def record(api: Api, events: list[dict[str, Any]], key: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(RECORD, events=events, key=key))["recordEvents"]
    return found


async def test_every_kind_of_event_is_kept_and_read_again(api: Api) -> None:
    assert await record(api, EVERY_KIND) == {"accepted": 13, "duplicates": 0, "rejected": [], "userErrors": []}
    found = await api.data(
        """{ customer(by: {email: "ana@example.com"}) {
          name traits
          touchpoints(first: 5) { nodes { type session durationSeconds url campaign { key } properties } }
          purchases(first: 5) { nodes { number purchaseStatus total { amount } refunded { amount } } }
          reviews(first: 5) { nodes { rating } } surveyResponses(first: 5) { nodes { score } }
          cases(first: 5) { nodes { complaint } } cart { id } carts(first: 5) { nodes { checkoutStep } }
          referral { referred(first: 5) { nodes { friend { email } referralStatus } } }
        } }"""
    )
    ana = found["customer"]
    assert (ana["name"], ana["traits"]["plan"]) == ("Ana Ruiz", "gold")
    assert ana["touchpoints"]["nodes"][0]["durationSeconds"] == 12
    assert ana["purchases"]["nodes"][0]["refunded"] == {"amount": "3.00"}
    assert ana["referral"]["referred"]["nodes"][0]["referralStatus"] == "ACCEPTED"
    assert ana["cart"] is None
    assert await record(api, EVERY_KIND) == {"accepted": 0, "duplicates": 13, "rejected": [], "userErrors": []}


async def test_what_is_refused_says_where_and_why_and_harms_no_neighbour(api: Api) -> None:
    given = [
        event("touchpoint", "1", customer=WHO, channel="web", type="x", at="2999-01-01T00:00:00Z"),
        event("touchpoint", "2", customer=WHO, channel="web", type="x"),
        event("purchase", "3", customer=WHO, number="p", items=[ITEM | {"quantity": "-1"}]),
        event("refund", "4", purchase="p", amount={"amount": "1.005", "currency": "USD"}),
        event("review", "5", customer={"id": "cus_" + "0" * 32}, rating=5),
        event("review", "6", customer=WHO, rating=6),
        event("touchpoint", "7", customer=WHO, channel="x" * 10_000, type="x"),
        event("touchpoint", "8", customer=WHO, channel="a\x00b", type="x"),
        event("touchpoint", "9", customer=WHO, channel="web", type="x", properties=["no object"]),
        event("touchpoint", "2", customer=WHO, channel="web", type="another"),
        event("touchpoint", "10", customer=WHO, channel="web", type="x", properties=nested(40)),
        event("purchase", "11", customer=WHO, number="p", items=[ITEM | {"total": {"amount": "9" * 20, "currency": "USD"}}]),
        event("touchpoint", "12", customer=WHO, channel="web", type="x", durationSeconds=-1),
        event("purchase", "13", customer=WHO, number="p", items=[ITEM | {"category": ["shoes" * 20] * 30}]),
        event("touchpoint", "14", customer={"email": "none"}, channel="web", type="x"),
        event("touchpoint", "15", customer={"phone": "unknown"}, channel="web", type="x"),
        event("touchpoint", "16", customer=WHO, channel="web", type="x", properties={"size": {"of": "x" * 10_001}}),
    ]
    found = await record(api, given)
    assert (found["accepted"], found["duplicates"], found["userErrors"]) == (1, 0, [])
    assert [(each["index"], each["code"]) for each in found["rejected"]] == [
        (0, "INVALID"), (2, "INVALID"), (3, "INVALID"), (4, "NOT_FOUND"), (5, "INVALID"), (6, "TOO_LARGE"), (7, "INVALID"),
        (8, "INVALID"), (9, "CONFLICT"), (10, "TOO_LARGE"), (11, "INVALID"), (12, "INVALID"), (13, "TOO_LARGE"),
        (14, "INVALID"), (15, "INVALID"), (16, "TOO_LARGE"),
    ]  # fmt: skip
    assert [each["message"].partition(":")[0] for each in found["rejected"]][:4] == [
        "at",
        "items.0.quantity",
        "amount",
        "customer.id",
    ]
    assert [each["message"].partition(":")[0] for each in found["rejected"]][-5:] == [
        "durationSeconds",
        "items.0.category",
        "customer.email",
        "customer.phone",
        "properties.size",
    ]


def nested(depth: int) -> dict[str, Any]:
    return {"in": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([{}], "BAD_USER_INPUT"),
        ([EVERY_KIND[0] | EVERY_KIND[1]], "BAD_USER_INPUT"),
        ([event("touchpoint", "1", customer=WHO, channel="web")], "BAD_USER_INPUT"),
        ([event("purchaseStatus", "1", purchase="p", status="EATEN")], "BAD_USER_INPUT"),
        ([event("refund", "1", purchase="p", amount={"amount": "1", "currency": "XYZ"})], "INVALID_CURRENCY_CODE"),
        ([event("touchpoint", "1", customer=WHO, channel="web", type="x", at="2024-01-01T00:00:00")], "INVALID_DATETIME"),
        ([event("touchpoint", "1", customer=WHO, channel="web", type="x", durationSeconds=2**40)], "BAD_USER_INPUT"),
        ("none", "BAD_USER_INPUT"),
        (None, "BAD_USER_INPUT"),
    ],
)
async def test_what_does_not_fit_the_types_refuses_the_call(api: Api, graph: Store, events: Any, code: str) -> None:
    good = event("touchpoint", "good", customer=WHO, channel="web", type="x")
    body = await api.ask(RECORD, events=[good, *events] if isinstance(events, list) else events)
    assert body["errors"][0]["extensions"]["code"] == code
    if isinstance(events, list):
        assert "events" in body["errors"][0]["message"]
        found = await record(api, [good])
        assert found["accepted"] == 1, "nothing was written before"


async def test_none_and_too_many(api: Api) -> None:
    assert (await record(api, []))["accepted"] == 0
    found = await record(api, [event("touchpoint", str(number), customer=WHO, channel="w", type="x") for number in range(1_001)])
    assert found["userErrors"] == [
        {"code": "TOO_LARGE", "message": "events: holds 1,001 events; send at most 1,000 in one call", "path": ["events"]}
    ]
    assert found["accepted"] == 0


async def test_a_key_gives_the_first_answer_and_another_body_is_a_conflict(api: Api) -> None:
    given = [EVERY_KIND[1], event("review", "bad", customer=WHO, rating=9)]
    first = await record(api, given, "k")
    assert (first["accepted"], len(first["rejected"])) == (1, 1)
    assert await record(api, given, "k") == first
    again = await record(api, given)
    assert (again["accepted"], again["duplicates"]) == (0, 1)
    other = await record(api, given[:1], "k")
    assert [(each["code"], each["path"]) for each in other["userErrors"]] == [("CONFLICT", ["idempotencyKey"])]
    for key in ("", " ", "x" * 256):
        assert [each["code"] for each in (await record(api, given, key))["userErrors"]] == ["INVALID"]


async def test_the_same_request_many_times_at_once_has_one_answer(api: Api) -> None:
    found = await asyncio.gather(*(record(api, EVERY_KIND, "once") for _ in range(10)))
    assert all(each == found[0] for each in found)
    assert found[0]["accepted"] == 13


async def test_a_customer_is_created_changed_and_read_in_the_same_answer(api: Api) -> None:
    given = {
        "identifiers": [{"type": "user_id", "value": "ken"}, {"type": "email", "value": "Ken@Example.com"}],
        "source": "crm", "name": "森 健", "givenName": "健", "birthDate": "1990-02-03", "country": "JP",
        "addresses": [{"kind": "home", "city": "大阪", "postalCode": "530-0001"}], "traits": {"plan": "gold"},
    }  # fmt: skip
    made = (await api.data(UPSERT, input=given))["upsertCustomer"]
    assert made["userErrors"] == []
    assert made["customer"]["name"] == "森 健"
    assert made["customer"]["addresses"] == [{"kind": "home", "city": "大阪", "postalCode": "530-0001"}]
    changed = {"identifiers": given["identifiers"][:1], "source": "crm", "country": None, "givenName": ""}  # type: ignore[index]
    found = (await api.data(UPSERT, input=changed))["upsertCustomer"]["customer"]
    assert (found["id"], found["country"], found["givenName"], found["name"]) == (made["customer"]["id"], None, "", "森 健")
    assert found["birthDate"] == "1990-02-03"


async def test_two_writes_of_one_document_each_see_their_own(api: Api) -> None:
    text = """mutation ($a: UpsertCustomerInput!, $b: UpsertCustomerInput!) {
      a: upsertCustomer(input: $a) { customer { name } } b: upsertCustomer(input: $b) { customer { name } } }"""
    who = {"identifiers": [{"type": "user_id", "value": "ken"}], "source": "crm"}
    found = await api.data(text, a=who | {"name": "One"}, b=who | {"name": "Two"})
    assert found == {"a": {"customer": {"name": "One"}}, "b": {"customer": {"name": "Two"}}}


async def test_an_upsert_that_is_refused(api: Api) -> None:
    found = (await api.data(UPSERT, input={"identifiers": [], "source": "crm"}))["upsertCustomer"]
    assert found["customer"] is None
    assert [(each["code"], each["path"]) for each in found["userErrors"]] == [("INVALID", ["input", "identifiers"])]
    many = [{"type": "t", "value": str(number)} for number in range(21)]
    found = (await api.data(UPSERT, input={"identifiers": many, "source": "crm"}))["upsertCustomer"]
    assert [(each["code"], each["path"]) for each in found["userErrors"]] == [("TOO_LARGE", ["input", "identifiers"])]
    found = (await api.data(UPSERT, input={"identifiers": many[:1], "source": "crm", "traits": 3}))["upsertCustomer"]
    assert [(each["code"], each["path"]) for each in found["userErrors"]] == [("INVALID", ["input", "traits"])]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"name": "x" * 10_001}, "TOO_LARGE", ["name"]),
        ({"traits": {"plan": "x" * 10_001}}, "TOO_LARGE", ["traits", "plan"]),
        ({"email": "not a mail"}, "INVALID", ["email"]),
        ({"locale": "!!!"}, "INVALID", ["locale"]),
        ({"timeZone": "Mars/One"}, "INVALID", ["timeZone"]),
        ({"country": "nowhere"}, "INVALID", ["country"]),
        ({"birthDate": "9999-01-01"}, "INVALID", ["birthDate"]),
        ({"addresses": [{"kind": "home", "country": "nowhere"}]}, "INVALID", ["addresses", "0", "country"]),
    ],
)
async def test_a_field_that_is_none_of_its_kind_is_refused_under_its_name(
    api: Api, given: dict[str, Any], code: str, path: list[str]
) -> None:
    found = (await api.data(UPSERT, input={"identifiers": [{"type": "t", "value": "1"}], "source": "crm"} | given))[
        "upsertCustomer"
    ]
    assert [(each["code"], each["path"]) for each in found["userErrors"]] == [(code, ["input", *path])]


async def test_an_empty_text_is_one_and_hides_the_identifier(api: Api) -> None:
    given = {
        "identifiers": [{"type": "email", "value": "ana@example.com"}],
        "source": "crm",
        "name": "",
        "givenName": "Ana",
        "email": "",
    }
    found = (await api.data(UPSERT, input=given))["upsertCustomer"]
    assert (found["userErrors"], found["customer"]["name"]) == ([], "")
    asked = await api.data('{ customer(by: {email: "ana@example.com"}) { name givenName email phone } }')
    assert asked["customer"] == {"name": "", "givenName": "Ana", "email": "", "phone": None}


async def test_what_a_field_has_no_room_for_hides_nothing(api: Api) -> None:
    stated = [
        event(
            "identify",
            "1",
            at="2026-01-01T00:00:00Z",
            identifiers=[ANA],
            traits={"phone": "+81312345678", "birthDate": "1990-02-28"},
        ),
        event("identify", "2", at="2026-01-02T00:00:00Z", identifiers=[ANA], traits={"phone": 819, "birthDate": "1990-02-30"}),
    ]
    assert (await record(api, stated))["accepted"] == 2
    found = await api.data('{ customer(by: {email: "ana@example.com"}) { phone birthDate traits } }')
    assert found["customer"] == {
        "phone": "+81312345678",
        "birthDate": "1990-02-28",
        "traits": {"phone": 819, "birthDate": "1990-02-30"},
    }


async def test_an_upsert_that_is_made_twice(api: Api) -> None:
    given = {"identifiers": [{"type": "user_id", "value": "ken"}], "source": "crm", "name": "Ken"}
    first = await api.data(UPSERT, input=given, key="k")
    assert await api.data(UPSERT, input=given, key="k") == first
    other = await api.data(UPSERT, input=given | {"name": "Kenji"}, key="k")
    assert [each["code"] for each in other["upsertCustomer"]["userErrors"]] == ["CONFLICT"]


async def test_mutations_come_by_post_only(api: Api) -> None:
    response = await api.http.get("/graphql", params={"query": "mutation { recordEvents(events: []) { accepted } }"})
    assert response.status_code == 405

"""Events in over HTTP in Segment's form: what messages become, who may send, and what is answered."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import time
from typing import Any

import pytest

from app.segment.again import still_refused
from app.segment.bodies import LONGEST_BODY
from app.segment.refusals import Refusal
from app.segment.texts import Unreadable, parcel_of, read
from app.services import Services
from graph import deadletters
from graph.errors import InvalidEvent, Outgrown
from tests.api.conftest import Api
from tests.write_key import WRITE_KEY

pytestmark = pytest.mark.usefixtures("graph")

AUTH = (WRITE_KEY, "")
LAMP = {"product_id": "lamp", "name": "Lamp", "price": 20, "quantity": 2, "category": "Home/Light"}


def track(id: str, name: str, /, at: str = "2024-01-02T03:04:05.678Z", **properties: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": id, "userId": "ana", "event": name, "timestamp": at, "properties": properties}


async def batch(api: Api, *messages: Any) -> dict[str, Any]:
    response = await api.http.post("/v1/batch", json={"batch": list(messages)}, auth=AUTH)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def customer(api: Api, selection: str, by: str = '{identifier: {type: "user_id", value: "ana"}}') -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(f"{{ customer(by: {by}) {{ {selection} }} }}"))["customer"]
    return found


async def test_a_visit_from_the_first_page_to_the_review(api: Api) -> None:
    who = {"userId": "ana", "anonymousId": "a-1"}
    visit = {"sessionId": "s1", "page": {"url": "https://shop.example/lamp"}, "campaign": {"name": "spring"}}
    found = await batch(
        api,
        {"type": "page", "messageId": "1", "anonymousId": "a-1", "timestamp": "2024-01-02T03:00:00Z", "name": "Lamps",
         "properties": {"duration_seconds": 40, "url": "https://shop.example/lamps"}, "context": visit},
        {"type": "identify", "messageId": "2", **who, "timestamp": "2024-01-02T03:01:00Z",
         "traits": {"email": "Ana@Example.com", "firstName": "Ana", "lastName": "Ruiz", "birthday": "1990-02-03T00:00:00Z",
                    "address": {"street": "Calle 1", "city": "Lima", "postalCode": "15001", "country": "PE"}, "plan": "gold"}},
        track("3", "Product Viewed", "2024-01-02T03:02:00Z", **LAMP),
        track("4", "Product Added", "2024-01-02T03:03:00Z", cart_id="c1", **LAMP),
        track("5", "Product Added", "2024-01-02T03:04:00Z", cart_id="c1", product_id="bulb", price=1.5, quantity=4),
        track("6", "Product Removed", "2024-01-02T03:05:00Z", cart_id="c1", product_id="bulb", quantity=1),
        track("7", "Checkout Started", "2024-01-02T03:06:00Z", cart_id="c1"),
        track("8", "Checkout Step Completed", "2024-01-02T03:07:00Z", cart_id="c1", step=2),
    )  # fmt: skip
    assert found == {"success": True, "accepted": 8, "duplicates": 0, "rejected": []}
    ana = await customer(
        api,
        """name email birthDate traits addresses { line1 city } identifiers(first: 5) { nodes { type value } }
        touchpoints(first: 5) { nodes { type session durationSeconds url campaign { key } channel { key } product { sku } } }
        cart { checkoutStep cartTotal { amount currency } items { quantity product { sku title } } }""",
    )
    assert (ana["name"], ana["email"], ana["birthDate"]) == ("Ana Ruiz", "Ana@Example.com", "1990-02-03")
    assert ana["addresses"] == [{"line1": "Calle 1", "city": "Lima"}]
    assert {each["type"] for each in ana["identifiers"]["nodes"]} == {"user_id", "anonymous_id", "email"}
    viewed, page = ana["touchpoints"]["nodes"]
    assert (viewed["type"], viewed["product"]) == ("Product Viewed", {"sku": "lamp"})
    assert page == {
        "type": "page_view", "session": "s1", "durationSeconds": 40, "url": "https://shop.example/lamps",
        "campaign": {"key": "spring"}, "channel": {"key": "web"}, "product": None,
    }  # fmt: skip
    assert ana["cart"] == {
        "checkoutStep": "2",
        "cartTotal": {"amount": "44.50", "currency": "USD"},
        "items": [
            {"quantity": "2", "product": {"sku": "lamp", "title": "Lamp"}},
            {"quantity": "3", "product": {"sku": "bulb", "title": None}},
        ],
    }
    found = await batch(
        api,
        track("9", "Order Completed", "2024-01-02T03:08:00Z", order_id="o1", cart_id="c1", total=44.5, currency="usd",
              coupon="TEN", products=[LAMP, {"sku": "bulb", "price": 1.5, "quantity": 3}]),
        track("10", "Order Refunded", "2024-01-03T03:08:00Z", order_id="o1", total=4.5),
        track("11", "Order Completed", "2024-01-04T00:00:00Z", order_id="o2", total=5),
        track("12", "Order Cancelled", "2024-01-04T01:00:00Z", order_id="o2"),
        track("13", "Product Reviewed", "2024-01-05T00:00:00Z", product_id="lamp", rating=5, review_body="Bright."),
        track("14", "Email Opened", "2024-01-05T00:00:00Z", email_id="m1", campaign_name="spring"),
        track("15", "Email Link Clicked", "2024-01-05T00:01:00Z", email_id="m1"),
        track("16", "Survey Answered", "2024-01-05T00:02:00Z", survey="nps-24", kind="nps", score=9),
        track("17", "Case Opened", "2024-01-05T00:03:00Z", case_id="k1", subject="Broken", complaint=True),
        track("18", "Case Closed", "2024-01-06T00:03:00Z", case_id="k1", resolution="replaced"),
        track("19", "Invite Sent", "2024-01-06T00:04:00Z", invitee_email="bo@example.com", code="ANA"),
        {**track("20", "Referral Accepted", "2024-01-07T00:04:00Z", code="ANA"), "userId": "bo"},
        track("21", "Coupon Applied", "2024-01-02T03:07:30Z", coupon_id="TEN"),
        track("22", "Referral Shared", "2024-01-08T00:04:00Z", code="ANA2", share_via="chat"),
    )  # fmt: skip
    assert found == {"success": True, "accepted": 15, "duplicates": 0, "rejected": []}
    ana = await customer(
        api,
        """cart { id } purchases(first: 5) { nodes { number purchaseStatus total { amount } refunded { amount } coupon } }
        reviews(first: 5) { nodes { rating text } } surveyResponses(first: 5) { nodes { surveyKind score } }
        cases(first: 5) { nodes { subject complaint closedAt resolution } } touchpoints(first: 9) { nodes { type } }
        referral { referred(first: 5) { nodes { referralStatus friend { identifiers(first: 2) { nodes { value } } } } } }""",
    )
    assert ana["cart"] is None
    o2, o1 = ana["purchases"]["nodes"]
    assert (o2["purchaseStatus"], o1["refunded"], o1["coupon"]) == ("CANCELLED", {"amount": "4.50"}, "TEN")
    assert ana["cases"]["nodes"] == [
        {"subject": "Broken", "complaint": True, "closedAt": "2024-01-06T00:03:00Z", "resolution": "replaced"}
    ]
    assert ana["surveyResponses"]["nodes"] == [{"surveyKind": "NPS", "score": 9}]
    assert {"type": "Coupon Applied"} in ana["touchpoints"]["nodes"]
    assert [each["referralStatus"] for each in ana["referral"]["referred"]["nodes"]] == ["INVITED", "ACCEPTED"]


async def test_traits_of_null_are_removed_and_empty_ones_are_not(api: Api) -> None:
    for id, traits in (("1", {"plan": "gold", "city": "Lima", "name": "Ana"}), ("2", {"plan": None, "city": ""})):
        message = {"messageId": id, "userId": "ana", "timestamp": f"2024-01-0{id}T00:00:00Z", "traits": traits}
        response = await api.http.post("/v1/identify", json=message, auth=AUTH)
        assert response.json() == {"success": True, "accepted": 1, "duplicates": 0, "rejected": []}
    assert await customer(api, "name traits") == {"name": "Ana", "traits": {"city": ""}}


async def test_what_is_no_address_is_a_trait_and_names_nobody(api: Api) -> None:
    for who in ("ana", "ben"):
        message = {"messageId": who, "userId": who, "traits": {"email": "none", "phone": "-", "name": who}}
        response = await api.http.post("/v1/identify", json=message, auth=AUTH)
        assert response.json()["accepted"] == 1
    ana = await customer(api, "name email traits identifiers(first: 5) { nodes { type } }")
    traits = {"email": "none", "phone": "-"}
    assert ana == {"name": "ana", "email": None, "traits": traits, "identifiers": {"nodes": [{"type": "user_id"}]}}


async def test_groups_and_aliases(api: Api) -> None:
    found = await batch(
        api,
        {"type": "group", "messageId": "1", "userId": "ana", "groupId": "acme", "timestamp": "2024-01-01T00:00:00Z",
         "traits": {"name": "Acme"}},
        {"type": "track", "messageId": "2", "anonymousId": "a-1", "event": "x", "timestamp": "2024-01-01T00:00:00Z"},
        {"type": "alias", "messageId": "3", "userId": "ana", "previousId": "a-1", "timestamp": "2024-01-02T00:00:00Z"},
    )  # fmt: skip
    assert (found["accepted"], found["rejected"]) == (4, [])
    assert (await customer(api, "name", '{identifier: {type: "group_id", value: "acme"}}'))["name"] == "Acme"
    ana = await customer(api, "identifiers(first: 5) { nodes { value } } touchpoints(first: 2) { nodes { type } }")
    assert {each["value"] for each in ana["identifiers"]["nodes"]} == {"ana", "a-1"}
    assert len(ana["touchpoints"]["nodes"]) == 1


async def test_a_batch_sent_again_changes_nothing(api: Api) -> None:
    untimed = {"type": "track", "userId": "ana", "event": "untimed", "messageId": "u"}
    nameless = {"type": "track", "userId": "ana", "event": "nameless", "timestamp": "2024-01-01T00:00:00Z"}
    given = [track("1", "x"), untimed, nameless]
    assert (await batch(api, *given))["accepted"] == 3
    await asyncio.sleep(0.01)
    again = await batch(api, *[{**each, "sentAt": "2024-02-01T00:00:00Z"} for each in given])
    assert again == {"success": True, "accepted": 0, "duplicates": 3, "rejected": []}


async def test_what_is_wrong_with_one_message_refuses_that_message(api: Api) -> None:
    found = await batch(
        api,
        track("1", "fine"),
        3,
        {"type": "dance", "messageId": "2"},
        {"type": "track", "messageId": "3", "event": "nobody"},
        track("4", "Order Completed"),
        track("5", "Order Completed", order_id="o", total="much"),
        track("6", "Order Completed", order_id="o", total=1, currency="XXQ"),
        track("7", "late", "2999-01-01T00:00:00Z"),
        track("8", "when", "yesterday"),
        track("9", "Product Reviewed", product_id="lamp", rating=11),
        track("10", "long", text="x" * 40_000),
        track("1", "another body"),
        {**track("11", "odd"), "properties": [1]},
        track("12", "Product Added", quantity=1),
        track("13", "fine too"),
        {"type": "track", "messageId": "14", "event": {"no": "text"}, "userId": "ana"},
    )
    assert found["accepted"] == 2
    assert [(each["index"], each["code"]) for each in found["rejected"]] == [
        (1, "INVALID"), (2, "INVALID"), (3, "INVALID"), (4, "INVALID"), (5, "INVALID"), (6, "INVALID"), (7, "INVALID"),
        (8, "INVALID"), (9, "INVALID"), (10, "TOO_LARGE"), (11, "CONFLICT"), (12, "INVALID"), (13, "INVALID"), (15, "INVALID"),
    ]  # fmt: skip
    assert found["rejected"][3]["message"] == "properties.order_id: is missing"
    response = await api.http.post("/v1/track", json={"event": "x", "userId": ""}, auth=AUTH)
    assert response.status_code == 400
    assert response.json()["message"].startswith("userId: is missing")


@pytest.mark.parametrize("auth", [None, ("wrong key, wrong key", ""), ("", WRITE_KEY), (WRITE_KEY[:-1], ""), ("é" * 20, "")])
async def test_only_who_has_a_write_key_may_send(api: Api, auth: Any) -> None:
    response = await api.http.post("/v1/batch", json={"batch": [track("1", "x")]}, auth=auth)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic")
    assert response.json()["code"] == "FORBIDDEN"
    assert (await api.data('{ customer(by: {identifier: {type: "user_id", value: "ana"}}) { id } }'))["customer"] is None


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /////w==", "Bearer x", "Basic " + "A" * 10_000])
async def test_authorizations_that_are_none(api: Api, header: str) -> None:
    response = await api.http.post("/v1/batch", json={"batch": []}, headers={"authorization": header})
    assert response.status_code == 401


async def test_bodies_in_all_shapes(api: Api) -> None:
    async def post(body: bytes, **headers: str) -> tuple[int, str]:
        response = await api.http.post("/v1/batch", content=body, headers=headers, auth=AUTH)
        return response.status_code, response.json().get("code", "")

    good = json.dumps({"batch": [track("1", "x")]}).encode()
    packed = {"content-encoding": "gzip"}
    assert await post(gzip.compress(good), **packed) == (200, "")
    assert await post(good, **packed) == (400, "INVALID")
    assert await post(gzip.compress(good)[:-10], **packed) == (400, "INVALID")
    assert await post(gzip.compress(b"[" * 50_000_000), **packed) == (413, "TOO_LARGE")
    assert await post(good, **{"content-encoding": "br"}) == (415, "INVALID")
    assert await post(b" " * 500_001) == (413, "TOO_LARGE")
    many = json.dumps({"batch": [0] * 2_501}).encode()
    assert await post(many) == (413, "TOO_LARGE")
    for body in (b"", b"{", b"[]", b"null", b"123", b'{"batch": {}}', b'{"batch": null}', b"\xff\xfe", b"[" * 10_000):
        assert await post(body) == (400, "INVALID")
    assert await post(b'{"batch": []}') == (200, "")
    assert await post(json.dumps({"batch": [0] * 2_500}).encode()) == (200, "")
    response = await api.http.get("/v1/batch", auth=AUTH)
    assert response.status_code == 405


async def test_what_could_not_be_kept_is_a_dead_letter_that_can_be_tried_again(api: Api, services: Services) -> None:
    wrong = track("1", "Order Completed", order_id="o1", total=5, currency="XXQ")
    early = {**track("2", "Product Reviewed", product_id="lamp", rating=5), "userId": None}
    await batch(api, wrong, early, track("3", "fine"), "nonsense")
    await batch(api, wrong)
    letters = await deadletters.page(services.store)
    assert sorted((each.source, each.call, each.code, each.times) for each in letters) == [
        ("shop", "batch", "INVALID", 1), ("shop", "batch", "INVALID", 1), ("shop", "batch", "INVALID", 2),
    ]  # fmt: skip
    assert wrong in [json.loads(each.body) for each in letters]
    refused = [await still_refused(services, each) for each in letters]
    assert all(refused), "nothing was mended"


async def test_a_dead_letter_that_can_be_kept_now_is_kept(api: Api, services: Services) -> None:
    good = track("1", "fine")
    letter = deadletters.Undelivered(
        source="shop", name="1", call="batch", code="INVALID", message="a rule of before", body=json.dumps(good)
    )
    await services.bury([letter])
    (kept,) = await deadletters.page(services.store)
    assert await still_refused(services, kept) is None
    assert (await customer(api, "touchpoints(first: 2) { nodes { type } }"))["touchpoints"]["nodes"] == [{"type": "fine"}]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


HOSTILE = [
    '{"duration": 1e400}', '{"duration": -1e400}', '{"duration": NaN}',
    '{"duration": 99999999999999999999999999999999999999999999999999}', '{"a": "half \\ud83d"}', '{"a\\ud83d": 1}',
    json.dumps(nested(260)), json.dumps(nested(900)), json.dumps({"a": "x" * 33_000}),
    json.dumps({"a": "\x00"}),
]  # fmt: skip
"""Properties of a page, as they stand in a body."""


@pytest.mark.parametrize("properties", HOSTILE, ids=lambda text: text[:30])
async def test_hostile_values_refuse_their_message_alone(api: Api, services: Services, properties: str) -> None:
    good = json.dumps(track("good", "Product Viewed"))
    bad = f'{{"type": "page", "messageId": "bad", "userId": "ana", "properties": {properties}}}'
    body = f'{{"batch": [{good}, {bad}]}}'
    async with asyncio.timeout(10):
        response = await api.http.post("/v1/batch", content=body, auth=AUTH, headers={"content-type": "application/json"})
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["accepted"], [each["index"] for each in found["rejected"]]) == (1, [1])
    (letter,) = await deadletters.page(services.store, limit=5)
    assert json.loads(letter.body)["messageId"] == "bad"


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("Order Completed", {"order_id": "1", "total": "1e999999", "products": []}),
        ("Order Completed", {"order_id": "1", "products": [{"sku": "a", "quantity": "1e200000", "price": 1}]}),
        ("Product Added", {"sku": "a", "quantity": 9007199254740993, "price": 999999999999.91}),
        ("Product Added", {"sku": "a", "quantity": "1e400", "price": 1}),
        ("Product Added", {"sku": "a", "quantity": "9e999999", "price": 1}),
        ("Product Reviewed", {"rating": "1e3000000", "product_id": "a"}),
        ("Survey Answered", {"survey": "s", "score": "1e3000000"}),
    ],
)
async def test_numbers_that_nobody_can_keep(api: Api, name: str, properties: dict[str, Any]) -> None:
    async with asyncio.timeout(20):
        found = await batch(
            api, track("good", "Product Viewed"), track("bad", name, **properties), track("bad2", name, **properties)
        )
    assert found["accepted"] == 1 and [each["index"] for each in found["rejected"]] == [1, 2]


async def test_sums_of_binary_fractions_are_money(api: Api) -> None:
    products = [{"sku": "a", "price": 11.100000000000001, "quantity": 3}]
    found = await batch(
        api, track("1", "Order Completed", order_id="1", total=33.300000000000004, currency="EUR", products=products)
    )
    assert found["accepted"] == 2, found
    ana = await customer(api, "purchases { nodes { total { amount } items { unitPrice { amount } } } }")
    assert ana["purchases"]["nodes"] == [{"total": {"amount": "33.30"}, "items": [{"unitPrice": {"amount": "11.10"}}]}]
    found = await batch(api, track("2", "Order Completed", order_id="2", total="33.300000000000004", products=products))
    assert [each["code"] for each in found["rejected"]] == ["INVALID"]


async def test_an_address_of_null_is_removed(api: Api) -> None:
    who = {"type": "identify", "userId": "ana"}
    await batch(api, {**who, "messageId": "1", "timestamp": "2024-01-01T00:00:00Z", "traits": {"address": {"city": "Rome"}}})
    assert (await customer(api, "addresses { city }"))["addresses"] == [{"city": "Rome"}]
    await batch(api, {**who, "messageId": "2", "timestamp": "2024-01-02T00:00:00Z", "traits": {"address": None}})
    assert (await customer(api, "addresses { city }"))["addresses"] == []


async def test_a_body_that_is_much_too_long_or_goes_on_after_its_gzip(api: Api) -> None:
    response = await api.http.post("/v1/batch", content=b"x" * 20_000_000, auth=AUTH)
    assert response.status_code == 413 and response.json()["code"] == "TOO_LARGE"
    packed = gzip.compress(json.dumps({"batch": [track("1", "Product Viewed")]}).encode()) + bytes(1_000)
    response = await api.http.post("/v1/batch", content=packed, auth=AUTH, headers={"content-encoding": "gzip"})
    assert response.status_code == 400


async def test_an_authorization_in_other_letters(service: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.rpartition(":")[2]))
    writer.write("POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: Basic éé\r\ncontent-length: 2\r\n\r\n{}".encode())
    line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    assert line.startswith(b"HTTP/1.1 401")


async def test_a_message_may_be_as_long_as_libraries_make_it(api: Api) -> None:
    message = track("1", "Product Viewed", words=["x" * 9_000, "y" * 9_000, "z" * 9_000, ""])
    message["properties"]["words"][3] = "w" * (32 * 1_024 - len(json.dumps(message, separators=(",", ":"))))
    assert (await batch(api, message))["accepted"] == 1


async def touchpoints(api: Api, selection: str = "type") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await customer(api, f"touchpoints(first: 50) {{ nodes {{ {selection} }} }}"))["touchpoints"][
        "nodes"
    ]
    return found


async def raw(api: Api, *texts: str, rest: str = "") -> Any:
    """What is answered to a batch of messages that are JSON text; `rest`: other members of the body."""
    body = f'{{"batch": [{", ".join(texts)}]{rest}}}'.encode()
    return await api.http.post("/v1/batch", content=body, auth=AUTH, headers={"content-type": "application/json"})


async def test_a_message_without_an_id_is_known_by_its_call_too(api: Api) -> None:
    message = {"userId": "ana", "timestamp": "2024-01-01T00:00:00Z"}
    for call in ("identify", "page", "screen"):
        response = await api.http.post(f"/v1/{call}", json=message, auth=AUTH)
        assert response.json()["accepted"] == 1, call
    again = await batch(api, *({**message, "type": call} for call in ("identify", "page", "screen")))
    assert (again["accepted"], again["duplicates"]) == (0, 3)


async def test_the_same_id_without_a_time_is_a_duplicate_only_of_the_same(api: Api, services: Services) -> None:
    first = {"type": "track", "userId": "ana", "event": "x", "messageId": "u", "properties": {"n": 1}}
    case = {"type": "track", "userId": "ana", "event": "Case Opened", "messageId": "c", "properties": {"case_id": "1"}}
    assert (await batch(api, first, case))["accepted"] == 2
    await asyncio.sleep(0.01)
    found = await batch(api, first, case, {**first, "properties": {"n": 2}}, {**first, "properties": {"n": 3}})
    assert (found["accepted"], found["duplicates"]) == (0, 2)
    assert [(each["index"], each["code"]) for each in found["rejected"]] == [(2, "CONFLICT"), (3, "CONFLICT")]
    assert all("messageId 'u'" in each["message"] for each in found["rejected"])
    letters = await deadletters.page(services.store)
    assert sorted(json.loads(each.body)["properties"]["n"] for each in letters) == [2, 3]


async def test_what_nothing_tells_apart_happened_as_often_as_it_was_sent(api: Api, services: Services) -> None:
    view = {"type": "page", "userId": "ana"}
    assert (await batch(api, view, view))["accepted"] == 2
    assert (await batch(api, view))["accepted"] == 1
    sent = {**view, "sentAt": "2024-01-01T00:00:00Z"}
    assert (await batch(api, sent))["accepted"] == 1
    assert (await batch(api, sent))["duplicates"] == 1
    assert (await batch(api, {**view, "sentAt": "2024-01-01T00:00:01Z"}))["accepted"] == 1
    nobody = {"type": "page"}
    await batch(api, nobody, nobody)
    assert len(await deadletters.page(services.store)) == 2


async def test_half_a_character_in_a_message_without_an_id_refuses_it_alone(api: Api, services: Services) -> None:
    bad = '{"type": "page", "userId": "ana", "properties": {"a": "half \\ud800"}}'
    response = await raw(api, json.dumps(track("good", "x")), bad, bad)
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["accepted"], [(each["index"], each["code"]) for each in found["rejected"]]) == (
        1,
        [(1, "INVALID"), (2, "INVALID")],
    )
    assert "Unicode" in found["rejected"][0]["message"]
    assert {each.body for each in await deadletters.page(services.store)} == {bad}


async def test_a_dead_letter_that_needs_too_much_memory_holds_up_no_other(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def outgrown(*_: Any, **__: Any) -> list[Any]:
        raise Outgrown

    body = json.dumps(track("1", "fine"))
    await services.bury(
        [deadletters.Undelivered(source="shop", name="1", call="batch", code="TOO_LARGE", message="before", body=body)]
    )
    (letter,) = await deadletters.page(services.store)
    with monkeypatch.context() as patched:
        patched.setattr("graph.events.record_all", outgrown)
        assert await still_refused(services, letter) == Refusal("TOO_LARGE", str(Outgrown()))
    assert await still_refused(services, letter) is None


@pytest.mark.parametrize("levels", [120, 1_100, 50_000])
async def test_a_dead_letter_holds_all_of_what_was_too_deep(api: Api, services: Services, levels: int) -> None:
    properties = '{"a":' * levels + "1" + "}" * levels
    bad = f'{{"type":"page", "messageId":"bad","userId":"ana","properties":{properties}}}'
    response = await raw(api, json.dumps(track("good", "x")), bad)
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["accepted"], [(each["index"], each["code"]) for each in found["rejected"]]) == (1, [(1, "TOO_LARGE")])
    (letter,) = await deadletters.page(services.store)
    assert letter.body == bad
    assert await still_refused(services, letter) == Refusal("TOO_LARGE", found["rejected"][0]["message"])
    alone = await api.http.post("/v1/page", content=bad.encode(), auth=AUTH)
    assert (alone.status_code, alone.json()["message"]) == (400, found["rejected"][0]["message"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": ' + "1" * 5_000 + "}", "whole number of more than 64 bits"),
        ('{"a": 18446744073709551616}', "whole number of more than 64 bits"),
        ('{"a": 9223372036854775808}', "properties.a: holds a whole number of more than 64 bits"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e400}', "properties.a: holds NaN or Infinity"),
        ('{"a": tru}', "is no JSON"),
        ('{"a": "\x01"}', "is no JSON"),
        ('{"a": [1, ]}', "is no JSON"),
    ],
    ids=lambda text: text[:20],
)
async def test_what_can_not_be_read_refuses_its_message_alone(api: Api, services: Services, text: str, reason: str) -> None:
    bad = f'{{"type":"page","messageId":"bad","userId":"ana","properties":{text}}}'
    response = await raw(api, bad, json.dumps(track("good", 'a "[{,}]" b')), rest=', "context": {"page": {"url": "https://x"}}')
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["accepted"], [each["index"] for each in found["rejected"]]) == (1, [0])
    assert reason in found["rejected"][0]["message"]
    (letter,) = await deadletters.page(services.store)
    assert letter.body == '{"context":{"page": {"url": "https://x"}},' + bad[1:]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b'{"batch": [{"type": "page"}', "breaks off"),
        (b'{"batch": [{"type": "page"}]}]', "goes on after its end"),
        (b'{"batch": [{"type": NaN}], "context": nil}', "context: is no JSON"),
        (b'{"batch": [], nonsense}', "no JSON"),
        (b'{"batch": [NaN]', "breaks off"),
        (b'{"batch": ["' + b'\\"' * 200_000, "breaks off"),
    ],
    ids=lambda each: str(each)[:30],
)
async def test_a_body_that_can_not_be_split_is_refused_with_the_reason(api: Api, body: bytes, reason: str) -> None:
    async with asyncio.timeout(5):
        response = await api.http.post("/v1/batch", content=body, auth=AUTH)
    assert response.status_code == 400 and reason in response.json()["message"], response.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"batch": [' + b"[" * 499_000,
        b'{"batch": [NaN, ' + b"[]," * 166_000 + b"0]}",
        b'{"batch": [' + b'"",' * 166_000 + b"0]}",
        b'{"batch": [[' + b"[]," * 160_000 + b"[]]]}",
        b'{"batch": [' + b",".join([b"[" * 190 + b"]" * 190] * 1_300) + b"]}",
        b'{"batch": [{"type": "page", "properties": [' + b"[]," * 10_000 + b"0]}]}",
        b'{"batch": [{"type": "page", "properties": {' + b'"a": 0,' * 70_000 + b'"a": 0}}]}',
    ],
    ids=range(7),
)
async def test_no_body_holds_the_loop(body: bytes) -> None:
    assert len(body) <= LONGEST_BODY
    # A machine that does other things too holds it for a while now and then.
    assert min([await held_by(body) for _ in range(3)]) < 0.1


async def held_by(body: bytes) -> float:
    """Seconds for which nothing else went on while a body was read, at most."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - begun)

    async def work() -> None:
        with contextlib.suppress(Unreadable):
            parcel = await parcel_of(body)
            for each in parcel.texts[:2_500]:
                await asyncio.sleep(0)
                with contextlib.suppress(InvalidEvent):
                    read(each)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await work()
    watching.cancel()
    return longest


async def test_the_context_of_a_batch_is_bounded(api: Api, services: Services) -> None:
    context = {"page": {"url": "https://x"}, "words": "x" * 9_000}
    response = await api.http.post("/v1/batch", json={"batch": [track("1", "x")], "context": context}, auth=AUTH)
    assert response.status_code == 400 and response.json()["message"].startswith("context: has more than 8,192 bytes")
    context["words"] = "x" * 8_000
    nobody = {"type": "page", "messageId": "1"}
    full = track("2", "x", words=["x" * 9_000, "y" * 9_000, "w" * 9_000])
    response = await api.http.post("/v1/batch", json={"batch": [nobody, full], "context": context}, auth=AUTH)
    assert [each["code"] for each in response.json()["rejected"]] == ["INVALID", "TOO_LARGE"]
    assert [json.loads(each.body)["context"] for each in await deadletters.page(services.store)] == [context, context]


async def test_as_many_letters_as_a_request_can_make_are_kept(api: Api, services: Services) -> None:
    # Each is as long as it can be: a context of the batch, and a message that takes its part of the body.
    bad = [{"type": "page", "messageId": f"{number}", "properties": {"a": "x" * 110}} for number in range(2_500)]
    begun = time.monotonic()
    response = await api.http.post("/v1/batch", json={"batch": bad, "context": {"a": "x" * 8_180}}, auth=AUTH)
    assert response.status_code == 200 and len(response.json()["rejected"]) == 2_500
    assert await deadletters.count(services.store) == 2_500
    assert time.monotonic() - begun < 15


async def test_categories_and_addresses_are_read_leniently(api: Api) -> None:
    categories: list[Any] = ["Shoes/", ["Shoes", "Men"], "/Shoes//Men/", {"x": 1}, ["", None, {"x": 1}, "Men"], 7, True, [], "/"]
    products = [{"sku": f"s{number}", "price": 1, "category": each} for number, each in enumerate(categories)]
    found = await batch(api, track("1", "Order Completed", order_id="o", cart_id="c", products=products))
    assert found["accepted"] == 1, found
    ana = await customer(api, "purchases { nodes { items { product { sku category } } } }")
    read = {each["product"]["sku"]: each["product"]["category"] for each in ana["purchases"]["nodes"][0]["items"]}
    assert [read[f"s{number}"] for number in range(len(categories))] == [
        ["Shoes"], ["Shoes", "Men"], ["Shoes", "Men"], [], ["Men"], ["7"], [], [], [],
    ]  # fmt: skip
    address = {"city": "Lima", "country": {"x": 1}, "state": ["y"], "postalCode": 15001}
    await batch(api, {"type": "identify", "userId": "ana", "messageId": "2", "traits": {"address": address}})
    lines = await customer(api, "addresses { city country region postalCode }")
    assert lines["addresses"] == [{"city": "Lima", "country": None, "region": None, "postalCode": "15001"}]


@pytest.mark.parametrize("call", ["track", "page", "screen"])
async def test_properties_that_are_no_fields_stay_properties(api: Api, call: str) -> None:
    odd: list[dict[str, Any]] = [
        {"duration": "2 weeks"}, {"url": ["https://x"]}, {"sku": ["a", "b"]}, {"channel": ["web"]}, {"product_id": {"a": 1}},
        {"duration": -5}, {"duration_seconds": 1e12}, {"session_id": {"a": 1}}, {"channel": "x" * 600}, {"sku": "x" * 600},
        {"duration": True}, {"duration": "1e3000000"}, {"sessionId": "a\nb"}, {"duration_seconds": 4, "duration": "4 s"},
    ]  # fmt: skip
    given = [{**track(str(number), "Trip Booked", **each), "type": call} for number, each in enumerate(odd)]
    found = await batch(api, *given)
    assert found["accepted"] == len(odd), found
    nodes = await touchpoints(api, "properties durationSeconds session url product { sku }")
    kept = [json.dumps(each["properties"], sort_keys=True) for each in nodes]
    assert sorted(kept) == sorted(json.dumps({"duration": "4 s"} if len(each) == 2 else each, sort_keys=True) for each in odd)
    assert [each["durationSeconds"] for each in nodes if each["durationSeconds"] is not None] == [4]
    assert not any(each["session"] or each["url"] or each["product"] for each in nodes)


async def test_properties_that_are_refused_are_named(api: Api) -> None:
    nameless: dict[str, Any] = {"": 1}
    found = await batch(
        api,
        track("1", "x", url="x" * 10_001),
        track("2", "x", story="x" * 10_001),
        track("3", "x", deep=nested(12)),
        track("4", "x", **nameless),
        {**track("5", "x"), "properties": {"n" * 513: 1}},
        track("6", "x", list=[0] * 2_001),
    )
    assert [each["message"].partition(":")[0] for each in found["rejected"]] == [
        "properties.url", "properties.story", "properties.deep", "properties", "properties", "properties.list",
    ]  # fmt: skip
    assert "the name ''" in found["rejected"][3]["message"]


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"event": "x" * 10_001}, "event"),
        ({"userId": "x" * 600}, "userId"),
        ({"userId": None, "anonymousId": "x" * 600}, "anonymousId"),
        ({"timestamp": "2999-01-01T00:00:00Z"}, "timestamp"),
        ({"messageId": "x" * 600}, "messageId"),
        ({"context": {"campaign": {"name": "x" * 600}}}, "context.campaign.name"),
        ({"event": "Order Completed", "properties": {"order_id": "1", "total": 1, "currency": "ZZZ"}}, "properties.currency"),
        ({"event": "Order Completed", "properties": {"order_id": "x" * 600}}, "properties.order_id"),
        ({"event": "Order Completed", "properties": {"order_id": "1", "total": -1}}, "properties.total"),
        ({"event": "Order Completed", "properties": {"order_id": "1", "status": "odd"}}, "properties.status"),
        ({"event": "Order Completed", "properties": {"order_id": "1", "products": [{"sku": "x" * 600}]}},
         "properties.products.0.sku"),
        ({"event": "Order Completed", "properties": {"order_id": "1", "revenue": "much"}}, "properties.revenue"),
        ({"event": "Product Added", "properties": {"product_id": "x" * 600}}, "properties.product_id"),
        ({"event": "Product Reviewed", "properties": {"product_id": "x" * 600, "rating": 1}}, "properties.product_id"),
        ({"event": "Order Completed", "properties": {"order_id": "1", "products": [{"sku": "x", "quantity": -1}]}},
         "properties.products.0.quantity"),
        ({"event": "Order Refunded", "properties": {"order_id": "1", "total": -1}}, "properties.total"),
        ({"event": "Product Added", "properties": {"sku": "a", "quantity": -1}}, "properties.quantity"),
        ({"event": "Product Reviewed", "properties": {"sku": "a", "rating": 9}}, "properties.rating"),
        ({"event": "Email Opened", "properties": {"email_id": "x" * 600}}, "properties.email_id"),
        ({"event": "Invite Sent", "properties": {"invitee_email": "x" * 600}}, "properties.invitee_email"),
        ({"event": "Survey Answered", "properties": {"survey": "s", "kind": "odd"}}, "properties.kind"),
        ({"type": "identify", "traits": {"email": "x" * 600 + "@example.com"}}, "traits.email"),
        ({"type": "group", "groupId": "x" * 600}, "groupId"),
        ({"type": "alias", "previousId": "x" * 600}, "previousId"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
async def test_refusals_name_fields_as_the_sender_does(api: Api, message: dict[str, Any], path: str) -> None:
    found = await batch(api, {"type": "track", "messageId": "1", "userId": "ana", "event": "x", **message})
    (refused,) = found["rejected"]
    assert refused["message"].partition(":")[0] == path


async def test_a_gzip_of_several_members(api: Api) -> None:
    async def post(body: bytes) -> int:
        response = await api.http.post("/v1/batch", content=body, auth=AUTH, headers={"content-encoding": "gzip"})
        return int(response.status_code)

    good = json.dumps({"batch": [track("1", "x", words=["x" * 9_000])]}).encode()
    parts = [good[start : start + 500] for start in range(0, len(good), 500)]
    packed = b"".join(map(gzip.compress, parts))
    assert await post(packed) == 200
    assert await post(packed + packed[:5]) == 400
    assert await post(packed + b"more") == 400
    assert await post(b"".join([gzip.compress(b" " * 100_000)] * 6)) == 413
    assert await post(gzip.compress(b"") * 200_000) == 400


async def test_amounts_are_refused_alike_as_number_and_as_text(api: Api) -> None:
    for total in (100.5, "100.5"):
        found = await batch(api, track(str(total), "Order Completed", order_id="1", total=total, currency="JPY"))
        assert found["rejected"][0]["message"].startswith("properties.total: 100.5 has more than the 0 decimals of JPY")
    found = await batch(api, track("3", "Order Completed", order_id="1", cart_id="c", total=100.0, currency="JPY"))
    assert found["accepted"] == 1, found


async def test_spaces_and_escapes_do_not_make_a_message_long(api: Api) -> None:
    message = track("1", "Product Viewed", words=["é" * 9_000])
    text = json.dumps(message, indent=2) + " " * 60_000
    assert (await raw(api, text)).json()["accepted"] == 1
    found = (await raw(api, json.dumps(track("2", "Product Viewed", words=["é" * 9_000] * 2)))).json()
    assert [each["message"] for each in found["rejected"]] == ["has more than 32,768 bytes"]

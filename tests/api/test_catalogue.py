"""Channels and products."""

from __future__ import annotations

from decimal import Decimal

from graph.catalogue import MOST_CHANNELS
from graph.events.inputs import PurchaseInput, PurchaseItemInput, ReviewInput, TouchpointInput
from graph.money import Money
from tests.api.conftest import Api, Tell, at, by_email

WHO = by_email("toni@example.com")


async def test_channels(api: Api, told: Tell) -> None:
    await told(
        *(
            TouchpointInput(id=key, source="s", at=at(0), customer=WHO, channel=key, type="x")
            for key in ("web", "hotline", "email")
        )
    )
    # A process keeps its copy of the list for a second; what it hasn't got, it asks for at once.
    data = await api.data('{ customer(by: {email: "toni@example.com"}) { channels { channel { key } } } }')
    assert {use["channel"]["key"] for use in data["customer"]["channels"]} == {"web", "hotline", "email"}
    channels = {each["key"]: each for each in (await api.data("{ channels { id key label channelKind } }"))["channels"]}
    assert channels.keys() >= {"web", "hotline", "email"} and channels["web"]["channelKind"] == "WEB"
    found = await api.data("query Q($id: ID!) { node(id: $id) { __typename ... on Channel { key } } }", id=channels["web"]["id"])
    assert found["node"] == {"__typename": "Channel", "key": "web"}


async def test_channels_that_the_list_has_no_room_for(api: Api, told: Tell) -> None:
    keys = [f"kiosk-{number:03}" for number in range(MOST_CHANNELS + 5)]
    await told.many([TouchpointInput(id=key, source="s", at=at(0), customer=WHO, channel=key, type="x") for key in keys])
    query = """{ customer(by: {email: "toni@example.com"}) { name channels { channel { id key } }
        touchpoints(first: 3) { nodes { channel { key } } } } }"""
    customer = (await api.data(query))["customer"]
    used = {use["channel"]["key"]: use["channel"]["id"] for use in customer["channels"]}
    assert sorted(used) == keys
    assert all(node["channel"] is not None for node in customer["touchpoints"]["nodes"])
    assert [each["key"] for each in (await api.data("{ channels { key } }"))["channels"]] == keys[:MOST_CHANNELS]
    last = "query Q($id: ID!) { node(id: $id) { ... on Channel { key } } }"
    assert (await api.data(last, id=used[keys[-1]]))["node"] == {"key": keys[-1]}


async def test_products_by_id_and_by_sku(api: Api, told: Tell) -> None:
    item = PurchaseItemInput(sku="MUG", title="湯のみ", category=("台所",), quantity=Decimal(1), unit_price=Money(1999, "USD"))
    await told(
        PurchaseInput(id="1", source="s", at=at(0), customer=WHO, number="1", items=(item,)),
        ReviewInput(id="2", source="s", at=at(1), customer=WHO, rating=5, sku="MUG"),
        ReviewInput(id="3", source="s", at=at(2), customer=WHO, rating=2, sku="MUG"),
    )
    query = """query Q($by: ProductKey!) { product(by: $by) {
        id sku title category price { amount currency } averageRating reviewCount } }"""
    found = (await api.data(query, by={"sku": "MUG"}))["product"]
    assert (
        found["title"] == "湯のみ" and found["category"] == ["台所"] and found["price"] == {"amount": "19.99", "currency": "USD"}
    )
    assert (found["averageRating"], found["reviewCount"]) == (3.5, 2)
    assert (await api.data(query, by={"id": found["id"]}))["product"] == found
    assert await api.data(query, by={"sku": "nothing"}) == {"product": None}
    assert await api.data(query, by={"id": "prd_" + "0" * 32}) == {"product": None}
    assert await api.codes(query, by={"id": "cus_" + "0" * 32}) == ["INVALID_ID"]
    assert await api.codes(query, by={"sku": ""}) == ["INVALID_KEY"]
    assert await api.codes(query, by={"sku": "a", "id": "b"}) == ["BAD_USER_INPUT"]

"""Purchases and carts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from graph.events.inputs import (
    CartInput,
    CustomerKey,
    Event,
    IdentifierKey,
    IdentifyInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
)
from graph.money import Money
from tests.api.conftest import Api, Tell, at, by_email, email
from tests.write_key import WRITE_KEY

WHO = by_email("kim@example.com")
TEA = PurchaseItemInput(
    sku="TEA",
    title="緑茶",
    category=("食品", "茶"),
    quantity=Decimal("1.5"),
    unit_price=Money(800, "JPY"),
    total=Money(1200, "JPY"),
)
UNPRICED = PurchaseItemInput(sku="GIFT", quantity=Decimal(1))


async def test_a_purchase_as_its_source_states_it(api: Api, told: Tell) -> None:
    await told(
        PurchaseInput(
            id="1",
            source="shop",
            at=at(0),
            customer=WHO,
            number="N1",
            items=(TEA, UNPRICED),
            channel="store",
            total=Money(1300, "JPY"),
            coupon="TEN",
        ),
        PurchaseStatusInput(id="2", source="shop", at=at(5), purchase="N1", status="SHIPPED"),
        RefundInput(id="3", source="shop", at=at(9), purchase="N1", amount=Money(300, "JPY")),
    )
    data = await api.data("""{ customer(by: {email: "kim@example.com"}) { purchases { totalCount nodes {
        number purchaseStatus coupon channel { key } total { amount currency } refunded { amount }
        statusHistory { purchaseStatus at }
        items { quantity unitPrice { amount } discount { amount } total { amount }
            product { sku title category price { amount currency } } }
    } } } }""")
    [purchase] = data["customer"]["purchases"]["nodes"]
    assert purchase["total"] == {"amount": "1300", "currency": "JPY"} and purchase["refunded"] == {"amount": "300"}
    assert [change["purchaseStatus"] for change in purchase["statusHistory"]][:2] == ["PLACED", "SHIPPED"]
    tea, gift = purchase["items"]
    assert tea["quantity"] == "1.5" and tea["product"]["title"] == "緑茶" and tea["product"]["category"] == ["食品", "茶"]
    assert gift["unitPrice"] is None and gift["total"] is None and gift["product"]["sku"] == "GIFT"


async def test_purchases_by_status_and_period(api: Api, told: Tell) -> None:
    events: list[Event] = []
    for number in range(6):
        status = ("PLACED", "DELIVERED", "CANCELLED")[number % 3]
        events.append(
            PurchaseInput(
                id=f"{number}", source="shop", at=at(number), customer=WHO, number=f"N{number}", items=(TEA,), status=status
            )
        )
    await told(*events)
    query = """query Q($s: [PurchaseStatus!], $p: Period) { customer(by: {email: "kim@example.com"}) {
        purchases(statuses: $s, period: $p) { totalCount nodes { number purchaseStatus } } } }"""
    found = (await api.data(query, s=["DELIVERED", "CANCELLED"]))["customer"]["purchases"]
    assert [node["number"] for node in found["nodes"]] == ["N5", "N4", "N2", "N1"] and found["totalCount"] == 4
    period = {"from": "2024-01-01T00:02:00Z", "to": "2024-01-01T09:05:00+09:00"}
    found = (await api.data(query, p=period))["customer"]["purchases"]
    assert [node["number"] for node in found["nodes"]] == ["N4", "N3", "N2"] and found["totalCount"] == 3
    found = (await api.data(query, s=[]))["customer"]["purchases"]
    assert found == {"totalCount": 0, "nodes": []}


async def test_the_open_cart_and_the_earlier_ones(api: Api, told: Tell) -> None:
    query = """query Q($first: Int, $after: String) { customer(by: {email: "kim@example.com"}) {
        cart { id openedAt updatedAt abandonedAt checkoutStep cartTotal { amount }
            items { quantity product { title } } purchase { number } }
        carts(first: $first, after: $after) { totalCount nodes { id abandonedAt purchase { number } }
            pageInfo { hasNextPage hasPreviousPage endCursor } }
    } }"""
    await told(*(CartInput(id=f"{n}", source="shop", at=at(n), customer=WHO, cart=f"C{n}", items=(TEA,)) for n in range(4)))
    await told(
        PurchaseInput(id="b", source="shop", at=at(10), customer=WHO, number="N1", items=(TEA,), cart="C1"),
        CartInput(
            id="u",
            source="shop",
            at=at(20),
            customer=WHO,
            cart="C3",
            items=(TEA, TEA),
            checkout_step="payment",
            total=Money(2400, "JPY"),
        ),
    )
    customer = (await api.data(query))["customer"]
    cart = customer["cart"]
    assert cart["openedAt"] == "2024-01-01T00:03:00Z" and cart["updatedAt"] == "2024-01-01T00:20:00Z"
    assert cart["abandonedAt"] == "2024-01-01T01:20:00Z" and cart["checkoutStep"] == "payment"
    assert cart["cartTotal"] == {"amount": "2400"} and cart["purchase"] is None and len(cart["items"]) == 2
    earlier = customer["carts"]
    assert earlier["totalCount"] == 3
    assert [node["purchase"] for node in earlier["nodes"]] == [None, {"number": "N1"}, None]
    assert [node["abandonedAt"] is None for node in earlier["nodes"]] == [False, True, False]
    ids: list[str] = []
    cursor = None
    for turn in range(3):
        page = (await api.data(query, first=1, after=cursor))["customer"]["carts"]
        ids += [node["id"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasPreviousPage"] == (turn > 0) and page["pageInfo"]["hasNextPage"] == (turn < 2)
    assert ids == [node["id"] for node in earlier["nodes"]]


async def test_more_carts_than_the_hot_set_holds(api: Api, told: Tell) -> None:
    await told(*(CartInput(id=f"{n}", source="shop", at=at(n), customer=WHO, cart=f"C{n}", items=(TEA,)) for n in range(45)))
    query = """query Q($first: Int, $after: String) { customer(by: {email: "kim@example.com"}) { cart { id }
        carts(first: $first, after: $after) { totalCount nodes { id openedAt } pageInfo { hasNextPage endCursor } } } }"""
    for size in (19, 20, 21, 44):
        seen: list[str] = []
        cursor, more = None, True
        while more:
            customer = (await api.data(query, first=size, after=cursor))["customer"]
            page = customer["carts"]
            seen += [node["openedAt"] for node in page["nodes"]]
            cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
            assert page["totalCount"] == 44
        assert len(seen) == 44 and seen == sorted(seen, reverse=True)


FOLLOWED = """{ customer(by: {email: "kim@example.com"}) { cart { abandonedAt updatedAt purchase { number } }
    carts { totalCount nodes { abandonedAt purchase { number } } } } }"""


def opened(minutes: float, name: str = "C") -> CartInput:
    return CartInput(id=f"{name}-{minutes}", source="shop", at=at(minutes), customer=WHO, cart=name, items=(TEA,))


def bought(minutes: float, *, cart: str | None = None, who: CustomerKey = WHO) -> PurchaseInput:
    number = f"N{minutes}"
    return PurchaseInput(id=number, source="shop", at=at(minutes), customer=who, number=number, items=(TEA,), cart=cart)


@pytest.mark.parametrize("late", [False, True], ids=["in order", "the cart comes last"])
async def test_a_purchase_that_names_no_cart_closes_the_open_one(api: Api, told: Tell, late: bool) -> None:
    events: list[Event] = [opened(0), opened(20), bought(30), bought(40)]
    for event in reversed(events) if late else events:
        await told(event)
    customer = (await api.data(FOLLOWED))["customer"]
    assert customer["cart"] is None
    assert customer["carts"] == {"totalCount": 1, "nodes": [{"abandonedAt": None, "purchase": {"number": "N30"}}]}


async def test_a_purchase_closes_no_cart_that_was_abandoned_changed_later_or_is_not_meant(api: Api, told: Tell) -> None:
    await told(opened(0, "abandoned"), bought(60), opened(100, "changed"), bought(110), opened(120, "changed"))
    await told(bought(130, cart="another"))
    customer = (await api.data(FOLLOWED))["customer"]
    assert customer["cart"] == {"abandonedAt": "2024-01-01T03:00:00Z", "updatedAt": "2024-01-01T02:00:00Z", "purchase": None}
    assert customer["carts"]["nodes"] == [{"abandonedAt": "2024-01-01T01:00:00Z", "purchase": None}]


async def test_of_several_open_carts_a_purchase_closes_the_one_that_was_changed_last(api: Api, told: Tell) -> None:
    await told(opened(0, "a"), opened(1, "b"), opened(2, "c"), opened(5, "a"), bought(3, cart="c"), bought(10), bought(12))
    query = '{ customer(by: {email: "kim@example.com"}) { cart { openedAt } carts { nodes { purchase { number } } } } }'
    customer = (await api.data(query))["customer"]
    assert customer["cart"] == {"openedAt": "2024-01-01T00:01:00Z"}
    assert customer["carts"]["nodes"] == [{"purchase": {"number": "N3"}}, {"purchase": {"number": "N10"}}]


async def test_whichever_identifier_a_purchase_is_filed_under(api: Api, told: Tell) -> None:
    phone = IdentifierKey("phone", "+81312345678")
    await told(opened(0), bought(10, who=CustomerKey(identifier=phone)))
    await told(IdentifyInput(id="both", source="shop", at=at(50), identifiers=(email("kim@example.com"), phone)))
    assert (await api.data(FOLLOWED))["customer"]["carts"]["nodes"] == [{"abandonedAt": None, "purchase": {"number": "N10"}}]


async def sent(api: Api, *messages: tuple[str, float, dict[str, Any]], **who: str) -> None:
    """Tracked events with their minutes, as Segment's libraries deliver them."""
    batch = [
        {
            "type": "track",
            "messageId": f"{name}-{minutes}",
            "event": name,
            "timestamp": at(minutes).isoformat(),
            "properties": properties,
            **(who or {"userId": "kim"}),
        }
        for name, minutes, properties in messages
    ]
    response = await api.http.post("/v1/batch", json={"batch": batch}, auth=(WRITE_KEY, ""))
    assert response.json()["rejected"] == []


async def kim(api: Api, selection: str) -> Any:
    by = '{identifier: {type: "user_id", value: "kim"}}'
    return (await api.data(f"{{ customer(by: {by}) {{ {selection} }} }}"))["customer"]


OWN_CART = (
    "cart { openedAt purchase { number } items { product { sku } } } carts { nodes { purchase { number } items { quantity } } }"
)


@pytest.mark.usefixtures("graph")
async def test_the_cart_of_a_customer_ends_with_an_order_that_names_none(api: Api) -> None:
    await sent(
        api,
        ("Product Added", 0, {"product_id": "p1", "quantity": 2}),
        ("Product Added", 1, {"product_id": "p2"}),
        ("Order Completed", 2, {"order_id": "1", "total": 5}),
        ("Cart Viewed", 3, {"products": []}),
    )
    found = await kim(api, OWN_CART)
    assert found["cart"] is None
    assert found["carts"]["nodes"] == [{"purchase": {"number": "1"}, "items": [{"quantity": "2"}, {"quantity": "1"}]}]
    await sent(api, ("Product Added", 4, {"product_id": "p9"}))
    cart = (await kim(api, OWN_CART))["cart"]
    assert cart == {"openedAt": "2024-01-01T00:04:00Z", "purchase": None, "items": [{"product": {"sku": "p9"}}]}


@pytest.mark.usefixtures("graph")
async def test_an_order_of_who_signed_in_ends_what_was_put_in_before(api: Api) -> None:
    await sent(api, ("Product Added", 0, {"product_id": "p1"}), anonymousId="a-1")
    await sent(api, ("Order Completed", 2, {"order_id": "1", "total": 5}), anonymousId="a-1", userId="kim")
    await sent(api, ("Product Added", 4, {"product_id": "p9"}), anonymousId="a-1")
    data = await api.data(f'{{ customer(by: {{identifier: {{type: "anonymous_id", value: "a-1"}}}}) {{ {OWN_CART} }} }}')
    assert data["customer"]["cart"]["items"] == [{"product": {"sku": "p9"}}]


PURCHASES = """purchases { nodes { purchaseStatus statusHistory { purchaseStatus } coupon total { amount currency }
    refunded { amount currency } items { product { sku } } } }"""


@pytest.mark.usefixtures("graph")
async def test_an_order_that_is_updated_keeps_what_the_message_does_not_state(api: Api) -> None:
    order = {"order_id": "1", "total": 20, "currency": "EUR", "coupon": "TEN", "products": [{"sku": "a"}]}
    await sent(api, ("Order Completed", 0, order), ("Order Updated", 1, {"order_id": "1", "status": "shipped"}))
    await sent(api, ("Order Updated", 2, {"order_id": "1"}))
    [purchase] = (await kim(api, PURCHASES))["purchases"]["nodes"]
    assert (purchase["total"], purchase["coupon"]) == ({"amount": "20.00", "currency": "EUR"}, "TEN")
    assert purchase["items"] == [{"product": {"sku": "a"}}]
    assert [each["purchaseStatus"] for each in purchase["statusHistory"]] == ["PLACED", "SHIPPED"]
    await sent(api, ("Order Updated", 3, {"order_id": "1", "products": []}))
    assert (await kim(api, PURCHASES))["purchases"]["nodes"][0]["items"] == []


@pytest.mark.usefixtures("graph")
async def test_a_refund_without_a_currency_or_an_amount(api: Api) -> None:
    await sent(api, ("Order Completed", 0, {"order_id": "1", "total": 20, "currency": "EUR"}))
    await sent(api, ("Order Refunded", 1, {"order_id": "1", "total": 4.5}))
    found = await kim(api, PURCHASES)
    assert found["purchases"]["nodes"][0]["refunded"] == {"amount": "4.50", "currency": "EUR"}
    await sent(api, ("Order Refunded", 2, {"order_id": "1"}))
    found = await kim(api, PURCHASES)
    assert found["purchases"]["nodes"][0]["refunded"] == {"amount": "20.00", "currency": "EUR"}
    assert found["purchases"]["nodes"][0]["purchaseStatus"] == "REFUNDED"

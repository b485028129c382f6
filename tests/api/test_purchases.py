"""Purchases and carts."""

from __future__ import annotations

from decimal import Decimal

from graph.events.inputs import CartInput, Event, PurchaseInput, PurchaseItemInput, PurchaseStatusInput, RefundInput
from graph.money import Money
from tests.api.conftest import Api, Tell, at, by_email

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

"""Anything by its id."""

from __future__ import annotations

from decimal import Decimal

from graph.events.inputs import PurchaseInput, PurchaseItemInput, ReviewInput, TouchpointInput
from tests.api.conftest import Api, Tell, at, by_email

WHO = by_email("uma@example.com")
NODE = "query Q($id: ID!) { node(id: $id) { __typename id ... on TimelineEntry { at kind customer { email } } } }"
NODES = "query Q($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
NOBODY = "0" * 32


async def test_every_kind_of_node(api: Api, told: Tell) -> None:
    item = PurchaseItemInput(sku="A", quantity=Decimal(1))
    await told(
        TouchpointInput(id="1", source="s", at=at(0), customer=WHO, channel="web", type="x"),
        PurchaseInput(id="2", source="s", at=at(1), customer=WHO, number="1", items=(item,)),
        ReviewInput(id="3", source="s", at=at(2), customer=WHO, rating=5),
    )
    data = await api.data('{ customer(by: {email: "uma@example.com"}) { id timeline { nodes { __typename id at kind } } } }')
    customer = data["customer"]
    for entry in customer["timeline"]["nodes"]:
        assert (await api.data(NODE, id=entry["id"]))["node"] == {**entry, "customer": {"email": "uma@example.com"}}
    assert (await api.data(NODE, id=customer["id"]))["node"] == {"__typename": "Customer", "id": customer["id"]}


async def test_nodes_keep_their_order_and_their_gaps(api: Api, told: Tell) -> None:
    await told(TouchpointInput(id="1", source="s", at=at(0), customer=WHO, channel="web", type="x"))
    data = await api.data(
        '{ customer(by: {email: "uma@example.com"}) { id timeline { nodes { id } } } product(by: {sku: "x"}) { id } }'
    )
    customer, touchpoint = data["customer"]["id"], data["customer"]["timeline"]["nodes"][0]["id"]
    ids = [touchpoint, f"tou_{NOBODY}", customer, f"prd_{NOBODY}", f"cmp_{NOBODY}", f"chn_{NOBODY}", touchpoint]
    found = (await api.data(NODES, ids=ids))["nodes"]
    assert [None if node is None else node["id"] for node in found] == [touchpoint, None, customer, None, None, None, touchpoint]
    assert (await api.data(NODES, ids=[]))["nodes"] == []


async def test_ids_that_are_none(api: Api, told: Tell) -> None:
    for wrong in (
        "",
        "cus_",
        "cus_1",
        NOBODY,
        f"cus-{NOBODY}",
        f"xyz_{NOBODY}",
        f"cus_{NOBODY.replace('0', 'A')}",
        "☃",
        f"idn_{NOBODY}",
    ):
        assert await api.codes(NODE, id=wrong) == ["INVALID_ID"], wrong
    assert await api.data(NODE, id=f"cus_{NOBODY}") == {"node": None}
    body = await api.ask(NODES, ids=[f"cus_{NOBODY}", "nonsense", f"tou_{NOBODY}"])
    assert body["data"] == {"nodes": [None, None, None]}
    [error] = body["errors"]
    assert error["path"] == ["nodes", 1] and error["extensions"]["code"] == "INVALID_ID"


async def test_too_many_ids(api: Api, told: Tell) -> None:
    assert await api.codes(NODES, ids=[f"cus_{NOBODY}"] * 51) == ["TOO_MANY_IDS"]
    assert (await api.data(NODES, ids=[f"cus_{NOBODY}"] * 50))["nodes"] == [None] * 50

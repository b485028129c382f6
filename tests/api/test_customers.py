"""One customer by any key, what is said of them, and lists of customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from graph.events.inputs import IdentifierKey, IdentifyInput, PurchaseInput, PurchaseItemInput, TouchpointInput
from graph.money import Money
from tests.api.conftest import Api, Tell, at, by_email, email

CUSTOMER = "query Q($by: CustomerKey!) { customer(by: $by) { id name givenName familyName country birthDate } }"


async def test_a_customer_is_found_by_each_of_its_names(api: Api, told: Tell) -> None:
    await told(
        IdentifyInput(
            id="1",
            source="shop",
            at=at(0),
            identifiers=(email("hanako@example.com"), IdentifierKey("phone", "+81-3-0000-0000"), IdentifierKey("user_id", "u1")),
            traits={"name": "山田花子", "givenName": "花子", "familyName": "山田", "country": "JP", "birthDate": "1990-02-03"},
        ),
    )
    first = (await api.data(CUSTOMER, by={"email": "hanako@example.com"}))["customer"]
    assert first == {
        "id": first["id"],
        "name": "山田花子",
        "givenName": "花子",
        "familyName": "山田",
        "country": "JP",
        "birthDate": "1990-02-03",
    }
    for key in (
        {"id": first["id"]},
        {"email": "  HANAKO@Example.com "},
        {"phone": "+81 3 0000 0000"},
        {"identifier": {"type": "user_id", "value": "u1"}},
    ):
        assert (await api.data(CUSTOMER, by=key))["customer"] == first


async def test_unknown_customers_are_null(api: Api, told: Tell) -> None:
    for key in (
        {"id": "cus_" + "0" * 32},
        {"email": "nobody@example.com"},
        {"phone": "+1-202-555-0100"},
        {"identifier": {"type": "user_id", "value": "' OR 1=1 //"}},
        {"identifier": {"type": "\u0000", "value": "\u0000"}},
    ):
        assert await api.data(CUSTOMER, by=key) == {"customer": None}


async def test_keys_that_name_nobody(api: Api, told: Tell) -> None:
    for key, code in (
        ({"id": "pur_" + "0" * 32}, "INVALID_ID"),
        ({"id": "cus_1"}, "INVALID_ID"),
        ({"id": "CUS_" + "0" * 32}, "INVALID_ID"),
        ({"id": "cus_" + "0" * 32 + "\n"}, "INVALID_ID"),
        ({"id": 17}, "INVALID_ID"),
        ({"email": ""}, "INVALID_KEY"),
        ({"phone": "   "}, "INVALID_KEY"),
        ({"email": "x" * 1001}, "INVALID_KEY"),
        ({"identifier": {"type": "", "value": "x"}}, "INVALID_KEY"),
        ({}, "BAD_USER_INPUT"),
        ({"email": "a@example.com", "phone": "+1"}, "BAD_USER_INPUT"),
        ({"email": None}, "BAD_USER_INPUT"),
        (None, "BAD_USER_INPUT"),
    ):
        assert await api.codes(CUSTOMER, by=key) == [code], key
    [error] = (await api.ask(CUSTOMER, by={"id": "pur_" + "0" * 32}))["errors"]
    assert "cus_" in error["message"] and error["path"] == ["customer"]


async def test_everything_a_customer_is_said_to_be(api: Api, told: Tell) -> None:
    address = {"kind": "home", "line1": "1-2-3", "city": "京都", "postalCode": "600-0000", "country": "JP"}
    await told(
        IdentifyInput(
            id="1",
            source="crm",
            at=at(0),
            identifiers=(email("ren@example.com"),),
            traits={
                "name": "Ren",
                "locale": "ja-JP",
                "timeZone": "Asia/Tokyo",
                "gender": "x",
                "addresses": [address, "nowhere", {"kind": 5}],
                "tier": "gold",
            },
        ),
        IdentifyInput(
            id="2", source="app", at=at(1), identifiers=(email("ren@example.com"),), traits={"name": "蓮", "color": ["青"]}
        ),
        TouchpointInput(id="3", source="app", at=at(9), customer=by_email("ren@example.com"), channel="app", type="open"),
    )
    data = await api.data("""{ customer(by: {email: "ren@example.com"}) {
        name email locale timeZone gender traits firstSeenAt lastSeenAt erasedAt
        addresses { kind line1 line2 city region postalCode country }
        provenance { totalCount nodes { name value source at overridden { value source at } } }
        identifiers { totalCount nodes { type value verified source firstSeenAt lastSeenAt } }
    } }""")
    customer = data["customer"]
    assert (customer["name"], customer["email"], customer["locale"]) == ("蓮", "ren@example.com", "ja-JP")
    assert (customer["timeZone"], customer["gender"], customer["erasedAt"]) == ("Asia/Tokyo", "x", None)
    assert customer["traits"] == {"tier": "gold", "color": ["青"]}
    assert (customer["firstSeenAt"], customer["lastSeenAt"]) == ("2024-01-01T00:00:00Z", "2024-01-01T00:09:00Z")
    assert customer["addresses"] == [{**address, "line2": None, "region": None}]
    provenance = {node["name"]: node for node in customer["provenance"]["nodes"]}
    assert list(provenance) == sorted(provenance) and customer["provenance"]["totalCount"] == len(provenance)
    assert provenance["name"] == {
        "name": "name",
        "value": "蓮",
        "source": "app",
        "at": "2024-01-01T00:01:00Z",
        "overridden": [{"value": "Ren", "source": "crm", "at": "2024-01-01T00:00:00Z"}],
    }
    assert customer["identifiers"]["totalCount"] == 1
    assert customer["identifiers"]["nodes"][0]["value"] == "ren@example.com"


async def test_identifiers_and_provenance_in_pages(api: Api, told: Tell) -> None:
    names = tuple(IdentifierKey("device", f"tablet-{n:02}") for n in range(9))
    traits = {f"trait{n}": n for n in range(9)}
    await told(IdentifyInput(id="1", source="app", at=at(0), identifiers=(email("yu@example.com"), *names), traits=traits))
    query = """query Q($first: Int, $after: String) { customer(by: {email: "yu@example.com"}) {
        identifiers(first: $first, after: $after) {
            edges { cursor node { type value } } pageInfo { hasNextPage hasPreviousPage } } } }"""
    seen: list[Any] = []
    cursor, more = None, True
    while more:
        page = (await api.data(query, first=4, after=cursor))["customer"]["identifiers"]
        assert page["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        seen += [edge["node"]["value"] for edge in page["edges"]]
        cursor, more = page["edges"][-1]["cursor"], page["pageInfo"]["hasNextPage"]
    assert sorted(seen) == sorted(["yu@example.com", *(name.value for name in names)])
    provenance = query.replace("identifiers(", "provenance(").replace("node { type value }", "node { name value }")
    assert await api.codes(provenance, after=cursor) == ["INVALID_CURSOR"]


async def test_channels_by_use(api: Api, told: Tell) -> None:
    who = by_email("yu@example.com")
    used = ["web", "web", "store", "app", "app"]
    await told(
        *(
            TouchpointInput(id=f"{n}", source="s", at=at(n), customer=who, channel=key, type="visit")
            for n, key in enumerate(used)
        ),
        PurchaseInput(
            id="p",
            source="s",
            at=at(9),
            customer=who,
            number="1",
            channel="store",
            items=(PurchaseItemInput(sku="A", quantity=Decimal(1)),),
        ),
    )
    data = await api.data("""{ customer(by: {email: "yu@example.com"}) { channels {
        channel { key label channelKind } touchpoints purchases firstAt lastAt preferred } } }""")
    channels = data["customer"]["channels"]
    # Two each: the store was used last, then the app.
    assert [use["channel"]["key"] for use in channels] == ["store", "app", "web"]
    assert [use["preferred"] for use in channels] == [True, False, False]
    assert (channels[0]["touchpoints"], channels[0]["purchases"]) == (1, 1)
    assert channels[0]["channel"]["channelKind"] == "STORE" and channels[2]["firstAt"] == "2024-01-01T00:00:00Z"


PEOPLE = ("Chihiro", "akira", "Béatrice", "Zoë", "佐藤", "Dan", "Ben", "émile", "Chihiro", "鈴木", "Ann", "Dan")
LIST = """query Q($order: CustomerOrder, $search: String, $first: Int, $after: String, $last: Int, $before: String) {
  customers(orderBy: $order, search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { email name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def tell_people(told: Tell) -> None:
    for n, name in enumerate(PEOPLE):
        who = f"p{n:02}@example.com"
        amount = Money((n * 7 % 5) * 1000, "USD")
        await told(
            IdentifyInput(id=f"i{n}", source="s", at=at(n % 4), identifiers=(email(who),), traits={"name": name}),
            PurchaseInput(
                id=f"p{n}",
                source="s",
                at=at(100 + n * 5 % 12),
                customer=by_email(who),
                number=f"{n}",
                total=amount,
                items=(PurchaseItemInput(sku="A", quantity=Decimal(1)),),
            ),
        )


def expected(order: str) -> list[str]:
    """The e-mail addresses in an order, but for ties."""
    numbers = range(len(PEOPLE))
    keys = {
        "LAST_SEEN_DESC": sorted(numbers, key=lambda n: -(n * 5 % 12)),
        "FIRST_SEEN_DESC": sorted(numbers, key=lambda n: -(n % 4)),
        "REVENUE_DESC": sorted(numbers, key=lambda n: -(n * 7 % 5)),
        "NAME_ASC": sorted(numbers, key=lambda n: PEOPLE[n].casefold()),
    }
    return [f"p{n:02}@example.com" for n in keys[order]]


def place(order: str, address: str) -> object:
    n = int(address[1:3])
    return {"LAST_SEEN_DESC": n * 5 % 12, "FIRST_SEEN_DESC": n % 4, "REVENUE_DESC": n * 7 % 5, "NAME_ASC": PEOPLE[n].casefold()}[
        order
    ]


@pytest.mark.parametrize("search", [None, "example"])
async def test_lists_of_customers_in_every_order_and_direction(api: Api, told: Tell, search: str | None) -> None:
    await tell_people(told)
    for order in ("LAST_SEEN_DESC", "FIRST_SEEN_DESC", "REVENUE_DESC", "NAME_ASC"):
        whole = (await api.data(LIST, order=order, search=search, first=100))["customers"]
        addresses = [node["email"] for node in whole["nodes"]]
        assert whole["totalCount"] == len(PEOPLE)
        assert sorted(addresses) == sorted(expected(order))
        assert [place(order, address) for address in addresses] == [place(order, address) for address in expected(order)]
        for backwards in (False, True):
            found: list[str] = []
            cursor, more = None, True
            while more:
                arguments = {"last": 5, "before": cursor} if backwards else {"first": 5, "after": cursor}
                page = (await api.data(LIST, order=order, search=search, **arguments))["customers"]
                rows = [node["email"] for node in page["nodes"]]
                found = rows + found if backwards else found + rows
                info = page["pageInfo"]
                assert info["hasNextPage" if backwards else "hasPreviousPage"] is (cursor is not None)
                cursor, more = (
                    (info["startCursor"], info["hasPreviousPage"]) if backwards else (info["endCursor"], info["hasNextPage"])
                )
            assert found == addresses, (order, backwards)


async def test_a_cursor_holds_for_its_order_only(api: Api, told: Tell) -> None:
    await tell_people(told)
    cursor = (await api.data(LIST, order="NAME_ASC", first=1))["customers"]["pageInfo"]["endCursor"]
    assert await api.codes(LIST, order="LAST_SEEN_DESC", after=cursor) == ["INVALID_CURSOR"]
    assert await api.codes(LIST, order="NAME_ASC", search="dan", after=cursor) == ["INVALID_CURSOR"]


async def test_search_by_words_beginnings_and_japanese(api: Api, told: Tell) -> None:
    await tell_people(told)
    for text, names in (
        ("dan", ["Dan", "Dan"]),
        ("chih", ["Chihiro", "Chihiro"]),
        ("beatrice", ["Béatrice"]),
        ("佐藤", ["佐藤"]),
        ("p03@example.com", ["Zoë"]),
        ("nobody at all", []),
        ("", []),
        ("!!! AND ( ~* \\", []),
    ):
        found = (await api.data(LIST, search=text, order="RELEVANCE"))["customers"]
        assert sorted(node["name"] for node in found["nodes"]) == names, text
        assert found["totalCount"] == len(names)
    assert len((await api.data(LIST, search="dan"))["customers"]["nodes"]) == 2


async def test_lists_that_can_not_be(api: Api, told: Tell) -> None:
    assert await api.codes(LIST, order="RELEVANCE") == ["INVALID_ORDER"]
    assert await api.codes(LIST, search="x" * 201) == ["INVALID_SEARCH"]
    assert await api.codes(LIST, order="BY_HEIGHT") == ["BAD_USER_INPUT"]
    assert await api.codes(LIST, first=0) == ["INVALID_PAGE_SIZE"]
    assert (await api.data(LIST))["customers"]["totalCount"] == 0


async def test_the_account_that_a_person_belongs_to(api: Api, told: Tell) -> None:
    acme, other = IdentifierKey("account_id", "acme"), IdentifierKey("account_id", "other")
    await told(
        IdentifyInput(id="1", source="crm", at=at(0), identifiers=(acme,), traits={"name": "Acme"}),
        IdentifyInput(id="2", source="crm", at=at(1), identifiers=(email("ana@example.com"),), account=other),
        IdentifyInput(id="3", source="crm", at=at(2), identifiers=(email("ana@example.com"),), account=acme),
        IdentifyInput(id="4", source="crm", at=at(2), identifiers=(email("bo@example.com"),), traits={"account": "basic"}),
    )
    query = "query Q($by: CustomerKey!) { customer(by: $by) { traits account { name account { name } } } }"
    ana = (await api.data(query, by={"email": "ana@example.com"}))["customer"]
    assert ana == {"traits": None, "account": {"name": "Acme", "account": None}}
    bo = (await api.data(query, by={"email": "bo@example.com"}))["customer"]
    assert bo == {"traits": {"account": "basic"}, "account": None}
    await told(
        IdentifyInput(id="5", source="crm", at=at(3), identifiers=(email("ana@example.com"),), traits={"account": None}),
    )
    assert (await api.data(query, by={"email": "ana@example.com"}))["customer"] == {"traits": None, "account": None}

"""The timeline: every kind in one order, all filters, and pages in both directions against the list as a whole."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from graph.events.inputs import (
    CaseInput,
    CommunicationInput,
    Event,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseItemInput,
    ReviewInput,
    SurveyResponseInput,
    TouchpointInput,
)
from graph.money import Money
from resolvers.scalars import write_datetime
from tests.api.conftest import Api, Tell, at, by_email, email

WHO = by_email("alex@example.com")
OTHER_NAME = IdentifierKey("device", "tablet-1")
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
QUERY = """query Q($kinds: [TimelineKind!], $channels: [String!], $period: Period,
                   $first: Int, $after: String, $last: Int, $before: String) {
  customer(by: {email: "alex@example.com"}) {
    timeline(kinds: $kinds, channels: $channels, period: $period, first: $first, after: $after, last: $last, before: $before) {
      totalCount edges { cursor node { id at kind channel { key } } } nodes { id } PAGE
    }
  }
}""".replace("PAGE", PAGE)


def one_of_each(number: int, minute: float, channel: str) -> list[Event]:
    """Seven entries, one of each kind, some of them at the same moment."""
    here: dict[str, Any] = {"source": "test", "at": at(minute)}
    item = PurchaseItemInput(sku="SKU-1", quantity=Decimal(1), total=Money(1200, "USD"))
    return [
        TouchpointInput(id=f"t{number}", customer=WHO, channel=channel, type="page_view", **here),
        PurchaseInput(id=f"p{number}", customer=WHO, number=f"N{number}", items=(item,), channel=channel, **here),
        ReviewInput(id=f"r{number}", customer=WHO, rating=5, sku="SKU-1", source="test", at=at(minute + 1), channel=channel),
        SurveyResponseInput(id=f"s{number}", customer=WHO, survey="q", survey_kind="NPS", score=9, channel=channel, **here),
        CaseInput(id=f"c{number}", customer=WHO, case=f"C{number}", channel=channel, source="test", at=at(minute + 2)),
        CommunicationInput(
            id=f"m{number}",
            customer=WHO,
            message=f"M{number}",
            channel=channel,
            purpose="marketing",
            status="SENT",
            source="test",
            at=at(minute + 3),
        ),
        InviteInput(id=f"i{number}", advocate=WHO, code=f"code-{number}", channel=channel, source="test", at=at(minute + 4)),
    ]


async def tell_story(told: Tell) -> None:
    """70 entries of all kinds on two channels, filed under two identifiers of one customer."""
    events: list[Event] = [
        IdentifyInput(id="who", source="test", at=at(0), identifiers=(email("alex@example.com"), OTHER_NAME)),
    ]
    for number in range(10):
        events += one_of_each(number, minute=1 + 10 * number, channel=("web", "app")[number % 2])
    random.Random(7).shuffle(events)
    await told.many(events)


async def ask(api: Api, **variables: Any) -> dict[str, Any]:
    connection: dict[str, Any] = (await api.data(QUERY, **variables))["customer"]["timeline"]
    assert [edge["node"]["id"] for edge in connection["edges"]] == [node["id"] for node in connection["nodes"]]
    return connection


def entries(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


async def walk(api: Api, *, size: int, backwards: bool, **filters: Any) -> list[dict[str, Any]]:
    """The whole list by its pages, checking each page's place in it."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        arguments = {"last": size, "before": cursor} if backwards else {"first": size, "after": cursor}
        page = await ask(api, **arguments, **filters)
        rows, info = entries(page), page["pageInfo"]
        found = rows + found if backwards else found + rows
        more, less = ("hasPreviousPage", "hasNextPage") if backwards else ("hasNextPage", "hasPreviousPage")
        assert info[less] == (cursor is not None)
        if rows:
            assert info["startCursor"] == page["edges"][0]["cursor"] and info["endCursor"] == page["edges"][-1]["cursor"]
        if not info[more]:
            return found
        assert len(rows) == size
        cursor = info["startCursor"] if backwards else info["endCursor"]


async def test_all_pages_in_both_directions_are_the_list(api: Api, told: Tell) -> None:
    await tell_story(told)
    whole = entries(await ask(api, first=100))
    assert len(whole) == 70
    assert whole == sorted(whole, key=lambda entry: (entry["at"], entry["id"]), reverse=True)
    assert {entry["kind"] for entry in whole} == {
        "TOUCHPOINT",
        "PURCHASE",
        "REVIEW",
        "SURVEY_RESPONSE",
        "CASE",
        "COMMUNICATION",
        "REFERRAL",
    }
    filters: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
        ({}, whole),
        ({"kinds": ["CASE"]}, [e for e in whole if e["kind"] == "CASE"]),
        ({"kinds": ["REFERRAL", "PURCHASE"]}, [e for e in whole if e["kind"] in ("REFERRAL", "PURCHASE")]),
        ({"channels": ["app"]}, [e for e in whole if e["channel"]["key"] == "app"]),
        (
            {"kinds": ["REVIEW", "CASE"], "channels": ["web"]},
            [e for e in whole if e["kind"] in ("REVIEW", "CASE") and e["channel"]["key"] == "web"],
        ),
    ]
    start, end = whole[50]["at"], whole[10]["at"]
    filters.append(({"period": {"from": start, "to": end}}, [e for e in whole if start <= e["at"] < end]))
    for arguments, expected in filters:
        for size in (7, 20) if len(expected) > 20 else (1, 6):
            for backwards in (False, True):
                assert await walk(api, size=size, backwards=backwards, **arguments) == expected
        assert (await ask(api, first=1, **arguments))["totalCount"] == len(expected)


async def test_filters_that_select_nothing(api: Api, told: Tell) -> None:
    await tell_story(told)
    nothing: list[dict[str, list[str]]] = [
        {"kinds": []},
        {"channels": []},
        {"channels": ["carrier pigeon"]},
        {"kinds": ["STAGE_CHANGE", "REWARD"]},
    ]
    for arguments in nothing:
        page = await ask(api, **arguments)
        assert page["nodes"] == [] and page["totalCount"] == 0
        assert page["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


async def test_a_page_between_two_cursors(api: Api, told: Tell) -> None:
    await tell_story(told)
    whole = (await ask(api, first=100))["edges"]
    after, before = whole[10]["cursor"], whole[14]["cursor"]
    page = await ask(api, first=10, after=after, before=before)
    assert page["edges"] == whole[11:14]
    assert page["pageInfo"]["hasNextPage"] and page["pageInfo"]["hasPreviousPage"]
    page = await ask(api, last=2, after=after, before=before)
    assert page["edges"] == whole[12:14]


async def test_what_can_not_be_asked(api: Api, told: Tell) -> None:
    await tell_story(told)
    cursor = (await ask(api, first=1))["pageInfo"]["endCursor"]
    for arguments, code in (
        ({"first": 0}, "INVALID_PAGE_SIZE"),
        ({"first": -1}, "INVALID_PAGE_SIZE"),
        ({"first": 101}, "INVALID_PAGE_SIZE"),
        ({"last": 0}, "INVALID_PAGE_SIZE"),
        ({"first": 1, "last": 1}, "INVALID_PAGE_SIZE"),
        ({"after": "AAAA"}, "INVALID_CURSOR"),
        ({"after": ""}, "INVALID_CURSOR"),
        ({"before": cursor[:-2] + "AA"}, "INVALID_CURSOR"),
        ({"kinds": ["NONSENSE"]}, "BAD_USER_INPUT"),
        ({"channels": ["x" * 1001]}, "TOO_MANY_VALUES"),
        ({"channels": ["x"] * 51}, "TOO_MANY_VALUES"),
        ({"period": {"from": write_datetime(at(5)), "to": write_datetime(at(5))}}, "INVALID_PERIOD"),
        ({"period": {"from": write_datetime(at(6)), "to": write_datetime(at(5))}}, "INVALID_PERIOD"),
        ({"period": {"from": write_datetime(at(5))}}, "BAD_USER_INPUT"),
    ):
        [error] = (await api.ask(QUERY, **arguments))["errors"]
        assert error["extensions"]["code"] == code, arguments
        if code == "TOO_MANY_VALUES":
            assert (error["extensions"]["limit"], error["extensions"]["actual"]) in ((50, 51), (1_000, 1_001))
    purchases = 'query Q($a: String) { customer(by: {email: "alex@example.com"}) { purchases(after: $a) { totalCount } } }'
    assert await api.codes(purchases, a=cursor) == ["INVALID_CURSOR"]


async def test_every_entry_leads_to_its_customer_and_its_own_fields(api: Api, told: Tell) -> None:
    await tell_story(told)
    data = await api.data("""{ customer(by: {email: "alex@example.com"}) { id timeline(first: 7) { nodes {
        __typename customer { id }
        ... on Touchpoint { type }
        ... on Purchase { number total { amount currency } items { product { sku } total { amount } } }
        ... on Review { rating product { sku } }
        ... on SurveyResponse { surveyKind score }
        ... on Case { caseNumber: number closedAt }
        ... on Communication { communicationStatus purpose }
        ... on Referral { code referralStatus advocate { id } friend { id } }
    } } } }""")
    customer = data["customer"]
    by_type = {node["__typename"]: node for node in customer["timeline"]["nodes"]}
    assert len(by_type) == 7
    assert all(node["customer"] == {"id": customer["id"]} for node in by_type.values())
    assert by_type["Purchase"]["total"] == {"amount": "12.00", "currency": "USD"}
    assert by_type["Purchase"]["items"] == [{"product": {"sku": "SKU-1"}, "total": {"amount": "12.00"}}]
    assert by_type["Review"]["product"] == {"sku": "SKU-1"}
    assert by_type["Referral"]["advocate"] == {"id": customer["id"]} and by_type["Referral"]["friend"] is None


async def test_touchpoints_with_all_they_carry(api: Api, told: Tell) -> None:
    await told(
        TouchpointInput(
            id="1",
            source="web",
            at=at(1),
            customer=WHO,
            channel="web",
            type="page_view",
            campaign="spring",
            session="visit-1",
            duration_seconds=42,
            url="https://shop.example/茶",
            sku="TEA",
            properties={"引用": ["山", 1.5, None, {"深い": True}]},
        ),
        TouchpointInput(id="2", source="web", at=at(2), customer=WHO, channel="app", type="tap"),
    )
    query = """query Q($types: [String!], $channels: [String!]) { customer(by: {email: "alex@example.com"}) {
        touchpoints(types: $types, channels: $channels) { totalCount nodes {
            type campaign { key label } session durationSeconds url product { sku } properties channel { key label channelKind }
    } } } }"""
    [tap, view] = (await api.data(query))["customer"]["touchpoints"]["nodes"]
    assert tap["properties"] is None and tap["campaign"] is None and tap["product"] is None
    assert view["campaign"]["key"] == "spring" and view["session"] == "visit-1" and view["durationSeconds"] == 42
    assert view["url"] == "https://shop.example/茶" and view["product"] == {"sku": "TEA"}
    assert view["properties"] == {"引用": ["山", 1.5, None, {"深い": True}]}
    assert view["channel"]["key"] == "web" and view["channel"]["channelKind"] == "WEB"
    filtered = (await api.data(query, types=["tap", "swipe"], channels=["app"]))["customer"]["touchpoints"]
    assert filtered == {"totalCount": 1, "nodes": [tap]}

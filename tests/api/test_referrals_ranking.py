"""Advocates, the referral program and extended value over GraphQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.services import Services
from graph.events.inputs import Event, PurchaseInput
from tests.api.conftest import Api, Tell
from tests.api.test_referrals_networks import BEGIN, END, LATE, forest
from tests.referral_oracle import Oracle, history

__all__ = ["forest"]

ADVOCATES = """query($order: AdvocateOrder, $period: Period, $currency: CurrencyCode, $first: Int, $after: String) {
  advocates(orderBy: $order, period: $period, currency: $currency, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    nodes { customer { name } rank invited accepted converted networkSize networkRevenue { amount currency } } } }"""
PROGRAM = """query($period: Period, $currency: CurrencyCode) { referralProgram(period: $period, currency: $currency) {
  invited accepted qualified rewarded rejected conversionRate invitationsPerAdvocate kFactor medianDaysToConvert longestChain
  revenue { amount currency } } }"""
EXTENDED = """query($email: String!, $generations: Int, $decay: Float, $currency: CurrencyCode) {
  customer(by: {email: $email}) { value(currency: $currency) { extendedValue(generations: $generations, decay: $decay) {
    own { amount } network { amount } total { amount currency } truncated } } } }"""


@pytest.fixture
async def counted(services: Services, forest: None) -> None:
    """The forest, once its totals have been made."""
    while await services.totals.turn():
        pass


async def advocates(api: Api, **variables: Any) -> Any:
    return (await api.data(ADVOCATES, **variables))["advocates"]


async def test_advocates_come_by_what_they_are_ranked_by(api: Api, counted: None) -> None:
    nodes = (await advocates(api))["nodes"]
    assert [each["customer"]["name"] for each in nodes][:2] == ["ana", "eve"]
    assert nodes[0] == {
        "customer": {"name": "ana"},
        "rank": 1,
        "invited": 2,
        "accepted": 2,
        "converted": 1,
        "networkSize": 5,
        "networkRevenue": {"amount": "136.00", "currency": "USD"},
    }
    assert [each["rank"] for each in nodes] == [1, 2, 3, 4, 5]
    by_size = (await advocates(api, order="NETWORK_SIZE", currency="EUR"))["nodes"]
    assert [(each["customer"]["name"], each["networkSize"]) for each in by_size][:2] == [("ana", 5), ("ben", 2)]
    assert by_size[0]["networkRevenue"] == {"amount": "123.64", "currency": "EUR"}
    by_converts = (await advocates(api, order="CONVERTED"))["nodes"]
    assert [each["converted"] for each in by_converts] == [1, 1, 1, 0, 0]


async def test_advocates_are_paged(api: Api, counted: None) -> None:
    whole = (await advocates(api))["nodes"]
    seen, after = [], None
    for turn in range(3):
        page = await advocates(api, first=2, after=after)
        assert page["totalCount"] == 5
        assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (turn < 2, turn > 0)
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
    assert seen == whole
    for wrong in ({"order": "CONVERTED", "after": after}, {"after": "x"}, {"period": {"from": BEGIN, "to": END}, "after": after}):
        assert await api.codes(ADVOCATES, **wrong) == ["INVALID_CURSOR"]


async def test_a_period_ranks_by_what_fell_in_it(api: Api, counted: None) -> None:
    page = await advocates(api, order="NETWORK_SIZE", period={"from": BEGIN, "to": LATE})
    assert page["totalCount"] is None
    assert [(each["customer"]["name"], each["networkSize"], each["networkRevenue"]["amount"]) for each in page["nodes"]][:2] == [
        ("ana", 4, "100.00"),
        ("ben", 2, "0.00"),
    ]
    assert {each["invited"] for each in page["nodes"]} == {0}
    there = (await advocates(api, order="NETWORK_SIZE", period={"from": BEGIN, "to": LATE}, first=1))["pageInfo"]["endCursor"]
    rest = await advocates(api, order="NETWORK_SIZE", period={"from": BEGIN, "to": LATE}, after=there)
    assert rest["nodes"] == page["nodes"][1:] and rest["pageInfo"]["hasPreviousPage"]
    elsewhere = {"order": "NETWORK_SIZE", "period": {"from": BEGIN, "to": END}, "after": there}
    assert await api.codes(ADVOCATES, **elsewhere) == ["INVALID_CURSOR"]
    assert (await advocates(api, period={"from": "2023-01-01T00:00:00Z", "to": "2023-02-01T00:00:00Z"}))["nodes"] == []
    assert await api.codes(ADVOCATES, period={"from": END, "to": BEGIN}) == ["INVALID_PERIOD"]


async def test_the_program_says_how_referrals_go(api: Api, counted: None) -> None:
    found = (await api.data(PROGRAM))["referralProgram"]
    assert {name: found[name] for name in ("invited", "accepted", "qualified", "rewarded", "rejected", "longestChain")} == {
        "invited": 6,
        "accepted": 6,
        "qualified": 3,
        "rewarded": 0,
        "rejected": 0,
        "longestChain": 3,
    }
    assert (found["conversionRate"], found["invitationsPerAdvocate"], found["kFactor"]) == (0.5, 6 / 5, 6 / 8)
    # Ben took half an hour, Dan as long, Fay five minutes more.
    assert found["medianDaysToConvert"] == pytest.approx(30 / 1440)
    assert found["revenue"] == {"amount": "136.00", "currency": "USD"}
    found = (await api.data(PROGRAM, period={"from": BEGIN, "to": LATE}, currency="EUR"))["referralProgram"]
    assert (found["invited"], found["accepted"], found["qualified"], found["longestChain"]) == (0, 4, 2, 3)
    assert (found["invitationsPerAdvocate"], found["revenue"]) == (None, {"amount": "90.91", "currency": "EUR"})
    assert (found["conversionRate"], found["kFactor"]) == (2 / 4, 4 / 8)
    nothing = (await api.data(PROGRAM, period={"from": "2023-01-01T00:00:00Z", "to": "2023-02-01T00:00:00Z"}))["referralProgram"]
    assert [nothing[name] for name in ("conversionRate", "kFactor", "medianDaysToConvert", "longestChain")] == [
        None,
        None,
        None,
        0,
    ]
    assert await api.codes(PROGRAM, period={"from": END, "to": END}) == ["INVALID_PERIOD"]


async def test_extended_value_counts_each_generation_less(api: Api, forest: None) -> None:
    async def extended(**variables: Any) -> Any:
        data = await api.data(EXTENDED, email="ana@example.com", **variables)
        return data["customer"]["value"]["extendedValue"]

    # 100.00 half, 25.00 a quarter, 11.00 an eighth: 57.625, and to even.
    assert await extended() == {
        "own": {"amount": "999.00"},
        "network": {"amount": "57.62"},
        "total": {"amount": "1056.62", "currency": "USD"},
        "truncated": False,
    }
    assert (await extended(generations=1, decay=1))["network"] == {"amount": "100.00"}
    assert (await extended(generations=20, decay=0.1))["network"] == {"amount": "10.26"}
    assert (await extended(decay=0))["total"] == {"amount": "999.00", "currency": "USD"}
    assert (await extended(currency="EUR", decay=1))["total"] == {"amount": "1031.82", "currency": "EUR"}


async def test_extended_value_and_k_factor_are_what_brute_force_says(api: Api, told: Tell) -> None:
    events = in_dollars(history(5))
    await told(*events)
    oracle = Oracle(events)
    asked = EXTENDED.replace("$email: String!", "$name: String!").replace(
        "{email: $email}", '{identifier: {type: "user_id", value: $name}}'
    )
    worth = set()
    for name in set(oracle.people.values()):
        for generations, decay in ((3, 0.5), (1, 0.25), (20, 1.0)):
            found = await api.data(asked, name=name, generations=generations, decay=decay)
            value = found["customer"]["value"]["extendedValue"]
            own, below = oracle.net([name]).get("USD", 0), oracle.below(name, generations, decay).get("USD", 0)
            assert cents(value["own"]) == own and cents(value["network"]) == round(below), (name, generations)
            assert cents(value["total"]) == own + round(below)
            worth.add(round(below))
    assert len(worth) > 10
    program, figures = oracle.program(), (await api.data(PROGRAM))["referralProgram"]
    assert figures["kFactor"] == program["accepted"] / len(set(oracle.people.values()))
    assert figures["invitationsPerAdvocate"] == program["invited"] / program["advocates"]
    assert figures["conversionRate"] == program["qualified"] / program["accepted"]
    assert 0 < figures["rejected"] == program["rejected"]


def in_dollars(events: list[Event]) -> list[Event]:
    """Without what was bought in other currencies."""
    foreign = {each.number for each in events if isinstance(each, PurchaseInput) and each.total and each.total.currency != "USD"}
    return [each for each in events if not {getattr(each, "number", None), getattr(each, "purchase", None)} & foreign]


def cents(amount: dict[str, str] | None) -> int:
    return 0 if amount is None else int(Decimal(amount["amount"]) * 100)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"generations": 0}, "INVALID_DEPTH"),
        ({"generations": 21}, "INVALID_DEPTH"),
        ({"generations": -(10**9)}, "INVALID_DEPTH"),
        ({"decay": -0.1}, "INVALID_DECAY"),
        ({"decay": 1.5}, "INVALID_DECAY"),
        ({"decay": 1e300}, "INVALID_DECAY"),
        ({"currency": "CHF"}, "CURRENCY_NOT_CONVERTIBLE"),
    ],
)
async def test_bad_generations_and_decays_are_refused(api: Api, forest: None, variables: dict[str, Any], code: str) -> None:
    assert set(await api.codes(EXTENDED, email="ana@example.com", **variables)) == {code}

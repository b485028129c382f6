"""What a customer is worth: sums over currencies, and fifths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.customers import Facts
from graph.customers.places import Quintiles, load_quintiles
from graph.errors import StoreUnavailable
from graph.events.inputs import Event, PurchaseInput, PurchaseItemInput, RefundInput
from graph.money import Money
from graph.store import Store
from resolvers.errors import NotConvertible
from resolvers.money import Rates
from resolvers.value import QuintileCopy, Worth, score
from tests.api.conftest import Api, Tell, at, by_email

RATES = Rates("USD", {"EUR": Decimal("1.10"), "JPY": Decimal("0.0067"), "KWD": Decimal("3.25")})
ITEMS = (PurchaseItemInput(sku="A", quantity=Decimal(1)),)
QUERY = """query Q($currency: CurrencyCode) { customer(by: {email: "rin@example.com"}) { value(currency: $currency) {
    orders firstPurchaseAt lastPurchaseAt revenue { amount currency } refunds { amount currency } averageOrder { amount currency }
    historicLifetimeValue { amount currency } rfm { recencyDays frequency monetary { amount } score } } } }"""


def test_sums_are_exact_and_rounded_once() -> None:
    assert RATES.total({"USD": 1000, "EUR": 1000}, "USD") == Money(2100, "USD")
    assert RATES.total({"JPY": 10_000}, "USD") == Money(6700, "USD")
    assert RATES.total({"USD": 1}, "JPY") == Money(1, "JPY")  # 0.01 / 0.0067 = 1.49
    assert RATES.total({"KWD": 1_000}, "EUR") == Money(295, "EUR")  # 3.25 / 1.10 = 2.9545
    # Two halves of a cent make a cent; rounded one by one they would make two, or none.
    halves = Rates("USD", {"EUR": Decimal("0.5"), "GBP": Decimal("0.5")})
    assert halves.total({"EUR": 1, "GBP": 1}, "USD") == Money(1, "USD")
    assert halves.total({"EUR": 1}, "USD") == Money(0, "USD")  # half to even
    assert halves.total({"EUR": 3}, "USD") == Money(2, "USD")


def test_amounts_in_the_currency_asked_for_need_no_rate() -> None:
    assert RATES.total({"GBP": 5}, "GBP") == Money(5, "GBP")
    assert RATES.total({"GBP": 0, "USD": 5}, "USD") == Money(5, "USD")
    assert RATES.total({}, "GBP") == Money(0, "GBP")
    for sums, target in (({"GBP": 5}, "USD"), ({"USD": 5}, "GBP"), ({"CHF": 5}, "GBP")):
        with pytest.raises(NotConvertible, match="C360_CURRENCY_RATES"):
            RATES.total(sums, target)


@given(st.dictionaries(st.sampled_from(["USD", "EUR", "JPY", "KWD"]), st.integers(-(10**12), 10**12)))
def test_a_sum_is_off_by_half_a_minor_unit_at_most(sums: dict[str, int]) -> None:
    worth = {"USD": Fraction(1), "EUR": Fraction("1.10"), "JPY": Fraction("0.67"), "KWD": Fraction("0.325")}
    exact = sum((amount * worth[currency] for currency, amount in sums.items()), Fraction(0))
    assert abs(RATES.total(sums, "USD").amount - exact) <= Fraction(1, 2)


def test_unknown_amounts_are_not_nothing() -> None:
    unknown = Worth("cus_x", Facts(orders=3), RATES, "USD")
    assert unknown.revenue is None and unknown.average_order is None and unknown.historic is None
    nothing = Worth("cus_x", Facts(), RATES, "USD")
    assert nothing.revenue == Money(0, "USD") and nothing.average_order is None and nothing.historic == Money(0, "USD")


def test_averages_and_what_is_left_after_refunds() -> None:
    worth = Worth("cus_x", Facts(orders=3, revenue={"USD": 1000, "EUR": 100}, refunds={"EUR": 50, "JPY": 100}), RATES, "USD")
    assert worth.revenue == Money(1110, "USD") and worth.average_order == Money(370, "USD")
    assert worth.refunds == Money(122, "USD") and worth.historic == Money(988, "USD")


def test_scores_by_fifths() -> None:
    boundaries = Quintiles(last_purchase_at=(10.0, 20.0, 30.0, 40.0), orders=(1, 1, 2, 5), revenue=(100, 200, 300, 400))

    def of(last: float, orders: int, revenue: int) -> str:
        facts = Facts(orders=orders, revenue={"USD": revenue}, last_purchase_at=datetime.fromtimestamp(last, UTC))
        return score(facts, boundaries, RATES)

    assert of(10, 1, 100) == "1-1-1"
    assert of(10.5, 2, 101) == "2-3-2"
    assert of(40, 5, 400) == "4-4-4"
    assert of(41, 6, 401) == "5-5-5"


async def test_the_value_of_a_customer(api: Api, told: Tell) -> None:
    who = by_email("rin@example.com")
    await told(
        PurchaseInput(id="1", source="s", at=at(0), customer=who, number="1", items=ITEMS, total=Money(1000, "USD")),
        PurchaseInput(id="2", source="s", at=at(9), customer=who, number="2", items=ITEMS, total=Money(1000, "EUR")),
        PurchaseInput(
            id="3", source="s", at=at(5), customer=who, number="3", items=ITEMS, total=Money(999, "USD"), status="CANCELLED"
        ),
        RefundInput(id="4", source="s", at=at(10), purchase="1", amount=Money(100, "USD")),
    )
    value = (await api.data(QUERY))["customer"]["value"]
    assert value["orders"] == 2
    assert (value["firstPurchaseAt"], value["lastPurchaseAt"]) == ("2024-01-01T00:00:00Z", "2024-01-01T00:09:00Z")
    assert value["revenue"] == {"amount": "21.00", "currency": "USD"} and value["refunds"]["amount"] == "1.00"
    assert value["averageOrder"]["amount"] == "10.50" and value["historicLifetimeValue"]["amount"] == "20.00"
    yen = (await api.data(QUERY, currency="JPY"))["customer"]["value"]
    assert yen["revenue"] == {"amount": "3134", "currency": "JPY"}


async def test_a_missing_rate_is_null_and_an_error_with_its_path(api: Api, told: Tell) -> None:
    who = by_email("rin@example.com")
    await told(PurchaseInput(id="1", source="s", at=at(0), customer=who, number="1", items=ITEMS, total=Money(1000, "GBP")))
    query = '{ customer(by: {email: "rin@example.com"}) { value { orders revenue { amount } refunds { amount } } } }'
    body = await api.ask(query)
    assert body["data"]["customer"]["value"] == {"orders": 1, "revenue": None, "refunds": {"amount": "0.00"}}
    [error] = body["errors"]
    assert error["path"] == ["customer", "value", "revenue"] and error["extensions"] == {"code": "CURRENCY_NOT_CONVERTIBLE"}
    pounds = query.replace("value {", 'value(currency: "GBP") {')
    assert (await api.data(pounds))["customer"]["value"]["revenue"] == {"amount": "10.00"}


async def test_a_customer_without_purchases(api: Api, told: Tell) -> None:
    from graph.events.inputs import TouchpointInput

    await told(TouchpointInput(id="1", source="s", at=at(0), customer=by_email("rin@example.com"), channel="web", type="x"))
    value = (await api.data(QUERY))["customer"]["value"]
    assert value["orders"] == 0 and value["rfm"] is None and value["averageOrder"] is None
    assert value["revenue"] == {"amount": "0.00", "currency": "USD"} and value["firstPurchaseAt"] is None


async def test_fifths_of_all_customers(told: Tell, graph: Store) -> None:
    assert await load_quintiles(graph) is None
    events: list[Event] = []
    for n in range(10):
        who = by_email(f"c{n}@example.com")
        for order in range(n + 1):
            events.append(
                PurchaseInput(
                    id=f"{n}-{order}",
                    source="s",
                    at=at(n),
                    customer=who,
                    number=f"{n}-{order}",
                    items=ITEMS,
                    total=Money(100, "USD"),
                )
            )
    await told(*events)
    found = await load_quintiles(graph)
    assert found is not None
    assert found.orders == (2, 4, 6, 8) and found.revenue == (200, 400, 600, 800)
    assert found.last_purchase_at == tuple(at(n).timestamp() for n in (1, 3, 5, 7))


async def test_the_copy_of_the_fifths_is_loaded_once_and_kept_when_neo4j_is_away() -> None:
    import asyncio

    boundaries = Quintiles(last_purchase_at=(1.0, 2.0, 3.0, 4.0), orders=(1, 2, 3, 4), revenue=(1, 2, 3, 4))
    calls = 0

    async def load() -> Quintiles | None:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        return boundaries

    copy = QuintileCopy(load)
    assert await asyncio.gather(*(copy.current() for _ in range(5))) == [boundaries] * 5
    assert await copy.current() == boundaries and calls == 1
    await copy.close()

    async def fail() -> Quintiles | None:
        raise StoreUnavailable("away")

    assert await QuintileCopy(fail).current() is None


def test_recency_is_never_negative() -> None:
    from resolvers.value import Placement

    now = datetime(2024, 1, 1, tzinfo=UTC)
    boundaries = Quintiles(last_purchase_at=(1.0, 2.0, 3.0, 4.0), orders=(1, 2, 3, 4), revenue=(1, 2, 3, 4))
    facts = Facts(orders=1, revenue={"USD": 5}, last_purchase_at=now + timedelta(hours=3))
    found = Placement.of(Worth("cus_x", facts, RATES, "USD"), boundaries, now)
    assert found is not None and found.recency_days == 0 and found.score == "5-1-5"

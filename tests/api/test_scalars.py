"""What each scalar takes, refuses, and sends out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.errors import BadValue
from resolvers.scalars import read_currency, read_date, read_datetime, read_decimal, write_datetime, write_decimal
from tests.api.conftest import Api

PERIOD = """query Q($from: DateTime!) { customer(by: {email: "nobody@example.com"}) {
    timeline(period: {from: $from, to: "2030-01-01T00:00:00Z"}) { totalCount } } }"""


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-11-23T17:00:00Z", datetime(2026, 11, 23, 17, tzinfo=UTC)),
        ("2026-11-23t17:00:00z", datetime(2026, 11, 23, 17, tzinfo=UTC)),
        ("2026-11-23 17:00:00+00:00", datetime(2026, 11, 23, 17, tzinfo=UTC)),
        ("2026-11-24T02:00:00.25+09:00", datetime(2026, 11, 23, 17, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-23T17:00:00.123456789-00:00", datetime(2026, 11, 23, 17, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_times_with_an_offset_are_read(text: str, read: datetime) -> None:
    assert read_datetime(text) == read
    assert read_datetime(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T17:00:00",
        "2026-11-23",
        "17:00:00Z",
        "",
        "now",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T17:00:60Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-23T17:00:00+25:00",
        "20261123T170000Z",
        "２０２６-11-23T17:00:00Z",
        " 2026-11-23T17:00:00Z",
        1_795_453_200,
        None,
        True,
    ],
)
def test_other_times_are_refused(text: Any) -> None:
    with pytest.raises(BadValue):
        read_datetime(text)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_times_survive_the_way_out_and_in(moment: datetime, offset: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    written = write_datetime(aware)
    assert written.endswith("Z")
    assert read_datetime(written) == aware


@pytest.mark.parametrize("value", ["12.50", "-0.01", "+3", 7, "0", "9" * 40, "0." + "9" * 40])
def test_decimals_are_exact(value: Any) -> None:
    assert read_decimal(value) == Decimal(value)
    assert Decimal(write_decimal(read_decimal(value))) == Decimal(value)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-inf", "1e3", "1_000", "", " 1", "1.", ".5", "٣", 1.5, True, None, 10**40, "9" * 41]
)
def test_what_is_no_finite_decimal_is_refused(value: Any) -> None:
    with pytest.raises(BadValue):
        read_decimal(value)


def test_decimals_are_never_sent_with_an_exponent() -> None:
    assert write_decimal(Decimal("1E+3")) == "1000"
    assert write_decimal(Decimal("1E-7")) == "0.0000001"


def test_dates() -> None:
    assert read_date("2024-02-29") == date(2024, 2, 29)
    for value in ("2023-02-29", "2024-2-29", "20240229", "2024-02-29T00:00:00Z", 20240229, None):
        with pytest.raises(BadValue):
            read_date(value)


def test_currencies_are_those_that_people_pay_with() -> None:
    assert read_currency("JPY") == "JPY"
    for value in ("jpy", "XXX", "XAU", "EURO", "", "ZZZ", 392, None):
        with pytest.raises(BadValue):
            read_currency(value)


async def test_a_client_is_told_what_to_send(api: Api) -> None:
    for wrong in ("2026-11-23T17:00:00", "yesterday", 5, 1.5, "", {"a": 1}):
        body = await api.ask(PERIOD, **{"from": wrong})
        [error] = body["errors"]
        assert error["extensions"]["code"] == "INVALID_DATETIME"
        assert "RFC 3339" in error["message"]
        assert "data" not in body
    written = PERIOD.replace("query Q($from: DateTime!)", "").replace("from: $from", 'from: "2026-11-23T17:00:00"')
    assert await api.codes(written) == ["INVALID_DATETIME"]


async def test_currency_codes_that_are_none(api: Api) -> None:
    for wrong in ("XXX", "usd", 1):
        query = 'query Q($c: CurrencyCode) { customer(by: {email: "nobody@example.com"}) { value(currency: $c) { orders } } }'
        assert await api.codes(query, c=wrong) == ["INVALID_CURRENCY_CODE"]


async def test_integers_of_any_length_are_refused_calmly(api: Api) -> None:
    query = '{ customer(by: {email: "a@example.com"}) { timeline(first: %s) { totalCount } } }'
    assert await api.codes(query % ("9" * 5000)) == ["GRAPHQL_VALIDATION_FAILED"]
    assert await api.codes(query % "1.5") == ["GRAPHQL_VALIDATION_FAILED"]

"""What is an amount of money, whatever is sent instead."""

from __future__ import annotations

import pytest

from graph.errors import MoneyError
from graph.money import Money


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.5", "USD", 1250),
        ("-0.01", "USD", -1),
        ("800", "JPY", 800),
        ("1.234", "KWD", 1234),
        ("1000000000000.00", "USD", 10**14),
    ],
)
def test_amounts_are_whole_minor_units(text: str, currency: str, amount: int) -> None:
    assert Money.of(text, currency) == Money(amount, currency)
    assert Money.of(Money(amount, currency).decimal(), currency) == Money(amount, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "NaN",
        "Infinity",
        "0.001",
        "1e-999999",
        "1e-1000000000",
        "1000000000000.01",
        "1e16",
        "1e999999999",
        "0e999999999",
        "1" * 9_999,
    ],
)
def test_what_is_none_is_refused_soon_and_shortly(text: str) -> None:
    with pytest.raises(MoneyError) as refused:
        Money.of(text, "USD")
    assert len(str(refused.value)) < 200


def test_currencies_that_nobody_pays_with_are_none() -> None:
    for currency in ("XYZ", "XAU", "usd", ""):
        with pytest.raises(MoneyError):
            Money.of("1", currency)

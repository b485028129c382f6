"""Amounts of money: a whole number of minor units and a currency, never a float.

Currencies and their minor units are those of ISO 4217 (Japanese yen 0, US dollar 2, Kuwaiti dinar 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from iso4217 import Currency

from graph.errors import MoneyError

# A trillion dollars. Neo4j's integers have 64 bits: that leaves room for a sum of ninety thousand such amounts.
MAX_MINOR_UNITS = 10**14
#: Of an amount's first digit, in any currency.
LARGEST_PLACE = len(str(MAX_MINOR_UNITS)) - 1


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units of `currency` (cents for USD, yen for JPY)."""

    amount: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Money:
        """Money from a decimal amount in major units; raises MoneyError when it is no exact amount of that currency."""
        scale = exponent(currency)
        try:
            major = Decimal(amount)
        except InvalidOperation:
            raise MoneyError.not_a_number(str(amount)) from None
        if not major.is_finite():
            raise MoneyError.not_a_number(str(amount))
        # By its size alone: an exponent of a million overflows when it is scaled, or comes to nothing.
        if major.adjusted() > LARGEST_PLACE:
            raise MoneyError.too_large(str(amount), currency)
        if major and major.adjusted() < -scale:
            raise MoneyError.too_precise(str(amount), currency, scale)
        minor = major.scaleb(scale)
        if abs(minor) > MAX_MINOR_UNITS:
            raise MoneyError.too_large(str(amount), currency)
        whole = int(minor)
        if whole != minor:
            raise MoneyError.too_precise(str(amount), currency, scale)
        return cls(whole, currency)

    def decimal(self) -> Decimal:
        """The amount in major units, with as many decimals as the currency has."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))


@cache
def exponent(currency: str) -> int:
    """How many decimals `currency` (an ISO 4217 code in capitals) has; raises MoneyError when it is unknown."""
    try:
        found = Currency(currency)
    except ValueError:
        raise MoneyError.unknown_currency(currency) from None
    # Gold, test codes and the like have no minor unit: they are no money that anybody pays with.
    if found.exponent is None:
        raise MoneyError.unknown_currency(currency)
    return int(found.exponent)

"""Money in answers, and sums over several currencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import strawberry
from strawberry import Parent

from graph import money
from graph.money import exponent
from resolvers.errors import NotConvertible
from resolvers.fields import resolved
from resolvers.requirements import needs_nothing_more
from resolvers.scalars import CurrencyCode


@strawberry.type(description="An amount, exact, with as many decimals as its currency has.", directives=[needs_nothing_more()])
class Money:
    @resolved("In major units: 12.50 for twelve dollars and fifty cents.")
    @staticmethod
    def amount(amount: Parent[money.Money]) -> Decimal:
        return amount.decimal()

    currency: CurrencyCode = strawberry.field(description="The currency of the amount.")


@dataclass(frozen=True)
class Rates:
    """Units of the reporting currency that one unit of each other currency is worth."""

    reporting: str
    rates: Mapping[str, Decimal]

    @cached_property
    def weights(self) -> dict[str, float]:
        """For each currency, how many minor units of the reporting currency one of its minor units is worth: to order by."""
        known = {**self.rates, self.reporting: Decimal(1)}
        scale = exponent(self.reporting)
        return {currency: float(rate.scaleb(scale - exponent(currency))) for currency, rate in known.items()}

    def total(self, sums: Mapping[str, int], currency: str) -> money.Money:
        """The sum, in `currency`, of minor units by currency: exact until the end, then rounded once, half to even, to
        minor units. Raises NotConvertible where a rate is missing."""
        if sums.keys() <= {currency}:
            return money.Money(sums.get(currency, 0), currency)
        return money.Money(round(self.exact(sums, currency)), currency)

    def exact(self, sums: Mapping[str, int], currency: str) -> Fraction:
        """The same, not rounded."""
        return sum((self._minor(amount, source, currency) for source, amount in sums.items() if amount), Fraction(0))

    def _minor(self, amount: int, source: str, target: str) -> Fraction:
        if source == target:
            return Fraction(amount)
        worth = Fraction(amount) * self._rate(source, source, target) / self._rate(target, source, target)
        return worth * Fraction(10) ** (exponent(target) - exponent(source))

    def _rate(self, currency: str, source: str, target: str) -> Fraction:
        if currency == self.reporting:
            return Fraction(1)
        rate = self.rates.get(currency)
        if rate is None:
            raise NotConvertible(source, target)
        return Fraction(rate)

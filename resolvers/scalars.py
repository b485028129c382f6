"""Scalars of the contract. The stock ones take naive times, NaN and floats; these don't."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from graph.errors import MoneyError
from graph.money import exponent
from resolvers.errors import BadValue

CurrencyCode = NewType("CurrencyCode", str)

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?", re.ASCII)
_LARGEST = 10**40


def read_datetime(value: Any) -> datetime:
    """A UTC time from RFC 3339 text with an offset (digits past microseconds are dropped); raises BadValue."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise BadValue.datetime()
    try:
        return datetime.fromisoformat(value.upper().replace(" ", "T")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue.datetime() from None


def write_datetime(value: datetime) -> str:
    """RFC 3339 in UTC with Z; microseconds only where there are some."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise BadValue.date()
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadValue.date() from None


def read_decimal(value: Any) -> Decimal:
    """A decimal from text without an exponent, or from a whole number; floats have lost digits already. Raises BadValue."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise BadValue.decimal()


def write_decimal(value: Decimal) -> str:
    return format(value, "f")


def read_currency(value: Any) -> CurrencyCode:
    """A currency of ISO 4217 that has minor units; raises BadValue."""
    if not isinstance(value, str) or len(value) != 3:
        raise BadValue.currency()
    try:
        exponent(value)
    except MoneyError:
        raise BadValue.currency() from None
    return CurrencyCode(value)


def _as_it_is(value: Any) -> Any:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339 with an offset; naive times are refused; sent out in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=write_datetime,
        parse_value=read_datetime,
    ),
    date: strawberry.scalar(
        name="Date", description="A calendar date: 2026-11-23.", serialize=date.isoformat, parse_value=read_date
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A finite decimal number, as a string; never a float.",
        serialize=write_decimal,
        parse_value=read_decimal,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode", description="A currency of ISO 4217, such as EUR.", serialize=str, parse_value=read_currency
    ),
    JSON: strawberry.scalar(name="JSON", description="Any JSON value.", serialize=_as_it_is, parse_value=_as_it_is),
}
"""What each Python type is in the schema."""

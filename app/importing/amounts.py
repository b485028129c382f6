"""Numbers and money: exact, in the unit and currency that the mapping states."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal

from app.importing.errors import RowError
from app.importing.files import Row
from app.importing.schema import LINES, Getter, Schema, as_text, column_getter
from app.importing.sections import Section
from app.importing.values import Parse, Value, constant, parsed, text_value, when
from graph.errors import MoneyError
from graph.money import Money, exponent

_ROUNDINGS = {
    "half_even": decimal.ROUND_HALF_EVEN,
    "half_up": decimal.ROUND_HALF_UP,
    "down": decimal.ROUND_DOWN,
}
_MAX_WHOLE = 2**53
_TRUE, _FALSE = ("true", "1", "yes", "t", "y"), ("false", "0", "no", "f", "n")


def whole(text: str) -> int:
    """A whole number of up to 2^53, as `5` or `5.0`; raises ValueError or ArithmeticError."""
    number = number_of(text)
    if number != number.to_integral_value() or abs(number) > _MAX_WHOLE:
        raise ValueError(text)
    return int(number)


def number_of(text: str) -> Decimal:
    """A finite decimal number; raises ValueError or ArithmeticError."""
    number = Decimal(text)
    # Decimal also takes 1_000 and other scripts' digits, which no export means as numbers.
    if not number.is_finite() or not text.isascii() or "_" in text:
        raise ValueError(text)
    return number


def truth(text: str) -> bool:
    """Yes or no, as true/false, 1/0, yes/no, t/f, y/n; raises ValueError."""
    lower = text.strip().lower()
    if lower not in _TRUE + _FALSE:
        raise ValueError(text)
    return lower in _TRUE


def whole_value(section: Section, key: str, schema: Schema) -> Value | None:
    return _typed(section, key, schema, parse=whole, expected="whole number")


def number_value(section: Section, key: str, schema: Schema) -> Value | None:
    return _typed(section, key, schema, parse=number_of, expected="number")


def truth_value(section: Section, key: str, schema: Schema) -> Value | None:
    return _typed(section, key, schema, parse=truth, expected="yes or no")


def money_value(section: Section, key: str, schema: Schema) -> Value | None:
    """The money that `key` describes, a table.

    column, columns (added up) or sum (a column of all rows of the list `of`, "lines" by default); currency (ISO 4217) or
    currency_column; unit = "major" (12.50) | "minor" (1250); round = "half_even" | "half_up" | "down" for amounts with
    more decimals than the currency has, which are refused otherwise. Empty columns state no amount: the result is None, and
    so is a sum over no rows, or over rows of which one has no amount.
    """
    if section.values.get(key) is None:
        section.take(key, dict)
        return None
    inner = section.section(key)
    if inner is None:
        raise section.error(key, 'must be a table, such as { column = "price", currency = "EUR" }')
    sums = inner.text("sum", needed="write a column") if inner.has("sum") else None
    if sums is not None:
        value = _sum(inner, sums, schema)
    else:
        names = inner.texts("columns" if inner.has("columns") else "column")
        if not names:
            raise inner.error(None, "needs column, columns (added up) or sum (over a list)")
        value = _added(names, [_amount(inner, name, schema) for name in names])
    if (predicate := when(inner, schema)) is not None:
        get = value.get
        value = Value(lambda row: get(row) if predicate(row) else None, value.columns)
    inner.finish()
    return value


def _typed(section: Section, key: str, schema: Schema, *, parse: Parse, expected: str) -> Value | None:
    written = section.values.get(key)
    if isinstance(written, bool | int | float):
        section.take(key, object)
        try:
            return constant(parse(as_text(written, key)))
        except (ValueError, ArithmeticError):
            raise section.error(key, f"must be a {expected}, not {written!r}") from None
    value = text_value(section, key, schema)
    if value is None:
        return None
    if value.columns:
        return parsed(value, parse, expected=expected)
    raise section.error(key, f'must be a {expected} without quotes, or a column: "{{COLUMN}}"')


def _sum(section: Section, column: str, schema: Schema) -> Value:
    name = section.take("of", str) or LINES
    if name not in schema.lists:
        raise section.error("of", f"there is no list {name!r} here; there are {', '.join(schema.lists) or 'none'}")
    place, inner = schema.slot(name), schema.lists[name]
    get = _amount(section, column, inner)
    file = inner.reader.path.name

    def add(row: Row) -> Money | None:
        total: Money | None = None
        for line in row[place]:
            try:
                amount = get(line)
            except RowError as error:
                raise error.at(file, line[0]) from None
            if amount is None:
                return None
            total = amount if total is None else _plus(total, amount, column)
        return total

    return Value(add, (column,))


def _added(names: tuple[str, ...], getters: list[Getter]) -> Value:
    if len(getters) == 1:
        return Value(getters[0], names)

    def add(row: Row) -> Money | None:
        total: Money | None = None
        for name, get in zip(names, getters, strict=True):
            if (amount := get(row)) is not None:
                total = amount if total is None else _plus(total, amount, name)
        return total

    return Value(add, names)


def _plus(left: Money, right: Money, column: str) -> Money:
    if left.currency != right.currency:
        raise RowError(column, f"amounts in {left.currency} and {right.currency} can't be added")
    return Money(left.amount + right.amount, left.currency)


def _amount(section: Section, column: str, schema: Schema) -> Callable[[Row], Money | None]:
    get = column_getter(section, "columns" if section.has("columns") else None, column, schema)
    minor = section.one_of("unit", ("major", "minor"), default="major") == "minor"
    written = section.take("round", str)
    rounding = None if written is None else _ROUNDINGS[section.one_of("round", tuple(_ROUNDINGS))]
    currency = _currency(section, schema)
    known: dict[tuple[str, str], Money] = {}

    def read(row: Row) -> Money | None:
        written = get(row)
        if written is None or written == "":
            return None
        code = currency(row)
        text = as_text(written, column)
        if (found := known.get((text, code))) is None:
            found = _money(text, code, column, minor=minor, rounding=rounding)
            if len(known) < 20_000:
                known[text, code] = found
        return found

    return read


def _money(text: str, currency: str, column: str, *, minor: bool, rounding: str | None) -> Money:
    try:
        amount = number_of(text)
        scale = exponent(currency)
        if minor:
            amount = amount.scaleb(-scale)
        if rounding is not None:
            amount = amount.quantize(Decimal(1).scaleb(-scale), rounding=rounding)
        return Money.of(amount, currency)
    except MoneyError as error:
        raise RowError(column, str(error)) from None
    except (ValueError, ArithmeticError):
        raise RowError(column, f"{text[:60]!r} is no amount; digits such as 12.50 are") from None


def _currency(section: Section, schema: Schema) -> Callable[[Row], str]:
    if section.has("currency_column") == section.has("currency"):
        raise section.error(None, 'needs currency = "EUR", or currency_column = "COLUMN"')
    if section.has("currency_column"):
        column = section.text("currency_column", needed="write a column")
        get = column_getter(section, "currency_column", column, schema)
        return lambda row: as_text(get(row), column)
    code = section.text("currency", needed="write an ISO 4217 code such as EUR")
    try:
        exponent(code)
    except MoneyError as error:
        raise section.error("currency", str(error)) from None
    return lambda row: code

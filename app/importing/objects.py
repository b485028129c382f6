"""Traits, properties and other values of any shape, and lists of texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.importing.amounts import number_of, truth, whole
from app.importing.errors import RowError
from app.importing.files import Row
from app.importing.schema import Schema, as_text, column_getter
from app.importing.sections import Section
from app.importing.values import Value, constant, parsed, split_template, table_text, template

_NATIVE = (str, bool, int, float, list, dict)
_SPEC = ("column", "template", "columns")
_AS: dict[str, Callable[[str], Any]] = {"text": str, "integer": whole, "number": lambda text: _plain(text), "boolean": truth}


def object_value(section: Section, key: str, schema: Schema) -> Value | None:
    """A table of named values. A text is a template; one that is a single column keeps the column's type.

    A table with column, template or columns is a value as elsewhere, plus as = "text" | "integer" | "number" |
    "boolean"; any other table is an object, a list a list. Names without a value are left out; None when none has one.
    """
    inner = section.section(key)
    return None if inner is None else _object(inner, schema)


def texts_value(section: Section, key: str, schema: Schema) -> Value | None:
    """A list of templates or tables, those without a value left out; `"{column}"` may be a column that holds a list."""
    written = section.values.get(key)
    if written is None:
        section.take(key, list)
        return None
    parts = [_part(section, key, part, schema) for part in section.parts(key)]

    def collect(row: Row) -> tuple[str, ...]:
        found: list[str] = []
        for part in parts:
            value = part.get(row)
            if isinstance(value, list):
                found.extend(as_text(item, key) for item in value if item)
            elif value is not None:
                found.append(as_text(value, key))
        return tuple(found)

    return Value(collect, tuple(column for part in parts for column in part.columns))


def _object(section: Section, schema: Schema) -> Value:
    parts = [(name, _any(section, name, section.take(name, object), schema)) for name in section.values]

    def build(row: Row) -> dict[str, Any] | None:
        return {name: value for name, part in parts if (value := part.get(row)) is not None} or None

    return Value(build, tuple(column for _, part in parts for column in part.columns))


def _any(section: Section, key: str, written: Any, schema: Schema) -> Value:
    if isinstance(written, dict):
        return _part(section, key, section.section(key), schema)
    if isinstance(written, list):
        return _list(section, key, schema)
    return _part(section, key, written, schema)


def _part(section: Section, key: str, part: Any, schema: Schema) -> Value:
    """A text, a table (a Section by now) or a plain value."""
    if isinstance(part, str):
        return _text(section, key, part, schema)
    if isinstance(part, Section):
        return _spec(part, schema) if any(part.has(name) for name in _SPEC) else _object(part, schema)
    return constant(part if isinstance(part, _NATIVE) else part.isoformat())


def _list(section: Section, key: str, schema: Schema) -> Value:
    parts = [_part(section, key, part, schema) for part in section.parts(key)]

    def build(row: Row) -> list[Any] | None:
        return [value for part in parts if (value := part.get(row)) is not None] or None

    return Value(build, tuple(column for part in parts for column in part.columns))


def _spec(section: Section, schema: Schema) -> Value:
    kind = section.one_of("as", tuple(_AS), default="text")
    value = table_text(section, schema)
    section.finish()
    return value if kind == "text" else parsed(value, _AS[kind], expected=kind)


def _text(section: Section, key: str, text: str, schema: Schema) -> Value:
    literals, columns = split_template(section, key, text)
    if len(columns) != 1 or literals != ["", ""]:
        return template(section, key, text, schema)
    column, get = columns[0], column_getter(section, key, columns[0], schema)

    def native(row: Row) -> Any:
        value = get(row)
        if value is None or value == "":
            return None
        if isinstance(value, float) and value != value:
            raise RowError(column, "is not a number (NaN)")
        return value if isinstance(value, _NATIVE) else as_text(value, column)

    return Value(native, (column,))


def _plain(text: str) -> int | float:
    number = number_of(text)
    return int(number) if number == number.to_integral_value() and abs(number) < 2**53 else float(number)

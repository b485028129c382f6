"""What a mapping writes for a value, compiled once into a function of the row.

A text is a template: `{column}` stands for that column, all else for itself; `{{` and `}}` are braces. A template in which
a column is empty has no value. A table says more: column | template | columns, and map, default, when.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from app.importing.conditions import Predicate, compile_conditions
from app.importing.errors import RowError
from app.importing.files import Row
from app.importing.schema import Getter, Schema, as_text, column_getter
from app.importing.sections import Section

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Value:
    """A compiled value: `get` makes it from a row, `columns` are those it needs; without any it is a constant."""

    get: Getter
    columns: tuple[str, ...] = ()

    @property
    def constant(self) -> Any:
        """What it is for every row; only for a Value without columns."""
        return self.get([])


def constant(value: Any) -> Value:
    return Value(lambda row: value)


def text_value(section: Section, key: str, schema: Schema, *, choices: Collection[str] = ()) -> Value | None:
    """The text that `key` describes, None for a row without one; None when the key is absent. `choices`: all it may be."""
    written = section.values.get(key)
    if written is None:
        section.take(key, str)
        return None
    if not isinstance(written, dict):
        value = template(section, key, section.text(key, needed="leave the key out when there is none"), schema)
    else:
        inner = section.section(key)
        assert inner is not None
        value = table_text(inner, schema)
        inner.finish()
    return _within(section, key, value, choices) if choices else value


def template(section: Section, key: str, text: str, schema: Schema) -> Value:
    """A template compiled; the value is a text, or None when one of its columns is empty."""
    literals, columns = split_template(section, key, text)
    if not columns:
        return constant(literals[0])
    getters = [column_getter(section, key, column, schema) for column in columns]
    if len(columns) == 1 and literals == ["", ""]:
        column, get = columns[0], getters[0]
        return Value(lambda row: as_text(get(row), column) or None, (column,))
    return Value(_joined(literals, list(zip(columns, getters, strict=True))), tuple(columns))


def split_template(section: Section, key: str, text: str) -> tuple[list[str], list[str]]:
    """The literal pieces of a template and the columns between them: one literal more than columns."""
    literals, columns, at = [""], [], 0
    for piece in _PIECE.finditer(text):
        literals[-1] += _plain(section, key, text[at : piece.start()])
        if piece[1] is None:
            literals[-1] += piece[0][0]
        else:
            columns.append(piece[1])
            literals.append("")
        at = piece.end()
    literals[-1] += _plain(section, key, text[at:])
    return literals, columns


def when(section: Section, schema: Schema) -> Predicate | None:
    """The conditions under `when`, all of which must hold; None when there are none."""
    return compile_conditions(section.sections("when"), schema)


def _plain(section: Section, key: str, text: str) -> str:
    if "{" in text or "}" in text:
        raise section.error(key, "has a brace without its partner; write {column}, or {{ and }} for braces")
    return text


def _joined(literals: list[str], getters: list[tuple[str, Getter]]) -> Getter:
    first, pairs = literals[0], list(zip(getters, literals[1:], strict=True))

    def build(row: Row) -> str | None:
        text = first
        for (column, get), literal in pairs:
            value = get(row)
            if type(value) is not str:
                value = as_text(value, column)
            if not value:
                return None
            text += value + literal
        return text

    return build


def table_text(section: Section, schema: Schema) -> Value:
    value = _origin(section, schema)
    if (table := section.section("map")) is not None:
        value = _mapped(section, table, value)
    if (default := section.take("default", str)) is not None:
        inner = value.get
        value = Value(lambda row: inner(row) or default, value.columns)
    if (predicate := when(section, schema)) is not None:
        value = Value(_guarded(value.get, predicate), value.columns)
    return value


def _origin(section: Section, schema: Schema) -> Value:
    given = [key for key in ("column", "template", "columns") if section.has(key)]
    if len(given) != 1:
        raise section.error(None, "needs one of column, template, columns (the first of them that isn't empty)")
    if given == ["template"]:
        return template(section, "template", section.text("template", needed="write a template"), schema)
    names = section.texts(given[0])
    getters = [(name, column_getter(section, given[0], name, schema)) for name in names]

    def first(row: Row) -> str | None:
        for name, get in getters:
            if text := as_text(get(row), name):
                return text
        return None

    return Value(first, names)


def _mapped(section: Section, table: Section, value: Value) -> Value:
    entries = {name: table.text(name, needed="write what it becomes") for name in table.values}
    lenient = section.has("default")
    column = value.columns[0] if value.columns else ""

    def look_up(row: Row) -> str | None:
        text = value.get(row)
        if text is None or text in entries:
            return None if text is None else entries[text]
        if lenient:
            return None
        raise RowError(column, f"{text[:60]!r} is not in the map; add it there, or write a default")

    return Value(look_up, value.columns)


def _guarded(get: Getter, predicate: Predicate) -> Getter:
    return lambda row: get(row) if predicate(row) else None


def _within(section: Section, key: str, value: Value, choices: Collection[str]) -> Value:
    for outcome in _outcomes(section.values[key]):
        if outcome not in choices:
            raise section.error(key, f"must be one of {', '.join(choices)}, not {outcome!r}")
    if not value.columns:
        if value.constant not in choices:
            raise section.error(key, f"must be one of {', '.join(choices)}, not {value.constant!r}")
        return value

    def check(row: Row) -> str | None:
        text: str | None = value.get(row)
        if text is not None and text not in choices:
            raise RowError(value.columns[0], f"{text[:60]!r} is none of {', '.join(choices)}; add a map to the mapping")
        return text

    return Value(check, value.columns)


def _outcomes(written: Any) -> list[str]:
    """What a map and its default can come to."""
    if not isinstance(written, dict):
        return []
    found = list(written.get("map", {}).values())
    return [*found, written["default"]] if "default" in written else found


Parse = Callable[[str], Any]


def parsed(value: Value, parse: Parse, *, expected: str) -> Value:
    """`value` read by `parse`, which raises ValueError or ArithmeticError for a text that is none of what was `expected`."""
    column = value.columns[0] if value.columns else ""
    known: dict[str, Any] = {}

    def read(row: Row) -> Any:
        text = value.get(row)
        if text is None:
            return None
        try:
            return known[text]
        except KeyError:
            pass
        try:
            found = parse(text)
        except (ValueError, ArithmeticError):
            raise RowError(column, f"{text[:60]!r} is no {expected}") from None
        # The same few amounts and quantities come again and again; times of day don't.
        if len(known) < 10_000:
            known[text] = found
        return found

    return Value(read, value.columns)

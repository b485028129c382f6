"""Conditions on a row: `{ column = "status", in = ["paid", "sent"] }`. Values are compared as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.importing.files import Row
from app.importing.schema import Schema, as_text, column_getter
from app.importing.sections import Section

Predicate = Callable[[Row], bool]

_OPERATORS = ("equals", "not_equals", "in", "not_in", "empty", "before")


def compile_conditions(sections: list[Section] | tuple[Section, ...], schema: Schema) -> Predicate | None:
    """One function that says whether all the conditions hold; None when there are none. Raises MappingError."""
    tests = [_condition(section, schema) for section in sections]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _condition(section: Section, schema: Schema) -> Predicate:
    column = section.text("column", needed='write column = "NAME"')
    get = _text_getter(section, "column", column, schema)
    given = [name for name in _OPERATORS if section.has(name)]
    if len(given) != 1:
        raise section.error(None, f"needs exactly one of {', '.join(_OPERATORS)}")
    test = _test(section, given[0], get, schema)
    section.finish()
    return test


def _test(section: Section, operator: str, get: Callable[[Row], str], schema: Schema) -> Predicate:
    if operator == "empty":
        wanted = bool(section.take("empty", bool))
        return lambda row: (not get(row)) is wanted
    if operator == "before":
        # Text order is time order for times of one ISO form; a missing time is neither before nor after another.
        others = [_text_getter(section, "before", name, schema) for name in section.texts("before")]
        return lambda row: bool(mine := get(row)) and any(mine < other(row) for other in others)
    if operator in ("in", "not_in"):
        written: list[Any] = section.take(operator, list) or []
        values = frozenset(as_text(value, operator) for value in written)
        return (lambda row: get(row) in values) if operator == "in" else (lambda row: get(row) not in values)
    value = as_text(section.take(operator, object), operator)
    return (lambda row: get(row) == value) if operator == "equals" else (lambda row: get(row) != value)


def _text_getter(section: Section, key: str, column: str, schema: Schema) -> Callable[[Row], str]:
    get = column_getter(section, key, column, schema)
    return lambda row: as_text(get(row), column)

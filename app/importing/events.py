"""The tables of a mapping that make events, compiled into one function each.

Which fields a kind has, which it needs and of what type they are is read from the typed events themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from decimal import Decimal
from types import UnionType
from typing import Any, get_args, get_type_hints

from app.importing.amounts import money_value, number_value, truth_value, whole_value
from app.importing.conditions import Predicate
from app.importing.errors import RowError
from app.importing.files import Row
from app.importing.keys import customer_value, identifier_value, identifiers_value
from app.importing.objects import object_value, texts_value
from app.importing.schema import LINES, Getter, Schema
from app.importing.sections import Section
from app.importing.times import time_value
from app.importing.values import Value, constant, text_value, when
from graph.events import inputs
from graph.events.inputs import EVENT_TYPES, CustomerKey, Event, IdentifierKey, PurchaseItemInput
from graph.money import Money

Compile = Callable[[Section, str, Schema], Value | None]

_CHOICES: dict[tuple[type[Any], str], tuple[str, ...]] = {
    (inputs.PurchaseInput, "status"): inputs.PURCHASE_STATUSES,
    (inputs.PurchaseChangeInput, "status"): inputs.PURCHASE_STATUSES,
    (inputs.PurchaseStatusInput, "status"): inputs.PURCHASE_STATUSES,
    (inputs.SurveyResponseInput, "survey_kind"): inputs.SURVEY_KINDS,
    (inputs.CommunicationInput, "status"): inputs.COMMUNICATION_STATUSES,
    (inputs.ConsentInput, "status"): inputs.CONSENT_STATUSES,
}


@dataclass(frozen=True, slots=True)
class EventMaker:
    """Makes one event of a row for which `when` holds; `build` raises RowError. `columns` says what each field is made of."""

    kind: str
    when: Predicate | None
    build: Callable[[Row], Event]
    columns: dict[str, tuple[str, ...]]


def compile_event(section: Section, schema: Schema, *, source: str) -> EventMaker:
    """The maker that a table of `read.events` describes. Raises MappingError."""
    kind = section.one_of("kind", tuple(EVENT_TYPES))
    cls: Any = EVENT_TYPES[kind]
    predicate = when(section, schema)
    parts = _fields(section, schema, cls)
    if not parts["id"].columns:
        raise section.error("id", 'needs a column: each row\'s event has an id of its own, such as "{order_id}"')
    section.finish()
    parts["source"] = constant(source)
    build = _builder(cls, parts)
    return EventMaker(kind, predicate, build, {name: value.columns for name, value in parts.items()})


def _fields(section: Section, schema: Schema, cls: type[Any]) -> dict[str, Value]:
    """The values of a dataclass's fields, by name; raises MappingError for one that is needed and absent."""
    hints = get_type_hints(cls)
    found: dict[str, Value] = {}
    for field in fields(cls):
        if field.name == "source":
            continue
        choices = _CHOICES.get((cls, field.name))
        if choices:
            value = text_value(section, field.name, schema, choices=choices)
        else:
            value = _COMPILERS[_bare(hints[field.name])](section, field.name, schema)
        if value is not None:
            found[field.name] = value
        elif field.default is MISSING:
            raise section.error(None, f"{field.name} is missing; {_EXAMPLES.get(field.name, 'write a column or a text')}")
    return found


def _builder(cls: Callable[..., Any], parts: dict[str, Value]) -> Callable[[Row], Any]:
    needed = {field.name for field in fields(cls) if field.default is MISSING}  # type: ignore[arg-type]
    fixed = {name: value.constant for name, value in parts.items() if not value.columns}
    moving: list[tuple[str, Getter, str]] = [
        (name, value.get, value.columns[0] if name in needed else "") for name, value in parts.items() if value.columns
    ]

    def build(row: Row) -> Any:
        values = fixed.copy()
        for name, get, column in moving:
            value = get(row)
            if value is not None:
                values[name] = value
            elif column:
                raise RowError(column, f"is empty; {name} needs a value")
        return cls(**values)

    return build


def _items(section: Section, key: str, schema: Schema) -> Value:
    """Items made of the rows of a list: of = its name ("lines" by default), when = which of them, and the items' fields."""
    inner = section.section(key)
    if inner is None:
        return constant(())
    name = inner.take("of", str) or LINES
    if name not in schema.lists:
        there = ", ".join(schema.lists) or "none; group_by, run and children make lists"
        raise inner.error("of" if inner.has("of") else None, f"there is no list {name!r} here; there are {there}")
    lines = schema.lists[name]
    predicate = when(inner, lines)
    parts = _fields(inner, lines, PurchaseItemInput)
    inner.finish()
    file, place, build = lines.reader.path.name, schema.slot(name), _builder(PurchaseItemInput, parts)

    def make(row: Row) -> tuple[PurchaseItemInput, ...]:
        items: list[PurchaseItemInput] = []
        for line in row[place]:
            if predicate is not None and not predicate(line):
                continue
            try:
                items.append(build(line))
            except RowError as error:
                raise error.at(file, line[0]) from None
        return tuple(items)

    return Value(make, tuple(column for value in parts.values() for column in value.columns) or (name,))


def _bare(hint: Any) -> Any:
    """The type of a field without its `| None`."""
    if isinstance(hint, UnionType):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


_COMPILERS: dict[Any, Compile] = {
    str: text_value,
    int: whole_value,
    bool: truth_value,
    Decimal: number_value,
    datetime: time_value,
    Money: money_value,
    CustomerKey: customer_value,
    IdentifierKey: identifier_value,
    tuple[IdentifierKey, ...]: identifiers_value,
    tuple[str, ...]: texts_value,
    tuple[PurchaseItemInput, ...]: _items,
    dict[str, Any]: object_value,
}

_EXAMPLES = {
    "id": 'write id = "{COLUMN}", or several columns that make a row unique: "{order_id}-{line}"',
    "at": 'write at = { column = "COLUMN", zone = "AREA/CITY" }',
    "customer": 'write customer = { type = "user_id", value = "{COLUMN}" }',
    "advocate": 'write advocate = { type = "user_id", value = "{COLUMN}" }',
    "friend": 'write friend = { type = "user_id", value = "{COLUMN}" }',
    "identifiers": 'write identifiers = [{ type = "user_id", value = "{COLUMN}" }]',
    "amount": 'write amount = { column = "COLUMN", currency = "EUR" }',
    "quantity": 'write quantity = 1, or "{COLUMN}"',
}

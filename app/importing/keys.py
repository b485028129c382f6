"""Who a row speaks of: identifiers and customer keys."""

from __future__ import annotations

from app.importing.errors import RowError
from app.importing.files import Row
from app.importing.schema import Schema
from app.importing.sections import Section
from app.importing.values import Value, text_value
from graph.events.inputs import CustomerKey, IdentifierKey

_CUSTOMER = 'write { type = "user_id", value = "{COLUMN}" }, or one of id, email, phone'
_IDENTIFIER = 'write { type = "user_id", value = "{COLUMN}" }'


def identifier_value(section: Section, key: str, schema: Schema) -> Value | None:
    """`{ type = ..., value = ... }`; None for a row without a value."""
    if not section.has(key):
        return None
    inner = section.section(key)
    if inner is None:
        raise section.error(key, _IDENTIFIER)
    return _identifier(inner, schema)


def identifiers_value(section: Section, key: str, schema: Schema) -> Value | None:
    """A list of identifiers; those without a value in a row are left out, and a row must have one at least."""
    if not section.has(key):
        return None
    values = [_identifier(inner, schema) for inner in section.sections(key)]
    if not values:
        raise section.error(key, f"is empty; {_IDENTIFIER}")
    columns = tuple(column for value in values for column in value.columns)
    if not columns:
        raise section.error(key, "needs a column; the same identifiers for all rows would be one single customer")

    def collect(row: Row) -> tuple[IdentifierKey, ...]:
        found = tuple([made for value in values if (made := value.get(row)) is not None])
        if not found:
            raise RowError(columns[0], "is empty, so the row has no identifier")
        return found

    return Value(collect, columns)


def customer_value(section: Section, key: str, schema: Schema) -> Value | None:
    """A customer by an identifier (type and value) or by id, email or phone."""
    if not section.has(key):
        return None
    inner = section.section(key)
    if inner is None:
        raise section.error(key, _CUSTOMER)
    short = [name for name in ("id", "email", "phone") if inner.has(name)]
    if not short:
        found = _identifier(inner, schema)
        make = found.get
        value = Value(lambda row: None if (made := make(row)) is None else CustomerKey(identifier=made), found.columns)
    elif len(inner.values) > 1:
        raise inner.error(None, f"names a customer in more than one way; {_CUSTOMER}")
    else:
        name = short[0]
        text = text_value(inner, name, schema)
        assert text is not None
        get = text.get
        value = Value(lambda row: None if (made := get(row)) is None else CustomerKey(**{name: made}), text.columns)
    if not value.columns:
        raise inner.error(None, f"needs a column; {_CUSTOMER}")
    inner.finish()
    return value


def _identifier(section: Section, schema: Schema) -> Value:
    type_, value = text_value(section, "type", schema), text_value(section, "value", schema)
    if type_ is None or value is None:
        raise section.error(None, f"type or value is missing; {_IDENTIFIER}")
    section.finish()
    of_type, of_value = type_.get, value.get

    def make(row: Row) -> IdentifierKey | None:
        type_, value = of_type(row), of_value(row)
        return None if type_ is None or value is None else IdentifierKey(type_, value)

    return Value(make, (*value.columns, *type_.columns))

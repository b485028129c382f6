"""Times: which column, in which form, in which zone. What comes out is aware, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.importing.errors import RowError
from app.importing.files import Row
from app.importing.schema import Schema, column_getter
from app.importing.sections import Section
from app.importing.values import Value, constant, split_template, when

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1000}
_SAMPLE = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - only tries a format out, zone or none
_NEEDS_ZONE = 'has no offset; write zone = "AREA/CITY" in the mapping, the zone it was noted in'

Read = Callable[[Any, str], datetime]


def time_value(section: Section, key: str, schema: Schema) -> Value | None:
    """The time that `key` describes: `"{column}"` for ISO with an offset, a fixed time, or a table.

    Table: column, or columns with pick = "first" (not empty) | "latest"; format = "iso" | "epoch_s" | "epoch_ms" | a
    strptime format; zone for times without an offset. A date is the start of that day; a local time that a change of
    clocks skipped, or that came twice, is read with the offset that was in force before the change.
    """
    written = section.values.get(key)
    if isinstance(written, datetime):
        section.take(key, datetime)
        if written.tzinfo is None:
            raise section.error(key, "has no offset; write it, such as 2026-01-31T00:00:00Z")
        return constant(written.astimezone(UTC))
    if isinstance(written, dict):
        inner = section.section(key)
        assert inner is not None
        value = _table(inner, schema)
        inner.finish()
        return value
    return None if section.take(key, str) is None else _short(section, key, schema)


def _short(section: Section, key: str, schema: Schema) -> Value:
    text = section.text(key, needed="write {column}")
    literals, columns = split_template(section, key, text)
    if not columns:
        try:
            fixed = datetime.fromisoformat(text)
        except ValueError:
            raise section.error(key, f"{text!r} is no time; write {{COLUMN}}, or one such as 2026-01-31T00:00:00Z") from None
        if fixed.tzinfo is None:
            raise section.error(key, "has no offset; write it, such as 2026-01-31T00:00:00Z")
        return constant(fixed.astimezone(UTC))
    if len(columns) > 1 or any(literals):
        raise section.error(key, 'must be one column, such as "{created}" or { column = "created", zone = "Asia/Tokyo" }')
    return _picked(section, key, (columns[0],), schema, read=_reader("iso", None), latest=False)


def _table(section: Section, schema: Schema) -> Value:
    key = "columns" if section.has("columns") else "column"
    names = section.texts(key)
    if not names or (section.has("column") and section.has("columns")):
        raise section.error(None, "needs column, or columns with pick")
    format_ = _format(section)
    read = _reader(format_, _zone(section))
    latest = section.one_of("pick", ("first", "latest"), default="first") == "latest"
    value = _picked(section, key, names, schema, read=read, latest=latest)
    if (predicate := when(section, schema)) is None:
        return value
    get = value.get
    return Value(lambda row: get(row) if predicate(row) else None, value.columns)


def _picked(section: Section, key: str, names: tuple[str, ...], schema: Schema, *, read: Read, latest: bool) -> Value:
    getters = [(name, column_getter(section, key, name, schema)) for name in names]
    if len(getters) == 1:
        name, get = getters[0]
        return Value(lambda row: None if (value := get(row)) is None or value == "" else read(value, name), names)

    def pick(row: Row) -> datetime | None:
        found = None
        for name, get in getters:
            if (value := get(row)) is None or value == "":
                continue
            time = read(value, name)
            if not latest:
                return time
            if found is None or time > found:
                found = time
        return found

    return Value(pick, names)


def _format(section: Section) -> str:
    format_ = section.take("format", str) or "iso"
    if format_ == "iso" or format_ in _EPOCHS:
        return format_
    try:
        good = "%" in format_ and datetime.strptime(_SAMPLE.strftime(format_), format_).year == _SAMPLE.year  # noqa: DTZ007
    except ValueError:
        good = False
    if not good:
        raise section.error("format", f"{format_!r} is no format; write iso, epoch_s, epoch_ms or one such as %d/%m/%Y %H:%M")
    return format_


def _zone(section: Section) -> ZoneInfo | None:
    name = section.take("zone", str)
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise section.error("zone", f"{name!r} is no time zone; write one such as Asia/Tokyo or UTC") from None


def _reader(format_: str, zone: ZoneInfo | None) -> Read:
    def read(value: Any, column: str) -> datetime:
        try:
            time = _parse(value, format_)
            if time.tzinfo is None:
                if zone is None:
                    raise RowError(column, f"{str(value)[:40]!r} {_NEEDS_ZONE}")
                time = time.replace(tzinfo=zone)
            return time if time.tzinfo is UTC else time.astimezone(UTC)
        except (ValueError, OverflowError):
            raise RowError(column, f"{str(value)[:40]!r} is no time of the form {format_}") from None

    return read


def _parse(value: Any, format_: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the caller gives it the zone stated
    if format_ == "iso":
        return datetime.fromisoformat(str(value))
    if format_ in _EPOCHS:
        # Whole microseconds: a float of seconds would be off by some.
        seconds, _, fraction = str(value).partition(".")
        whole = int(seconds) * _EPOCHS[format_]
        return _EPOCH + timedelta(microseconds=whole + (int(float(f"0.{fraction}") * _EPOCHS[format_]) if fraction else 0))
    return datetime.strptime(str(value), format_)  # noqa: DTZ007 - the caller gives it the zone stated

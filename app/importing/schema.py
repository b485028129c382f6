"""Which slot of a row holds which column. Columns get their slot when something asks for them, and only those are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from app.importing.errors import RowError
from app.importing.files import Reader, Row
from app.importing.sections import Section

Getter = Callable[[Row], Any]

LINE = "#row"
INDEX = "#index"
LINES = "lines"
RUN = "run"
RUN_NUMBER = "#run"
RUN_SIZE = "#run.size"
LINES_SIZE = "#lines"


class UnknownColumn(Exception):
    """A column that the mapping names and the file doesn't have."""

    def __init__(self, column: str, advice: str) -> None:
        super().__init__(advice)
        self.column = column


class Schema:
    """The columns of one file's rows, of what is joined to them (`name.column`) and of the lists that hang on them."""

    def __init__(self, reader: Reader, *, unnest: str | None, slots: Sequence[str]) -> None:
        self.reader = reader
        self.unnest = unnest
        self.columns: list[str] = []
        self.joined: dict[str, Schema] = {}
        self.lists: dict[str, Schema] = {}
        self._slots = {name: place for place, name in enumerate(slots, 1)}
        self._first = len(slots) + 1

    @property
    def blank(self) -> Row:
        """What stands between a row's line and its columns until joins and groups fill it."""
        return [None] * (self._first - 1)

    def slot(self, name: str) -> int:
        """The slot of a join, a list or a run's number."""
        return self._slots[name]

    def getter(self, column: str) -> Getter:
        """Reads `column` from a row. Raises UnknownColumn."""
        if column.startswith("#"):
            return self._pseudo(column)
        name, _, inner = column.partition(".")
        if name in self.joined:
            return self._from_join(name, inner)
        return itemgetter(self._base(column))

    def key(self, columns: Sequence[str]) -> Callable[[Row], str]:
        """The columns' values as one text, to sort and to look up by; never fails."""
        getters = [self.getter(column) for column in columns]
        if len(getters) == 1:
            get = getters[0]
            return lambda row: _key_text(get(row))
        return lambda row: "\x1f".join([_key_text(get(row)) for get in getters])

    def _base(self, column: str) -> int:
        if column not in self.columns:
            if (problem := self.reader.missing(column)) is not None:
                raise UnknownColumn(column, problem)
            self.columns.append(column)
        return self._first + self.columns.index(column)

    def _pseudo(self, column: str) -> Getter:
        if column == LINE:
            return itemgetter(0)
        if column == INDEX and self.unnest:
            if INDEX not in self.columns:
                self.columns.append(INDEX)
            return itemgetter(self._first + self.columns.index(INDEX))
        if column == RUN_NUMBER and RUN_NUMBER in self._slots:
            return itemgetter(self._slots[RUN_NUMBER])
        for pseudo, name in ((RUN_SIZE, RUN), (LINES_SIZE, LINES)):
            if column == pseudo and name in self._slots:
                place = self._slots[name]
                return lambda row: len(row[place])
        known = "#row; with unnest #index; with group_by #lines; with run #run and #run.size"
        raise UnknownColumn(column, f"is none of the columns that the importer adds: {known}")

    def _from_join(self, name: str, inner: str) -> Getter:
        if not inner:
            raise UnknownColumn(name, f"is a look-up; name one of its columns, such as {name}.COLUMN")
        place, get = self._slots[name], self.joined[name].getter(inner)
        return lambda row: None if row[place] is None else get(row[place])


def column_getter(section: Section, key: str | None, column: str, schema: Schema) -> Getter:
    """A getter of the schema, with its complaint turned into a MappingError at `key` of `section`."""
    try:
        return schema.getter(column)
    except UnknownColumn as error:
        raise section.error(key, f"{error.column!r} {error}") from None


def as_text(value: Any, column: str) -> str:
    """A value as text: "" for nothing, whole numbers as digits, times as ISO. Raises RowError for lists and objects."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise RowError(column, f"is a {type(value).__name__}, where a text or a number was expected")


def _key_text(value: Any) -> str:
    if type(value) is str:
        return value
    try:
        return as_text(value, "")
    except RowError:
        return repr(value)

"""The rows of one passage: read, unnested, sorted, joined, filtered, grouped, given their children.

Everything streams; what must wait (look-ups, children, rows to be sorted) waits on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.importing.conditions import Predicate, compile_conditions
from app.importing.errors import RowError
from app.importing.files import CHUNK, Chunk, Reader, Row
from app.importing.jsonl_rows import value_at
from app.importing.lookups import Children, Lookup, Reject
from app.importing.mapping import ChildSpec, JoinSpec, ReadSpec, RowsSpec, RunSpec
from app.importing.schema import INDEX, LINES, RUN, RUN_NUMBER, Schema, UnknownColumn
from app.importing.sections import Section
from app.importing.spool import SortedRows, Spool

MAX_LINES = 10_000
"""The most rows that may make one event; more are no basket, but a wrong key."""

Tap = Callable[[Reader, Iterator[Chunk]], Iterator[Chunk]]
"""Passes chunks on while it counts what was read of which file."""


class Rows:
    """Rows of one file with their look-ups, as a RowsSpec describes them. Raises MappingError when columns are missing."""

    def __init__(self, spec: RowsSpec, readers: Mapping[str, Reader], *, slots: tuple[str, ...] = ()) -> None:
        names = (*slots, *(join.name for join in spec.joins))
        self.schema = Schema(readers[spec.file.name], unnest=spec.unnest, slots=names)
        if spec.unnest and (problem := self.schema.reader.missing(spec.unnest)) is not None:
            raise spec.section.error("unnest", f"{spec.unnest!r} {problem}")
        self.lookups = [self._lookup(join, Schema(readers[join.file.name], unnest=None, slots=())) for join in spec.joins]
        self._where: Predicate | None = compile_conditions(spec.where, self.schema)

    def read(self, tap: Tap, reject: Reject) -> Iterator[Chunk]:
        """The file's rows, unnested, not yet joined."""
        schema = self.schema
        if schema.unnest:
            return self._unnested(schema.unnest, tap, reject)
        return read_chunks(schema, tap=tap, reject=reject)

    def finish(self, chunk: Chunk, reject: Reject) -> Chunk:
        """Joins the look-ups to the rows, and leaves out those that don't meet `where`."""
        kept: Chunk = []
        for row in chunk:
            try:
                for lookup in self.lookups:
                    lookup.put(row)
                if self._where is None or self._where(row):
                    kept.append(row)
            except RowError as error:
                reject(error.file or self.schema.reader.path.name, error.line or row[0], error.column, error.reason)
        return kept

    def fill(self, spool: Spool, tap: Tap, reject: Reject) -> Iterator[Chunk]:
        for lookup in self.lookups:
            yield from lookup.fill(spool, read_chunks(lookup.inner, tap=tap, reject=reject), reject)

    def _lookup(self, join: JoinSpec, inner: Schema) -> Lookup:
        try:
            here, there = self.schema.key([here for here, _ in join.on]), inner.key([there for _, there in join.on])
        except UnknownColumn as error:
            raise join.section.error("on", f"{error.column!r} {error}") from None
        self.schema.joined[join.name] = inner
        return Lookup(join, here=here, there=there, inner=inner, slot=self.schema.slot(join.name))

    def _unnested(self, name: str, tap: Tap, reject: Reject) -> Iterator[Chunk]:
        """One row for each element of a list; columns `name.x` come from the element."""
        schema, blank = self.schema, self.schema.blank
        inside = f"{name}."
        parents = [column for column in schema.columns if not column.startswith(inside) and column not in (INDEX, name)]
        sources = [_element_source(column, name, parents) for column in schema.columns]
        file = schema.reader.path.name
        bad = partial(reject, file)
        for chunk in tap(schema.reader, schema.reader.rows([name, *parents], blank=[], bad=bad)):
            found: Chunk = []
            for line, elements, *values in chunk:
                if not isinstance(elements, list):
                    bad(line, name, "is no list")
                    continue
                for place, element in enumerate(elements, 1):
                    found.append([line, *blank, *[source(values, element, place) for source in sources]])
            yield found


class Passage:
    """One [[read]]: its rows, ready for events. `chunks` may be asked for once."""

    def __init__(self, spec: ReadSpec, readers: Mapping[str, Reader]) -> None:
        self._spec = spec
        slots = (LINES, RUN, RUN_NUMBER, *(child.name for child in spec.children))
        self.rows = Rows(spec.rows, readers, slots=slots if spec.group_by or spec.run or spec.children else ())
        self.schema = self.rows.schema
        if spec.group_by:
            self.schema.lists[LINES] = self.schema
        if spec.run:
            self.schema.lists[RUN] = self.schema
        self._group = self._key(spec.section, "group_by", spec.group_by) if spec.group_by else None
        self._run = self._compile_run(spec.run) if spec.run else None
        self._order = self._group if self._run is None else self._run.key
        self._families = [self._family(child, readers) for child in spec.children]

    def chunks(self, spool: Spool, tap: Tap, reject: Reject) -> Iterator[Chunk]:
        """The rows that events are made of; empty chunks while look-ups and children are set aside."""
        yield from self.rows.fill(spool, tap, reject)
        for rows, children in self._families:
            yield from rows.fill(spool, tap, reject)
            yield from children.fill(spool, rows.read(tap, reject))
        for chunk in self._shaped(spool, tap, reject):
            for rows, children in self._families:
                finish = partial(rows.finish, reject=reject)
                for row in chunk:
                    children.put(row, finish)
            yield chunk
        for _, children in self._families:
            children.orphans(reject, self.schema.reader.path.name)

    def _shaped(self, spool: Spool, tap: Tap, reject: Reject) -> Iterator[Chunk]:
        chunks = self.rows.read(tap, reject)
        if self._order is not None and not self._spec.contiguous:
            chunks = _sorted(chunks, self._order, spool)
        chunks = (self.rows.finish(chunk, reject) for chunk in chunks)
        if self._run is not None:
            chunks = self._run.mark(chunks, rows_at=self.schema.slot(RUN), number_at=self.schema.slot(RUN_NUMBER))
        return chunks if self._group is None else self._grouped(chunks, self._group, reject)

    def _key(self, section: Section, key: str, columns: Sequence[str]) -> Callable[[Row], str]:
        for column in columns:
            if column.partition(".")[0] in self.schema.joined:
                raise section.error(key, f"{column!r} is looked up; rows are put together by columns of their own file")
        try:
            return self.schema.key(columns)
        except UnknownColumn as error:
            raise section.error(key, f"{error.column!r} {error}") from None

    def _grouped(self, chunks: Iterator[Chunk], key_of: Callable[[Row], str], reject: Reject) -> Iterator[Chunk]:
        """The first row of each group, with all of its rows in the slot of `lines`."""
        place, file = self.schema.slot(LINES), self.schema.reader.path.name
        head: Row = []
        present: str | None = None
        found: Chunk = []
        for chunk in chunks:
            for row in chunk:
                if (key := key_of(row)) != present:
                    present, head = key, row.copy()
                    head[place] = []
                    found.append(head)
                if len(head[place]) == MAX_LINES:
                    reject(file, row[0], self._spec.group_by[0], f"is one of more than {MAX_LINES} rows of one group")
                    continue
                head[place].append(row)
            # The last group may go on in the next chunk.
            yield found[:-1]
            found = found[-1:]
        yield found

    def _compile_run(self, run: RunSpec) -> Run:
        ends, keeps = compile_conditions(run.ends_with, self.schema), compile_conditions(run.keep, self.schema)
        assert ends is not None and keeps is not None
        return Run(key=self._key(run.section, "by", run.by), ends=ends, keeps=keeps)

    def _family(self, child: ChildSpec, readers: Mapping[str, Reader]) -> tuple[Rows, Children]:
        rows = Rows(child.rows, readers)
        here = self._key(child.rows.section, "on", [here for here, _ in child.on])
        try:
            there = rows.schema.key([there for _, there in child.on])
        except UnknownColumn as error:
            raise child.rows.section.error("on", f"{error.column!r} {error}") from None
        self.schema.lists[child.name] = rows.schema
        return rows, Children(child, here=here, there=there, inner=rows.schema, slot=self.schema.slot(child.name))


@dataclass(frozen=True, slots=True)
class Run:
    """A RunSpec compiled: which rows belong together, which end a run, which pile up in it."""

    key: Callable[[Row], str]
    ends: Predicate
    keeps: Predicate

    def mark(self, chunks: Iterator[Chunk], *, rows_at: int, number_at: int) -> Iterator[Chunk]:
        """Sets each row's run number (from 0), and the rows that the run has kept so far, this one included."""
        present: str | None = None
        number, ended = 0, False
        rows: tuple[Row, ...] = ()
        for chunk in chunks:
            for row in chunk:
                if (key := self.key(row)) != present:
                    present, number, ended, rows = key, 0, False, ()
                if self.ends(row):
                    ended = True
                elif ended:
                    number, ended, rows = number + 1, False, ()
                if self.keeps(row):
                    rows = (*rows[-MAX_LINES:], row)
                row[rows_at], row[number_at] = rows, number
            yield chunk


def read_chunks(schema: Schema, *, tap: Tap, reject: Reject) -> Iterator[Chunk]:
    """The rows of a schema's file with the columns that were asked of the schema."""
    reader = schema.reader
    return tap(reader, reader.rows(schema.columns, blank=schema.blank, bad=partial(reject, reader.path.name)))


def _sorted(chunks: Iterator[Chunk], key_of: Callable[[Row], str], spool: Spool) -> Iterator[Chunk]:
    """The same rows by key, those of one key in the order they came."""
    kept = SortedRows(spool)
    for chunk in chunks:
        kept.add([(key_of(row), row) for row in chunk])
        yield []
    found: Chunk = []
    for _, row in kept.sorted():
        found.append(row)
        if len(found) == CHUNK:
            yield found
            found = []
    yield found


def _element_source(column: str, name: str, parents: list[str]) -> Callable[[list[Any], Any, int], Any]:
    if column == INDEX:
        return lambda values, element, place: place
    if column == name:
        return lambda values, element, place: element
    if column in parents:
        at = parents.index(column)
        return lambda values, element, place: values[at]
    get = value_at(column[len(name) + 1 :])
    return lambda values, element, place: get(element) if type(element) is dict else None

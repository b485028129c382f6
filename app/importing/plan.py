"""A mapping brought together with the files it reads: every column checked, every event compiled, nothing written yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from app.importing.contract import contract_chunks
from app.importing.csv_rows import CsvReader
from app.importing.errors import RowError
from app.importing.events import EventMaker, compile_event
from app.importing.files import Reader, locate
from app.importing.jsonl_rows import JsonlReader
from app.importing.lookups import Reject
from app.importing.mapping import FileSpec, Mapping, ReadSpec, load_mapping
from app.importing.rows import Passage
from app.importing.spool import Spool
from graph.events.inputs import Event

Item = TypeVar("Item")

Pending = tuple[Event, str, int, EventMaker | None]
"""An event on its way to the write door, and where it came from: file, line, maker. A plain tuple, for there are millions."""


class Meter:
    """How far an import is: the file at hand, rows read, bytes read of all that will be read, events written."""

    def __init__(self, bytes_total: int) -> None:
        self.bytes_total = bytes_total
        self.file = ""
        self.rows = 0
        self.events = 0
        self._done = 0
        self._reader: Reader | None = None

    @property
    def bytes_read(self) -> int:
        return self._done + (0 if self._reader is None else self._reader.position())

    def tap(self, reader: Reader, chunks: Iterator[list[Item]]) -> Iterator[list[Item]]:
        """The chunks that `reader` gives, counted as they pass."""
        self.file, self._reader = reader.path.name, reader
        for chunk in chunks:
            self.rows += len(chunk)
            yield chunk
        self._reader = None
        self._done += reader.size


class Plan:
    """All passages of an import, checked. Raises MappingError or SourceError when something doesn't fit."""

    def __init__(self, mapping: Mapping, root: Path) -> None:
        self.name = mapping.name
        paths = locate(root, mapping)
        self.readers: dict[str, Reader] = {spec.name: _reader(spec, paths[spec.name]) for spec in mapping.files}
        self._passages = [self._compile(spec, mapping.source) for spec in mapping.reads]
        self.bytes_total = sum(self.readers[name].size for spec in mapping.reads for name in _files_of(spec))

    @classmethod
    def of(cls, root: Path, mapping: Path) -> Plan:
        return cls(load_mapping(mapping), root)

    def pending(self, meter: Meter, reject: Reject) -> Iterator[list[Pending]]:
        """All events in the order of the passages, in small lists; empty ones while rows are set aside."""
        spool = Spool()
        try:
            for passage in self._passages:
                if isinstance(passage, JsonlReader):
                    yield from _contract_events(passage, meter, reject)
                else:
                    rows, makers = passage
                    yield from _made(rows, makers, spool, meter, reject)
        finally:
            spool.close()

    def _compile(self, spec: ReadSpec, source: str) -> JsonlReader | tuple[Passage, list[EventMaker]]:
        reader = self.readers[spec.rows.file.name]
        if spec.contract:
            assert isinstance(reader, JsonlReader)
            return reader
        passage = Passage(spec, self.readers)
        return passage, [compile_event(section, passage.schema, source=source) for section in spec.events]


def _made(passage: Passage, makers: list[EventMaker], spool: Spool, meter: Meter, reject: Reject) -> Iterator[list[Pending]]:
    file = passage.schema.reader.path.name
    for chunk in passage.chunks(spool, meter.tap, reject):
        found: list[Pending] = []
        for row in chunk:
            for maker in makers:
                try:
                    if maker.when is None or maker.when(row):
                        found.append((maker.build(row), file, row[0], maker))
                except RowError as error:
                    reject(error.file or file, error.line or row[0], error.column, error.reason)
        yield found


def _contract_events(reader: JsonlReader, meter: Meter, reject: Reject) -> Iterator[list[Pending]]:
    file = reader.path.name
    for chunk in meter.tap(reader, contract_chunks(reader, partial(reject, file))):
        yield [(event, file, line, None) for event, line in chunk]


def _reader(spec: FileSpec, path: Path) -> Reader:
    if spec.format == "csv":
        return CsvReader(path, spec)
    if spec.format == "jsonl":
        return JsonlReader(path, spec)
    # pyarrow takes a third of a second and 60 MB to load: only for those who need it.
    from app.importing.parquet_rows import ParquetReader

    return ParquetReader(path, spec)


def _files_of(spec: ReadSpec) -> list[str]:
    """The names of the files that a passage reads, as often as it reads them."""
    rows = [spec.rows, *(child.rows for child in spec.children)]
    return [name for part in rows for name in (part.file.name, *(join.file.name for join in part.joins))]

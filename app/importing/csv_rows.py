"""Rows of a CSV file, strictly: a broken line costs one row, never the rows after it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from app.importing.errors import SourceError
from app.importing.files import CHUNK, ENDS_EARLY, MAX_LINE, TRUNCATED, Bad, ByteFile, Chunk, Row, bounded_lines
from app.importing.mapping import FileSpec

_TOO_LONG = f"the line has more than {MAX_LINE // 2**20} MB"


class CsvReader:
    """A CSV file with a header row. Lines count from 1, the header's; a row has the line on which it begins."""

    def __init__(self, path: Path, spec: FileSpec) -> None:
        self.path = path
        self._file = ByteFile(path)
        self.size = self._file.size
        self._spec = spec
        self.header: list[str] = []
        self.header = self._read_header()

    def position(self) -> int:
        return self._file.position()

    def missing(self, column: str) -> str | None:
        count = self.header.count(column)
        if count > 1:
            return f"stands {count} times in the header of {self.path.name}; give each column a name of its own"
        if count == 0 and column not in self._spec.optional_columns:
            return f"is no column of {self.path.name}; its header has {', '.join(self.header)}"
        return None

    def rows(self, columns: Sequence[str], *, blank: Row, bad: Bad) -> Iterator[Chunk]:
        width = len(self.header)
        pick = _picker([self.header.index(name) if name in self.header else width for name in columns])
        chunk: Chunk = []
        records = self._records(bad)
        try:
            next(records, None)
            for line, values in records:
                if len(values) != width:
                    bad(line, "", f"has {len(values)} columns, the header {width}")
                    continue
                values.append("")
                chunk.append([line, *blank, *pick(values)])
                if len(chunk) >= CHUNK:
                    yield chunk
                    chunk = []
            yield chunk
        finally:
            self._file.close()

    def _records(self, bad: Bad) -> Iterator[tuple[int, list[str]]]:
        """Records with the line each begins on. A record that can't be parsed costs its first line; the others are read again."""
        lines = _Lines(self._file, encoding=self._spec.encoding, bad=bad)
        while not lines.ended:
            try:
                for values in csv.reader(lines.feed(), delimiter=self._spec.delimiter, strict=True):
                    line, flaw = lines.finish_record()
                    if flaw:
                        bad(line, self._flawed_column(values), flaw)
                    elif values:
                        yield line, values
            except csv.Error as error:
                bad(lines.drop_first_line(), "", _explain(str(error)))

    def _read_header(self) -> list[str]:
        problems: list[str] = []
        try:
            first = next(self._records(lambda line, column, reason: problems.append(reason)), None)
        finally:
            self._file.close()
        if first is None or problems:
            problem = f"has no header that can be read ({problems[0]})" if problems else "is empty; a header row is needed"
            raise SourceError(self.path, problem)
        return first[1]

    def _flawed_column(self, values: list[str]) -> str:
        for name, value in zip(self.header, values, strict=False):
            if "\0" in value or any("\udc80" <= char <= "\udcff" for char in value):
                return name
        return ""


class _Lines:
    """Feeds decoded lines to csv.reader and remembers those of the present record, so that they can be read again."""

    def __init__(self, file: ByteFile, *, encoding: str, bad: Bad) -> None:
        self._raw = bounded_lines(file.open())
        self._encoding = encoding
        self._bad = bad
        self._again: deque[tuple[str, str]] = deque()
        self._record: list[tuple[str, str]] = []
        self._taken = 0
        self._flaw = ""
        self.ended = False

    def feed(self) -> Iterator[str]:
        while True:
            if self._again:
                text, flaw = self._again.popleft()
            else:
                try:
                    raw = next(self._raw, b"")
                except TRUNCATED:
                    self._bad(self._taken + 1, "", ENDS_EARLY)
                    raw = b""
                if raw == b"":
                    # A record that is still open now was cut off; csv.reader says so when its lines end.
                    break
                text, flaw = self._decode(raw)
            self._taken += 1
            self._record.append((text, flaw))
            self._flaw = self._flaw or flaw
            yield text
        if not self._again:
            self.ended = True

    def finish_record(self) -> tuple[int, str]:
        """The first line of the record just parsed, and what is wrong with its text ("" when nothing is)."""
        line, flaw = self._taken - len(self._record) + 1, self._flaw
        self._record.clear()
        self._flaw = ""
        return line, flaw

    def drop_first_line(self) -> int:
        """Gives up the first line of the present record; those after it will be fed again. Returns the line given up."""
        line = self._taken - len(self._record) + 1
        self._again.extendleft(reversed(self._record[1:]))
        self._taken = line
        self._record.clear()
        self._flaw = ""
        self.ended = self.ended and not self._again
        return line

    def _decode(self, raw: bytes | None) -> tuple[str, str]:
        if raw is None:
            return "\n", _TOO_LONG
        if self._taken == 0 and self._encoding == "utf-8":
            raw = raw.removeprefix(b"\xef\xbb\xbf")
            if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return "\n", "it is UTF-16; convert it to UTF-8"
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError:
            return raw.decode(self._encoding, "surrogateescape"), f"has bytes that are no {self._encoding}"
        return text, "has a NUL byte" if "\0" in text else ""


def _picker(places: list[int]) -> Any:
    if not places:
        return lambda values: ()
    if len(places) == 1:
        only = places[0]
        return lambda values: (values[only],)
    return itemgetter(*places)


def _explain(error: str) -> str:
    if error.startswith("field larger"):
        return "a field has more than 131,072 characters; is a quote not closed?"
    if error.startswith("unexpected end"):
        return "a quote is not closed before the file ends"
    if "expected after" in error:
        return "a quote is closed in the middle of a field, or was not closed before; write quotes inside a field twice"
    return error

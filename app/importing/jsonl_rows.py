"""Rows of a JSONL file: one object a line, nested values by dotted path."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from app.importing.errors import SourceError
from app.importing.files import CHUNK, ENDS_EARLY, MAX_LINE, TRUNCATED, Bad, ByteFile, Chunk, Row, bounded_lines
from app.importing.mapping import FileSpec

SAMPLE = 1000
"""How many first lines are looked at for the names of columns."""


class JsonlReader:
    """A file of JSON objects, one a line; lines count from 1. A name in none of the first SAMPLE lines counts as missing."""

    def __init__(self, path: Path, spec: FileSpec) -> None:
        self.path = path
        self._file = ByteFile(path)
        self.size = self._file.size
        self._spec = spec
        self._names: set[str] | None = None

    def position(self) -> int:
        return self._file.position()

    def missing(self, column: str) -> str | None:
        if self._names is None:
            self._names = self._sample()
        if column in self._names or column in self._spec.optional_columns or not self._names:
            return None
        return (
            f"is in none of the first {SAMPLE} lines of {self.path.name}, which have {', '.join(sorted(self._names))}; "
            f"if it is rare, list it in optional_columns of [files.{self._spec.name}]"
        )

    def rows(self, columns: Sequence[str], *, blank: Row, bad: Bad) -> Iterator[Chunk]:
        paths = [value_at(column) for column in columns]
        chunk: Chunk = []
        for line, raw in self.lines(bad):
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                bad(line, "", f"is no JSON: {error.msg}")
                continue
            if type(value) is not dict:
                bad(line, "", "is no JSON object, { ... }")
                continue
            chunk.append([line, *blank, *[get(value) for get in paths]])
            if len(chunk) >= CHUNK:
                yield chunk
                chunk = []
        yield chunk

    def lines(self, bad: Bad) -> Generator[tuple[int, bytes], None, None]:
        """The lines that aren't blank, as bytes, with their numbers."""
        number = 0
        try:
            for number, raw in enumerate(bounded_lines(self._file.open()), 1):
                if raw is None:
                    bad(number, "", f"the line has more than {MAX_LINE // 2**20} MB")
                elif not raw.isspace():
                    yield number, raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        except TRUNCATED:
            bad(number + 1, "", ENDS_EARLY)
        finally:
            self._file.close()

    def _sample(self) -> set[str]:
        names: set[str] = set()
        first = b""
        with closing(self.lines(lambda line, column, reason: None)) as lines:
            for _, raw in islice(lines, SAMPLE):
                first = first or raw
                with suppress(orjson.JSONDecodeError):
                    _collect(orjson.loads(raw), "", names)
        if first and not names:
            raise SourceError(self.path, "has no line that is a JSON object; JSONL has one { ... } a line")
        return names


def value_at(column: str) -> Callable[[dict[str, Any]], Any]:
    """Reads `a.b` from an object: the key with that very name, else b inside a; None when it isn't there."""
    if "." not in column:
        return lambda value: value.get(column)
    parts = column.split(".")

    def read(value: dict[str, Any]) -> Any:
        if column in value:
            return value[column]
        found: Any = value
        for part in parts:
            if type(found) is not dict:
                return None
            found = found.get(part)
        return found

    return read


def _collect(value: Any, prefix: str, names: set[str]) -> None:
    """Every path in an object, those inside its lists of objects too."""
    if isinstance(value, list):
        for item in value[:100]:
            _collect(item, prefix, names)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        name = f"{prefix}{key}"
        names.add(name)
        _collect(inner, f"{name}.", names)

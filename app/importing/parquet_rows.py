"""Rows of a Parquet file, a batch at a time; nested values by dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.importing.errors import SourceError
from app.importing.files import CHUNK, Bad, Chunk, Row
from app.importing.jsonl_rows import value_at
from app.importing.mapping import FileSpec


class ParquetReader:
    """A Parquet file; its rows count from 1, for there is no header line."""

    def __init__(self, path: Path, spec: FileSpec) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._spec = spec
        self._share = 0.0
        with self._open() as file:
            self._schema = file.schema_arrow

    def position(self) -> int:
        return int(self.size * self._share)

    def missing(self, column: str) -> str | None:
        if self._root(column) is not None or column in self._spec.optional_columns:
            return None
        return f"is no column of {self.path.name}, which has {', '.join(self._schema.names)}"

    def rows(self, columns: Sequence[str], *, blank: Row, bad: Bad) -> Iterator[Chunk]:
        roots = {column: self._root(column) for column in columns}
        wanted = sorted({root for root in roots.values() if root is not None})
        number = 0
        with self._open() as file:
            total = max(file.metadata.num_rows, 1)
            try:
                for batch in file.iter_batches(batch_size=CHUNK, columns=wanted):
                    values = {name: _native(batch.column(name)) for name in wanted}
                    picked = [_column(name, root, values, batch.num_rows) for name, root in roots.items()]
                    whole = zip(*picked, strict=True) if picked else [()] * batch.num_rows
                    yield [[number + place, *blank, *row] for place, row in enumerate(whole, 1)]
                    number += batch.num_rows
                    self._share = number / total
            except (pa.ArrowException, OSError) as error:
                bad(number + 1, "", f"the file is damaged here; what stood before was read ({_first_line(error)})")

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path, pre_buffer=False, buffer_size=2**20)
        except (pa.ArrowException, OSError) as error:
            raise SourceError(self.path, f"can't be read as Parquet ({_first_line(error)})") from None

    def _root(self, column: str) -> str | None:
        """The column of the file that `column` is, or is inside of."""
        names = self._schema.names
        parts = column.split(".")
        for end in range(len(parts), 0, -1):
            if (root := ".".join(parts[:end])) in names:
                return root
        return None


def _native(column: Any) -> list[Any]:
    # Nanoseconds have no Python type of their own; microseconds are what a datetime holds.
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _column(name: str, root: str | None, values: dict[str, list[Any]], rows: int) -> list[Any]:
    if root is None:
        return [None] * rows
    if root == name:
        return values[root]
    get = value_at(name[len(root) + 1 :])
    return [get(value) if type(value) is dict else None for value in values[root]]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__

"""Rows of other files that stand beside a row: at most one (a look-up), or a list (children)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.importing.errors import RowError
from app.importing.files import Chunk, Row
from app.importing.mapping import ChildSpec, JoinSpec
from app.importing.schema import Schema
from app.importing.spool import SortedRows, Spool, UniqueRows

Reject = Callable[[str, int, str, str], None]
"""Takes what can't be used: file, line, column (or ""), reason."""

Key = Callable[[Row], str]


class Lookup:
    """The rows of one file by key; `fill` before `put`."""

    def __init__(self, spec: JoinSpec, *, here: Key, there: Key, inner: Schema, slot: int) -> None:
        self.inner = inner
        self._spec = spec
        self._here = here
        self._there = there
        self._slot = slot
        self._kept: UniqueRows | None = None

    def fill(self, spool: Spool, chunks: Iterator[Chunk], reject: Reject) -> Iterator[Chunk]:
        """Sets the file's rows aside; yields empty chunks as time passes. A key that was there before is rejected."""
        self._kept = UniqueRows(spool)
        file, columns = self.inner.reader.path.name, ", ".join(there for _, there in self._spec.on)
        for chunk in chunks:
            for row in chunk:
                if not self._kept.add(self._there(row), row):
                    reject(file, row[0], columns, f"{self._there(row)[:60]!r} stands on an earlier line too, which counts")
            yield []

    def put(self, row: Row) -> None:
        """Sets the row's slot. Raises RowError when the look-up is required and finds nothing."""
        assert self._kept is not None
        key = self._here(row)
        found = row[self._slot] = self._kept.find(key) if key else None
        if found is None and self._spec.required:
            column, there = self._spec.on[0]
            raise RowError(column, f"no row of {self.inner.reader.path.name} has {there} = {key[:60]!r}")


class Children:
    """The rows of one file that belong to each parent row; `fill` before `put`."""

    def __init__(self, spec: ChildSpec, *, here: Key, there: Key, inner: Schema, slot: int) -> None:
        self._spec = spec
        self._here = here
        self._there = there
        self._inner = inner
        self._slot = slot
        self._kept: SortedRows | None = None

    def fill(self, spool: Spool, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Sets the file's rows aside; yields empty chunks as time passes."""
        self._kept = SortedRows(spool)
        for chunk in chunks:
            self._kept.add([(self._there(row), row) for row in chunk])
            yield []
        self._kept.index()

    def put(self, row: Row, finish: Callable[[Chunk], Chunk]) -> None:
        """Sets the row's slot to its children, finished (joined and filtered)."""
        assert self._kept is not None
        key = self._here(row)
        row[self._slot] = finish(self._kept.find(key)) if key else []

    def orphans(self, reject: Reject, parent: str) -> None:
        """Rejects the rows that no parent asked for."""
        assert self._kept is not None
        here, there = self._spec.on[0]
        for _, row in self._kept.unseen():
            reject(self._inner.reader.path.name, row[0], there, f"no row of {parent} has this {here}")

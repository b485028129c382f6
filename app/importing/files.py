"""Opening the files of an import: where they are, how much of them has been read, and their lines within bounds."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from app.importing.errors import SourceError
from app.importing.mapping import FileSpec, Mapping

Row = list[Any]
"""One row: its line (or number) first, then slots for what is joined to it, then the columns that were asked for."""

Chunk = list[Row]
"""Up to CHUNK rows; an empty chunk says only that time has passed."""

Bad = Callable[[int, str, str], None]
"""Takes what can't be read: line, column (or ""), reason."""

CHUNK = 250
MAX_LINE = 8 * 2**20
TRUNCATED = (EOFError, zlib.error, gzip.BadGzipFile)
ENDS_EARLY = "the compressed file ends too early or is damaged here; what stood before was read. Fetch it again"


class Reader(Protocol):
    """Reads the rows of one file, front to back, as often as asked."""

    path: Path
    size: int

    def missing(self, column: str) -> str | None:
        """Why `column` can't be read from this file, or None when it can."""

    def rows(self, columns: Sequence[str], *, blank: Row, bad: Bad) -> Iterator[Chunk]:
        """The rows as [line, *blank, *values of `columns`]; what can't be read goes to `bad` and is left out."""

    def position(self) -> int:
        """Bytes of the file (as it lies on the disk) that have been read in the present passage."""


class ByteFile:
    """A plain or gzip file read as bytes, which knows how far it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw: io.BufferedReader | None = None

    def open(self) -> io.BufferedReader:
        """The file from its beginning, decompressed. Raises SourceError."""
        self.close()
        try:
            self._raw = self.path.open("rb")
        except OSError as error:
            raise SourceError(self.path, f"can't be opened ({error.strerror})") from None
        packed = self._raw.peek(2)[:2] == b"\x1f\x8b"
        if self.path.suffix == ".gz" and not packed:
            self.close()
            raise SourceError(self.path, "is no gzip file, though its name ends in .gz; rename it, or fetch it again")
        return io.BufferedReader(_Unpacked(gzip.GzipFile(fileobj=self._raw)), 2**18) if packed else self._raw

    def position(self) -> int:
        return 0 if self._raw is None or self._raw.closed else self._raw.tell()

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None


class _Unpacked(io.RawIOBase):
    """Hands on what is unpacked as it comes: GzipFile itself would withhold rows that stand just before a damaged place."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._packed.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def bounded_lines(stream: io.BufferedReader) -> Iterator[bytes | None]:
    """The lines of a stream with their ends; None for a line of more than MAX_LINE bytes, which is passed over."""
    readline = stream.readline
    while line := readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = readline(MAX_LINE)
            yield None
        else:
            yield line


def locate(root: Path, mapping: Mapping) -> dict[str, Path]:
    """Where each file of the mapping lies under `root`, with or without .gz; `root` may be the only file itself.

    Raises SourceError when one is missing.
    """
    if not root.exists():
        raise SourceError(root, "there is no such file or folder")
    if root.is_file():
        if len(mapping.files) > 1:
            names = ", ".join(spec.path for spec in mapping.files)
            raise SourceError(root, f"the mapping reads {len(mapping.files)} files ({names}): name their folder instead")
        return {mapping.files[0].name: root}
    return {spec.name: _find(root, spec) for spec in mapping.files}


def _find(root: Path, spec: FileSpec) -> Path:
    bare = spec.path.removesuffix(".gz")
    for name in (spec.path, bare, f"{bare}.gz"):
        if (root / name).is_file():
            return root / name
    raise SourceError(root / spec.path, f"is missing; put it there, or change path of [files.{spec.name}] in the mapping")

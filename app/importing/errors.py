"""What can go wrong with an import before anything is written, and with one row while it runs.

ImportingError (an AppError)   exit code 1
├── MappingError               2   a mapping that can't be used, or doesn't fit the files
├── SourceError                1   a file that isn't there or can't be read at all
└── NoRoom                     1   no space for temporary files; raised in the midst of an import, which may be run again

RowError is no part of the tree: it never leaves the importer, which turns it into a line of the rejects file.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from app.errors import AppError


class ImportingError(AppError):
    """Root of what an import raises on purpose; nothing was written when it is raised, unless it says so."""


class MappingError(ImportingError):
    """`str(error)` reads `file:line: key: what to write instead`."""

    exit_code: ClassVar[int] = 2

    def __init__(self, path: Path, line: int, key: str, advice: str) -> None:
        super().__init__(f"{path}:{line}: {key}: {advice}" if key else f"{path}:{line}: {advice}")
        self.path = path
        self.line = line
        self.key = key


class SourceError(ImportingError):
    """A file of the import can't be opened, or has no header that can be read."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class NoRoom(ImportingError):
    """Look-ups and sorting need temporary files, and there is no space for them."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"no room for temporary files ({reason}): free some, or name another folder with TMPDIR, and run it again; "
            "what was written stays and isn't written twice"
        )


class RowError(Exception):
    """One value of one row can't be used. `file` and `line` are set when they aren't those of the row at hand."""

    def __init__(self, column: str, reason: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason
        self.file = file
        self.line = line

    def at(self, file: str, line: int) -> RowError:
        """The same error, located in another row; the innermost location stands."""
        if self.file is None:
            self.file, self.line = file, line
        return self

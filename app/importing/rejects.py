"""The rejects file: what could not be imported, where it stood and why. It holds places and reasons, never the rows."""

from __future__ import annotations

import csv
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson

from app.importing.errors import SourceError

FIELDS = ("file", "row", "column", "reason", "code", "event")


class Rejects:
    """Written as JSONL, or as CSV when the name ends so.

    The first reject begins a draft beside the file, and `close` puts it in the file's place: until then what is there stays
    as it is, and without rejects it stays for good.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._draft = path.with_name(f".{path.name}.{os.getpid()}")
        self._file: IO[str] | None = None

    @classmethod
    def beside(cls, home: Path, name: str, given: Path | None) -> Rejects:
        """The rejects of an import called `name`: in the file given, else in a new one in the folder `rejects` of `home`.

        Raises SourceError when the file given can't be written.
        """
        if given is None:
            safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "import"
            return cls(home / "rejects" / f"{safe}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z.jsonl")
        # A device such as /dev/null would be replaced too.
        if (given.exists() and not given.is_file()) or not given.parent.is_dir():
            raise SourceError(given, "can't be written; name a file in a folder that exists")
        return cls(given)

    def add(self, file: str, row: int, column: str, reason: str, *, code: str = "INVALID", event: str = "") -> None:
        self.count += 1
        values = (file, row, column, _clean(reason), code, event)
        if self._file is None:
            self._file = self._create()
        if self.path.suffix == ".csv":
            csv.writer(self._file).writerow(values)
        else:
            entry = dict(zip(FIELDS, values, strict=True))
            self._file.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE).decode())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._draft.replace(self.path)

    def _create(self) -> IO[str]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self._draft.open("w", encoding="utf-8", errors="replace", newline="")
        if self.path.suffix == ".csv":
            csv.writer(file).writerow(FIELDS)
        return file


def _clean(text: str) -> str:
    """One line of text that UTF-8 can hold: a reason may quote a broken value."""
    return " ".join(text.encode("utf-8", "replace").decode().split())

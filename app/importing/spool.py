"""Rows set aside on the disk: look-ups by key, rows sorted by key, rows grouped under a parent. Memory stays flat.

Each table is a temporary SQLite database of its own: no journal, no syncing, a small cache. SQLite removes its file as soon
as it is open, so that even an import that is killed leaves nothing behind; TMPDIR says on which disk it lies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from app.importing.files import Row

Error = sqlite3.Error

_CACHED = 20_000
_SEEN_BATCH = 1000
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list).decode

Keyed = tuple[str, Row]


class Spool:
    """Temporary tables; `close` gives back what they hold."""

    def __init__(self) -> None:
        self._open: list[sqlite3.Connection] = []

    def table(self) -> sqlite3.Connection:
        # The empty name asks SQLite for an unnamed file of its own.
        database = sqlite3.connect("", isolation_level=None)
        database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384; PRAGMA temp_store=FILE; BEGIN"
        )
        self._open.append(database)
        return database

    def close(self) -> None:
        for database in self._open:
            database.close()


class UniqueRows:
    """At most one row for a key: the first that came."""

    def __init__(self, spool: Spool) -> None:
        self._database = spool.table()
        self._database.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
        self._cache: dict[str, Row | None] = {}

    def add(self, key: str, row: Row) -> bool:
        """Whether the key was new; the row is kept only then."""
        return self._database.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (key, _pack(row))).rowcount == 1

    def find(self, key: str) -> Row | None:
        try:
            return self._cache[key]
        except KeyError:
            pass
        found = self._database.execute("SELECT body FROM kept WHERE key = ?", (key,)).fetchone()
        if len(self._cache) >= _CACHED:
            self._cache.clear()
        row = self._cache[key] = None if found is None else _unpack(found[0])
        return row


class SortedRows:
    """Any number of rows for a key; read back by key, each key's rows in the order they came."""

    def __init__(self, spool: Spool) -> None:
        self._database = spool.table()
        self._database.execute("CREATE TABLE kept (key TEXT, body BLOB)")
        self._database.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._seen: list[tuple[str]] = []

    def add(self, rows: Iterable[Keyed]) -> None:
        self._database.executemany("INSERT INTO kept VALUES (?, ?)", ((key, _pack(row)) for key, row in rows))

    def index(self) -> None:
        """Must come between the last `add` and the first `find`."""
        self._database.execute("CREATE INDEX by_key ON kept (key)")

    def sorted(self) -> Iterator[Keyed]:
        for key, body in self._database.execute("SELECT key, body FROM kept ORDER BY key, rowid"):
            yield key, _unpack(body)

    def find(self, key: str) -> list[Row]:
        self._seen.append((key,))
        if len(self._seen) >= _SEEN_BATCH:
            self._note_seen()
        rows = self._database.execute("SELECT body FROM kept WHERE key = ? ORDER BY rowid", (key,))
        return [_unpack(body) for (body,) in rows]

    def unseen(self) -> Iterator[Keyed]:
        """The rows whose key nobody asked for."""
        self._note_seen()
        query = "SELECT key, body FROM kept WHERE NOT EXISTS (SELECT 1 FROM seen WHERE seen.key = kept.key) ORDER BY rowid"
        for key, body in self._database.execute(query):
            yield key, _unpack(body)

    def _note_seen(self) -> None:
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?)", self._seen)
        self._seen.clear()

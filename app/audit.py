"""The audit trail: who read whose data, when, by which operation and for what purpose, and who wrote what.

Lines of JSON, appended to a file of the process's own before the answer goes out: what a client has been told stands there, also
when the process is killed right after. Nothing is ever changed in them; files that are older than the settings say are deleted as
a whole. docs/decisions/0014 says why it is no table in Neo4j."""

from __future__ import annotations

import asyncio
import fcntl
import gzip
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from resolvers.access import Actor
from resolvers.errors import Unrecorded

LARGEST_FILE = 64_000_000
"""Bytes of a file, after which another one is begun."""

SYNC_SECONDS = 1.0
"""Between two times that what was written is made to survive a power cut, too."""

TIDY_SECONDS = 600.0

LONGEST_ID = 200
"""Characters of an id that stands here as it is."""

PREFIX, OPEN, PACKED = "audit-", ".jsonl", ".jsonl.gz"

_json = msgspec.json.Encoder()

logger = logging.getLogger(__name__)

What = Literal["read", "sent", "wrote"]


def shown(id: str) -> str:
    """What others chose for an id, as it may stand here: of one that names a person, or goes on and on, a digest."""
    return digest(id) if "@" in id or len(id) > LONGEST_ID else id


def digest(id: str) -> str:
    """The first digits of its SHA-256, by which it is found again and nobody is named."""
    return sha256(id.encode("utf-8", "replace")).hexdigest()[:16]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One line. `what`: `read`; `sent`, before anything is written, and `wrote`, once it is committed: without the latter nobody
    heard whether it was. `actor`: a key's public part, a token's subject, a customer's own id, or a command. `document`: the
    first digits of the SHA-256 of the operation's text. `customers`: whose data it was, by the ids of that time. `personal`:
    whether it could be seen as it is, not masked. `events`: what was sent, as source and id. `count`: how many of them were
    new."""

    at: datetime
    what: What
    actor: str
    operation: str | None = None
    document: str | None = None
    purpose: str | None = None
    customers: tuple[str, ...] = ()
    personal: bool = False
    events: tuple[tuple[str, str], ...] = ()
    count: int = 0


class Trail:
    """Where entries go. One process writes to it, by one thread."""

    def __init__(self, folder: Path, *, days: int, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._days = days
        self._now = now
        self._file: int | None = None
        self._line = bytearray()
        #: When the file's day is over.
        self._until = datetime.min.replace(tzinfo=UTC)
        self._size = 0
        self._unsynced = False
        self._torn = False
        #: Files that are written to no more, but not on the disk for certain.
        self._ended: list[int] = []
        self._new = False

    def note(self, entry: Entry) -> None:
        """Append an entry; raises Unrecorded where that can't be done, and then nothing may be answered."""
        line = self._line
        _json.encode_into(entry, line)
        line += b"\n"
        try:
            if self._file is None or self._size > LARGEST_FILE or entry.at >= self._until:
                self._begin(entry.at)
            assert self._file is not None
            # What was torn before isn't to run into this.
            data = b"\n" + line if self._torn else line
            written = os.write(self._file, data)
        except OSError as error:
            raise Unrecorded from error
        self._torn = written < len(data)
        if self._torn:
            raise Unrecorded
        self._size += written
        self._unsynced = True

    def read(self, who: Actor, customers: Iterable[str], *, personal: bool) -> None:
        """Whose data somebody is about to be told; raises Unrecorded."""
        # By place, which takes less: this is said with every answer.
        self.note(Entry(self._now(), "read", who.id, who.operation, who.document, who.purpose, tuple(customers), personal))

    def sent(self, who: Actor, events: Iterable[tuple[str, str]]) -> None:
        """What somebody wants written, by source and id; raises Unrecorded."""
        named = tuple((source, shown(id)) for source, id in events)
        self.note(Entry(self._now(), "sent", who.id, who.operation, who.document, who.purpose, events=named))

    def wrote(self, who: Actor, customers: Iterable[str], count: int) -> None:
        """Whose data has changed by that; raises Unrecorded."""
        about = tuple(customers)
        self.note(Entry(self._now(), "wrote", who.id, who.operation, who.document, who.purpose, about, count=count))

    async def run(self) -> None:
        """See to it for ever that power cuts lose no more than a second, and that files are packed, and go in time."""
        tidied = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                await asyncio.to_thread(self.sync)
                if loop.time() - tidied > TIDY_SECONDS:
                    tidied = loop.time()
                    await asyncio.to_thread(self.tidy)
            except OSError as error:
                logger.error("the audit trail can't be seen to: %s", error.strerror)
            await asyncio.sleep(SYNC_SECONDS)

    def sync(self) -> None:
        """Have all that was written survive a power cut; raises OSError, and then does it the next time."""
        while self._ended:
            os.fdatasync(self._ended[0])
            os.close(self._ended.pop(0))
        if self._unsynced and self._file is not None:
            # What is written meanwhile is synced the next time.
            self._unsynced = False
            try:
                os.fdatasync(self._file)
            except OSError:
                self._unsynced = True
                raise
        if self._new:
            self._new = False
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def close(self) -> None:
        """No more is written, until something is; raises OSError."""
        self._end()
        self.sync()

    def _end(self) -> None:
        # Without waiting for the disk: somebody's answer does.
        if self._file is not None:
            self._ended.append(self._file)
            self._file = None

    def tidy(self) -> None:
        """Pack files that nobody writes to any more, and delete those that are too old."""
        last = (self._now() - timedelta(days=self._days)).strftime("%Y%m%d")
        for path in files(self._folder):
            if path.name[len(PREFIX) :][:8] < last:
                path.unlink(missing_ok=True)
            elif path.name.endswith(OPEN):
                _pack(path)

    def _begin(self, at: datetime) -> None:
        self._end()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{PREFIX}{at:%Y%m%dT%H%M%S%fZ}-{os.getpid()}-{secrets.token_hex(4)}{OPEN}"
        self._file = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        # Held as long as somebody writes, however that ends.
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._until = datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1)
        self._size, self._torn, self._new = 0, False, True


def files(folder: Path) -> list[Path]:
    """All files of a trail, the oldest first."""
    found = {path for path in folder.glob(f"{PREFIX}*") if path.name.endswith((OPEN, PACKED))}
    # Whoever packed it ended before it could delete it.
    return sorted(path for path in found if path.with_suffix("") not in found)


def entries(folder: Path, *, wanted: Iterable[str] = ()) -> Iterator[Entry]:
    """The entries of a trail, in the order of its files; only those in which each of some texts is the whole of a value. What was
    torn by a power cut is left out."""
    texts = [msgspec.json.encode(text) for text in wanted]
    for path in files(folder):
        try:
            with gzip.open(path, "rb") if path.name.endswith(PACKED) else path.open("rb") as lines:
                for line in lines:
                    if all(text in line for text in texts):
                        try:
                            yield msgspec.json.decode(line, type=Entry)
                        except msgspec.MsgspecError:
                            continue
        except FileNotFoundError:
            # It was packed just now, or has gone: whoever looks again finds it.
            continue


def _pack(path: Path) -> None:
    with path.open("rb") as plain:
        try:
            fcntl.flock(plain, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        draft = path.with_suffix(".packing")
        with gzip.open(draft, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(plain, packed)
        with draft.open("rb") as packed_file:
            os.fsync(packed_file.fileno())
        draft.chmod(0o600)
        draft.rename(path.with_name(path.name.removesuffix(OPEN) + PACKED))
        path.unlink()

"""Neo4j's jars: what the lock names, and the folder that holds exactly those.

They come from our own cache folder, else from `mvn` when it is on the PATH, else from the Maven client `jgo`.
Whatever the source, size and sha256 are those of the lock; a folder appears whole or not at all.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.errors import BadChecksum, BadLock, DiskFull

LOCK = Path(__file__).parents[2] / "deploy" / "neo4j-jars.lock"

OnBytes = Callable[[int, int], None]
"""Called with the bytes at hand and the bytes there will be."""


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        """The name in our folder; with the group, for two jars share a name without it."""
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.group}.{self.artifact}-{self.version}{tail}.jar"

    def is_in(self, folder: Path) -> bool:
        """Whether `folder` holds this very jar: same size, same sha256."""
        path = folder / self.file
        try:
            if path.stat().st_size != self.size:
                return False
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


def read_lock(path: Path = LOCK) -> tuple[Jar, ...]:
    """The jars a lock names, one `group:artifact:version[:classifier]:sha256:size` a line.

    Raises BadLock with the line's number.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        raise BadLock(path, 1, "can't be read") from None
    jars = []
    for number, line in enumerate(lines, start=1):
        parts = line.split(":")
        if len(parts) not in (5, 6) or not all(parts):
            raise BadLock(path, number, "is not group:artifact:version[:classifier]:sha256:size")
        *coordinates, sha256, size = parts
        if len(sha256) != 64 or not size.isdecimal() or any("/" in part for part in coordinates):
            raise BadLock(path, number, "has no valid sha256 and size")
        group, artifact, version, classifier = (*coordinates, "")[:4]
        jars.append(Jar(group, artifact, version, classifier, sha256, int(size)))
    if not jars:
        raise BadLock(path, 1, "names no jar")
    return tuple(jars)


def ensure(*, cache: Path, mirror: str | None = None, lock: Path = LOCK, on_bytes: OnBytes | None = None) -> Path:
    """The folder that holds exactly the lock's jars, fetched when they aren't there yet.

    Raises BadLock, BadChecksum, NoNetwork or DiskFull, and then leaves nothing behind.
    """
    jars = read_lock(lock)
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = cache / f"neo4j-{digest}"
    missing = missing_from(folder, jars)
    if not missing:
        return folder
    try:
        with _scratch(cache) as scratch:
            # Another process may have been quicker while this one waited for its turn.
            if missing := missing_from(folder, jars):
                fetched = scratch / "jars"
                fetched.mkdir()
                _keep(folder, set(jars) - set(missing), fetched)
                _fetch(missing, fetched, scratch=scratch, mirror=mirror, on_bytes=on_bytes)
                # A folder can't be renamed onto another: the damaged one goes with the scratch folder.
                if folder.exists():
                    folder.rename(scratch / "damaged")
                fetched.rename(folder)
    except OSError as error:
        if DiskFull.explains(error):
            raise DiskFull(cache) from error
        raise
    return folder


def missing_from(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    """The jars that `folder` lacks, or holds in another shape. Reads every file, a tenth of a second a core."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [jar for jar, there in zip(jars, pool.map(lambda jar: jar.is_in(folder), jars), strict=True) if not there]


def _keep(folder: Path, jars: set[Jar], target: Path) -> None:
    for jar in jars:
        (target / jar.file).hardlink_to(folder / jar.file)


def _fetch(jars: Sequence[Jar], target: Path, *, scratch: Path, mirror: str | None, on_bytes: OnBytes | None) -> None:
    from app.local import sources

    report = on_bytes or (lambda _done, _all: None)
    source = sources.fetch(jars, target, scratch=scratch, mirror=mirror, on_bytes=report)
    if bad := missing_from(target, jars):
        raise BadChecksum(bad[0].file, source=source)


@contextmanager
def _scratch(cache: Path) -> Iterator[Path]:
    """An empty folder of the cache, for one process at a time, removed at the end; by the next one if we are killed."""
    cache.mkdir(parents=True, exist_ok=True)
    scratch = cache / "fetching"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

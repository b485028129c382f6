"""Fetching jars: only what the lock names, whole or not at all, wherever it comes from."""

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.errors import BadChecksum, BadLock, DiskFull, NoNetwork
from app.local import jars

CONTENT = {"org.example:one:1.0": b"one", "org.example:two:2.0:linux-x86_64": b"number two"}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "jars.lock"
    lines = [f"{name}:{hashlib.sha256(data).hexdigest()}:{len(data)}" for name, data in CONTENT.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called mvn, first on the PATH, that runs what a test writes into the file this gives."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "script"
    (folder / "mvn").write_text(
        '#!/bin/sh\nfor word in "$@"; do case $word in -DoutputDirectory=*) out=${word#*=};; esac; done\n'
        f'echo called >> "{folder}/calls"\n. "{script}"\n'
    )
    (folder / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    script.write_text(
        "printf one > $out/org.example.one-1.0.jar\n"
        "printf 'number two' > $out/org.example.two-2.0-linux-x86_64.jar\n"
        "echo 'Downloaded from central: https://example.test/org/example/one/1.0/one-1.0.jar (3 B at 3 B/s)'\n"
    )
    return script


def calls(maven: Path) -> int:
    path = maven.with_name("calls")
    return path.read_text().count("called") if path.exists() else 0


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.name != "lock") if cache.exists() else []


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return None


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_lock_in_the_repository_names_neo4j() -> None:
    named = jars.read_lock()
    assert len(named) == len({jar.file for jar in named}) == 213
    assert any(jar.artifact == "neo4j-server" for jar in named)


@pytest.mark.parametrize(
    "line",
    ["", "org.example:one:1.0", "a:b:1:not-a-sum:12", f"a:b:1:{'0' * 64}:many", f"../a:b:1:{'0' * 64}:1", f"a::1:{'0' * 64}:1"],
)
def test_a_corrupted_lock_is_refused_with_its_line(lock: Path, line: str) -> None:
    lock.write_text(lock.read_text() + line + "\n")
    with pytest.raises(BadLock, match=r"jars\.lock:3: "):
        jars.read_lock(lock)


def test_a_missing_or_empty_lock_is_refused(lock: Path) -> None:
    lock.write_text("")
    with pytest.raises(BadLock, match="names no jar"):
        jars.read_lock(lock)
    lock.unlink()
    with pytest.raises(BadLock, match="can't be read"):
        jars.read_lock(lock)


def test_maven_brings_them_once(lock: Path, maven: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    cache = tmp_path / "cache"
    folder = jars.ensure(cache=cache, lock=lock, on_bytes=lambda done, total: seen.append((done, total)))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "org.example.one-1.0.jar": b"one",
        "org.example.two-2.0-linux-x86_64.jar": b"number two",
    }
    assert seen == [(0, 13), (3, 13), (13, 13)]
    assert jars.ensure(cache=cache, lock=lock) == folder
    assert calls(maven) == 1
    assert leftovers(cache) == [folder.name]


def test_a_wrong_checksum_is_refused_and_nothing_stays(lock: Path, maven: Path, tmp_path: Path) -> None:
    maven.write_text(maven.read_text() + "printf two > $out/org.example.one-1.0.jar\n")
    with pytest.raises(BadChecksum, match=r"org\.example\.one-1\.0\.jar, brought by mvn, .* nothing was kept"):
        jars.ensure(cache=tmp_path / "cache", lock=lock)
    assert leftovers(tmp_path / "cache") == []


def test_a_damaged_jar_is_noticed_and_brought_again(lock: Path, maven: Path, tmp_path: Path) -> None:
    folder = jars.ensure(cache=tmp_path / "cache", lock=lock)
    kept = (folder / "org.example.two-2.0-linux-x86_64.jar").stat().st_ino
    (folder / "org.example.one-1.0.jar").write_bytes(b"two")
    maven.write_text("printf one > $out/org.example.one-1.0.jar\n")
    assert jars.ensure(cache=tmp_path / "cache", lock=lock) == folder
    assert (folder / "org.example.one-1.0.jar").read_bytes() == b"one"
    assert (folder / "org.example.two-2.0-linux-x86_64.jar").stat().st_ino == kept
    assert leftovers(tmp_path / "cache") == [folder.name]


def test_a_damaged_jar_stays_as_it_is_when_nothing_better_can_be_had(lock: Path, maven: Path, tmp_path: Path) -> None:
    folder = jars.ensure(cache=tmp_path / "cache", lock=lock)
    (folder / "org.example.one-1.0.jar").write_bytes(b"two")
    maven.write_text("printf bad > $out/org.example.one-1.0.jar\n")
    with pytest.raises(BadChecksum):
        jars.ensure(cache=tmp_path / "cache", lock=lock)
    assert leftovers(tmp_path / "cache") == [folder.name]
    assert len(list(folder.iterdir())) == 2


def test_no_network_is_one_line_and_nothing_stays(lock: Path, maven: Path, tmp_path: Path) -> None:
    maven.write_text("echo '[ERROR] Could not transfer artifact'; exit 1\n")
    mirror = f"http://127.0.0.1:{closed_port()}/maven"
    with pytest.raises(NoNetwork, match="check the network or the proxy") as refused:
        jars.ensure(cache=tmp_path / "cache", mirror=mirror, lock=lock)
    assert "\n" not in str(refused.value)
    assert calls(maven) == 1
    assert leftovers(tmp_path / "cache") == []


def test_a_full_disk_is_one_line_and_nothing_stays(lock: Path, maven: Path, tmp_path: Path) -> None:
    maven.write_text("printf on > $out/org.example.one-1.0.jar; echo '[ERROR] No space left on device'; exit 1\n")
    with pytest.raises(DiskFull, match=r"no space left on the disk of .*cache: free about 1 GB"):
        jars.ensure(cache=tmp_path / "cache", lock=lock)
    assert leftovers(tmp_path / "cache") == []


def test_what_a_killed_fetch_left_behind_goes_with_the_next(lock: Path, maven: Path, tmp_path: Path) -> None:
    stale = tmp_path / "cache" / "fetching" / "jars"
    stale.mkdir(parents=True)
    (stale / "half.jar").write_bytes(b"ha")
    folder = jars.ensure(cache=tmp_path / "cache", lock=lock)
    assert leftovers(tmp_path / "cache") == [folder.name]
    assert len(list(folder.iterdir())) == 2


def test_the_client_in_python_brings_them_without_maven(lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a repository of our own, in the layout that all Maven repositories have."""
    repository = tmp_path / "repository"
    for name, data in CONTENT.items():
        group, artifact, version, *classifier = name.split(":")
        file = "-".join([artifact, version, *classifier]) + ".jar"
        path = repository.joinpath(*group.split("."), artifact, version, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    monkeypatch.setenv("PATH", str(tmp_path))
    with served(repository) as mirror:
        folder = jars.ensure(cache=tmp_path / "cache", mirror=mirror, lock=lock)
        assert len(list(folder.iterdir())) == 2
        assert leftovers(tmp_path / "cache") == [folder.name]

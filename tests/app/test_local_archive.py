"""The class-data archive: used when it is there, and no harm when it can't be made."""

from dataclasses import replace
from pathlib import Path

from app.local import archive
from app.local.java import Java
from app.settings import Settings


async def test_what_goes_wrong_leaves_nothing_and_costs_nothing(local_settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "java"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    (jars := tmp_path / "jars").mkdir()
    java = Java(broken, "17")
    await archive.make(replace(local_settings, home=tmp_path / "home"), java=java, jars=jars)
    assert archive.flags(java, jars) == ()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["home", "jars", "java"]


def test_it_fits_one_java_and_one_set_of_jars(tmp_path: Path) -> None:
    java, jars = Java(Path("java"), "17.0.1"), tmp_path / "neo4j-1"
    path = archive._archive_of(java, jars)
    path.touch()
    assert archive.flags(java, jars) == (f"-XX:SharedArchiveFile={path}", "-Xshare:auto")
    assert archive.flags(Java(Path("java"), "17.0.2"), jars) == ()
    assert archive.flags(java, tmp_path / "neo4j-2") == ()

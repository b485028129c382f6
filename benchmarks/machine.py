"""What figures were measured on: the machine without its name, the versions, the commit."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.local.jars import read_lock
from app.local.stack import Programs
from benchmarks.children import TOP
from benchmarks.servers import HEAP, PAGE_CACHE, TRANSACTION_MEMORY

PACKAGES = ("neo4j", "neo4j-rust-ext", "msgspec", "strawberry-graphql", "uvicorn")


def described(programs: Programs) -> list[str]:
    """One fact a line, in Markdown."""
    neo4j = next(jar.version for jar in read_lock() if jar.artifact == "neo4j-server")
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    java = programs.java.version.splitlines()[0]
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{_processor()}, {gigabytes:.0f} GB of memory",
        f"Neo4j Community {neo4j} on {java}, heap {HEAP}, page cache {PAGE_CACHE}, "
        f"{TRANSACTION_MEMORY} a transaction; {_redis(programs.redis)}",
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]


def load() -> str:
    """How busy the machine is with everything: the load average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=TOP, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", "app", "graph", "resolvers", "cypher", "benchmarks", "*.lock")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((f" ({line.partition(':')[2].strip()})" for line in lines if line.startswith("model name")), "")


def _redis(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split()
    number = next((word.removeprefix("v=") for word in said if word.startswith("v=")), "")
    return f"{said[0] if said else program.name} {number}".strip()

"""A class-data archive for Neo4j: made once beside the jars, it saves a third of the processor time of each start.

Java writes it when a server that was told so ends, which takes ten seconds; so a server of its own, at low priority and
with nothing in it, is started and ended for that. An archive fits one Java and one set of jars, and is named for both.
"""

import hashlib
import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path

from app.errors import AppError
from app.local.java import Java
from app.local.neo4j import USER, Neo4j
from app.local.process import Guard, free_port, stop
from app.settings import Settings
from graph.errors import GraphError
from graph.migrations import migrate
from graph.store import Store

LEAST_PRIORITY = 19
DUMP_SECONDS = 120.0

logger = logging.getLogger(__name__)


def flags(java: Java, jars: Path) -> tuple[str, ...]:
    """What Java is told to use the archive; nothing while there is none."""
    archive = _archive_of(java, jars)
    return (f"-XX:SharedArchiveFile={archive}", "-Xshare:auto") if archive.exists() else ()


async def make(settings: Settings, *, java: Java, jars: Path) -> None:
    """Makes the archive unless it is there. What goes wrong is only logged: it means slower starts, no more."""
    archive = _archive_of(java, jars)
    if archive.exists():
        return
    scratch = replace(settings, home=settings.home / "archive", local_bolt_port=free_port())
    neo4j, draft, guard = Neo4j.of(scratch, quick=True), archive.with_suffix(f".{os.getpid()}"), Guard()
    try:
        process = neo4j.start(java=java, jars=jars, flags=(f"-XX:ArchiveClassesAtExit={draft}",))
        guard.watch(process)
        os.setpriority(os.PRIO_PROCESS, process.pid, LEAST_PRIORITY)
        await neo4j.ready(process)
        await _use(neo4j)
        await stop(neo4j.alive, kill_after=DUMP_SECONDS)
        draft.rename(archive)
    except (AppError, GraphError, OSError) as error:
        logger.info("no class-data archive: %s", error)
    finally:
        await stop(neo4j.alive, kill_after=0)
        guard.dismiss()
        draft.unlink(missing_ok=True)
        shutil.rmtree(scratch.home, ignore_errors=True)


async def _use(neo4j: Neo4j) -> None:
    """Has the server do what it will do first each time, so that those classes are in the archive too."""
    store = await Store.connect(neo4j.uri, user=USER, password=neo4j.password(), timeout=DUMP_SECONDS)
    try:
        await migrate(store)
    finally:
        await store.close()


def _archive_of(java: Java, jars: Path) -> Path:
    digest = hashlib.sha256(f"{java.program}\n{java.version}".encode()).hexdigest()[:12]
    return jars.with_name(f"{jars.name}-{digest}.jsa")

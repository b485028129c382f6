"""The bare script: what a graph holds, written over Bolt with UNWIND by one driver, and nothing else done."""

from __future__ import annotations

import time

from neo4j import Query

from app.settings import Settings
from benchmarks.servers import PATIENCE_SECONDS, bare_driver, size_of
from benchmarks.snapshot import Snapshot


async def write_bare(settings: Settings, snapshot: Snapshot) -> float:
    """Writes a snapshot into the empty database of `settings`; returns seconds, reading the rows from the disk left out.

    One transaction a batch, one after the other on one connection; the rows inside a map, lest Neo4j plans anew for the list
    of another length that comes last. Raises AssertionError when what is there afterwards
    has another size than what was read.
    """
    seconds = 0.0
    async with bare_driver(settings) as driver, driver.session() as session:
        for part in snapshot.parts:
            text = Query(part.text, timeout=PATIENCE_SECONDS)
            for rows in part.batches():
                begun = time.perf_counter()
                await (await session.run(text, batch={"rows": rows})).consume()
                seconds += time.perf_counter() - begun
    written = await size_of(settings)
    assert written == (snapshot.nodes, snapshot.relationships), f"{written} is not {snapshot.nodes, snapshot.relationships}"
    return seconds

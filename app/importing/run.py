"""One import from beginning to end: the next batches are read while the present ones are being written."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.importing.errors import NoRoom
from app.importing.plan import Meter, Pending, Plan
from app.importing.rejects import Rejects
from app.importing.spool import Error as SpoolError
from app.lanes import Lanes
from app.settings import Settings
from graph.errors import Outgrown, StoreUnavailable
from graph.events import Outcome, Rejection, names
from graph.events.inputs import Event

BATCH = 5000
"""Events handed to the write door at a time: as many as it takes in one transaction."""

SMALLEST_BATCH = 250
"""A batch that Neo4j could not commit (it takes longer than a transaction may) is halved, down to this size."""

Recorder = Callable[[Sequence[Event]], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """How far an import is. Bytes are those of the files on the disk; `events` counts what is committed."""

    file: str
    rows: int
    bytes_read: int
    bytes_total: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What an import did.

    read: rows read, of look-ups and second passages too; accepted and duplicates: events that the graph now has, new or
    from before; rejected: lines in the rejects file, `rejects_path`, None when there are none; by_kind: accepted and
    duplicate events by kind.
    """

    read: int
    accepted: int
    duplicates: int
    rejected: int
    seconds: float
    by_kind: dict[str, int]
    rejects_path: Path | None


async def import_path(
    settings: Settings,
    path: Path,
    mapping: Path,
    *,
    rejects: Path | None = None,
    on_progress: Callable[[ImportProgress], None] | None = None,
    record: Recorder | None = None,
) -> ImportSummary:
    """Imports the files under `path` (a folder, or the only file) as the TOML file `mapping` says.

    `record` takes the events, by default the service's own write door. Raises MappingError or SourceError before anything
    is written, NoRoom when there is no space for temporary files, and whatever `record` raises. May be run again at any
    time: what is there already counts as a duplicate.
    """
    started = time.monotonic()
    plan = Plan.of(path, mapping)
    log = Rejects.beside(settings.home, plan.name, rejects)
    pour = _Pour(plan, log, on_progress)
    try:
        async with _recorder(settings, record) as recorder:
            await pour.run(recorder)
    except SpoolError as error:
        raise NoRoom(str(error)) from None
    finally:
        log.close()
    return ImportSummary(
        read=pour.meter.rows,
        accepted=pour.accepted,
        duplicates=pour.duplicates,
        rejected=log.count,
        seconds=time.monotonic() - started,
        by_kind=dict(sorted(pour.by_kind.items())),
        rejects_path=log.path if log.count else None,
    )


@asynccontextmanager
async def _recorder(settings: Settings, record: Recorder | None) -> AsyncIterator[Recorder]:
    if record is not None:
        yield record
        return
    # Pure tests of mappings and whoever brings a recorder of their own need no driver.
    from app.services import open_services

    async with open_services(settings) as services:
        yield services.record_batch


def _names(pending: Pending) -> frozenset[str]:
    return names(pending[0])


class _Pour:
    """Pours a plan's events into a recorder."""

    def __init__(self, plan: Plan, rejects: Rejects, on_progress: Callable[[ImportProgress], None] | None) -> None:
        self.meter = Meter(plan.bytes_total)
        self.accepted = 0
        self.duplicates = 0
        self.by_kind: Counter[str] = Counter()
        self._size = BATCH
        self._plan = plan
        self._rejects = rejects
        self._on_progress = on_progress

    async def run(self, record: Recorder) -> None:
        async with Lanes(partial(self._send, record), _names, size=BATCH) as lanes:
            for found in self._plan.pending(self.meter, self._rejects.add):
                await lanes.put(found)
                self._report()

    async def _send(self, record: Recorder, batch: list[Pending]) -> None:
        """Sends a batch in parts of the present size, which is halved whenever Neo4j gives up on one. Where the smallest is too
        much for its memory one event is to blame: halves find it."""
        while batch:
            part, batch = batch[: self._size], batch[self._size :]
            try:
                await self._send_part(part, record)
            except StoreUnavailable as error:
                middle = len(part) // 2
                if len(part) > SMALLEST_BATCH:
                    self._size = max(SMALLEST_BATCH, middle)
                    batch = part + batch
                elif isinstance(error, Outgrown) and middle:
                    await self._send(record, part[:middle])
                    await self._send(record, part[middle:])
                else:
                    raise

    async def _send_part(self, batch: list[Pending], record: Recorder) -> None:
        outcome = await record([event for event, *_ in batch])
        self.accepted += outcome.accepted
        self.duplicates += outcome.duplicates
        self.by_kind.update(event.kind for event, *_ in batch)
        for rejection in outcome.rejected:
            self.by_kind[batch[rejection.index][0].kind] -= 1
            self._refuse(batch[rejection.index], rejection)
        self.meter.events += outcome.accepted + outcome.duplicates
        self._report()

    def _refuse(self, pending: Pending, rejection: Rejection) -> None:
        # The door names the field of the event; a reader of the file wants the columns that it was made of.
        field = re.match(r"[a-z_]+", rejection.message)
        event, file, line, maker = pending
        columns = maker.columns.get(field[0], ()) if maker and field else ()
        self._rejects.add(file, line, ", ".join(columns), rejection.message, code=rejection.code, event=event.id)

    def _report(self) -> None:
        if self._on_progress is not None:
            meter = self.meter
            self._on_progress(
                ImportProgress(
                    file=meter.file,
                    rows=meter.rows,
                    bytes_read=meter.bytes_read,
                    bytes_total=meter.bytes_total,
                    events=meter.events,
                )
            )

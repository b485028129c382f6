"""An import as a whole: batches, what is counted, what is rejected, and events that need no mapping."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import os
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.importing import ImportProgress, MappingError, SourceError, import_path
from app.importing.contract import decode_line
from app.importing.errors import RowError
from app.importing.run import BATCH, SMALLEST_BATCH
from app.lanes import WAYS
from app.settings import Settings
from graph.errors import Outgrown, StoreUnavailable
from graph.events import Outcome, Rejection
from graph.events.inputs import (
    CustomerKey,
    Event,
    IdentifierKey,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    TouchpointInput,
)
from graph.money import Money
from tests.app.importing.harness import drain

MAPPING = """
version = 1
source = "shop"
[files.visits]
path = "visits.csv"
[[read]]
file = "visits"
  [[read.events]]
  kind = "touchpoint"
  id = "{id}"
  at = "{at}"
  customer = { type = "user_id", value = "{user}" }
  channel = "web"
  type = "visit"
"""
CONTRACT = 'version = 1\n[files.events]\npath = "events.jsonl"\n[[read]]\nfile = "events"\nevents = "contract"\n'


class Log:
    """A recorder that remembers its calls, refuses what it is told to, and gives up on more than `most` events."""

    def __init__(self, *, refuse: str = "", most: int = BATCH) -> None:
        self.calls: list[list[str]] = []
        self.events: list[Event] = []
        self.under_way = 0
        self._refuse = refuse
        self._most = most

    async def __call__(self, events: Sequence[Event]) -> Outcome:
        self.under_way += 1
        assert self.under_way <= WAYS
        await asyncio.sleep(0)
        self.under_way -= 1
        if len(events) > self._most:
            raise StoreUnavailable("took too long")
        self.calls.append([event.id for event in events])
        self.events += events
        refused = [
            Rejection(index, "INVALID", "customer.identifier.value: is bad")
            for index, event in enumerate(events)
            if event.id == self._refuse
        ]
        return Outcome(len(events) - len(refused), 0, tuple(refused), {})


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", currency_rates={})


def prepare(folder: Path, rows: int, *, bad: str = "") -> tuple[Path, Path]:
    lines = "".join(f"v{number},u{number % 7},2026-01-01T00:00:00Z\n" for number in range(rows))
    (folder / "visits.csv").write_text(f"id,user,at\n{bad}{lines}")
    (folder / "mapping.toml").write_text(MAPPING)
    return folder / "visits.csv", folder / "mapping.toml"


async def test_batches_progress_and_summary(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 12_345)
    log = Log()
    seen: list[ImportProgress] = []
    summary = await import_path(home, path, mapping, on_progress=seen.append, record=log)
    assert max(map(len, log.calls)) <= BATCH
    assert [event.id for event in log.events] == [f"v{number}" for number in range(12_345)]
    assert (summary.read, summary.accepted, summary.rejected) == (12_345, 12_345, 0)
    assert summary.by_kind == {"touchpoint": 12_345}
    assert summary.rejects_path is None
    assert not home.home.exists(), "without rejects nothing is left in the home folder"
    assert seen[-1].events == 12_345
    assert seen[-1].bytes_read == seen[-1].bytes_total == path.stat().st_size
    assert [one.events for one in seen] == sorted(one.events for one in seen)


async def test_rejects_name_file_row_column_and_reason(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 3, bad="x,u1,never\n")
    summary = await import_path(home, path, mapping, record=Log(refuse="v1"))
    assert (summary.accepted, summary.rejected, summary.by_kind) == (2, 2, {"touchpoint": 2})
    assert summary.rejects_path is not None
    assert summary.rejects_path.parent == home.home / "rejects"
    assert summary.rejects_path.name.startswith("shop-")
    entries = [json.loads(line) for line in summary.rejects_path.read_text().splitlines()]
    assert [(entry["file"], entry["row"], entry["column"], entry["event"]) for entry in entries] == [
        ("visits.csv", 2, "at", ""),
        ("visits.csv", 4, "user", "v1"),
    ]
    assert entries[0]["reason"] == "'never' is no time of the form iso"
    given = tmp_path / "bad.csv"
    given.write_text("of an earlier import")
    summary = await import_path(home, path, mapping, rejects=given, record=Log())
    assert summary.rejects_path == given
    with given.open(newline="") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["2"]
    with pytest.raises(SourceError, match="name a file in a folder that exists"):
        await import_path(home, path, mapping, rejects=tmp_path / "none" / "bad.csv", record=Log())


@pytest.mark.parametrize("bad", ["", "x,u1,never\n"])
async def test_an_import_that_fails_destroys_nothing(tmp_path: Path, home: Settings, bad: str) -> None:
    path, mapping = prepare(tmp_path, 3, bad=bad)
    given = tmp_path / "bad.csv"
    given.write_text("of an earlier import")
    during: list[str] = []

    async def away(_: Sequence[Event]) -> Outcome:
        during.append(given.read_text())
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await import_path(home, path, mapping, rejects=given, record=away)
    assert during == ["of an earlier import"]
    assert (given.read_text() == "of an earlier import") == (not bad)
    assert {file.name for file in tmp_path.iterdir()} == {path.name, mapping.name, given.name}


async def test_rejects_take_the_place_of_no_device(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 3, bad="x,u1,never\n")
    os.mkfifo(tmp_path / "device")
    with pytest.raises(SourceError, match="name a file in a folder that exists"):
        await import_path(home, path, mapping, rejects=tmp_path / "device", record=Log())
    assert (tmp_path / "device").is_fifo()


async def test_a_batch_that_takes_too_long_is_halved(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 12_000)
    log = Log(most=1_300)
    summary = await import_path(home, path, mapping, record=log)
    assert summary.accepted == 12_000
    assert [event.id for event in log.events] == [f"v{number}" for number in range(12_000)]
    with pytest.raises(StoreUnavailable):
        await import_path(home, path, mapping, record=Log(most=100))


async def test_an_event_that_needs_too_much_memory_is_rejected_alone(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 6_000)
    log = Log()

    async def record(events: Sequence[Event]) -> Outcome:
        if any(event.id == "v777" for event in events):
            if len(events) > 1:
                raise Outgrown
            return Outcome.refused("TOO_LARGE", str(Outgrown()))
        return await log(events)

    summary = await import_path(home, path, mapping, record=record)
    assert (summary.accepted, summary.rejected) == (5_999, 1)
    assert sorted(event.id for event in log.events) == sorted(f"v{number}" for number in range(6_000) if number != 777)
    assert summary.rejects_path is not None and "db.memory.transaction.max" in summary.rejects_path.read_text()
    # What comes after it goes in batches again, if in smaller ones.
    assert len(log.calls[-2]) >= SMALLEST_BATCH


async def test_nothing_is_written_under_a_bad_mapping(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 10)
    mapping.write_text(MAPPING.replace("{user}", "{usr}"))
    log = Log()
    with pytest.raises(MappingError):
        await import_path(home, path, mapping, record=log)
    assert log.calls == []


async def test_a_single_file_needs_a_mapping_of_one_file(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 10)
    mapping.write_text(MAPPING + '[files.others]\npath = "others.csv"\n')
    with pytest.raises(SourceError, match=r"the mapping reads 2 files \(visits.csv, others.csv\): name their folder"):
        await import_path(home, path, mapping, record=Log())
    with pytest.raises(SourceError, match="there is no such file or folder"):
        await import_path(home, tmp_path / "none", mapping, record=Log())


async def test_a_cancelled_import_lets_go_of_everything(tmp_path: Path, home: Settings) -> None:
    path, mapping = prepare(tmp_path, 12_000)
    started = asyncio.Event()

    async def stuck(events: Sequence[Event]) -> Outcome:
        started.set()
        await asyncio.sleep(3600)
        raise AssertionError

    task = asyncio.create_task(import_path(home, path, mapping, record=stuck))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [other for other in asyncio.all_tasks() if "_send" in repr(other)] == []


AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
WHO = {"identifier": {"type": "user_id", "value": "u1"}}
KEY = CustomerKey(identifier=IdentifierKey("user_id", "u1"))
HEAD = {"id": "1", "source": "demo", "at": "2026-01-02T12:04:05.678+09:00"}


def line(kind: str, **more: Any) -> bytes:
    return json.dumps({kind: HEAD | more}, ensure_ascii=False).encode()


def test_contract_events_are_decoded_exactly() -> None:
    assert decode_line(
        line("touchpoint", customer=WHO, channel="web", type="view", durationSeconds=3, properties={"durationSeconds": 1})
    ) == TouchpointInput(
        id="1",
        source="demo",
        at=AT,
        customer=KEY,
        channel="web",
        type="view",
        duration_seconds=3,
        properties={"durationSeconds": 1},
    )
    yen = {"amount": "1200", "currency": "JPY"}
    assert decode_line(
        line(
            "purchase",
            customer=WHO,
            number="7",
            items=[{"sku": "a", "title": "茶", "category": ["x", "y"], "quantity": "1.5", "unitPrice": yen}],
            total=yen,
        )
    ) == PurchaseInput(
        id="1",
        source="demo",
        at=AT,
        customer=KEY,
        number="7",
        items=(
            PurchaseItemInput(sku="a", title="茶", category=("x", "y"), quantity=Decimal("1.5"), unit_price=Money(1200, "JPY")),
        ),
        total=Money(1200, "JPY"),
    )
    assert decode_line(line("purchaseStatus", purchase="7", status="PAID")) == PurchaseStatusInput(
        id="1", source="demo", at=AT, purchase="7", status="PAID"
    )


@pytest.mark.parametrize(
    ("raw", "column", "reason"),
    [
        (b"[]", "", "is no event"),
        (b'{"touch": {}}', "", "with one of identify, touchpoint,"),
        (b'{"touchpoint": {"id": "1"', "", "truncated"),
        (line("touchpoint", customer=WHO, channel="web"), "touchpoint", "missing required field `type`"),
        (line("touchpoint", customer=WHO, channel="web", type="v", color=1), "touchpoint", "unknown field `color`"),
        (line("purchaseStatus", purchase=7, status="PAID"), "purchaseStatus.purchase", "Expected `str`, got `int`"),
        (line("purchaseStatus", purchase="7", status="PAID", at="2026-01-02T03:04:05"), "purchaseStatus.at", "timezone"),
        (line("refund", purchase="7", amount={"amount": "1.005", "currency": "USD"}), "refund", "amount: 1.005 has more than"),
        (line("refund", purchase="7", amount={"amount": 1.5, "currency": "USD"}), "refund.amount.amount", "got `float`"),
        (line("accept", code="c", friend=WHO)[:-1] + b',"invite":{}}', "", "unknown field `invite`"),
        (b'{"accept": {"id": "\xff"}}', "", "UTF-8"),
    ],
)
def test_contract_lines_that_are_none(raw: bytes, column: str, reason: str) -> None:
    with pytest.raises(RowError) as caught:
        decode_line(raw)
    assert caught.value.column == column
    assert reason.lower() in caught.value.reason.lower()


async def test_contract_events_are_imported_without_a_source_in_the_mapping(tmp_path: Path, home: Settings) -> None:
    (tmp_path / "mapping.toml").write_text(CONTRACT)
    good = line("purchaseStatus", purchase="7", status="PAID")
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress(b"\n".join([good, b"{}", b"", good])))
    log = Log()
    summary = await import_path(home, tmp_path, tmp_path / "mapping.toml", record=log)
    assert (summary.accepted, summary.rejected, summary.by_kind) == (2, 1, {"purchase_status": 2})
    assert summary.rejects_path is not None
    assert json.loads(summary.rejects_path.read_text())["row"] == 2


GROUPED = MAPPING.replace(
    'file = "visits"\n', 'file = "visits"\ngroup_by = "id"\n  [read.join.again]\n  file = "visits"\n  on = "id"\n', 1
)


@pytest.mark.parametrize("shape", ["plain", "grouped", "contract"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the rows, hardly more memory at the peak. What SQLite and zlib keep for themselves is bounded by settings."""
    monkeypatch.setattr("app.importing.spool._CACHED", 100)

    def peak(rows: int) -> int:
        path, mapping = prepare(tmp_path, rows)
        if shape == "grouped":
            mapping.write_text(GROUPED)
        elif shape == "contract":
            path = tmp_path / "events.jsonl"
            path.write_bytes(b"\n".join([line("touchpoint", customer=WHO, channel="web", type="view")] * rows))
            mapping.write_text(CONTRACT)
        tracemalloc.start()
        assert drain(tmp_path, mapping) == rows
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    few, many = peak(1_000), peak(8_000)
    assert many < few * 1.1 + 100_000

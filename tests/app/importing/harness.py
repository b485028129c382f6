"""Small imports of files that a test writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.importing.plan import Meter, Pending, Plan
from graph.events.inputs import Event

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"


@dataclass(slots=True)
class Made:
    """What an import would hand to the write door, and what it would reject: (file, row, column, reason)."""

    events: list[Event] = field(default_factory=list)
    rejects: list[tuple[str, int, str, str]] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    rows: int = 0


def make(root: Path, mapping: Path) -> Made:
    plan = Plan.of(root, mapping)
    meter = Meter(plan.bytes_total)
    made = Made()
    for found in plan.pending(meter, lambda *reject: made.rejects.append(reject)):
        made.pending += found
    made.events = [event for event, *_ in made.pending]
    made.rows = meter.rows
    assert meter.bytes_read == meter.bytes_total
    return made


def make_of(folder: Path, mapping: str, files: dict[str, str | bytes]) -> Made:
    """Writes the mapping and the files under `folder`, and makes their events."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    for name, content in files.items():
        (data / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    path = folder / "mapping.toml"
    path.write_text(mapping)
    return make(data, path)


def drain(root: Path, mapping: Path) -> int:
    """How many events an import would hand to the write door; keeps none of them."""
    plan = Plan.of(root, mapping)
    return sum(len(found) for found in plan.pending(Meter(plan.bytes_total), lambda *reject: None))

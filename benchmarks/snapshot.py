"""What a graph holds, read back into files: batches of rows, each with the simplest statement that writes them again.

Nodes go by their set of labels, relationships by their type and the constraints that find both ends. Files hold batches of
BATCH rows as MessagePack, each after its length; so that memory doesn't depend on the size of the graph.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
from neo4j import READ_ACCESS, GraphDatabase, Query, Session

from app.settings import Settings
from benchmarks.servers import HOUSEKEEPING, PATIENCE_SECONDS

BATCH = 5_000

_LENGTH = struct.Struct(">Q")
_CONSTRAINTS = (
    "SHOW CONSTRAINTS YIELD type, labelsOrTypes, properties WHERE type = 'UNIQUENESS' AND size(properties) = 1 "
    "RETURN labelsOrTypes[0] AS label, properties[0] AS property ORDER BY property <> 'id', label"
)
#: Each property as its name, what it is, and its value; times as text, of which the driver would make slow objects.
_PROPERTIES = (
    "[name IN keys({0}) | CASE WHEN {0}[name] IS :: ZONED DATETIME THEN [name, 'time', toString({0}[name])] "
    "WHEN {0}[name] IS :: LIST<ZONED DATETIME NOT NULL> AND size({0}[name]) > 0 "
    "THEN [name, 'times', [time IN {0}[name] | toString(time)]] ELSE [name, '', {0}[name]] END]"
)
_NODES = f"MATCH (n) WHERE NOT n:{HOUSEKEEPING} RETURN labels(n), {_PROPERTIES.format('n')}"
_RELATIONSHIPS = (
    "MATCH (a)-[r]->(b) RETURN type(r), labels(a), [name IN $names | a[name]], labels(b), [name IN $names | b[name]], "
    + _PROPERTIES.format("r")
)

Properties = list[tuple[str, str, Any]]


class Anchor(NamedTuple):
    """A label and the property by which a node with that label is found."""

    label: str
    property: str


@dataclass(slots=True)
class Part:
    """Rows of one shape. `times` and `lists_of_times`: which of `names` hold DateTimes, kept as text."""

    path: Path
    names: set[str] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    lists_of_times: set[str] = field(default_factory=set)
    rows: int = 0
    text: str = ""
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    def add(self, properties: Properties, **more: Any) -> None:
        for name, what, _ in properties:
            self.names.add(name)
            if what:
                (self.times if what == "time" else self.lists_of_times).add(name)
        self._waiting.append({name: value for name, _, value in properties} | more)
        self.rows += 1
        if len(self._waiting) == BATCH:
            self.flush()

    def flush(self) -> None:
        packed = msgspec.msgpack.encode(self._waiting)
        with self.path.open("ab") as file:
            file.write(_LENGTH.pack(len(packed)) + packed)
        self._waiting = []

    def map(self) -> str:
        """The properties as Cypher, from a variable `row`."""
        return ", ".join(f"`{name}`: {self._value(name)}" for name in sorted(self.names))

    def _value(self, name: str) -> str:
        if name in self.times:
            # The driver needs several times longer to pack a DateTime than the server to read one.
            return f"datetime(row.`{name}`)"
        return f"[time IN row.`{name}` | datetime(time)]" if name in self.lists_of_times else f"row.`{name}`"

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        with self.path.open("rb") as file:
            while length := file.read(_LENGTH.size):
                yield msgspec.msgpack.decode(_exactly(file, *_LENGTH.unpack(length)))


def _exactly(file: IO[bytes], size: int) -> bytes:
    packed = file.read(size)
    assert len(packed) == size
    return packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Nodes first, then relationships; in the order in which each kind was written."""

    parts: tuple[Part, ...]
    nodes: int
    relationships: int


async def take(settings: Settings, folder: Path) -> Snapshot:
    """Reads the whole graph of `settings`, housekeeping apart, into `folder`, which it makes."""
    folder.mkdir(parents=True)
    # Of very many records the driver that blocks takes in several times as many a second.
    return await asyncio.to_thread(_read, settings, folder)


def _read(settings: Settings, folder: Path) -> Snapshot:
    assert settings.neo4j_uri is not None
    with (
        GraphDatabase.driver(settings.neo4j_uri, auth=(settings.neo4j_user, settings.neo4j_password)) as driver,
        driver.session(default_access_mode=READ_ACCESS) as session,
    ):
        anchors = [Anchor(row["label"], row["property"]) for row in session.run(_CONSTRAINTS)]
        nodes = _nodes(session, folder)
        relationships = _relationships(session, folder, anchors)
    for part in (*nodes, *relationships):
        part.flush()
    return Snapshot(
        parts=(*nodes, *relationships),
        nodes=sum(part.rows for part in nodes),
        relationships=sum(part.rows for part in relationships),
    )


def _nodes(session: Session, folder: Path) -> list[Part]:
    parts: dict[tuple[str, ...], Part] = {}
    for labels, properties in session.run(Query(_NODES, timeout=PATIENCE_SECONDS)):
        key = tuple(labels)
        part = parts.setdefault(key, Part(folder / f"nodes-{'-'.join(key)}"))
        part.add(properties)
    for labels, part in parts.items():
        part.text = f"UNWIND $batch.rows AS row CREATE (:{':'.join(labels)} {{{part.map()}}})"
    return list(parts.values())


def _relationships(session: Session, folder: Path, anchors: list[Anchor]) -> list[Part]:
    parts: dict[tuple[str, Anchor, Anchor], Part] = {}
    names = sorted({anchor.property for anchor in anchors})
    found = session.run(Query(_RELATIONSHIPS, timeout=PATIENCE_SECONDS), names=names)
    for kind, from_labels, from_values, to_labels, to_values, properties in found:
        one, other = _anchor(from_labels, anchors), _anchor(to_labels, anchors)
        part = parts.setdefault((kind, one, other), Part(folder / f"edges-{one.label}-{kind}-{other.label}"))
        part.add(properties, **{"from": from_values[names.index(one.property)], "to": to_values[names.index(other.property)]})
    for (kind, one, other), part in parts.items():
        ends = f"MATCH (a:{one.label} {{{one.property}: row.from}}) MATCH (b:{other.label} {{{other.property}: row.to}})"
        part.text = f"UNWIND $batch.rows AS row {ends} CREATE (a)-[:{kind} {{{part.map()}}}]->(b)"
    return list(parts.values())


def _anchor(labels: list[str], anchors: list[Anchor]) -> Anchor:
    return next(anchor for anchor in anchors if anchor.label in labels)

"""What a graph holds, read back into files: batches of rows, each with the simplest statement that writes them again.

Nodes go by their set of labels, relationships by their type and the constraints that find both ends. Files hold batches of
BATCH rows as MessagePack, each after its length; so that memory doesn't depend on the size of the graph.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
from neo4j import AsyncDriver, Query
from neo4j.time import DateTime

from app.settings import Settings
from benchmarks.servers import PATIENCE_SECONDS, bare_driver

BATCH = 5_000

_LENGTH = struct.Struct(">Q")
_CONSTRAINTS = (
    "SHOW CONSTRAINTS YIELD type, labelsOrTypes, properties WHERE type = 'UNIQUENESS' AND size(properties) = 1 "
    "RETURN labelsOrTypes[0] AS label, properties[0] AS property ORDER BY property <> 'id', label"
)
_NODES = "MATCH (n) WHERE NOT n:Migration RETURN labels(n), properties(n)"
_RELATIONSHIPS = (
    "MATCH (a)-[r]->(b) RETURN type(r), labels(a), [name IN $names | a[name]], labels(b), [name IN $names | b[name]], "
    "properties(r)"
)


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

    def add(self, properties: dict[str, Any], **more: Any) -> None:
        row = {name: self._plain(name, value) for name, value in properties.items()}
        self.names.update(row)
        self._waiting.append(row | more)
        self.rows += 1
        if len(self._waiting) == BATCH:
            self.flush()

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, DateTime):
            self.times.add(name)
            return value.iso_format()
        if isinstance(value, list) and value and isinstance(value[0], DateTime):
            self.lists_of_times.add(name)
            return [time.iso_format() for time in value]
        return value

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
    """Reads the whole graph of `settings` into `folder`, which it makes."""
    folder.mkdir(parents=True)
    async with bare_driver(settings) as driver:
        found = (await driver.execute_query(_CONSTRAINTS)).records
        anchors = [Anchor(row["label"], row["property"]) for row in found]
        nodes = await _nodes(driver, folder)
        relationships = await _relationships(driver, folder, anchors)
    for part in (*nodes, *relationships):
        part.flush()
    return Snapshot(
        parts=(*nodes, *relationships),
        nodes=sum(part.rows for part in nodes),
        relationships=sum(part.rows for part in relationships),
    )


async def _nodes(driver: AsyncDriver, folder: Path) -> list[Part]:
    parts: dict[tuple[str, ...], Part] = {}
    async with driver.session(default_access_mode="READ") as session:
        async for labels, properties in await session.run(Query(_NODES, timeout=PATIENCE_SECONDS)):
            key = tuple(labels)
            part = parts.setdefault(key, Part(folder / f"nodes-{'-'.join(key)}"))
            part.add(properties)
    for labels, part in parts.items():
        part.text = f"UNWIND $batch.rows AS row CREATE (:{':'.join(labels)} {{{part.map()}}})"
    return list(parts.values())


async def _relationships(driver: AsyncDriver, folder: Path, anchors: list[Anchor]) -> list[Part]:
    parts: dict[tuple[str, Anchor, Anchor], Part] = {}
    names = sorted({anchor.property for anchor in anchors})
    async with driver.session(default_access_mode="READ") as session:
        asked = Query(_RELATIONSHIPS, timeout=PATIENCE_SECONDS)
        async for kind, from_labels, from_values, to_labels, to_values, properties in await session.run(asked, names=names):
            one, other = _anchor(from_labels, anchors), _anchor(to_labels, anchors)
            part = parts.setdefault((kind, one, other), Part(folder / f"edges-{one.label}-{kind}-{other.label}"))
            part.add(properties, **{"from": from_values[names.index(one.property)], "to": to_values[names.index(other.property)]})
    for (kind, one, other), part in parts.items():
        ends = f"MATCH (a:{one.label} {{{one.property}: row.from}}) MATCH (b:{other.label} {{{other.property}: row.to}})"
        part.text = f"UNWIND $batch.rows AS row {ends} CREATE (a)-[:{kind} {{{part.map()}}}]->(b)"
    return list(parts.values())


def _anchor(labels: list[str], anchors: list[Anchor]) -> Anchor:
    return next(anchor for anchor in anchors if anchor.label in labels)

"""Demo events as lines of JSON: objects of the contract's `EventInput`, with one key that names the kind."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, cast

import orjson

from app.demo.story import World
from app.demo.truth import Truth, truth_of
from graph.events.inputs import EVENT_TYPES, CustomerKey, Event, IdentifierKey, PurchaseItemInput
from graph.money import Money

_PLAIN = {str, int, bool, dict, datetime}


def write_events(path: Path, *, customers: int, seed: int) -> Truth:
    """Writes every event of a demo world, one a line, and gives what was planted; raises BadSize before anything is
    written. A path that ends in `.gz` is compressed. Memory doesn't grow with the number of customers.
    """
    world = World.of(customers=customers, seed=seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _opened(path) as file:
        for event in world.events():
            file.write(to_json(event))
    return truth_of(world)


def to_json(event: Event) -> bytes:
    """One event as a line: fields in camel case, those not stated left out, times in RFC 3339, decimals as strings."""
    return orjson.dumps({_camel(event.kind): _object(event)}, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix != ".gz":
        with path.open("wb") as file:
            yield file
        return
    # Without a name and a time in its header, the same events are the same file.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=5, fileobj=raw, mtime=0) as packed:
        yield cast(IO[bytes], packed)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


_NAMES = {
    kind: tuple((field.name, _camel(field.name)) for field in fields(kind))
    for kind in (*EVENT_TYPES.values(), CustomerKey, IdentifierKey, PurchaseItemInput)
}


def _object(record: Any) -> dict[str, Any]:
    found = {}
    for name, key in _NAMES[type(record)]:
        value = getattr(record, name)
        if value is not None:
            found[key] = value if type(value) in _PLAIN else _value(value)
    return found


def _value(value: Any) -> Any:
    if isinstance(value, Money):
        return {"amount": str(value.decimal()), "currency": value.currency}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_value(entry) for entry in value]
    return value if isinstance(value, str) else _object(value)

"""The fast way in: JSONL whose lines are the contract's EventInput, `{"touchpoint": {...}}`, decoded without a mapping."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from app.importing.errors import RowError
from app.importing.files import CHUNK, Bad
from app.importing.jsonl_rows import JsonlReader
from graph.errors import MoneyError
from graph.events.inputs import EVENT_TYPES, CartInput, Event, PurchaseChangeInput, PurchaseInput, PurchaseItemInput, RefundInput
from graph.money import Money

Located = tuple[Event, int]
"""An event and the line it stood on."""


class _Amount(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The contract's MoneyInput: a decimal as text, in major units."""

    amount: str | int
    currency: str


# The same few amounts come again and again.
_money = lru_cache(maxsize=4_096)(Money.of)


def _with_money(*names: str) -> Any:
    """What turns the amounts of a decoded struct into Money."""

    def __post_init__(self: Any) -> None:  # noqa: N807 - the name msgspec looks for
        for name in names:
            if (stated := getattr(self, name)) is not None:
                try:
                    setattr(self, name, _money(stated.amount, stated.currency))
                except MoneyError as error:
                    # msgspec adds the path of the object to a ValueError, and to nothing else.
                    raise ValueError(f"{name}: {error}") from None

    return __post_init__


def _wire(cls: type[Any], replaced: dict[Any, Any], *money: str) -> type[msgspec.Struct]:
    """A struct with the fields of a dataclass, named and typed as the contract's JSON has them."""
    hints = get_type_hints(cls)
    columns: list[Any] = []
    for field in fields(cls):
        kind = _replace(hints[field.name], replaced)
        columns.append((field.name, kind) if field.default is MISSING else (field.name, kind, field.default))
    return msgspec.defstruct(
        f"{cls.__name__}Wire",
        columns,
        rename="camel",
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
        namespace={"__post_init__": _with_money(*money)} if money else None,
    )


def _replace(hint: Any, replaced: dict[Any, Any]) -> Any:
    if hint in replaced:
        return replaced[hint]
    if isinstance(hint, UnionType):
        parts = [_replace(part, replaced) for part in get_args(hint)]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole | part
        return whole
    if get_origin(hint) is tuple:
        item: Any = _replace(get_args(hint)[0], replaced)
        return tuple[item, ...]
    return hint


_REPLACED: dict[Any, Any] = {datetime: Annotated[datetime, Meta(tz=True)], Money: _Amount}
_ITEM = _wire(PurchaseItemInput, _REPLACED, "unit_price", "discount", "total")
_REPLACED[PurchaseItemInput] = _ITEM
_MONEY: dict[type[Any], tuple[str, ...]] = {
    CartInput: ("total",),
    PurchaseInput: ("total",),
    PurchaseChangeInput: ("total",),
    RefundInput: ("amount",),
}


def _decoder(kind: str, cls: type[Any]) -> tuple[bytes, msgspec.json.Decoder[Any]]:
    """Decodes a whole line of one kind, and the kind's name in the contract."""
    inner = _wire(cls, _REPLACED, *_MONEY.get(cls, ()))
    line = msgspec.defstruct("EventInput", [(kind, inner)], rename="camel", forbid_unknown_fields=True, gc=False)
    return line.__struct_encode_fields__[0].encode(), msgspec.json.Decoder(line)


_DECODERS = {
    name: (decoder, attrgetter(kind), cls) for kind, cls in EVENT_TYPES.items() for name, decoder in [_decoder(kind, cls)]
}
_KIND = re.compile(rb'\s*\{\s*"(\w+)"')
_KINDS = b", ".join(_DECODERS).decode()
_PATH = re.compile(r" - at `\$\.?(.*)`$")


def decode_line(raw: bytes) -> Event:
    """The event on one line. Raises RowError: the path within the line, and what is wrong there."""
    found = _KIND.match(raw)
    if found is None or found[1] not in _DECODERS:
        raise RowError("", f'is no event: a line is {{"KIND": {{...}}}} with one of {_KINDS}')
    decoder, inner, cls = _DECODERS[found[1]]
    try:
        event: Event = msgspec.convert(inner(decoder.decode(raw)), cls, from_attributes=True)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        path = _PATH.search(str(error))
        raise RowError(path[1] if path else "", _PATH.sub("", str(error))) from None
    return event


def contract_chunks(reader: JsonlReader, bad: Bad) -> Iterator[list[Located]]:
    """The events of a file in chunks, each with its line; what is none goes to `bad`."""
    chunk: list[Located] = []
    for line, raw in reader.lines(bad):
        try:
            chunk.append((decode_line(raw), line))
        except RowError as error:
            bad(line, error.column, error.reason)
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    yield chunk

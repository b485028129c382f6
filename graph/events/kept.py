"""An event that passed the checks, with the two things that make it once and only once: its key and the hash of its body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from graph.events.inputs import EVENT_TYPES, CartEndInput, Event, PurchaseChangeInput, PurchaseInput, Received, ReviewInput

#: Stands between the parts of a key; the checks keep it out of the parts.
SEPARATOR = "\x1f"


def _unsaid(value: Any) -> None:
    """Leaves the time of receipt out, wherever it stands."""
    if not isinstance(value, Received):
        raise TypeError(f"{type(value).__name__} is no part of an event")


def _plain(value: Any) -> datetime:
    if not isinstance(value, Received):
        raise TypeError(f"{type(value).__name__} is no part of an event")
    return value.plain()


_canonical = msgspec.msgpack.Encoder(order="deterministic", decimal_format="string", enc_hook=_unsaid)
_text = msgspec.json.Encoder(enc_hook=_plain)


@dataclass(frozen=True, slots=True)
class Kept:
    """`index`: the event's place in the call; `body_hash`: of all that was sent, and so not of a time of receipt."""

    index: int
    event: Event
    key: str
    body_hash: str

    @classmethod
    def of(cls, index: int, event: Event) -> Kept:
        body = event.kind.encode() + _canonical.encode(event)
        return cls(index, event, key(event.source, event.id), blake2b(body, digest_size=16).hexdigest())


def key(*parts: str) -> str:
    """The parts as one string from which they can be told again."""
    return SEPARATOR.join(parts)


def mentioned(event: Event) -> str | None:
    """The key of the thing that an event names beside its own: the cart that a purchase was, the purchase that a review is of or
    that ended a cart."""
    if isinstance(event, (PurchaseInput, PurchaseChangeInput)) and event.cart is not None:
        return key("cart", event.source, event.cart)
    if isinstance(event, ReviewInput) and event.purchase is not None:
        return key("purchase", event.source, event.purchase)
    if isinstance(event, CartEndInput):
        return key("purchase", event.source, event.purchase)
    return None


def body_of(event: Event) -> str:
    """An event as text, from which `event_of` makes it again."""
    return f"{event.kind}:{_text.encode(event).decode()}"


def event_of(body: str) -> Event:
    """The event that `body_of` turned into text."""
    kind, _, text = body.partition(":")
    return msgspec.json.decode(text, type=EVENT_TYPES[kind])


def iso(at: datetime | None) -> Any:
    """A time as Neo4j's datetime() reads it, in UTC; text costs the driver a hundredth of a datetime object."""
    return None if at is None else at.astimezone(UTC).isoformat()

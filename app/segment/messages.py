"""One message as a library sends it: what all have in common, read leniently, for other people's programs wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import msgspec

from graph.errors import InvalidEvent, MoneyError
from graph.events.inputs import CustomerKey, IdentifierKey, Received
from graph.money import Money, exponent

CALLS = ("identify", "track", "page", "screen", "group", "alias")

LONGEST_NUMBER = 40

SUMMING = Decimal("0.0001")
"""Of a minor unit: what adding up binary fractions may leave."""

#: What names a product.
SKU = ("sku", "product_id", "productId")
#: What names the call in a batch.
_CALL_NAMES = ("type", "action")
#: What says when it happened.
_TIMES = ("timestamp", "originalTimestamp")

_canonical = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object of a message, read by whichever name a source uses; `path` is where it stands."""

    path: str
    values: Mapping[str, Any]

    def first(self, *names: str) -> Any:
        """The first of these that has a value."""
        return next((value for name in names if (value := self.values.get(name)) not in (None, "")), None)

    def named(self, *names: str) -> str:
        """Which of these that is, the first of them where none has a value."""
        return next((name for name in names if self.values.get(name) not in (None, "")), names[0])

    def text(self, *names: str) -> str | None:
        value = self.first(*names)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InvalidEvent(self._at(self.named(*names)), "must be text")
        return str(value)

    def sku(self) -> str | None:
        """The product that is named."""
        return self.text(*SKU)

    def required(self, *names: str) -> str:
        value = self.text(*names)
        if value is None:
            raise InvalidEvent(self._at(self.named(*names)), "is missing")
        return value

    def number(self, *names: str) -> Decimal | None:
        value = self.first(*names)
        if value is None:
            return None
        try:
            # Through text: 19.99 is nineteen dollars and 99 cents, not its nearest binary fraction.
            number = Decimal(str(value)) if not isinstance(value, bool) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise InvalidEvent(self._at(self.named(*names)), "must be a number")
        # Whatever is done with an exponent of a million takes minutes.
        if number and abs(number.adjusted()) > LONGEST_NUMBER:
            raise InvalidEvent(self._at(self.named(*names)), f"must be a number of at most {LONGEST_NUMBER} digits")
        return number

    def whole(self, *names: str) -> int | None:
        """A number rounded to whole ones."""
        number = self.number(*names)
        return None if number is None else round(number)

    def money(self, currency: str, *names: str) -> Money | None:
        number = self.number(*names)
        if number is None:
            return None
        try:
            minor = Decimal(1).scaleb(-exponent(currency))
        except MoneyError as error:
            raise InvalidEvent("properties.currency", str(error)) from None
        try:
            if isinstance(self.first(*names), float):
                rounded = number.quantize(minor)
                # Sums of binary fractions: 33.300000000000004 is 33 dollars and 30 cents. More than that is no such thing.
                number = rounded if abs(number - rounded) <= minor * SUMMING else number
            return Money.of(number, currency)
        except InvalidOperation:
            raise InvalidEvent(self._at(self.named(*names)), f"is more {currency} than can be kept") from None
        except MoneyError as error:
            raise InvalidEvent(self._at(self.named(*names)), str(error)) from None

    def flag(self, *names: str) -> bool | None:
        value = self.first(*names)
        if value is not None and not isinstance(value, bool):
            raise InvalidEvent(self._at(self.named(*names)), "must be true or false")
        return value

    def time(self, *names: str) -> datetime | None:
        """RFC 3339, or, as some libraries send it, seconds since 1970; one without an offset is taken as UTC."""
        value = self.first(*names)
        if value is None:
            return None
        try:
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, UTC)
            found = datetime.fromisoformat(str(value))
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            raise InvalidEvent(self._at(self.named(*names)), "must be a time such as 2026-11-23T17:00:00Z") from None

    def object(self, name: str) -> Fields:
        """An object inside, empty where there is none."""
        value = self.values.get(name)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise InvalidEvent(self._at(name), "must be an object")
        return Fields(self._at(name), value)

    def objects(self, name: str) -> list[Fields] | None:
        """A list of objects, None where there is none."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            raise InvalidEvent(self._at(name), "must be a list of objects")
        return [Fields(f"{self._at(name)}.{position}", each) for position, each in enumerate(value)]

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `at` is Received where it doesn't say when it happened."""

    call: str
    id: str
    source: str
    at: datetime
    fields: Fields
    context: Fields

    @classmethod
    def of(cls, given: Any, *, source: str, now: datetime, call: str | None = None, name: str | None = None) -> Message:
        """A message of a batch, or of the endpoint named like its `call`. Raises InvalidEvent where it is none.

        `name`: what it is known by where nothing in it tells it from others like it; each is one of its own otherwise.
        """
        if not isinstance(given, Mapping):
            raise InvalidEvent("", "a message must be an object")
        fields = Fields("", given)
        call = call or fields.text(*_CALL_NAMES)
        if call not in CALLS:
            raise InvalidEvent("type", f"must be one of {', '.join(CALLS)}")
        return cls(
            call=call,
            id=fields.text("messageId", "message_id") or _name_of(given, call) or name or str(uuid4()),
            source=source,
            at=fields.time(*_TIMES) or Received.of(now),
            fields=fields,
            context=fields.object("context"),
        )

    @property
    def properties(self) -> Fields:
        return self.fields.object("properties")

    @property
    def traits(self) -> Fields:
        """Of the person, or of the group."""
        return self.fields.object("traits")

    def identifiers(self) -> list[IdentifierKey]:
        """Whom it names, the strongest first."""
        found = []
        for type, names in (("user_id", ("userId", "user_id")), ("anonymous_id", ("anonymousId", "anonymous_id"))):
            value = self.fields.text(*names)
            if value is not None:
                found.append(IdentifierKey(type, value))
        return found

    def customer(self) -> CustomerKey:
        """Whom it is about."""
        named = self.identifiers()
        if not named:
            raise InvalidEvent("userId", "is missing, and so is anonymousId; send one of them")
        return CustomerKey(identifier=named[0])

    def common(self, suffix: str = "") -> dict[str, Any]:
        """What every event has; `suffix` tells the events of one message apart."""
        return {"id": self.id + suffix, "source": self.source, "at": self.at}


def _name_of(given: Mapping[str, Any], call: str) -> str | None:
    """What a message without a messageId is known by: its call and its contents, where a time tells it from others like it."""
    fields = Fields("", given)
    if fields.first(*_TIMES, "sentAt") is None:
        return None
    apart = {*_CALL_NAMES, "receivedAt"}
    if fields.first(*_TIMES) is not None:
        # Who sends it again says anew when it was sent.
        apart.add("sentAt")
    return contents_hash({name: value for name, value in given.items() if name not in apart}, call)


def contents_hash(given: Any, call: str) -> str:
    """A short name for a call with these contents."""
    return blake2b(call.encode() + b"\x1f" + _canonical.encode(given), digest_size=16).hexdigest()


def letter_name(text: str, given: Any, call: str) -> str:
    """What a dead letter is known by within its source, so that it is one however often it is sent: `given` is its contents,
    None where they can't be read. One that nothing tells from others like it has a name of its own each time."""
    if not isinstance(given, Mapping):
        return blake2b(text.encode(), digest_size=16).hexdigest()
    if Fields("", given).first("messageId", "message_id") is None and _name_of(given, call) is None:
        return str(uuid4())
    return contents_hash({name: value for name, value in given.items() if name not in ("sentAt", "receivedAt")}, call)


def plain(value: object) -> str | None:
    """A text, or a number as one; None for what is neither."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None

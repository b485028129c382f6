"""One message as a library sends it: what all have in common, read leniently, for other people's programs wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import msgspec
import orjson

from graph.errors import InvalidEvent, MoneyError
from graph.events.inputs import CustomerKey, IdentifierKey
from graph.events.limits import KEY_LENGTH
from graph.money import Money, exponent

CALLS = ("identify", "track", "page", "screen", "group", "alias")

LONGEST_NUMBER = 40

LONGEST_MESSAGE = 32 * 1_024
"""Bytes of a message."""

DEEPEST = 100
"""Objects in objects of a message that is looked at."""

_canonical = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object of a message, read by whichever name a source uses; `path` is where it stands."""

    path: str
    values: Mapping[str, Any]

    def first(self, *names: str) -> Any:
        """The first of these that has a value."""
        return next((value for name in names if (value := self.values.get(name)) not in (None, "")), None)

    def text(self, *names: str) -> str | None:
        value = self.first(*names)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InvalidEvent(self._at(names[0]), "must be text")
        return str(value)

    def required(self, *names: str) -> str:
        value = self.text(*names)
        if value is None:
            raise InvalidEvent(self._at(names[0]), "is missing")
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
            raise InvalidEvent(self._at(names[0]), "must be a number")
        # Whatever is done with an exponent of a million takes minutes.
        if number and abs(number.adjusted()) > LONGEST_NUMBER:
            raise InvalidEvent(self._at(names[0]), f"must be a number of at most {LONGEST_NUMBER} digits")
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
            if isinstance(self.first(*names), float):
                # Sums of binary fractions: 33.300000000000004 is 33 dollars and 30 cents.
                number = number.quantize(Decimal(1).scaleb(-exponent(currency)))
            return Money.of(number, currency)
        except InvalidOperation:
            raise InvalidEvent(self._at(names[0]), f"is more {currency} than can be kept") from None
        except MoneyError as error:
            raise InvalidEvent(self._at(names[0]), str(error)) from None

    def flag(self, *names: str) -> bool | None:
        value = self.first(*names)
        if value is not None and not isinstance(value, bool):
            raise InvalidEvent(self._at(names[0]), "must be true or false")
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
            raise InvalidEvent(self._at(names[0]), "must be a time such as 2026-11-23T17:00:00Z") from None

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
    """One message. `timed`: whether it says itself when it happened; otherwise `at` is when it came."""

    call: str
    id: str
    source: str
    at: datetime
    timed: bool
    fields: Fields
    context: Fields

    @classmethod
    def of(cls, given: Any, *, source: str, now: datetime, call: str | None = None) -> Message:
        """A message of a batch, or of the endpoint named like its `call`. Raises InvalidEvent where it is none."""
        if not isinstance(given, Mapping):
            raise InvalidEvent("", "a message must be an object")
        fields = Fields("", given)
        call = call or fields.text("type", "action")
        if call not in CALLS:
            raise InvalidEvent("type", f"must be one of {', '.join(CALLS)}")
        at = fields.time("timestamp", "originalTimestamp")
        return cls(
            call=call,
            id=fields.text("messageId", "message_id") or name_of(given),
            source=source,
            at=at or now,
            timed=at is not None,
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


def name_of(given: Any) -> str:
    """What anything that was sent is known by: its messageId where it has one, else its contents."""
    if isinstance(given, Mapping):
        stated = given.get("messageId") or given.get("message_id")
        if isinstance(stated, str) and stated.strip() and len(stated) <= KEY_LENGTH and stated.isprintable():
            return stated
        given = {name: value for name, value in given.items() if name not in ("sentAt", "receivedAt")}
    return blake2b(_canonical.encode(given), digest_size=16).hexdigest()


def check_size(message: Any) -> None:
    """Raise InvalidEvent for what is too long, too deep, or can't be written down."""
    if depth(message) > DEEPEST:
        raise InvalidEvent("", f"is nested more than {DEEPEST} deep", code="TOO_LARGE")
    try:
        size = len(orjson.dumps(message))
    except TypeError:
        raise InvalidEvent("", "holds what is no text of Unicode, or a number that JSON has no room for") from None
    if size > LONGEST_MESSAGE:
        raise InvalidEvent("", f"has more than {LONGEST_MESSAGE:,} bytes", code="TOO_LARGE")


def depth(value: Any) -> int:
    """How deep lists and objects are in each other, counted without recursion."""
    level, depth = [value], 0
    while level:
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        depth += 1
    return depth

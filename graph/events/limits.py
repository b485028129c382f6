"""What a value of an event may be, whatever its kind: lengths, ranges, characters. Each check is linear in the value's size.

Each raises InvalidEvent with the path of the field, and what to send instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from graph import ids
from graph.errors import InvalidEvent, MoneyError
from graph.events.forms import EXAMPLES, is_one
from graph.events.inputs import CustomerKey, IdentifierKey, PurchaseItemInput
from graph.identity.forms import normalised
from graph.money import Money, exponent
from graph.times import EPOCH

KEY_LENGTH = 512  # characters of anything that is indexed: a longer value would fail the whole transaction
TEXT_LENGTH = 10_000  # characters of free text
JSON_DEPTH = 10
JSON_NODES = 2_000
MAX_ITEMS = 500
MAX_FUTURE = timedelta(days=1)  # clocks differ; nothing else happens tomorrow
INT64 = 2**63
QUANTITY_PLACES = 12  # before the point, and after it the first digit at the latest
QUANTITY_DIGITS = 30

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_KEY_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def check_key(path: str, value: object) -> None:
    # Nearly all are like this, and every event has ten of them.
    if isinstance(value, str) and len(value) <= KEY_LENGTH and value.isprintable() and value and not value.isspace():
        return
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent(path, "must not be empty")
    if len(value) > KEY_LENGTH:
        raise InvalidEvent(path, f"has {len(value)} characters; at most {KEY_LENGTH} are kept", code="TOO_LARGE")
    if _KEY_CONTROL.search(value):
        raise InvalidEvent(path, "holds control characters; remove them")


def check_optional_keys(event: object, *names: str) -> None:
    for name in names:
        value = getattr(event, name)
        if value is not None:
            check_key(name, value)


def check_texts(event: object, *names: str) -> None:
    for name in names:
        value = getattr(event, name)
        if value is not None:
            check_text(name, value)


def check_text(path: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidEvent(path, "must be text")
    if len(value) > TEXT_LENGTH:
        raise InvalidEvent(path, f"has {len(value)} characters; at most {TEXT_LENGTH} are kept", code="TOO_LARGE")
    if _CONTROL.search(value):
        raise InvalidEvent(path, "holds control characters; remove them")


def check_time(path: str, value: datetime, now: datetime) -> None:
    if value.tzinfo is None:
        raise InvalidEvent(path, "has no time zone; send an offset, such as 2026-01-31T09:00:00Z")
    if value < EPOCH:
        raise InvalidEvent(path, "lies before 1970; send the time it happened")
    if value > now + MAX_FUTURE:
        raise InvalidEvent(path, f"lies in the future ({value.isoformat()}); send the time it happened")


def check_optional_times(event: object, *names: str, now: datetime) -> None:
    for name in names:
        value = getattr(event, name)
        if value is not None:
            check_time(name, value, now)


def check_identifier(path: str, value: IdentifierKey) -> None:
    check_key(f"{path}.type", value.type)
    _check_value(f"{path}.value", value.type, value.value)


def _check_value(path: str, type: str, value: str) -> None:
    check_key(path, value)
    # One character may stand for twenty: what is kept is what must fit.
    kept = normalised(type, value)[1]
    check_key(path, kept)
    if not is_one(type, kept):
        # Whoever writes "none" there would be one customer with all others who do.
        raise InvalidEvent(path, EXAMPLES[type])


def check_customer(path: str, key: CustomerKey) -> None:
    named = [name for name in ("id", "email", "phone", "identifier") if getattr(key, name) is not None]
    if len(named) != 1:
        raise InvalidEvent(path, f"names a customer by {len(named)} of id, email, phone and identifier; send exactly one")
    if key.identifier is not None:
        check_identifier(f"{path}.identifier", key.identifier)
    elif key.id is not None and not (ids.is_id(key.id) and key.id.startswith(ids.PREFIXES["customer"])):
        raise InvalidEvent(f"{path}.id", "is no customer id; those begin with cus_")
    elif key.id is None:
        _check_value(f"{path}.{named[0]}", named[0], getattr(key, named[0]))


def check_one_of(path: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise InvalidEvent(path, f"{str(value)[:40]!r} is none of {', '.join(allowed)}")


def check_json(path: str, given: Mapping[str, object]) -> None:
    """Bounds on a JSON object, walked without recursion: hostile depth must not exhaust the stack. A fault has the path of the
    field of the object in which it lies."""
    for name in given:
        check_key(path, name)
    pending = [(f"{path}.{name}", value, 2) for name, value in given.items()]
    whole, seen = path, 1
    while pending:
        path, item, depth = pending.pop()
        seen += 1
        if seen > JSON_NODES:
            raise InvalidEvent(whole if len(given) > 1 else path, f"has more than {JSON_NODES} values", code="TOO_LARGE")
        if depth > JSON_DEPTH:
            raise InvalidEvent(path, f"is nested more than {JSON_DEPTH} deep", code="TOO_LARGE")
        if isinstance(item, dict):
            for name in item:
                check_key(path, name)
            pending.extend((path, child, depth + 1) for child in item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend((path, child, depth + 1) for child in item)
        else:
            check_json_leaf(path, item)


def check_json_leaf(path: str, item: object) -> None:
    if isinstance(item, str):
        check_text(path, item)
    elif isinstance(item, bool) or item is None:
        return
    elif isinstance(item, int):
        if not -INT64 <= item < INT64:
            raise InvalidEvent(path, "holds a whole number of more than 64 bits")
    elif isinstance(item, float):
        if item != item or item in (float("inf"), float("-inf")):
            raise InvalidEvent(path, "holds NaN or Infinity; send finite numbers")
    else:
        raise InvalidEvent(path, f"holds a {type(item).__name__}; send JSON")


def check_whole(path: str, value: int | None, low: int, high: int) -> None:
    if value is not None and (isinstance(value, bool) or not low <= value <= high):
        raise InvalidEvent(path, f"{value} is not within {low}..{high}")


def check_money(path: str, value: Money, *, signed: bool = False) -> None:
    try:
        exponent(value.currency)
    except MoneyError as error:
        raise InvalidEvent(f"{path}.currency", str(error)) from None
    if value.amount < 0 and not signed:
        raise InvalidEvent(f"{path}.amount", "is negative; a refund is an event of its own")


def check_quantity(path: str, value: Decimal) -> None:
    """Not negative, and short when it is written out: 1e999999999 would be a gigabyte."""
    if not value.is_finite() or value < 0:
        raise InvalidEvent(path, "must be a finite number that is not negative")
    if value and not -QUANTITY_PLACES <= value.adjusted() < QUANTITY_PLACES:
        raise InvalidEvent(path, f"must be less than 1e{QUANTITY_PLACES}, and not less than 1e-{QUANTITY_PLACES} but for 0")
    if len(value.as_tuple().digits) > QUANTITY_DIGITS or abs(int(value.as_tuple().exponent)) > QUANTITY_DIGITS:
        raise InvalidEvent(path, f"has more than {QUANTITY_DIGITS} digits; round it first", code="TOO_LARGE")


def check_category(path: str, levels: Iterable[str]) -> None:
    """The levels of a category, the widest first: each is kept with all those above it as one path."""
    length = -1
    for level in levels:
        check_key(path, level)
        length += 1 + len(level)
    if length > KEY_LENGTH:
        raise InvalidEvent(path, f"has {length} characters in all; at most {KEY_LENGTH} are kept", code="TOO_LARGE")


def check_items(items: tuple[PurchaseItemInput, ...], total: Money | None) -> None:
    if len(items) > MAX_ITEMS:
        raise InvalidEvent("items", f"has {len(items)} lines; at most {MAX_ITEMS} are kept", code="TOO_LARGE")
    if total is not None:
        check_money("total", total)
    currencies = {total.currency} if total is not None else set()
    for position, item in enumerate(items):
        path = f"items.{position}"
        check_key(f"{path}.sku", item.sku)
        if item.title is not None:
            check_text(f"{path}.title", item.title)
        check_category(f"{path}.category", item.category)
        check_quantity(f"{path}.quantity", item.quantity)
        for name in ("unit_price", "discount", "total"):
            amount = getattr(item, name)
            if amount is not None:
                # A line may be a deposit given back or a rounding: lines, unlike totals, can be below zero.
                check_money(f"{path}.{name}", amount, signed=True)
                currencies.add(amount.currency)
    if len(currencies) > 1:
        raise InvalidEvent("items", f"mixes the currencies {', '.join(sorted(currencies))}; send one purchase for each")

"""Contacts: pages, screens, and tracked events that are nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.segment.events.origin import campaign_of, channel_where
from app.segment.messages import SKU, Fields, Message
from graph.errors import InvalidEvent
from graph.events.check import LONGEST_VISIT
from graph.events.inputs import Event, TouchpointInput
from graph.events.limits import check_json, check_key, check_text, check_whole


def visited(message: Message) -> list[Event]:
    return [touchpoint_of(message, "page_view" if message.call == "page" else "screen_view")]


def touchpoint_of(message: Message, type: str) -> TouchpointInput:
    found, rest = _apart(message.properties)
    named = None if message.call == "track" else message.fields.text("name", "category")
    if named is not None:
        rest.setdefault("name", named)
    for name, value in rest.items():
        _check_property(name, value)
    return TouchpointInput(
        **message.common(),
        customer=message.customer(),
        channel=channel_where(message, found.get("channel")),
        type=type,
        campaign=campaign_of(message),
        session=found.get("session")
        or message.context.text("sessionId", "session_id")
        or message.context.object("session").text("id"),
        duration_seconds=found.get("duration_seconds"),
        url=found.get("url") or message.context.object("page").text("url"),
        sku=found.get("sku"),
        properties=rest or None,
    )


def _key(given: Fields, name: str) -> str | None:
    value = given.text(name)
    if value is not None:
        check_key(name, value)
    return value


def _text(given: Fields, name: str) -> str | None:
    value = given.text(name)
    if value is not None:
        check_text(name, value)
    return value


def _seconds(given: Fields, name: str) -> int | None:
    value = given.whole(name)
    check_whole(name, value, 0, LONGEST_VISIT)
    return value


#: Fields of a touchpoint, the properties that they may be read from, and how.
_READ: tuple[tuple[str, tuple[str, ...], Callable[[Fields, str], Any]], ...] = (
    ("channel", ("channel",), _key),
    ("session", ("session_id", "sessionId"), _key),
    ("duration_seconds", ("duration_seconds", "durationSeconds", "duration", "time_on_page"), _seconds),
    ("url", ("url",), _text),
    ("sku", SKU, _key),
)
#: They say more than the field that is read from them.
_STAYS = frozenset({"durationSeconds", "time_on_page", "product_id", "productId"})


def _apart(given: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of any properties those that are fields of a touchpoint, and the rest: also what has the name of a field, and is none."""
    found: dict[str, Any] = {}
    rest = dict(given.values)
    for field, names, read in _READ:
        for name in names:
            if name not in rest:
                continue
            try:
                value = read(given, name)
            except InvalidEvent:
                continue
            if value is not None:
                found[field] = value
                if name not in _STAYS:
                    del rest[name]
                break
    return found, rest


def _check_property(name: str, value: object) -> None:
    """Raise InvalidEvent, with its own name, for a property that can't be kept."""
    try:
        check_key("", name)
    except InvalidEvent as error:
        raise InvalidEvent("properties", f"the name {name[:40]!r} {error}", code=error.code) from None
    check_json("properties", {name: value})

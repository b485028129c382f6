"""JSON as it comes: a body is taken apart into the texts of its messages, and each of them is read by itself.

So a message that nobody can read is refused alone, and is a dead letter to the last character.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

from graph.errors import InvalidEvent

MOST_MESSAGES = 2_500

LONGEST_MESSAGE = 32 * 1_024
"""Bytes of a message, written without spaces."""

LONGEST_CONTEXT = 8 * 1_024
"""Bytes of the context of a batch, which every message takes that has none, and every dead letter."""

DEEPEST = 100
"""Objects in objects of a message that is looked at."""

_SPACE = " \t\r\n"

#: A string is one token, even one that never ends: nothing is looked at twice.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.?[^"\\]*+)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_MEMBER = re.compile(r'\s*("[^"\\]*+(?:\\.[^"\\]*+)*+")\s*:', re.DOTALL)


class Unreadable(Exception):
    """A body that can't be taken apart, and is refused as a whole; the message says why."""

    def __init__(self, message: str, *, status: int = 400, code: str = "INVALID") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Parcel:
    """The messages of a body as JSON texts, and the context of all of them, None where there is none."""

    texts: list[str]
    context: str | None = None


class _Envelope(msgspec.Struct):
    batch: list[msgspec.Raw]
    context: msgspec.Raw = msgspec.Raw(b"null")


_envelope = msgspec.json.Decoder(_Envelope)


def decoded(body: bytes) -> str:
    """A body as text. Raises Unreadable."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Unreadable("Send JSON in UTF-8.") from None


async def parcel_of(body: bytes) -> Parcel:
    """The messages of a batch. Raises Unreadable where it is none, has too many, or is broken outside its messages."""
    text = decoded(body)
    try:
        found = _envelope.decode(text)
    except msgspec.ValidationError:
        raise Unreadable('Send {"batch": [...]} with a list of messages.') from None
    except (msgspec.DecodeError, RecursionError):
        # Something in it is no JSON, or too deep. This takes half a second at worst, in which others go on.
        return await asyncio.to_thread(_taken_apart, text)
    _check_number(found.batch)
    context, *texts = (bytes(each).decode().strip(_SPACE) for each in (found.context, *found.batch))
    return Parcel(texts, None if context == "null" else context)


def _check_number(messages: Sequence[object]) -> None:
    if len(messages) > MOST_MESSAGES:
        raise Unreadable(f"Send at most {MOST_MESSAGES:,} messages at once.", status=413, code="TOO_LARGE")


def _taken_apart(text: str) -> Parcel:
    members: dict[str, str] = {}
    for part in _parts(text, "{"):
        named = _MEMBER.match(part)
        if named is None:
            raise Unreadable("The body is no JSON: a member of it has no name.")
        try:
            members[json.loads(named[1])] = part[named.end() :].strip(_SPACE)
        except ValueError:
            raise Unreadable("The body is no JSON: a name in it can't be read.") from None
    context = members.get("context")
    texts = _parts(members.get("batch", ""), "[")
    _check_number(texts)
    return Parcel(texts, None if context == "null" else context)


def _parts(text: str, opening: str) -> list[str]:
    """What stands between the commas of the list or object that `text` is."""
    if not text.lstrip(_SPACE).startswith(opening):
        raise Unreadable('Send {"batch": [...]} with a list of messages.')
    begin, depth = text.index(opening) + 1, 0
    parts: list[str] = []
    for token in _TOKEN.finditer(text):
        char = text[token.start()]
        if char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        if (char == "," and depth == 1) or depth == 0:
            parts.append(text[begin : token.start()].strip(_SPACE))
            begin = token.end()
        if depth == 0:
            if text[begin:].strip(_SPACE):
                raise Unreadable("The body is no JSON: it goes on after its end.")
            return parts if parts != [""] else []
    raise Unreadable("The body is no JSON: it breaks off.")


def _no_number(name: str) -> Any:
    raise InvalidEvent("", f"holds {name}, which is no number of JSON")


# The standard library's: others turn whole numbers that are too long into others that are near.
_reader = json.JSONDecoder(parse_constant=_no_number)


def read(text: str) -> Any:
    """The JSON value that `text` is. Raises InvalidEvent for what is none, too long, too deep, or can't be written down."""
    # What is left of it without spaces and escapes is too long already: reading it would take its time.
    spaces = sum(map(text.count, _SPACE))
    if len(text) - spaces - text.count("\\") - 4 * text.count("\\u") > LONGEST_MESSAGE:
        raise _too_long()
    try:
        found = _reader.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidEvent("", f"is no JSON: {error.msg} at character {error.pos:,}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # Of thousands of digits, which take their time.
        raise _too_many_digits() from None
    check_size(found)
    return found


def check_size(message: Any) -> None:
    """Raise InvalidEvent for what is too long, too deep, or can't be written down."""
    if depth(message) > DEEPEST:
        raise _too_deep()
    try:
        size = len(orjson.dumps(message))
    except TypeError as error:
        if "surrogate" in str(error):
            raise InvalidEvent("", "holds half of a surrogate pair, which is no text of Unicode") from None
        raise _too_many_digits() from None
    if size > LONGEST_MESSAGE:
        raise _too_long()


def _too_long() -> InvalidEvent:
    return InvalidEvent("", f"has more than {LONGEST_MESSAGE:,} bytes", code="TOO_LARGE")


def _too_deep() -> InvalidEvent:
    return InvalidEvent("", f"is nested more than {DEEPEST} deep", code="TOO_LARGE")


def _too_many_digits() -> InvalidEvent:
    return InvalidEvent("", "holds a whole number of more than 64 bits")


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


def with_context(text: str, context: str | None) -> str:
    """A message's text with the context of its batch. One of its own comes after it, and so counts."""
    if context is None or not text.startswith("{"):
        return text
    rest = text[1:].lstrip(_SPACE)
    return f'{{"context":{context}{"" if rest.startswith("}") else ","}{rest}'

"""From an HTTP request to what it asks."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from app.known import Reference
from resolvers.errors import plain
from resolvers.guard import Limits

LONGEST_READ = 32_000_000  # bytes

MOST_PARTS = 50_000
"""Lists and objects of a body that is larger than most may be: a thousand events of fifty each. Reading it is one step."""

_USUAL = (b"application/json", b"application/json; charset=utf-8", b"application/json;charset=UTF-8")
_MOST_FIELDS = 20
_PURPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class BadRequest(Exception):
    """What arrived is no GraphQL request."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None, **more: int) -> None:
        super().__init__(message)
        self.status = status
        self.error = plain(message, code, **more)
        self.headers = headers

    @classmethod
    def without_purpose(cls) -> BadRequest:
        return cls(400, "PURPOSE_REQUIRED", "Say what this is for in the header X-C360-Purpose, such as marketing.")

    @classmethod
    def too_large(cls, status: int, size: int, most: int, *, headers: dict[str, str] | None = None) -> BadRequest:
        message = f"Send at most {most:,} bytes, not {size:,}{' or more' if headers else ''}."
        return cls(status, "BODY_TOO_LARGE", message, headers=headers, limit=most, actual=size)


class Explain(msgspec.Struct, frozen=True):
    """Whether an answer is to say where the profiles came from, and what it costs."""

    cache: bool = False
    cost: bool = False

    @classmethod
    def of(cls, extensions: Mapping[str, Any] | None, header: bytes | None = None) -> Explain:
        """As the request's extensions ask for it, or the header X-C360-Explain."""
        if not header and not extensions:
            return NOTHING
        said = {part.strip() for part in (header or b"").lower().split(b",")}
        given = extensions or {}
        return cls(b"cache" in said or given.get("cache") is True, b"cost" in said or given.get("cost") is True)


NOTHING = Explain()


class Asked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One GraphQL request. `reads_only`: whether it came by GET, which must not change anything."""

    document: Reference
    variables: dict[str, Any] | None
    operation_name: str | None
    explain: Explain
    reads_only: bool
    size: int
    purpose: str | None = None


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers of a request by their names in small letters; values of the same name are joined by commas, as HTTP has it."""
    headers = scope["headers"]
    found = dict(headers)
    if len(found) < len(headers):
        for name in found:
            found[name] = b",".join([value for each, value in headers if each == name])
    return found


async def read(scope: Scope, headers: dict[bytes, bytes], receive: Receive, limits: Limits) -> Asked:
    """The GraphQL request in an HTTP request; raises BadRequest or Unanswerable."""
    if scope["method"] == "POST":
        _check_type(headers.get(b"content-type", b""))
        encoding = headers.get(b"content-encoding")
        if encoding is not None and encoding.strip().lower() != b"identity":
            raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body as it is, without a content-encoding.")
        body = await _body(receive, limits.events_body)
        if len(body) > limits.body and (parts := parts_of(body)) > MOST_PARTS:
            raise BadRequest(413, "BODY_TOO_LARGE", too_many_parts(parts), limit=MOST_PARTS, actual=parts)
        given, size = _json(body, "the body"), len(body)
        if not isinstance(given, dict):
            raise BadRequest(400, "BAD_REQUEST", 'Send a JSON object such as {"query": "{ channels { key } }"}, one at a time.')
    elif scope["method"] == "GET":
        query = scope["query_string"]
        if len(query) > limits.body:
            raise BadRequest.too_large(414, len(query), limits.body)
        given, size = _from_query(query), len(query)
    else:
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "Send GET or POST.", headers={"allow": "GET, POST"})
    purpose = purpose_of(headers.get(b"x-c360-purpose"))
    return _checked(given, size, explain=headers.get(b"x-c360-explain"), reads_only=scope["method"] == "GET", purpose=purpose)


def _from_query(query: bytes) -> dict[str, Any]:
    try:
        given: dict[str, Any] = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise BadRequest(400, "BAD_REQUEST", f"Send at most {_MOST_FIELDS} parameters.") from None
    for name in ("variables", "extensions"):
        if text := given.get(name):
            given[name] = _json(text.encode("utf-8", "replace"), name)
        else:
            given.pop(name, None)
    return given


def _check_type(content_type: bytes) -> None:
    if content_type in _USUAL:
        return
    kind, *parameters = (piece.strip().lower() for piece in content_type.decode("latin-1").split(";"))
    charsets = [piece.partition("=")[2].strip('"') for piece in parameters if piece.startswith("charset=")]
    if kind != "application/json" or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "Send content-type: application/json, in UTF-8.")


async def _body(receive: Receive, most: int) -> bytes:
    message = await _next(receive)
    first: bytes = message.get("body", b"")
    if len(first) <= most and not message.get("more_body"):
        return first
    body, size = bytearray(first), len(first)
    while message.get("more_body") and size <= LONGEST_READ:
        message = await _next(receive)
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= most:
            body += chunk
    # A client that is still sending doesn't hear an answer: what is too large is read to its end, and dropped.
    if size > most:
        headers = {"connection": "close"} if size > LONGEST_READ else None
        raise BadRequest.too_large(413, size, most, headers=headers)
    return bytes(body)


async def _next(receive: Receive) -> Any:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message


def parts_of(body: bytes) -> int:
    """How many lists and objects the JSON in a body can have."""
    return body.count(b"{") + body.count(b"[")


def too_many_parts(parts: int) -> str:
    return f"The body has {parts:,} lists and objects, and may have {MOST_PARTS:,}; send fewer events at once."


def _json(data: bytes, what: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        mark = ": it begins with a byte order mark" if data.startswith(BOM_UTF8) else ""
        raise BadRequest(400, "BAD_REQUEST", f"Send JSON in UTF-8: {what} is none{mark}.") from None


def fault_of(given: Mapping[str, Any]) -> str | None:
    """What is wrong with that which a request has beside its document."""
    for name, kind in (("variables", dict), ("operationName", str), ("extensions", dict)):
        value = given.get(name)
        if value is not None and not isinstance(value, kind):
            return f"Send {name} as {'a string' if kind is str else 'an object'}, or leave it out."
    return None


def purpose_of(header: bytes | None) -> str | None:
    """What a request says it is for; raises BadRequest."""
    if not header:
        return None
    purpose = header.decode("latin-1").strip()
    if not _PURPOSE.fullmatch(purpose):
        raise BadRequest(400, "BAD_REQUEST", "Send a purpose of 1 to 64 letters, digits, and . _ - such as marketing.")
    return purpose


def _checked(given: dict[str, Any], size: int, *, explain: bytes | None, reads_only: bool, purpose: str | None) -> Asked:
    fault = fault_of(given)
    if fault is not None:
        raise BadRequest(400, "BAD_REQUEST", fault)
    return Asked(
        document=Reference.of(given),
        variables=given.get("variables"),
        operation_name=given.get("operationName") or None,
        explain=Explain.of(given.get("extensions"), explain),
        reads_only=reads_only,
        size=size,
        purpose=purpose,
    )

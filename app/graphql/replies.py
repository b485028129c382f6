"""From answers to HTTP responses."""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Send

from app.graphql.media import NEWER, OLDER
from app.graphql.requests import NOTHING, Explain
from resolvers.errors import plain
from resolvers.guard import Limits
from resolvers.observer import observed
from resolvers.operations import Answer

COMPRESSED_FROM = 2_000
"""Bytes; less isn't worth the time."""

BESIDE_FROM = 100_000
"""Bytes that are compressed beside the event loop."""

LEVEL, GZIP = 5, 31

#: Headers by which browsers make nothing of an answer but what it says it is.
CAREFUL = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_ALWAYS = ((b"cache-control", b"no-store"), (b"vary", b"accept, accept-encoding"), *CAREFUL)
_HEADERS = {form: [(b"content-type", f"{form}; charset=utf-8".encode()), *_ALWAYS] for form in (OLDER, NEWER)}
_TYPE, _BODY = "http.response.start", "http.response.body"


async def send_reply(
    send: Send,
    body: Mapping[str, Any],
    form: str,
    status: int = 200,
    *,
    encodings: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most: int = sys.maxsize,
) -> None:
    """Send the JSON of `body`, up to `most` bytes, in the media type `form`, compressed where `encodings`, an Accept-Encoding
    header, allows it."""
    seen = observed.get()
    seen.phase("write")
    data, body = written(body, most)
    seen.answered(body.get("errors", ()), "data" in body)
    said = _HEADERS[form]
    if encodings is not None and len(data) >= COMPRESSED_FROM and accepts_gzip(encodings):
        beside = len(data) >= BESIDE_FROM
        data = await asyncio.to_thread(_packed, data) if beside else _packed(data)
        said = [*said, (b"content-encoding", b"gzip")]
    said = [*said, (b"content-length", b"%d" % len(data))]
    if headers:
        said += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": _TYPE, "status": status, "headers": said})
    await send({"type": _BODY, "body": data})


def written(body: Mapping[str, Any], most: int) -> tuple[bytes, Mapping[str, Any]]:
    """The JSON of an answer, and what it says; of one that would have more bytes than it may, that it would."""
    data = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    if len(data) <= most:
        return data, body
    message = f"The answer has {len(data):,} bytes, and may have {most:,}; ask for shorter pages, or fewer fields."
    body = {"data": None, "errors": [plain(message, "TOO_LARGE", limit=most, actual=len(data))]}
    return orjson.dumps(body), body


def _packed(data: bytes) -> bytes:
    return zlib.compress(data, LEVEL, GZIP)


def accepts_gzip(encodings: bytes) -> bool:
    """Whether an Accept-Encoding header names gzip, and not to refuse it."""
    for part in encodings.lower().split(b","):
        name, _, quality = part.partition(b";")
        if name.strip() == b"gzip":
            return quality.replace(b" ", b"").rstrip(b"0").rstrip(b".") not in (b"q=", b"q=0")
    return False


def payload(given: Answer, explain: Explain, limits: Limits) -> dict[str, Any]:
    """An answer as the specification has it: no data where nothing was executed, no errors where there are none."""
    body: dict[str, Any] = {"data": given.data} if given.executed else {}
    if given.errors:
        body["errors"] = given.errors
    if explain is not NOTHING:
        extensions: dict[str, Any] = {}
        cache = observed.get().cache
        if explain.cache and cache is not None:
            extensions["cache"] = cache
        if explain.cost and given.cost is not None:
            extensions["cost"] = {"requested": given.cost, "limit": limits.cost, "mode": limits.cost_mode}
        if extensions:
            body["extensions"] = extensions
    return body


def status(given: Answer, form: str) -> int:
    """The HTTP status of an answer in a media type."""
    if given.executed:
        return 200
    if not given.read_only:
        return 405
    codes = {error["extensions"]["code"] for error in given.errors}
    if "BODY_TOO_LARGE" in codes:
        return 413
    if "RATE_LIMITED" in codes:
        return 429
    if not codes.isdisjoint(("OVERLOADED", "UNAVAILABLE")):
        return 503
    return 400 if form == NEWER or "UNKNOWN_OPERATION" in codes else 200


def advice(given: Answer) -> dict[str, str] | None:
    """What HTTP has headers for, of how a request that wasn't executed is to be sent instead."""
    if given.executed:
        return None
    if not given.read_only:
        return {"allow": "POST"}
    later = [str(error["extensions"]["retryAfter"]) for error in given.errors if "retryAfter" in error["extensions"]]
    return {"retry-after": later[0]} if later else None

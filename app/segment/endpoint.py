"""The endpoints under /v1: who may send, how much, and what is answered.

An answer of 2xx means committed. Libraries send a batch again after 429 and 5xx, and drop it after any other 4xx; so what is
wrong with one message refuses that message, and not its batch.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.segment.events import events_of
from app.segment.messages import CALLS, DEEPEST, Message, check_size, depth, name_of
from graph.deadletters import Undelivered
from graph.errors import InvalidEvent, Overloaded, StoreUnavailable
from graph.events import Outcome
from graph.events.inputs import Event
from resolvers.operations import masked

LONGEST_BODY = 500_000
"""Bytes of a request, unpacked."""

LONGEST_READ = 32_000_000
"""Bytes of a request that is too long, which are read all the same: who is still sending hears no answer."""

MOST_MESSAGES = 2_500

LONGEST_REQUEST = 20.0
"""Seconds until a request is answered whatever Neo4j does; what it sent may be kept all the same, and is a duplicate then."""

RETRY_SECONDS = 2
"""When to come again while Neo4j is away."""

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is refused as a whole."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"success": False, "code": code, "message": message}
        self.headers = dict(headers or {})


@dataclass(slots=True)
class _Batch:
    """The messages of a request as events: `places` says which message each event is of."""

    events: list[Event] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    timed: list[bool] = field(default_factory=list)
    rejected: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, index: int, given: Any, *, source: str, now: datetime, call: str | None, context: Any = None) -> None:
        """Take a message; `context`: that of its batch, where it has none of its own."""
        try:
            check_size(given)
            message = Message.of(_completed(given, context), source=source, now=now, call=call)
            found = events_of(message)
        except InvalidEvent as error:
            self.rejected[index] = error.code, str(error)
            return
        self.events += found
        self.places += [index] * len(found)
        self.timed += [message.timed] * len(found)

    def answer(self, outcome: Outcome) -> dict[str, Any]:
        """What became of each message: one of several events is kept as far as its events are."""
        duplicates = outcome.duplicates
        for each in outcome.rejected:
            if each.code == "CONFLICT" and not self.timed[each.index]:
                # It came again, and the only thing that differs is when.
                duplicates += 1
            else:
                self.rejected.setdefault(self.places[each.index], (each.code, each.message))
        return {
            "success": True,
            "accepted": outcome.accepted,
            "duplicates": duplicates,
            "rejected": [
                {"index": index, "code": code, "message": message} for index, (code, message) in sorted(self.rejected.items())
            ],
        }


def segment_routes() -> list[Route]:
    """POST /v1/batch, and one for each call; /v1/import is what older libraries call a batch."""
    names = ("batch", "import", *CALLS)
    return [Route(f"/v1/{name}", _endpoint, methods=["POST"]) for name in names]


async def _endpoint(request: Request) -> Response:
    try:
        async with asyncio.timeout(LONGEST_REQUEST):
            return JSONResponse(await _answer(request))
    except TimeoutError:
        return _later(503, "UNAVAILABLE", "Neo4j takes too long; send this again.", RETRY_SECONDS)
    except Refused as refused:
        return JSONResponse(refused.body, status_code=refused.status, headers=refused.headers)
    except Overloaded as error:
        return _later(429, "UNAVAILABLE", str(error), error.retry_after)
    except StoreUnavailable:
        return _later(503, "UNAVAILABLE", "Neo4j did not answer; send this again.", RETRY_SECONDS)
    except ClientDisconnect:
        raise
    except Exception as error:
        found = masked(error, where=request.url.path)
        return JSONResponse({"success": False, "code": "INTERNAL", "message": found["message"]}, status_code=500)


def _later(status: int, code: str, message: str, seconds: int) -> Response:
    body = {"success": False, "code": code, "message": message}
    return JSONResponse(body, status_code=status, headers={"retry-after": str(seconds)})


async def _answer(request: Request) -> dict[str, Any]:
    services = request.state["services"]
    source = _source(request, services.settings.write_keys)
    name = request.url.path.rpartition("/")[2]
    given = _json(await _body(request))
    call = None if name in ("batch", "import") else name
    messages = _messages(given) if call is None else [given]
    context = given.get("context") if call is None else None
    batch, now = _Batch(), datetime.now(UTC)
    for index, message in enumerate(messages):
        batch.add(index, message, source=source, now=now, call=call, context=context)
    outcome = await services.record(batch.events) if batch.events else Outcome(0, 0, (), {})
    answer = batch.answer(outcome)
    if answer["rejected"]:
        refused = [
            _letter(_completed(messages[each["index"]], context), each, call=name, source=source) for each in answer["rejected"]
        ]
        if await services.bury(refused) < len(refused):
            logger.error("there is no room for more dead letters: see c360 deadletters")
        # Libraries read nothing but the status; the values that are wrong may be personal data, and stay out.
        codes = ", ".join(sorted({each["code"] for each in answer["rejected"]}))
        logger.warning("%d of %d messages of %s were refused: %s", len(batch.rejected), len(messages), source, codes)
    if call is not None and answer["rejected"]:
        (only,) = answer["rejected"]
        raise Refused(400, only["code"], only["message"])
    return answer


def _letter(message: Any, refusal: Mapping[str, str], *, call: str, source: str) -> Undelivered:
    """A message that was refused, as it is kept."""
    if depth(message) > DEEPEST:
        message = (
            {name: value for name, value in message.items() if not isinstance(value, (dict, list))}
            if isinstance(message, dict)
            else None
        )
    # The standard library writes what is no text of Unicode as it came.
    body = json.dumps(message, separators=(",", ":"))
    return Undelivered(
        source=source, name=name_of(json.loads(body)), call=call, code=refusal["code"], message=refusal["message"], body=body
    )


def _source(request: Request, write_keys: Mapping[str, str]) -> str:
    """The source whose write key came as the user of Basic authorization."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    challenge = {"www-authenticate": 'Basic realm="write key"'}
    if kind.lower() != "basic":
        raise Refused(401, "FORBIDDEN", "Send the write key as the user of Basic authorization.", headers=challenge)
    try:
        key = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
    except ValueError:
        raise Refused(401, "FORBIDDEN", "The authorization is no Base64 of a write key and a colon.", headers=challenge) from None
    # All are compared, and each in the same time, lest the time tell how much was right.
    found = [source for each, source in write_keys.items() if hmac.compare_digest(each.encode(), key.encode())]
    if not found:
        raise Refused(401, "FORBIDDEN", "The write key is none of C360_WRITE_KEYS.", headers=challenge)
    return found[0]


async def _body(request: Request) -> bytes:
    packed = request.headers.get("content-encoding", "identity").lower()
    if packed not in ("identity", "gzip", ""):
        raise Refused(415, "INVALID", "Send the body as it is, or by gzip.")
    unpack = zlib.decompressobj(wbits=31) if packed == "gzip" else None
    body, read = bytearray(), 0
    refused: Refused | None = None
    async for chunk in request.stream():
        read += len(chunk)
        if read > LONGEST_READ:
            break
        if refused is None:
            try:
                body += unpack.decompress(chunk, LONGEST_BODY + 1 - len(body)) if unpack else chunk
            except zlib.error:
                refused = Refused(400, "INVALID", "The body is no gzip, though its content-encoding says so.")
            if len(body) > LONGEST_BODY:
                refused = Refused(413, "TOO_LARGE", f"Send at most {LONGEST_BODY:,} bytes at once.")
            elif unpack is not None and unpack.unused_data:
                refused = Refused(400, "INVALID", "The body goes on after the end of its gzip.")
    if refused is not None:
        raise refused
    if read > LONGEST_READ:
        raise Refused(413, "TOO_LARGE", f"Send at most {LONGEST_BODY:,} bytes at once.", headers={"connection": "close"})
    if unpack is not None and not unpack.eof:
        raise Refused(400, "INVALID", "The gzip of the body breaks off.")
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # Half a surrogate pair, or a number without end, is a fault of one message, and not of those beside it.
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "INVALID", "Send JSON in UTF-8.") from None


def _messages(given: Any) -> Sequence[Any]:
    messages = given.get("batch") if isinstance(given, dict) else None
    if not isinstance(messages, list):
        raise Refused(400, "INVALID", 'Send {"batch": [...]} with a list of messages.')
    if len(messages) > MOST_MESSAGES:
        raise Refused(413, "TOO_LARGE", f"Send at most {MOST_MESSAGES:,} messages at once.")
    return messages


def _completed(message: Any, context: Any) -> Any:
    """A message with the context of its batch, where it has none of its own."""
    if isinstance(message, dict) and "context" not in message and context is not None:
        return {**message, "context": context}
    return message

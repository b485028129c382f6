"""The endpoints under /v1: who may send, how much, and what is answered.

An answer of 2xx means committed. Libraries send a batch again after 429 and 5xx, and drop it after any other 4xx; so what is
wrong with one message refuses that message, and not its batch.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.access import Unauthenticated
from app.access.opening import Guards
from app.segment.events import events_of
from app.segment.messages import CALLS, Message, letter_name
from app.segment.refusals import Refusal, refusal_of
from app.segment.texts import (
    LONGEST_CONTEXT,
    LONGEST_MESSAGE,
    Parcel,
    Unreadable,
    check_size,
    decoded,
    parcel_of,
    read,
    with_context,
)
from graph.deadletters import Undelivered
from graph.errors import InvalidEvent, Overloaded, StoreUnavailable
from graph.events import Outcome
from graph.events.inputs import Event
from resolvers.access import Actor, Principal
from resolvers.errors import Unrecorded
from resolvers.faults import masked
from resolvers.scopes import EVENTS

LONGEST_BODY = 500_000
"""Bytes of a request, unpacked."""

LONGEST_READ = 32_000_000
"""Bytes of a request that is too long, which are read all the same: who is still sending hears no answer."""

MOST_MEMBERS = 1_000
"""Members of a gzip."""

READ_AT_ONCE = 50
"""Messages read between two chances for everything else to go on, or fewer that are as long as one can be: milliseconds."""

LETTERS_AT_ONCE = 250
BYTES_AT_ONCE = 1_000_000
"""Dead letters in one transaction, and characters in them, but for a single one that is longer."""

LONGEST_REQUEST = 20.0
"""Seconds until a request is answered whatever Neo4j does; what it sent may be kept all the same, and is a duplicate then."""

RETRY_SECONDS = 2
"""When to come again while Neo4j is away."""

CHALLENGE = {"www-authenticate": 'Basic realm="write key"'}

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
    """The messages of a request as events: `places` says which message each event is of.

    `call`: None where each message names its own. `context`: of those that have none. `alone`: messages that have one.
    """

    source: str
    now: datetime
    call: str | None
    context: Any = None
    events: list[Event] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    alone: set[int] = field(default_factory=set)
    refused: dict[int, Refusal] = field(default_factory=dict)

    def add(self, index: int, text: str) -> None:
        try:
            given = read(text)
            if isinstance(given, dict) and "context" in given:
                self.alone.add(index)
            elif isinstance(given, dict) and self.context is not None:
                given = {**given, "context": self.context}
                check_size(given)
            message = Message.of(given, source=self.source, now=self.now, call=self.call)
            found = events_of(message, now=self.now)
        except InvalidEvent as error:
            self.refused[index] = Refusal.of(error)
            return
        self.events += found
        self.places += [index] * len(found)

    def answer(self, outcome: Outcome) -> dict[str, Any]:
        """What became of each message: one of several events is kept as far as its events are."""
        for each in outcome.rejected:
            self.refused.setdefault(self.places[each.index], refusal_of(each, self.events[each.index]))
        return {
            "success": True,
            "accepted": outcome.accepted,
            "duplicates": outcome.duplicates,
            "rejected": [
                {"index": index, "code": refusal.code, "message": refusal.message}
                for index, refusal in sorted(self.refused.items())
            ],
        }

    def letters(self, parcel: Parcel, call: str) -> Iterator[list[Undelivered]]:
        """What was refused, as it is kept, in parts that Neo4j takes quickly. `call`: the endpoint."""
        part: list[Undelivered] = []
        size = 0
        for index, refusal in sorted(self.refused.items()):
            body = with_context(parcel.texts[index], None if index in self.alone else parcel.context)
            if part and (len(part) == LETTERS_AT_ONCE or size + len(body) > BYTES_AT_ONCE):
                yield part
                part, size = [], 0
            part.append(
                Undelivered(
                    source=self.source,
                    name=letter_name(body, _read_again(body), call),
                    call=call,
                    code=refusal.code,
                    message=refusal.message,
                    body=body,
                )
            )
            size += len(body)
        if part:
            yield part


def _read_again(text: str) -> Any:
    try:
        return read(text)
    except InvalidEvent:
        return None


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
    except Unrecorded as error:
        return _later(503, "UNAVAILABLE", str(error), RETRY_SECONDS)
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
    principal = await _principal(request)
    assert principal.source is not None
    source = principal.source
    name = request.url.path.rpartition("/")[2]
    call = None if name in ("batch", "import") else name
    try:
        body = await _body(request)
        parcel = await parcel_of(body) if call is None else Parcel([decoded(body)])
    except Unreadable as error:
        raise Refused(error.status, error.code, str(error)) from None
    batch = _Batch(source=source, now=datetime.now(UTC), call=call, context=_context(parcel.context))
    effort = 0
    for index, text in enumerate(parcel.texts):
        effort += max(len(text), LONGEST_MESSAGE // READ_AT_ONCE)
        if effort > LONGEST_MESSAGE:
            await asyncio.sleep(0)
            effort = 0
        batch.add(index, text)
    outcome = await _recorded(request, principal, batch.events) if batch.events else Outcome(0, 0, (), {})
    answer = batch.answer(outcome)
    if batch.refused:
        kept = 0
        for letters in batch.letters(parcel, name):
            kept += await services.bury(letters)
        if kept < len(batch.refused):
            logger.error("there is no room for more dead letters: see c360 deadletters")
        # Libraries read nothing but the status; the values that are wrong may be personal data, and stay out.
        codes = ", ".join(sorted({each.code for each in batch.refused.values()}))
        logger.warning("%d of %d messages of %s were refused: %s", len(batch.refused), len(parcel.texts), source, codes)
    if call is not None and batch.refused:
        (only,) = batch.refused.values()
        raise Refused(400, only.code, only.message)
    return answer


async def _recorded(request: Request, principal: Principal, events: list[Event]) -> Outcome:
    """What became of events at the door, on the audit trail before and after."""
    guards: Guards = request.state["guards"]
    trail, quotas = guards.trail, guards.quotas
    who = Actor(principal.id, f"POST {request.url.path}")
    if quotas is not None and not quotas.at_hand(principal.id, len(events)):
        seconds = await quotas.take(principal.id, len(events))
        if seconds:
            message = f"You may send {quotas.rate:,} events a second, and have sent more; send this again in {seconds:,} s."
            raise Refused(429, "RATE_LIMITED", message, headers={"retry-after": str(seconds)})
    if trail is not None:
        trail.sent(who, [(each.source, each.id) for each in events])
    outcome: Outcome = await request.state["services"].record(events)
    if trail is not None:
        trail.wrote(who, outcome.touched, outcome.accepted)
    return outcome


def _context(text: str | None) -> Any:
    """The context of a batch, which is small: every message and every dead letter would have it."""
    if text is None:
        return None
    if len(text.encode()) > LONGEST_CONTEXT:
        reason = f"context: has more than {LONGEST_CONTEXT:,} bytes; send it in each message that needs it"
        raise Refused(400, "TOO_LARGE", reason)
    try:
        found = read(text)
    except InvalidEvent as error:
        raise Refused(400, error.code, f"context: {error}") from None
    if not isinstance(found, dict):
        raise Refused(400, "INVALID", "context: must be an object")
    return found


async def _principal(request: Request) -> Principal:
    """Who sends for a source: the one whose key came as the user of Basic authorization, as Segment's libraries send it, or as a
    bearer's."""
    guards: Guards = request.state["guards"]
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    text = given.strip()
    if kind.lower() == "basic":
        try:
            text = base64.b64decode(text, validate=True).decode().partition(":")[0]
        except ValueError:
            raise Refused(401, "FORBIDDEN", "The authorization is no Base64 of a key and a colon.", headers=CHALLENGE) from None
    elif kind.lower() != "bearer":
        raise Refused(401, "FORBIDDEN", "Send the write key as the user of Basic authorization.", headers=CHALLENGE)
    try:
        principal = await guards.access.of_text(text)
    except Unauthenticated:
        raise Refused(
            401, "FORBIDDEN", "The key is not known here, or has ended; ask for another one.", headers=CHALLENGE
        ) from None
    if EVENTS not in principal.scopes or principal.source is None:
        raise Refused(403, "FORBIDDEN", f"The key sends no events: make one with c360 keys create --scope {EVENTS} --source …")
    return principal


async def _body(request: Request) -> bytes:
    packed = request.headers.get("content-encoding", "identity").lower()
    if packed not in ("identity", "gzip", ""):
        raise Refused(415, "INVALID", "Send the body as it is, or by gzip.")
    body = _Unpacked() if packed == "gzip" else _Plain()
    read = 0
    refused: Refused | None = None
    async for chunk in request.stream():
        read += len(chunk)
        if read > LONGEST_READ:
            break
        if refused is None:
            try:
                body.add(chunk)
            except Refused as error:
                refused = error
    if refused is not None:
        raise refused
    if read > LONGEST_READ:
        raise Refused(413, "TOO_LARGE", f"Send at most {LONGEST_BODY:,} bytes at once.", headers={"connection": "close"})
    return body.whole()


class _Plain:
    """A body as it comes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, chunk: bytes) -> None:
        self._bytes += chunk
        if len(self._bytes) > LONGEST_BODY:
            raise Refused(413, "TOO_LARGE", f"Send at most {LONGEST_BODY:,} bytes at once.")

    def whole(self) -> bytes:
        return bytes(self._bytes)


class _Unpacked(_Plain):
    """A body by gzip, of one member or of several (RFC 1952)."""

    def __init__(self) -> None:
        super().__init__()
        self._member = zlib.decompressobj(wbits=31)
        self._members = 1

    def add(self, chunk: bytes) -> None:
        while chunk:
            if self._member.eof:
                self._next()
            try:
                found = self._member.decompress(chunk, LONGEST_BODY + 1 - len(self._bytes))
            except zlib.error:
                reason = (
                    "is no gzip, though its content-encoding says so"
                    if self._members == 1
                    else "goes on after the end of its gzip"
                )
                raise Refused(400, "INVALID", f"The body {reason}.") from None
            super().add(found)
            chunk = self._member.unused_data

    def _next(self) -> None:
        if self._members == MOST_MEMBERS:
            raise Refused(400, "INVALID", f"The gzip of the body has more than {MOST_MEMBERS:,} members.")
        self._member = zlib.decompressobj(wbits=31)
        self._members += 1

    def whole(self) -> bytes:
        if not self._member.eof:
            raise Refused(400, "INVALID", "The gzip of the body breaks off.")
        return super().whole()

"""The endpoints under /v1: what becomes of messages, and what is answered.

An answer of 2xx means committed. Libraries send a batch again after 429 and 5xx, and drop it after any other 4xx; so what is
wrong with one message refuses that message, and not its batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.segment.bodies import body_of
from app.segment.errors import Refused
from app.segment.events import events_of
from app.segment.messages import CALLS, Message, letter_name
from app.segment.refusals import Refusal, refusal_of
from app.segment.senders import Sender
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
from resolvers.errors import Unrecorded
from resolvers.faults import masked

READ_AT_ONCE = 50
"""Messages read between two chances for everything else to go on, or fewer that are as long as one can be: milliseconds."""

LETTERS_AT_ONCE = 250
BYTES_AT_ONCE = 1_000_000
"""Dead letters in one transaction, and characters in them, but for a single one that is longer."""

LONGEST_REQUEST = 20.0
"""Seconds until a request is answered whatever Neo4j does; what it sent may be kept all the same, and is a duplicate then."""

RETRY_SECONDS = 2
"""When to come again while Neo4j is away."""

logger = logging.getLogger(__name__)


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
    sender = await Sender.of(request)
    name = request.url.path.rpartition("/")[2]
    call = None if name in ("batch", "import") else name
    try:
        body = await body_of(request)
        parcel = await parcel_of(body) if call is None else Parcel([decoded(body)])
    except Unreadable as error:
        raise Refused(error.status, error.code, str(error)) from None
    await sender.pay(len(parcel.texts))
    batch = _Batch(source=sender.source, now=datetime.now(UTC), call=call, context=_context(parcel.context))
    effort = 0
    for index, text in enumerate(parcel.texts):
        effort += max(len(text), LONGEST_MESSAGE // READ_AT_ONCE)
        if effort > LONGEST_MESSAGE:
            await asyncio.sleep(0)
            effort = 0
        batch.add(index, text)
    outcome = await sender.record(batch.events) if batch.events else Outcome(0, 0, (), {})
    answer = batch.answer(outcome)
    if batch.refused:
        kept = 0
        for letters in batch.letters(parcel, name):
            kept += await sender.bury(letters)
        if kept < len(batch.refused):
            logger.error("there is no room for more dead letters: see c360 deadletters")
        # Libraries read nothing but the status; the values that are wrong may be personal data, and stay out.
        codes = ", ".join(sorted({each.code for each in batch.refused.values()}))
        logger.warning("%d of %d messages of %s were refused: %s", len(batch.refused), len(parcel.texts), sender.source, codes)
    if call is not None and batch.refused:
        (only,) = batch.refused.values()
        raise Refused(400, only.code, only.message)
    return answer


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

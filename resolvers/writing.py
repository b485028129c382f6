"""What all that is written has in common: the write door with the audit trail beside it, and what is said where it refuses."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import uuid4

import msgspec
import strawberry
from strawberry.utils.str_converters import to_camel_case

from graph.answers import Request
from graph.customers import ProfileKey
from graph.errors import InvalidEvent, Outgrown, Overloaded, StoreUnavailable
from graph.events import Outcome, Rejection, inputs
from graph.events.inputs import Event, Received
from graph.events.kept import key as event_key
from resolvers.context import Context
from resolvers.requirements import needs_nothing_more

LONGEST_IDEMPOTENCY_KEY = 255

SOURCE = "customer360"
"""Of events that are made here, by those who speak for no source."""


@strawberry.enum(description="Why something was not done.")
class UserErrorCode(Enum):
    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    BLOCKED = "BLOCKED"
    TOO_LARGE = "TOO_LARGE"
    DUPLICATE = "DUPLICATE"
    CYCLE = "CYCLE"
    SELF_REFERRAL = "SELF_REFERRAL"
    EXPIRED = "EXPIRED"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    NOT_CONSENTED = "NOT_CONSENTED"
    ERASED = "ERASED"
    FORBIDDEN = "FORBIDDEN"
    UNAVAILABLE = "UNAVAILABLE"


@strawberry.type(description="Why a mutation did not do what it was asked to.", directives=[needs_nothing_more()])
class UserError:
    code: UserErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people: what is wrong, and what to send instead.")
    path: list[str] = strawberry.field(description="Where in the arguments; empty when it is about all of them.")

    @classmethod
    def of(cls, error: InvalidEvent, *prefix: str) -> UserError:
        path = [to_camel_case(part) for part in error.path.split(".") if part]
        return cls(code=UserErrorCode[error.code], message=in_the_contracts_words(str(error)), path=[*prefix, *path])

    @classmethod
    def rejected(cls, rejection: Rejection, *prefix: str, **arguments: str) -> UserError:
        """Of the one event that a mutation makes; `arguments`: which argument has what the door speaks of."""
        path, colon, reason = rejection.message.partition(": ")
        if not colon or not _PATH.fullmatch(path):
            return cls.of(InvalidEvent("", rejection.message, code=rejection.code), *prefix)
        argument = arguments.get(path.partition(".")[0])
        return cls.of(InvalidEvent(argument or path, reason, code=rejection.code), *prefix)

    @classmethod
    def later(cls, error: StoreUnavailable) -> UserError:
        """Nothing was done, or nobody heard of it; the words of the driver stay inside."""
        if isinstance(error, Outgrown):
            return cls(code=UserErrorCode.TOO_LARGE, message=str(error), path=[])
        message = str(error) if isinstance(error, Overloaded) else "Neo4j did not answer; send the request again."
        return cls(code=UserErrorCode.UNAVAILABLE, message=message, path=[])


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a mutation makes an event of: its identity and its time. With an idempotency key it is the same each time."""

    id: str
    source: str
    at: datetime
    request: Request | None

    @classmethod
    def of(cls, context: Context, operation: str, key: str | None, body: Any, at: datetime | None = None) -> Stamp:
        """`at`: as it was stated, None for now. Raises InvalidEvent."""
        request = request_of(operation, key, [body, at])
        source = context.principal.source or SOURCE
        # The event's id tells nothing of the key, which may be anything.
        id = uuid4().hex if request is None else sha256(f"{request.key}\x1f{source}".encode()).hexdigest()
        return cls(id=id, source=source, at=at or Received.of(context.now()), request=request)

    @property
    def event(self) -> dict[str, Any]:
        """As events have it."""
        return {"id": self.id, "source": self.source, "at": self.at}

    @property
    def key(self) -> str:
        """Of the event, in the graph."""
        return event_key(self.source, self.id)


async def recorded(context: Context, events: list[Event], request: Request | None) -> Outcome:
    """What became of events at the door, on the audit trail before and after; raises what the door raises, and Unrecorded."""
    trail = context.sources.trail
    context.sent += len(events)
    if trail is not None:
        trail.sent(context.actor, [(each.source, each.id) for each in events])
    outcome = await context.sources.door.record(events, request)
    if trail is not None:
        trail.wrote(context.actor, outcome.customers, outcome.accepted)
    return outcome


def customer_key(key: ProfileKey) -> inputs.CustomerKey:
    """A key as events have it."""
    if key.id is not None:
        return inputs.CustomerKey(id=key.id)
    assert key.type is not None and key.value is not None
    return inputs.CustomerKey(identifier=inputs.IdentifierKey(key.type, key.value))


def may_speak_for(context: Context, source: str) -> bool:
    """Whether whoever asks may say what a source says."""
    return context.principal.source in (None, source)


def in_the_contracts_words(message: str) -> str:
    """A reason that begins with the path of a field, as `duration_seconds: …`, with the name that the contract has for it."""
    path, colon, reason = message.partition(": ")
    if not colon or not _PATH.fullmatch(path):
        return message
    return ".".join(to_camel_case(part) for part in path.split(".")) + colon + reason


_PATH = re.compile(r"[a-z0-9_.]+")


def request_of(operation: str, key: str | None, body: Any) -> Request | None:
    """The request that an idempotency key names, `body` being all it says apart from the key."""
    if key is None:
        return None
    if not key.strip() or len(key) > LONGEST_IDEMPOTENCY_KEY:
        raise InvalidEvent("idempotencyKey", f"must have 1 to {LONGEST_IDEMPOTENCY_KEY} characters")
    return Request.of(operation, key, body)

"""Who sends events: what they may send, how much of it, and what the audit trail has of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from app.access import Unauthenticated
from app.access.opening import Guards
from app.graphql.requests import BadRequest, purpose_of
from app.segment.errors import Refused
from app.services import Services
from graph.deadletters import Undelivered
from graph.events import Outcome
from graph.events.inputs import Event
from resolvers.access import Actor, Principal
from resolvers.scopes import EVENTS

CHALLENGE = {"www-authenticate": 'Basic realm="write key"'}


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who may send the events of `source`. All that writes raises StoreUnavailable, and Unrecorded."""

    actor: Actor
    source: str
    _guards: Guards
    _services: Services

    @classmethod
    async def of(cls, request: Request) -> Sender:
        """Who sends a request; raises Refused for nobody who may, and StoreUnavailable where that can't be told."""
        guards: Guards = request.state["guards"]
        principal = await _principal(guards, request.headers.get("authorization", ""))
        if EVENTS not in principal.scopes or principal.source is None:
            advice = f"make one with c360 keys create --scope {EVENTS} --source …"
            raise Refused(403, "FORBIDDEN", f"The key sends no events: {advice}")
        try:
            purpose = purpose_of(request.headers.get("x-c360-purpose", "").encode("latin-1"))
        except BadRequest as bad:
            raise Refused(400, "INVALID", str(bad)) from None
        actor = Actor(principal.id, f"POST {request.url.path}", purpose=purpose)
        return cls(actor, principal.source, guards, request.state["services"])

    async def pay(self, messages: int) -> None:
        """Take so many of what may be sent, one at the least; raises Refused where too many were sent lately."""
        quotas = self._guards.quotas
        if quotas is None:
            return
        price = min(max(messages, 1), quotas.burst)
        if quotas.at_hand(self.actor.id, price):
            return
        seconds = await quotas.take(self.actor.id, price)
        if seconds:
            message = f"You may send {quotas.rate:,} messages a second, and have sent more; send this again in {seconds:,} s."
            raise Refused(429, "RATE_LIMITED", message, headers={"retry-after": str(seconds)})

    async def record(self, events: Sequence[Event]) -> Outcome:
        """What became of events at the write door, on the audit trail before and after."""
        trail = self._guards.trail
        if trail is not None:
            trail.sent(self.actor, [(each.source, each.id) for each in events])
        outcome = await self._services.record(events)
        if trail is not None:
            trail.wrote(self.actor, outcome.customers, outcome.accepted)
        return outcome

    async def bury(self, letters: Sequence[Undelivered]) -> int:
        """Keep what was refused, and say so on the trail, which has no name for it; returns for how many there was room."""
        trail = self._guards.trail
        if trail is not None:
            trail.sent(self.actor, ())
        kept = await self._services.bury(letters)
        if trail is not None:
            trail.wrote(self.actor, (), kept)
        return kept


async def _principal(guards: Guards, authorization: str) -> Principal:
    """Whose key came as the user of Basic authorization, as Segment's libraries send it, or as a bearer's."""
    kind, _, given = authorization.partition(" ")
    text = given.strip()
    if kind.lower() == "basic":
        try:
            text = base64.b64decode(text, validate=True).decode().partition(":")[0]
        except ValueError:
            raise Refused(401, "FORBIDDEN", "The authorization is no Base64 of a key and a colon.", headers=CHALLENGE) from None
    elif kind.lower() != "bearer":
        raise Refused(401, "FORBIDDEN", "Send the write key as the user of Basic authorization.", headers=CHALLENGE)
    try:
        return await guards.access.of_text(text)
    except Unauthenticated:
        message = "The key is not known here, or has ended; ask for another one."
        raise Refused(401, "FORBIDDEN", message, headers=CHALLENGE) from None

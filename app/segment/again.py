"""Dead letters tried again: after a source was mended, or this service was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from app.segment.events import events_of
from app.segment.messages import CALLS, Message
from app.segment.refusals import Refusal, refusal_of
from app.segment.texts import read
from graph.deadletters import DeadLetter
from graph.errors import InvalidEvent, Outgrown
from graph.events import Outcome
from graph.events.inputs import Event


class Door(Protocol):
    async def record_batch(self, given: list[Event]) -> Outcome: ...


async def still_refused(door: Door, letter: DeadLetter) -> Refusal | None:
    """Send a letter through the door again; why it is still refused, or None when it is kept now."""
    call = letter.call if letter.call in CALLS else None
    try:
        # What has no time of its own happened when it came; what nothing else tells apart is one however often it is tried.
        came = letter.first_at.astimezone(UTC)
        message = Message.of(read(letter.body), source=letter.source, now=came, call=call, name=letter.id)
        events = events_of(message, now=datetime.now(UTC))
        outcome = await door.record_batch(events)
    except InvalidEvent as error:
        return Refusal.of(error)
    except Outgrown as error:
        return Refusal("TOO_LARGE", str(error))
    return next((refusal_of(each, events[each.index]) for each in outcome.rejected), None)

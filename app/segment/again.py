"""Dead letters tried again: after a source was mended, or this service was."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Protocol

from app.segment.events import events_of
from app.segment.messages import CALLS, Message, check_size
from graph.deadletters import DeadLetter
from graph.errors import InvalidEvent
from graph.events import Outcome
from graph.events.inputs import Event


class Door(Protocol):
    async def record_batch(self, given: list[Event]) -> Outcome: ...


async def still_refused(door: Door, letter: DeadLetter) -> str | None:
    """Send a letter through the door again; why it is still refused, or None when it is kept now."""
    call = letter.call if letter.call in CALLS else None
    try:
        given = json.loads(letter.body)
        check_size(given)
        # What has no time of its own happened when it came.
        message = Message.of(given, source=letter.source, now=letter.first_at.astimezone(UTC), call=call)
        outcome = await door.record_batch(events_of(message))
    except InvalidEvent as error:
        return str(error)
    return outcome.rejected[0].message if outcome.rejected else None

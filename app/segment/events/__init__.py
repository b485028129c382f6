"""What messages become: the calls of the API, and the names of its e-commerce, e-mail and sharing specifications.

docs/segment.md lists them. All other tracked events become touchpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.segment.events.orders import cart_changed, cart_seen, order_cancelled, order_completed, order_refunded, order_updated
from app.segment.events.people import aliased, grouped, identified
from app.segment.events.replies import accepted, answered, case_changed, invited, mailed, reviewed
from app.segment.events.visits import touchpoint_of, visited
from app.segment.messages import Message
from app.segment.refusals import in_their_names
from graph.errors import InvalidEvent
from graph.events.check import check
from graph.events.inputs import Event


def events_of(message: Message, *, now: datetime) -> list[Event]:
    """The events that a message is. Raises InvalidEvent, with the path of the field in the message, for what can't be one."""
    events = _CALLS[message.call](message)
    for event in events:
        # The write door checks again, but knows nothing of messages.
        try:
            check(event, now=now)
        except InvalidEvent as error:
            raise in_their_names(error, event, message) from None
    return events


def _track(message: Message) -> list[Event]:
    name = message.fields.required("event")
    make = NAMES.get(name.casefold())
    return [touchpoint_of(message, name)] if make is None else make(message)


_CALLS: dict[str, Callable[[Message], list[Event]]] = {
    "identify": identified, "track": _track, "page": visited, "screen": visited, "group": grouped, "alias": aliased,
}  # fmt: skip


#: Names of tracked events that become more than touchpoints, in small letters.
NAMES: dict[str, Callable[[Message], list[Event]]] = {
    "product added": cart_changed,
    "product removed": cart_changed,
    "cart viewed": cart_seen,
    "checkout started": cart_seen,
    "checkout step viewed": cart_seen,
    "checkout step completed": cart_seen,
    "order completed": order_completed,
    "order updated": order_updated,
    "order refunded": order_refunded,
    "order cancelled": order_cancelled,
    "product reviewed": reviewed,
    "email delivered": mailed("DELIVERED"),
    "email opened": mailed("OPENED"),
    "email link clicked": mailed("CLICKED"),
    "email bounced": mailed("BOUNCED"),
    "email marked as spam": mailed("UNSUBSCRIBED"),
    "unsubscribed": mailed("UNSUBSCRIBED"),
    "email unsubscribed": mailed("UNSUBSCRIBED"),
    "invite sent": invited,
    "referral shared": invited,
    "referral accepted": accepted,
    "survey answered": answered,
    "case opened": case_changed,
    "case answered": case_changed,
    "case closed": case_changed,
}

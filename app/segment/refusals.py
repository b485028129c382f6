"""Why messages are refused, in the names that whoever sent them knows: those of the specification."""

from __future__ import annotations

from dataclasses import dataclass

from app.segment.messages import SKU, Fields, Message
from graph.errors import InvalidEvent
from graph.events import Rejection
from graph.events.inputs import (
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CaseInput,
    CommunicationInput,
    CustomerKey,
    Event,
    IdentifyInput,
    InviteInput,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseStatusInput,
    RefundInput,
    ReviewInput,
    TouchpointInput,
)

_ALL = {"id": "messageId", "source": "source", "at": "timestamp"}

#: Fields of events that come from elsewhere than the property of the same name.
_APART: dict[type[Event], dict[str, str]] = {
    # What its properties say is a field only where it can be one.
    TouchpointInput: {
        "type": "event", "channel": "channel", "campaign": "context.campaign.name", "session": "context.sessionId",
        "url": "context.page.url",
    },
    PurchaseInput: {"number": "properties.order_id", "cart": "properties.cart_id", "campaign": "context.campaign.name"},
    PurchaseChangeInput: {"number": "properties.order_id", "cart": "properties.cart_id", "campaign": "context.campaign.name"},
    CartEndInput: {"purchase": "properties.order_id", "cart": "userId"},
    PurchaseStatusInput: {"purchase": "properties.order_id"},
    RefundInput: {"purchase": "properties.order_id", "amount": "properties.total"},
    BareRefundInput: {"purchase": "properties.order_id", "amount": "properties.total"},
    ReviewInput: {
        "purchase": "properties.order_id", "title": "properties.review_title",
        "text": "properties.review_body",
    },
    CaseInput: {
        "case": "properties.case_id", "opened_at": "timestamp", "first_response_at": "timestamp", "closed_at": "timestamp",
    },
    CommunicationInput: {"message": "properties.email_id", "campaign": "properties.campaign_name"},
    InviteInput: {"friend": "properties.invitee_email", "channel": "properties.share_via"},
}  # fmt: skip

_ANYWHERE = {"cart": "properties.cart_id", "checkout_step": "properties.step", "survey_kind": "properties.kind"}

_OF_IDENTIFIERS = {
    "user_id": "userId", "anonymous_id": "anonymousId", "email": "traits.email", "phone": "traits.phone", "group_id": "groupId",
}  # fmt: skip

#: Of a product in a list of them.
_OF_LINES = {"title": "name", "unit_price": "price"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message is refused; `code` is a UserErrorCode of the contract."""

    code: str
    message: str

    @classmethod
    def of(cls, error: InvalidEvent) -> Refusal:
        return cls(error.code, str(error))


def refusal_of(rejection: Rejection, event: Event) -> Refusal:
    """Why the write door refused an event."""
    if rejection.code != "CONFLICT":
        return Refusal(rejection.code, rejection.message)
    reason = f"another message was kept under messageId {event.id!r}; send this one under a messageId of its own"
    return Refusal(rejection.code, reason)


def in_their_names(error: InvalidEvent, event: Event, message: Message) -> InvalidEvent:
    """What is wrong with an event that a message became, with the path that the message has for it."""
    reason = str(error).removeprefix(f"{error.path}: ")
    return InvalidEvent(_path(error.path, event, message), reason, code=error.code)


def _path(path: str, event: Event, message: Message) -> str:
    head, _, rest = path.partition(".")
    if head in _ALL:
        return _ALL[head]
    if isinstance(event, IdentifyInput):
        return _of_identify(head, rest, event, message)
    key = getattr(event, head, None)
    if isinstance(key, CustomerKey):
        return "userId" if key.identifier is None else _OF_IDENTIFIERS[key.identifier.type]
    if head == "items":
        return _of_line(rest, event, message)
    if head == "sku":
        return f"properties.{_sku(message.properties)}"
    if head == "properties":
        return path
    if rest == "currency":
        return "properties.currency"
    if message.call != "track" and (type(event), head) == (TouchpointInput, "type"):
        return "type"
    # The amount of money, and the value of an identifier, are the whole of it to whoever sends them.
    return _APART.get(type(event), {}).get(head) or _ANYWHERE.get(head, f"properties.{head}")


def _of_identify(head: str, rest: str, event: IdentifyInput, message: Message) -> str:
    if head == "account":
        return "groupId"
    position = rest.partition(".")[0]
    if head != "identifiers" or not position.isdigit():
        return f"{head}.{rest}" if rest else head
    type = event.identifiers[int(position)].type
    return "previousId" if message.call == "alias" and type == "anonymous_id" else _OF_IDENTIFIERS[type]


def _of_line(rest: str, event: Event, message: Message) -> str:
    position, _, field = rest.partition(".")
    name, _, part = field.partition(".")
    if part == "currency":
        return "properties.currency"
    if not field:
        return "properties.products"
    line = message.properties
    if not isinstance(event, CartChangeInput):
        line = (line.objects("products") or [])[int(position)]
    return f"{line.path}.{_sku(line) if name == 'sku' else _OF_LINES.get(name, name)}"


def _sku(fields: Fields) -> str:
    return fields.named(*SKU)

"""Who a message says that somebody is: identify, group and alias."""

from __future__ import annotations

from app.segment.messages import Message, plain
from graph.errors import InvalidEvent
from graph.events.forms import is_one
from graph.events.inputs import Event, IdentifierKey, IdentifyInput


def identified(message: Message) -> list[Event]:
    traits = dict(message.traits.values or message.context.object("traits").values)
    identifiers = message.identifiers()
    for name in ("email", "phone"):
        value = traits.get(name)
        # Anything else is a trait, and names nobody.
        if isinstance(value, str) and value.strip() and is_one(name, value):
            identifiers.append(IdentifierKey(name, value))
    if not identifiers:
        raise InvalidEvent("userId", "is missing, and so is anonymousId; send one of them")
    return [IdentifyInput(**message.common(), identifiers=tuple(identifiers), traits=_traits(traits) or None)]


#: What the specification calls the traits that customers have as fields, and what the contract calls them.
_RENAMED = {
    "firstName": "givenName", "first_name": "givenName", "lastName": "familyName", "last_name": "familyName",
    "birthday": "birthDate",
}  # fmt: skip


def _traits(given: dict[str, object]) -> dict[str, object]:
    traits = {_RENAMED.get(name, name): value for name, value in given.items()}
    birth_date = traits.get("birthDate")
    if isinstance(birth_date, str):
        traits["birthDate"] = birth_date[:10]
    address = traits.pop("address", None)
    if isinstance(address, dict):
        named = {"street": "line1", "city": "city", "state": "region", "postalCode": "postalCode", "country": "country"}
        lines = {ours: line for theirs, ours in named.items() if (line := plain(address.get(theirs)))}
        traits.setdefault("addresses", [{"kind": "home", **lines}])
    elif address is not None:
        traits["address"] = address
    elif "address" in given:
        traits.setdefault("addresses", None)
    return traits


def grouped(message: Message) -> list[Event]:
    group = IdentifierKey("group_id", message.fields.required("groupId", "group_id"))
    found: list[Event] = []
    identifiers = message.identifiers()
    if identifiers:
        found.append(IdentifyInput(**message.common(), identifiers=tuple(identifiers), account=group))
    if message.traits.values or not found:
        traits = dict(message.traits.values) or None
        found.append(IdentifyInput(**message.common("/group" if found else ""), identifiers=(group,), traits=traits))
    return found


def aliased(message: Message) -> list[Event]:
    previous = IdentifierKey("anonymous_id", message.fields.required("previousId", "previous_id"))
    user = IdentifierKey("user_id", message.fields.required("userId", "user_id"))
    return [IdentifyInput(**message.common(), identifiers=(user, previous))]

"""Whom an event names."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from graph.events.inputs import EVENT_TYPES, CustomerKey, IdentifierKey, IdentifyInput
from graph.identity.forms import Key, normalised

#: For each type of event the fields that name a customer.
_WHO = {
    each: tuple(one.name for one in fields(each) if one.name in ("customer", "advocate", "friend", "keep", "absorb"))
    for each in EVENT_TYPES.values()
}


def key_of(key: CustomerKey) -> Key:
    """Type and value of a key that is no id."""
    if key.email is not None:
        return normalised("email", key.email)
    if key.phone is not None:
        return normalised("phone", key.phone)
    assert key.identifier is not None
    return normalised(key.identifier.type, key.identifier.value)


def named_in(event: Any) -> tuple[list[Key], list[str]]:
    """The identifiers and the customer ids that an event names."""
    if isinstance(event, IdentifyInput):
        keys = [normalised(each.type, each.value) for each in event.identifiers]
        if event.account is not None:
            keys.append(normalised(event.account.type, event.account.value))
        return keys, []
    keys, customer_ids = [], []
    for name in _WHO[type(event)]:
        key = getattr(event, name)
        if key is None:
            continue
        if isinstance(key, IdentifierKey):
            keys.append(normalised(key.type, key.value))
        elif key.id is not None:
            customer_ids.append(key.id)
        else:
            keys.append(key_of(key))
    return keys, customer_ids

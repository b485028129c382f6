"""What is shown of personal data to those who may not see it: a little of what people recognize, and nothing of the rest.

A mask is applied where a value is answered, never where one is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graph.customers import ProfileKey

DOTS = "•••"

Mask = Callable[[Any], Any]


def hidden(_value: object) -> None:
    """Nothing: what is left of a date of birth, a postal code or a free text would tell too much."""


def of_name(name: str) -> str:
    """The first letter of each of its words, of which three are shown: "Ana Maria Sato" is "A••• M••• S•••". Of words of one or
    two letters, as many Chinese and Japanese names are, that would be most."""
    return " ".join(f"{word[0] if len(word) > 2 else ''}{DOTS}" for word in name.split()[:3]) or DOTS


def of_email(address: str) -> str:
    """Its first letter and its domain: "ana@example.com" is "a•••@example.com"; of a single letter not even that."""
    name, at, domain = address.rpartition("@")
    if not at:
        return DOTS
    return f"{name[:1] if len(name) > 1 else ''}{DOTS}@{domain}"


def of_phone(number: str) -> str:
    """Its last two digits: "+81312345678" is "•••78"."""
    return f"{DOTS}{number[-2:]}" if len(number) > 6 else DOTS


def of_identifier(value: str) -> str | None:
    """As an e-mail address or a phone number where it is one; nothing of a number in some system, which is short or guessed."""
    if "@" in value:
        return of_email(value)
    return of_phone(value) if value.startswith("+") and value[1:].isdecimal() else None


OPAQUE = frozenset({"user_id", "anonymous_id"})
"""Types of identifiers that are no personal data by themselves: whoever knows one has it from the system that gave it."""


def opaque(key: ProfileKey) -> bool:
    """Whether a key says nothing of a person: some systems have e-mail addresses for ids."""
    if key.id is not None:
        return True
    return key.type in OPAQUE and of_identifier(str(key.value)) is None

"""The one form under which each identifier is kept, however it is written."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

Key = tuple[str, str]
"""Type and value of an identifier."""

LONGEST_REMEMBERED = 200
"""Characters of an identifier's type and value: nearly all have fewer."""


def normalised(type: str, value: str) -> Key:
    """The one form under which an identifier is kept: mail addresses in small letters, phone numbers without punctuation."""
    # One event asks up to six times, and the next ones are often about the same customer. What is long is not remembered: it may
    # be megabytes, for not everybody who asks has checked it.
    return _remembered(type, value) if len(type) + len(value) <= LONGEST_REMEMBERED else _normalised(type, value)


def _normalised(type: str, value: str) -> Key:
    value = unicodedata.normalize("NFKC", value).strip()
    if type == "email":
        value = value.casefold()
    elif type == "phone":
        value = "".join(character for character in value if character.isdecimal() or character == "+") or value
    return type, value


_remembered = lru_cache(maxsize=10_000)(_normalised)

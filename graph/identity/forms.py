"""The one form under which each identifier is kept, however it is written."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import email_validator
import phonenumbers

Key = tuple[str, str]
"""Type and value of an identifier."""

LONGEST_REMEMBERED = 200
"""Characters of an identifier's type and value: nearly all have fewer."""

LONGEST_ADDRESS = 254
"""Characters of a mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""

LONGEST_PHONE = 64
"""Characters of what may be a phone number: what is longer isn't searched for one."""

_region: str | None = None


def dial_from(region: str | None) -> None:
    """State the country (ISO 3166-1 alpha-2) of phone numbers that state none, for all of this process; None: they stay as they
    are. Identifiers that are kept already keep the form that they have."""
    global _region
    if region != _region:
        _region = region
        _remembered.cache_clear()


def normalised(type: str, value: str) -> Key:
    """The one form under which an identifier is kept: of all, Unicode's NFKC without blanks around it, so that full and half
    width are the same; mail addresses in small letters, with the domain as it is read; phone numbers in E.164, as far as they
    are any (extensions are left out). What is none of these is kept nonetheless."""
    # One event asks up to six times, and the next ones are often about the same customer. What is long is not remembered: it may
    # be megabytes, for not everybody who asks has checked it.
    return _remembered(type, value) if len(type) + len(value) <= LONGEST_REMEMBERED else _normalised(type, value)


def _normalised(type: str, value: str) -> Key:
    value = unicodedata.normalize("NFKC", value).strip()
    if type == "email":
        value = _address(value)
    elif type == "phone":
        value = _number(value)
    return type, value


_remembered = lru_cache(maxsize=10_000)(_normalised)


def _address(value: str) -> str:
    if len(value) > LONGEST_ADDRESS:
        return value.casefold()
    try:
        found = email_validator.validate_email(value, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError:
        return value.casefold()
    return found.normalized.casefold()


def _number(value: str) -> str:
    if len(value) <= LONGEST_PHONE:
        try:
            number = phonenumbers.parse(value, _region)
        except phonenumbers.NumberParseException:
            pass
        else:
            if phonenumbers.is_possible_number(number):
                number.extension = None
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return "".join(character for character in value if character.isdecimal() or character == "+") or value

"""Postal addresses as texts that are the same however they are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any


def address_keys(value: Any) -> Iterable[str]:
    """Each address of a list as one text: the street, and where it is. What has no street, or is nowhere, is no address that two
    could share."""
    for each in value if isinstance(value, list) else []:
        if not isinstance(each, dict):
            continue
        street = plain(" ".join(str(each.get(name) or "") for name in ("line1", "line2")))
        place = plain(str(each.get("postalCode") or each.get("city") or ""))
        if street and place:
            yield f"{street}/{place}/{plain(str(each.get('country') or ''))}"


def plain(text: str) -> str:
    """Without what is written one way or another: widths, capitals, punctuation, blanks."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())

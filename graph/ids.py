"""Ids: a prefix that tells the kind, and a UUID as 32 hexadecimal digits; nearly all are UUIDv7, ordered by time.

Ids of customers and identifiers are random: derived from a mail address they would be an oracle for it. Ids of what
happened are derived from the identity of the event, so that sending it again, to any process, names the same thing. Ids of
things that several events speak of are derived from the thing's key: which of those events is the first can change.
"""

from __future__ import annotations

import os
import re
import time
from datetime import datetime
from hashlib import blake2b

PREFIXES = {
    "customer": "cus", "identifier": "idn", "touchpoint": "tou", "purchase": "pur", "review": "rev", "survey_response": "sur",
    "case": "cas", "communication": "com", "consent": "con", "referral": "ref", "cart": "crt", "channel": "chn",
    "campaign": "cmp", "product": "prd", "dead_letter": "dlt", "referral_code": "rcd", "merge": "mrg", "veto": "vto",
    "suggestion": "sug",
}  # fmt: skip

_ID = re.compile(r"[a-z]{3}_[0-9a-f]{32}")
_LOW_12 = (1 << 12) - 1
_LOW_62 = (1 << 62) - 1


def mint(kind: str) -> str:
    """A new random id of a kind (a key of PREFIXES), ordered by the clock."""
    return _uuid(PREFIXES[kind], time.time_ns() // 1_000_000, 0x7, int.from_bytes(os.urandom(10)))


def derive(kind: str, at: datetime, key: str) -> str:
    """The id of what `key` names, ordered by `at`; the same arguments always give the same id."""
    noise = int.from_bytes(blake2b(key.encode(), digest_size=10).digest())
    return _uuid(PREFIXES[kind], int(at.timestamp() * 1000), 0x7, noise)


def name(kind: str, key: str) -> str:
    """The id of the thing that has this key, whatever is said of it and when: a UUIDv8, which tells no time."""
    # RFC 9562, section 5.8: 48 bits, version 8, 12 bits, variant 2, 62 bits.
    noise = int.from_bytes(blake2b(key.encode(), digest_size=16).digest())
    return _uuid(PREFIXES[kind], noise >> 80, 0x8, noise)


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id of any kind."""
    return _ID.fullmatch(text) is not None


def customer_id_of(identifier_id: str) -> str:
    """The customer id that goes with an identifier's own id: both are given at first sight."""
    return f"{PREFIXES['customer']}{identifier_id[3:]}"


def _uuid(prefix: str, first: int, version: int, noise: int) -> str:
    # RFC 9562, section 5.7: 48 bits of milliseconds, version 7, 12 random bits, variant 2, 62 random bits.
    number = first << 80 | version << 76 | (noise >> 62 & _LOW_12) << 64 | 0b10 << 62 | noise & _LOW_62
    return f"{prefix}_{number:032x}"

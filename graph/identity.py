"""Identifiers, and the traits that were observed under them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    value: str
    verified: bool
    source: str
    first_seen_at: datetime
    last_seen_at: datetime


class TraitValue(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One observation of a trait; `event` is the key of the event it came with. A value of None says that it was removed."""

    at: datetime
    source: str
    event: str
    value: Any


class TraitProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """A trait's surviving value, where it came from, and at most 20 that lost, newest first."""

    name: str
    value: Any
    source: str
    at: datetime
    overridden: tuple[TraitValue, ...] = ()

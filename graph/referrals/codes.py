"""Codes: those that an advocate has, and what has to be known before somebody accepts with one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from graph.customers.records import ProfileKey
from graph.referrals.records import ReferralCode
from graph.store import Reader


class AcceptanceGround(msgspec.Struct, frozen=True, kw_only=True):
    """`advocate`: whose the code is, None where there is no such code; `friend`: None for somebody never heard of; `referred`:
    whether somebody brought the friend in already; `ring_closed`: whether somebody would have, but for a ring; `rejected`:
    whether a review said no to these two; `above`: whether the friend brought the advocate in, be it through others."""

    advocate: str | None
    advocate_erased: bool
    expires_at: datetime | None
    friend: str | None
    orders: int
    referred: bool
    ring_closed: bool
    rejected: bool
    above: bool


async def find_acceptance_ground(reader: Reader, code: str, friend: ProfileKey) -> AcceptanceGround:
    """What has to be known before a friend accepts with a code. Raises StoreUnavailable."""
    found = await reader.one(
        "referrals/find_acceptance_ground", AcceptanceGround, code=code, id=friend.id, type=friend.type, value=friend.value
    )
    assert found is not None
    return found


async def find_by_event(reader: Reader, key: str) -> str | None:
    """The id of the referral, or of the standing code, that an event made or speaks of; None where the event was never kept."""
    return await reader.one("referrals/find_by_event", str, key=key)


async def find_code_by_event(reader: Reader, key: str) -> ReferralCode | None:
    """The standing code that an event made; None where it was never kept."""
    return await reader.one("referrals/find_code_by_event", ReferralCode, key=key)


async def count_codes(reader: Reader, customer_id: str) -> int:
    """How many standing codes a customer has."""
    return await reader.one("referrals/count_codes", int, customer_id=customer_id) or 0


async def page_codes(
    reader: Reader, customer_id: str, *, limit: int, low: str | None = None, high: str | None = None, backwards: bool = False
) -> list[ReferralCode]:
    """Up to `limit` standing codes of a customer between two exclusive bounds, the newest of them, or with `backwards` the
    oldest; newest first either way. Bounds are places of codes."""
    found = await reader.many(
        "referrals/page_codes",
        ReferralCode,
        customer_id=customer_id,
        low="" if low is None else low,
        high="~" if high is None else high,
        backwards=backwards,
        limit=limit,
    )
    return found[::-1] if backwards else list(found)

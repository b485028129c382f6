"""Times as whole numbers, in which they are compared and sorted quickest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """The time that is so many microseconds since 1970, in UTC."""
    return EPOCH + number * _MICROSECOND

"""The calendar of the story: from 2023-01-01 to 2026-10-01, whatever the day it is generated on."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from datetime import UTC, date, datetime
from itertools import accumulate

DAY = 86_400
START = 1_672_531_200
NOW = 1_790_812_800
"""Seconds since 1970 of 2023-01-01 and of 2026-10-01, the story's present, in UTC."""

DAYS = (NOW - START) // DAY
FIRST_DAY = date(2023, 1, 1).toordinal()

# Percent of an average month, January first: a gift season, spring, and quiet summers.
_MONTHS = (84, 82, 102, 104, 98, 90, 88, 80, 94, 102, 138, 150)
_WEEKDAYS = (94, 92, 92, 96, 106, 118, 112)
# Hours at which people shop, each as often as it stands here.
HOURS = (
    7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 14, 14, 15, 15, 15, 16, 16, 17, 17,
    17, 18, 18, 18, 18, 19, 19, 19, 19, 19, 20, 20, 20, 20, 20, 20, 21, 21, 21, 21, 21, 21, 22, 22, 22, 22, 23, 23, 23, 0, 0, 6,
)  # fmt: skip


def _season(day: int) -> int:
    when = date.fromordinal(FIRST_DAY + day)
    return _MONTHS[when.month - 1] * _WEEKDAYS[when.weekday()]


SEASON = array("d", (_season(day) / 17_700 for day in range(DAYS)))
"""How busy each day of the story is, from 0 to 1."""

# New customers grow by half a day's worth a year: 1,000 on the first day, 2,875 on the last.
_JOINS = [0, *accumulate(_season(day) * (1_000 + day * 500 // 365) for day in range(DAYS - 1))]


def moment(second: int) -> datetime:
    """The time `second` seconds after 1970."""
    return datetime.fromtimestamp(second, UTC)


def joined(index: int, customers: int) -> int:
    """The second at which customer `index` of `customers` first appears: never earlier than the one before it."""
    target = (2 * index + 1) * _JOINS[-1] // (2 * customers)
    day = bisect_right(_JOINS, target) - 1
    begin, end = _JOINS[day], _JOINS[day + 1]
    return START + day * DAY + (target - begin) * DAY // (end - begin)


def shopping_time(second: int, *, offset: int, u: float) -> int:
    """The same local day at an hour people shop at, in seconds since 1970; `offset` is the zone's seconds east of UTC."""
    pick = u * len(HOURS)
    slot = int(pick)
    return second - (second + offset) % DAY + HOURS[slot] * 3_600 + int((pick - slot) * 3_600)

"""What transactions leave to be done after them: nodes with the ids of customers, which whoever does it deletes."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the marks: the ids they have, the customers who are meant, and when the oldest was left."""

    marked: tuple[str, ...]
    customers: tuple[str, ...]
    since: datetime | None

"""Times of which figures are asked."""

from __future__ import annotations

from datetime import datetime

import msgspec

from graph.timeline import time_key


class Span(msgspec.Struct, frozen=True):
    """A time, half-open, in UTC."""

    since: datetime
    until: datetime

    @property
    def times(self) -> dict[str, str]:
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}

    @property
    def keys(self) -> dict[str, str]:
        return {"since_key": time_key(self.since), "until_key": time_key(self.until)}

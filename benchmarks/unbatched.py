"""`python -m benchmarks.unbatched serve`: the service, but each request has a load of its own, at once.

What batches cost one who is alone shows beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.cli import main
from app.flights import Flights, Key, Value


async def _at_once(flights: Flights[Key, Value], keys: Sequence[Key]) -> list[Value]:
    return list(await flights._load(list(keys)))


if __name__ == "__main__":
    Flights.load = _at_once  # type: ignore[method-assign,assignment]
    main()

"""Pages of a very long timeline, against the first page of a short one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from statistics import median

from app.settings import Settings
from benchmarks.figures import Figure, at_most
from benchmarks.servers import opened
from benchmarks.timing import in_turn
from graph import events
from graph.customers import ProfileKey, load_profiles
from graph.events.inputs import CustomerKey, Event, IdentifierKey, TouchpointInput
from graph.store import Store
from graph.timeline import page_entries, time_key

PAGE = 20
BATCH = 5_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SHORT = 100


async def timeline_figures(settings: Settings, *, long: int, calls: int, warm_up: int) -> list[Figure]:
    """Gives one customer `long` touchpoints and another one 100, and turns their pages in turn, `calls` times each."""
    async with opened(settings) as store:
        short_id, long_id = await _recorded(store, "short", SHORT), await _recorded(store, "long", long)
        pages = {
            "short": _page(store, short_id, before=None),
            "first": _page(store, long_id, before=None),
            "middle": _page(store, long_id, before=long // 2),
            "last": _page(store, long_id, before=PAGE),
        }
        found = await in_turn(pages, range(warm_up + calls), warm_up=warm_up)
    reference = median(found.pop("short"))
    return [
        Figure(
            case=f"Timeline of {long:,} touchpoints, {name} page, p50",
            value=median(times),
            unit="ms",
            against=f"first page of {SHORT}",
            reference=reference,
            target=at_most(1.5),
        )
        for name, times in found.items()
    ]


def _page(store: Store, customer: str, *, before: int | None) -> Callable[[int], Awaitable[None]]:
    """What loads the page of entries that come before the one numbered `before`, or the newest of all."""
    high = None if before is None else time_key(BEGIN + timedelta(seconds=before))

    async def turn(_: int) -> None:
        assert len(await page_entries(store, customer, limit=PAGE, high=high)) == PAGE

    return turn


async def _recorded(store: Store, name: str, count: int) -> str:
    """The id of a new customer with one touchpoint a second."""
    key = IdentifierKey("user_id", f"benchmark-{name}")
    history = _history(CustomerKey(identifier=key), name, count)
    for batch in iter(partial(lambda: list(islice(history, BATCH))), []):
        outcome = await events.record(store, batch)
        assert outcome.accepted == len(batch), outcome.rejected[:3]
    (profile,) = await load_profiles(store, [ProfileKey(type=key.type, value=key.value)])
    assert profile is not None and profile.facts.touchpoints == count
    return profile.id


def _history(customer: CustomerKey, name: str, count: int) -> Iterator[Event]:
    for number in range(count):
        yield TouchpointInput(
            id=f"{name}-{number}",
            source="benchmark",
            at=BEGIN + timedelta(seconds=number),
            customer=customer,
            channel="web",
            type="page_view",
        )

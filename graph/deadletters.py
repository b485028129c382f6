"""Dead letters: messages that could not be kept, with the reason and all that was sent, to be looked at and tried again.

They hold whatever personal data was sent. There are at most MOST; what comes after that is counted in the log only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import msgspec

from graph import ids
from graph.events.kept import key
from graph.store import Store

MOST = 100_000


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """`call`: which endpoint it came to; `body`: the message as JSON; `times`: how often it was sent."""

    id: str
    source: str
    call: str
    code: str
    message: str
    body: str
    times: int
    first_at: datetime
    last_at: datetime


class Undelivered(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was refused. `name`: what it is known by within its source."""

    source: str
    name: str
    call: str
    code: str
    message: str
    body: str


async def record(store: Store, letters: Sequence[Undelivered], *, at: datetime) -> int:
    """Keep letters while there is room; returns how many were kept. Raises StoreUnavailable."""
    room = MOST - await count(store)
    rows = [
        {
            "key": key(letter.source, letter.name),
            "id": ids.mint("dead_letter"),
            "at": at.astimezone(UTC).isoformat(),
            "source": letter.source,
            "call": letter.call,
            "code": letter.code,
            "message": letter.message,
            "body": letter.body,
        }
        for letter in letters[: max(room, 0)]
    ]
    if rows:
        rows.sort(key=lambda row: row["key"])
        await store.write(lambda transaction: transaction.run("deadletters/record_deadletters", rows=rows))
    return len(rows)


async def page(store: Store, *, after: str = "", limit: int = 500, source: str | None = None) -> list[DeadLetter]:
    """Letters in the order in which they first came, those behind the id `after`; of `source`, or of all."""
    return await store.many("deadletters/page_deadletters", DeadLetter, after=after, limit=limit, source=source)


async def pages(store: Store, *, after: str = "", source: str | None = None) -> AsyncIterator[list[DeadLetter]]:
    """All letters behind the id `after`, as `page` has them; who reads them may forget them meanwhile."""
    while found := await page(store, after=after, source=source):
        after = found[-1].id
        yield found


async def count(store: Store, *, source: str | None = None) -> int:
    """How many letters there are, of `source` or of all."""
    return await store.one("deadletters/count_deadletters", int, source=source) or 0


async def restate(store: Store, letter_id: str, *, code: str, message: str) -> None:
    """Write down why a letter is refused now."""
    rows = [{"id": letter_id, "code": code, "message": message}]
    await store.write(lambda transaction: transaction.run("deadletters/record_refusals", rows=rows))


async def forget(store: Store, letter_ids: Sequence[str]) -> list[str]:
    """Delete letters; returns the ids of those that there were."""
    if not letter_ids:
        return []
    found = await store.write(lambda transaction: transaction.run("deadletters/forget_deadletters", ids=list(letter_ids)))
    return [str(each) for each in found[0]]

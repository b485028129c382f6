"""`c360 audit`: who read whose data, and who wrote what."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.terminal import Json, errors, printable
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.audit import Entry

WRONG_USAGE = 2

Customer = Annotated[
    str | None, typer.Option("--customer", help="Only what is about this customer, by any id it was ever given.")
]
Actor = Annotated[str | None, typer.Option("--actor", help="Only what this key, token, customer or command did.")]
What = Annotated[str | None, typer.Option("--what", help="Only read, sent, or wrote.")]
Since = Annotated[str | None, typer.Option("--since", help="From this time on, as 2026-11-01 or 2026-11-01T09:00:00Z.")]
Until = Annotated[str | None, typer.Option("--until", help="Before this time.")]
First = Annotated[int | None, typer.Option("--first", "--limit", help="At most so many.", min=1)]


def audit(
    *,
    customer: Customer = None,
    actor: Actor = None,
    what: What = None,
    since: Since = None,
    until: Until = None,
    first: First = None,
    json: Json = False,
) -> None:
    """Show what the audit trail of this machine says, the oldest first: one line for each time that data was read, or written.

    With --json as it is kept: one JSON object a line.
    """
    import msgspec

    if what not in (None, "read", "sent", "wrote"):
        _refuse("--what is read, sent or wrote")
    begin, end = _time(since), _time(until)
    settings = _settings()
    ids = frozenset() if customer is None else asyncio.run(_ids(settings, customer))
    shown = 0
    for entry in _found(settings, actor):
        if (what and entry.what != what) or (begin and entry.at < begin) or (end and entry.at >= end):
            continue
        if customer is not None and ids.isdisjoint((*entry.customers, entry.actor)):
            continue
        sys.stdout.write(f"{msgspec.json.encode(entry).decode() if json else _line(entry)}\n")
        shown += 1
        if shown == first:
            break
    if not json:
        errors.print(f"{shown:,} entries of {settings.trail}", markup=False, soft_wrap=True)


def _found(settings: Settings, actor: str | None) -> "Iterator[Entry]":
    from app.audit import entries

    # Most lines are somebody else's, and needn't be read as JSON.
    for entry in entries(settings.trail, wanted=() if actor is None else (actor,)):
        if actor is None or entry.actor == actor:
            yield entry


def _line(entry: "Entry") -> str:
    about = ", ".join((*entry.customers, *("/".join(each) for each in entry.events)))
    said = [entry.operation or "unnamed", entry.document, entry.purpose and f"for {entry.purpose}"]
    how = " ".join(part for part in said if part)
    seen = " as it is" if entry.personal else ""
    at = entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return printable(f"{at}  {entry.actor}  {entry.what}{seen}  {about}  ({how})")


def _time(text: str | None) -> datetime | None:
    """A time; without an offset it is one of UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"{text!r} is no time such as 2026-11-01 or 2026-11-01T09:00:00Z")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _refuse(message: str) -> None:
    errors.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(WRONG_USAGE)


def _settings() -> Settings:
    from app.local.stack import located

    return located(Settings.from_env())


async def _ids(settings: Settings, customer: str) -> frozenset[str]:
    """Every id that a customer was ever given; the one that was asked for where there is no such customer any more."""
    from app.commands.store import opened
    from graph.customers import Parts, ProfileKey, load_profiles

    async with opened(settings) as store:
        (profile,) = await load_profiles(store, [ProfileKey(id=customer)], parts=Parts.only())
    return frozenset((customer,)) if profile is None else frozenset((customer, profile.id, *profile.ids))

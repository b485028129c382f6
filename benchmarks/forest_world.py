"""`python -m benchmarks.forest_world CUSTOMERS FOLDER`: the events of a forest as lines of the contract, and beside them what is
true of it, written by a process of its own.

A customer is one event that names it; a referral is an invitation, an acceptance and, of some friends, a purchase without lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from app.demo.wire import to_json
from app.services import open_services
from app.settings import Settings
from benchmarks.children import done, environment
from benchmarks.figures import Figure
from benchmarks.forest import CELEBRITY, NOBODY, Forest, grow
from benchmarks.imports import Imported, World
from benchmarks.planted import Truth, truth_of, user
from benchmarks.servers import bare_driver
from benchmarks.world import MAPPING
from graph.events.inputs import (
    AcceptInput,
    CustomerKey,
    Event,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    ReferralCodeInput,
)
from graph.money import Money

BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
"""Customers come evenly from one to the other."""

LAST_MONTH = (END - timedelta(days=30), END)
SOURCE = "benchmark"
CURRENCY = "USD"
CODES = 30
"""That the celebrity was given, beside all invitations."""

TRUTH = "truth.json"

_REFERRALS = "MATCH (:Customer)-[r:REFERRED]->() RETURN count(r)"


def events(forest: Forest) -> Iterator[Event]:
    """Every event of the forest: customers in the order they come, each one's in the order of time."""
    joined = forest.joined
    for number in sorted(range(len(joined)), key=joined.__getitem__):
        key, at, advocate = user(number), _time(joined[number]), forest.advocates[number]
        identifier = IdentifierKey("user_id", key)
        customer = CustomerKey(identifier=identifier)
        yield IdentifyInput(
            id=f"{key}-seen", source=SOURCE, at=at, identifiers=(identifier,), traits={"name": f"Customer {number}"}
        )
        if number == forest.roots[CELEBRITY]:
            for each in range(CODES):
                yield ReferralCodeInput(id=f"{key}-code-{each:02}", source=SOURCE, at=at, advocate=customer, channel="social")
        if advocate == NOBODY:
            continue
        code = f"B{number:07d}"
        invited = _time((joined[advocate] + joined[number]) / 2)
        by = CustomerKey(identifier=IdentifierKey("user_id", user(advocate)))
        yield InviteInput(id=f"{key}-invited", source=SOURCE, at=invited, advocate=by, channel="email", code=code)
        yield AcceptInput(id=f"{key}-accepted", source=SOURCE, at=at, code=code, friend=customer)
        if forest.spent[number]:
            yield PurchaseInput(
                id=f"{key}-bought", source=SOURCE, at=at + timedelta(days=1 + number % 30), customer=customer, number=key,
                items=(), channel="web", total=Money(forest.spent[number], CURRENCY),
            )  # fmt: skip


def _time(part: float) -> datetime:
    return (BEGIN + (END - BEGIN) * part).replace(microsecond=0)


def write(folder: Path, *, customers: int) -> None:
    forest = grow(customers)
    with (folder / "events.jsonl").open("wb") as file:
        file.writelines(map(to_json, events(forest)))
    (folder / TRUTH).write_bytes(msgspec.json.encode(truth_of(forest)))


async def made(folder: Path, *, customers: int) -> World:
    """A world on the disk, with its truth beside the events."""
    world = World(customers=customers, folder=folder / f"forest-{customers}")
    world.folder.mkdir(parents=True)
    world.mapping.write_text(MAPPING)
    await done("benchmarks.forest_world", str(customers), str(world.folder), env=environment())
    return world


async def check(settings: Settings, world: World) -> None:
    """Raises AssertionError unless a database has as many referrals as it should."""
    truth = msgspec.json.decode((world.folder / TRUTH).read_bytes(), type=Truth)
    async with bare_driver(settings) as driver:
        there = (await driver.execute_query(_REFERRALS)).records[0].value()
    assert there == truth.referrals, f"{there:,} customers were referred, not {truth.referrals:,}"


async def settle(settings: Settings) -> None:
    """Follow all marks that an import left: a service that still does is busy with that."""
    async with open_services(replace(settings, follow_marks=False)) as services:
        while await services.totals.turn() or await services.suspects.turn():
            pass


def imported_figure(imported: Imported, *, customers: int) -> Figure:
    """For information: how fast it came in."""
    return Figure(
        case=f"Import of a forest, {customers:,} customers, {imported.events:,} events",
        value=imported.events / imported.seconds,
        unit="events/s",
    )


if __name__ == "__main__":
    write(Path(sys.argv[2]), customers=int(sys.argv[1]))

"""Who brought whom in, as a forest: a pure function of the acceptances and of whose identifiers are whose.

A customer's candidate referrer is the earliest acceptance, by (accepted at, id), that names another customer as advocate.
Each customer has at most one candidate, so a connected piece holds at most one ring; a ring is broken at its latest
acceptance. Candidates are kept as edges, REFERRED where they stand and RING_CLOSED where they are set aside, so that after a
change only the walk up from the customers concerned is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graph.referrals.states import Acceptance
from graph.store import Transaction
from graph.timeline import page_key


@dataclass(frozen=True, slots=True)
class Pointer:
    """A candidate referrer. `order` is the time of acceptance as a number, `at` the same as text."""

    friend: str
    advocate: str
    referral: str
    order: int
    at: str

    @property
    def age(self) -> tuple[int, str]:
        return self.order, self.referral

    @property
    def member_key(self) -> str:
        """Where the friend stands among those whom the advocate brought in: the order of the time of acceptance."""
        return f"{self.advocate}/{page_key(datetime.fromisoformat(self.at).astimezone(UTC), self.friend)}"


def candidate(pointers: Iterable[Pointer]) -> Pointer | None:
    """The earliest acceptance of one customer whose advocate is somebody else."""
    return min((each for each in pointers if each.advocate != each.friend), key=lambda each: each.age, default=None)


def ring_closers(candidates: Mapping[str, Pointer]) -> set[str]:
    """The customers whose candidate is the latest acceptance of a ring; linear in the number of candidates."""
    closers: set[str] = set()
    walked: dict[str, int] = {}
    for number, start in enumerate(candidates):
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in walked and at in candidates:
            walked[at] = number
            path.append(at)
            at = candidates[at].advocate
        if at is not None and walked.get(at) == number:
            ring = path[path.index(at) :]
            closers.add(max(ring, key=lambda friend: candidates[friend].age))
    return closers


async def settle(transaction: Transaction, customers: set[str], acceptances: Iterable[Acceptance]) -> tuple[set[str], set[str]]:
    """Make the forest what acceptances and components say, `customers` being those whose candidate can have changed, and these
    all that they accepted. Returns the customers who have another referrer than before, or have it otherwise, and those
    referrers."""
    stated: dict[str, list[Pointer]] = {customer: [] for customer in customers}
    for each in acceptances:
        if each.counts:
            stated[each.friend].append(pointer_of(each))
    above = {pointer.advocate for each in stated.values() for pointer in each}
    rows = (await transaction.run("referrals/find_pointers", customer_ids=sorted(customers | above)))[0]
    before = {row["friend"]: (_pointer(row), bool(row["closed"])) for row in rows}
    candidates = {friend: pointer for friend, (pointer, _) in before.items() if friend not in customers}
    for customer, pointers in stated.items():
        chosen = candidate(pointers)
        if chosen is not None:
            candidates[customer] = chosen
    closers = ring_closers(candidates)
    changed: list[dict[str, Any]] = []
    marks: set[str] = set()
    for friend in sorted(candidates.keys() | before.keys()):
        pointer, was = candidates.get(friend), before.get(friend)
        now = None if pointer is None else (pointer, friend in closers)
        if now != was:
            changed.append(_edge(friend, pointer, friend in closers))
            marks.update(each.advocate for each, closed in filter(None, (was, now)) if not closed)
    if changed:
        await transaction.run("referrals/record_pointers", rows=changed)
    if marks:
        # Each once: a merge may give thousands of friends to one.
        await transaction.run("referrals/record_marks", customers=sorted(marks))
    return {row["friend"] for row in changed}, {row["advocate"] for row in changed if row["advocate"]}


def pointer_of(acceptance: Acceptance) -> Pointer:
    """An acceptance as what it makes of its advocate, where it counts."""
    return Pointer(acceptance.friend, acceptance.advocate, acceptance.referral, acceptance.order, acceptance.at)


def _pointer(row: dict[str, Any]) -> Pointer:
    return Pointer(row["friend"], row["advocate"], row["referral"], row["order"], row["at"])


def _edge(friend: str, pointer: Pointer | None, closed: bool) -> dict[str, Any]:
    if pointer is None:
        return {"friend": friend, "advocate": None, "referral": None, "at": None, "member_key": None, "closed": False}
    return {
        "friend": friend,
        "advocate": pointer.advocate,
        "referral": pointer.referral,
        "at": pointer.at,
        "member_key": pointer.member_key,
        "closed": closed,
    }

"""Keeping forest and states up to date, within the transaction that changes what they follow from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from graph.referrals import forest
from graph.referrals.states import STANDING, Acceptance, Conversion, Rule, State, state_of
from graph.store import Ask, Transaction
from graph.timeline import time_key

AT_ONCE = 1_000
"""Customers whose acceptances are asked for together: a transaction's memory at the server holds the whole of an answer, and a
merge may give thousands of friends another advocate."""


async def settle(transaction: Transaction, rule: Rule, *, customers: set[str], buyers: set[str]) -> set[str]:
    """Make forest and states what they follow from. `customers`: those whose candidate can have changed; `buyers`: those whose
    purchases changed. Returns the customers of whom something else is to be told than before."""
    moved: set[str] = set()
    told: set[str] = set()
    if customers:
        accepted = await find_acceptances(transaction.run, customers)
        moved, referrers = await forest.settle(transaction, customers, accepted)
        told = moved | referrers
    # Rings that opened or closed through others change what became of theirs, too.
    rows = await find_acceptances(transaction.run, customers | buyers | moved)
    changed = [(each, state) for each, state in await states_of(transaction.run, rows, rule) if state != each.state]
    if changed:
        await transaction.run("referrals/record_states", rows=[_row(each, state) for each, state in changed])
    return told.union(*((each.friend, each.advocate) for each, _ in changed))


async def find_acceptances(ask: Ask, customers: Iterable[str]) -> list[Acceptance]:
    """All that these customers accepted."""
    ids, found = sorted(customers), list[Acceptance]()
    for start in range(0, len(ids), AT_ONCE):
        rows = (await ask("referrals/find_acceptances", customer_ids=ids[start : start + AT_ONCE]))[0]
        found += msgspec.convert(rows, list[Acceptance])
    return found


async def states_of(ask: Ask, acceptances: Sequence[Acceptance], rule: Rule) -> list[tuple[Acceptance, State]]:
    """What has become of each acceptance."""
    asked = []
    for each in acceptances:
        if each.place == STANDING:
            at = datetime.fromisoformat(each.at)
            asked.append([each.referral, each.friend, time_key(at), time_key(rule.until(at))])
    least = None if rule.least is None else dict(rule.least)
    found = (await ask("referrals/find_conversions", rows=asked, least=least))[0] if asked else []
    conversions = {each.referral: each for each in msgspec.convert(found, list[Conversion])}
    return [(each, state_of(each, conversions.get(each.referral), rule)) for each in acceptances]


def _row(acceptance: Acceptance, state: State) -> dict[str, Any]:
    return {"referral": acceptance.referral, **msgspec.structs.asdict(state)}

"""Writing customers, identifiers and evidence, and whose identifiers are now."""

from __future__ import annotations

from typing import Any

from graph.events.facts import Deltas
from graph.events.identities import Identities, Known
from graph.events.kept import iso
from graph.identity.evidence import Link
from graph.store import Transaction
from graph.times import from_microseconds


async def record_new(
    transaction: Transaction, identities: Identities, existing: set[str], deltas: Deltas, versions: dict[str, int]
) -> dict[str, int]:
    """Write new customers, identifiers and links; returns the versions of those customers, and of those with other identifiers.

    `existing`: customers that were there before; `deltas`: what new identifiers begin with; `versions`: of the customers that
    change.
    """
    # In one order, for whoever else makes the same ones at the same time.
    made = sorted((known for known in identities.by_key.values() if known.new), key=lambda known: (known.type, known.value))
    regrouped = identities.regrouped
    # Whichever of them somebody has asked for, what is told from now on is newer than all that was.
    above = 1 + max((version for id, version in versions.items() if id in regrouped.around.rows), default=0)
    risen = dict.fromkeys(regrouped.changed, above)
    born = sorted(({identities.owner(known) for known in made} | regrouped.made) - existing)
    if born:
        await transaction.run("customers/record_customers", rows=[[id, risen.get(id, 1)] for id in born])
    if made:
        await transaction.run("identity/record_identifiers", rows=[_identifier_row(identities, known, deltas) for known in made])
    if identities.links:
        await transaction.run(
            "identity/record_links",
            rows=[_link_row(link) | {"aside": identities.aside.get(link.evidence)} for link in identities.links.values()],
        )
    return dict.fromkeys(born, 1) | risen


async def hand_over(transaction: Transaction, identities: Identities, versions: dict[str, int]) -> None:
    """Give identifiers to the customers that they belong to now, which have these versions."""
    regrouped = identities.regrouped
    if regrouped.moved:
        await transaction.run("identity/record_owners", rows=[list(each) for each in sorted(regrouped.moved.items())])
    if regrouped.gone:
        await transaction.run("customers/forget_customers", ids=sorted(regrouped.gone))
    if regrouped.aside:
        rows = [[*evidence, reason] for evidence, reason in sorted(regrouped.aside.items())]
        await transaction.run("identity/record_standings", rows=rows)
    if regrouped.contested:
        await transaction.run("identity/record_contested", rows=[list(each) for each in sorted(regrouped.contested.items())])
    parted = regrouped.parted()
    if parted:
        await transaction.run("identity/record_parted", identifiers=sorted(parted))
    if regrouped.changed:
        await transaction.run("identity/record_regrouping", rows=[[id, versions[id]] for id in sorted(regrouped.changed)])


def _identifier_row(identities: Identities, known: Known, deltas: Deltas) -> dict[str, Any]:
    assert known.first_at is not None
    return deltas.opening(known.id, known.first_at) | {
        "id": known.id,
        "customer_id": known.customer_id,
        "type": known.type,
        "value": known.value,
        "source": known.source,
        "owner": identities.owner(known),
    }


def _link_row(link: Link) -> dict[str, Any]:
    at = iso(from_microseconds(link.at))
    return {
        "a": link.a,
        "b": link.b,
        "rule": link.rule,
        "source": link.source,
        "at": at,
        "event": link.event,
        "strength": link.strength,
    }

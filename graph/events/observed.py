"""Traits of the customers of one transaction: new observations merged into what identifiers hold, survivors computed anew."""

from __future__ import annotations

from graph.events import traits
from graph.events.identities import Identities
from graph.events.inputs import IdentifyInput
from graph.events.kept import Kept
from graph.events.rows import observed
from graph.store import Transaction

#: An identifier as its customer's traits see it: type, value, and when it was first seen (milliseconds).
Seen = tuple[str, str, int]


async def record_traits(transaction: Transaction, fresh: list[Kept], identities: Identities, *, also: set[str]) -> None:
    """Write the trait states of identifiers with new observations, and what survives on their customers.

    `also`: customers that were merged; those with identifiers that are new, or older than was known, are found here, for mail
    addresses stand in for traits.
    """
    new: dict[str, list[traits.State]] = {}
    owners: dict[str, str] = {}
    customers = identities.born_now().union(
        also,
        *(identities.parts(known.owner) for known in identities.everyone() if known.backdated),
    )
    for each in fresh:
        if isinstance(each.event, IdentifyInput):
            strongest = identities.strongest(each.event.identifiers)
            new.setdefault(strongest.id, []).append(observed(each))
            owners[strongest.id] = identities.owner(strongest)
    customers |= set(owners.values())
    if not customers:
        return
    states, seen = await _known(transaction, identities, customers)
    changed = []
    for identifier, added in new.items():
        known = states[owners[identifier]]
        known[identifier] = traits.merged([known[identifier], *added])
        changed.append({"identifier": identifier, "trait_state": traits.write_state(known[identifier])})
    if changed:
        await transaction.run("identity/record_trait_states", rows=changed)
    rows = [
        traits.customer_row(customer, traits.merged(states[customer].values()), seen[customer], identities.rules)
        for customer in sorted(customers)
    ]
    await transaction.run("customers/record_traits", rows=rows)


async def _known(
    transaction: Transaction, identities: Identities, customers: set[str]
) -> tuple[dict[str, dict[str, traits.State]], dict[str, list[Seen]]]:
    """Trait states by identifier, and the identifiers themselves, of each customer; only older customers need a look."""
    states: dict[str, dict[str, traits.State]] = {customer: {} for customer in customers}
    seen: dict[str, list[Seen]] = {customer: [] for customer in customers}
    older = {each for each in customers if each in identities.owners or each in identities.regrouped.changed}
    for known in identities.by_key.values():
        owner = identities.owner(known)
        if owner in customers and owner not in older:
            assert known.first_at is not None
            states[owner][known.id] = {}
            seen[owner].append((known.type, known.value, known.seen_at // 1000))
    if older:
        for customer, id, type, value, first_seen, state in (
            await transaction.run("identity/find_trait_states", customer_ids=sorted(older))
        )[0]:
            states[customer][id] = traits.read_state(state)
            seen[customer].append((type, value, first_seen))
    return states, seen

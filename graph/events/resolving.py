"""Finding whom events are about: identifiers are looked up, made up where they were never seen, and joined to customers.

Where nothing can stand against what the events say they are joined as they say; else all evidence is replayed, see
graph.identity.components.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graph import ids
from graph.errors import InvalidEvent
from graph.events.identities import Identities, Known, Owner
from graph.events.inputs import DECIDING, Event, IdentifyInput, MergeInput, UndoMergeInput
from graph.events.kept import Kept
from graph.events.merging import Decision, Undoable, decide, log
from graph.events.who import key_of, named_in
from graph.identity.around import find_around
from graph.identity.components import blocked
from graph.identity.evidence import Link, Member
from graph.identity.forms import Key, normalised
from graph.identity.regrouping import Decided, Regrouped, regroup
from graph.identity.rules import IdentityRules
from graph.store import Conflict, Transaction
from graph.times import microseconds


async def resolve(
    transaction: Transaction, kept: list[Kept], rules: IdentityRules, merges: Mapping[str, Undoable]
) -> tuple[Identities, list[tuple[Kept, InvalidEvent]]]:
    """Find every identifier that the events name, make up those never seen, and join the customers that they link.

    `merges`: those that events undo. Returns also the events that are refused: those that name somebody whom nobody knows, and
    what can't be decided.
    """
    named = [_named_in(each.event, merges) for each in kept]
    identities = Identities(rules)
    keys = sorted({key for each, _ in named for key in each})
    await _find(transaction, identities, keys, sorted({id for _, customer_ids in named for id in customer_ids}))
    unknown = []
    for each, (keys, customer_ids) in zip(kept, named, strict=True):
        error = _missing(identities, each.event, customer_ids, merges)
        if error is not None:
            unknown.append((each, error))
            continue
        if isinstance(each.event, DECIDING):
            # What is decided of somebody is nothing that was seen of them.
            continue
        for key in keys:
            _see(identities, identities.by_key.get(key) or _made_up(identities, key, each), each)
        for id in customer_ids:
            _see(identities, identities.by_id[id], each)
    refused = {each.key for each, _ in unknown}
    for each in kept:
        if isinstance(each.event, IdentifyInput) and each.key not in refused:
            _link(identities, each)
    deciding = [each for each in kept if isinstance(each.event, DECIDING) and each.key not in refused]
    await _settle(transaction, identities, [_decision(identities, each, merges) for each in deciding])
    unknown += [(each, identities.decisions.refused[each.key]) for each in deciding if each.key in identities.decisions.refused]
    return identities, unknown


def _named_in(event: Event, merges: Mapping[str, Undoable]) -> tuple[list[Key], list[str]]:
    if isinstance(event, UndoMergeInput):
        merge = merges.get(event.merge)
        return [], [] if merge is None else [*merge.customer_ids]
    return named_in(event)


def _missing(
    identities: Identities, event: Event, customer_ids: list[str], merges: Mapping[str, Undoable]
) -> InvalidEvent | None:
    """Why an event names somebody, or something, that there isn't."""
    if isinstance(event, UndoMergeInput) and event.merge not in merges:
        return InvalidEvent("merge", f"there is no merge {event.merge}", code="NOT_FOUND")
    if isinstance(event, MergeInput):
        # Nobody is made up to be merged.
        for name, key in (("keep", event.keep), ("absorb", event.absorb)):
            if key.id not in identities.by_id if key.id is not None else key_of(key) not in identities.by_key:
                return InvalidEvent(name, "there is no such customer", code="NOT_FOUND")
        return None
    missing = next((id for id in customer_ids if id not in identities.by_id), None)
    return None if missing is None else InvalidEvent("customer.id", f"there is no customer {missing}", code="NOT_FOUND")


def _decision(identities: Identities, each: Kept, merges: Mapping[str, Undoable]) -> Decision:
    event = each.event
    if isinstance(event, MergeInput):
        one, other = identities.named(event.keep).id, identities.named(event.absorb).id
        return Decision(each, one, other, frozenset((one, other)))
    assert isinstance(event, UndoMergeInput)
    merge = merges[event.merge]
    # What somebody stated by hand joins the two by whom it was stated, whomever they belong to by now. Evidence joined two sides,
    # and may have done so by an identifier that neither had, and that the customer was named after.
    one, other = merge.link or (merge.kept_identifiers[0], merge.absorbed_identifiers[0])
    return Decision(each, one, other, frozenset(identities.by_id[id].id for id in merge.customer_ids), merge)


async def look_up(transaction: Transaction, identities: Identities, events: Iterable[Event]) -> None:
    """Find whom these events name, which were kept before; those already found cost nothing."""
    named = [named_in(event) for event in events]
    keys = sorted({key for each, _ in named for key in each} - identities.by_key.keys())
    customer_ids = sorted({id for _, each in named for id in each} - identities.by_id.keys())
    if keys or customer_ids:
        await _find(transaction, identities, keys, customer_ids)


async def _find(transaction: Transaction, identities: Identities, keys: list[Key], customer_ids: list[str]) -> None:
    rows = (await transaction.run("identity/find_identifiers", keys=[list(key) for key in keys], ids=customer_ids))[0]
    for type, value, id, customer_id, seen_at, owner, born, identifiers, contested in rows:
        known = identities.by_key.get((type, value)) or Known(type, value, id, customer_id, owner, None, "", seen_at)
        identities.by_key[type, value] = identities.by_id[customer_id] = known
        identities.owners[owner] = Owner(born, identifiers, contested)


def _made_up(identities: Identities, key: Key, each: Kept) -> Known:
    """An identifier that was never seen."""
    id = ids.mint("identifier")
    customer_id = ids.customer_id_of(id)
    at = each.event.at
    known = identities.by_key[key] = Known(key[0], key[1], id, customer_id, customer_id, at, each.event.source, microseconds(at))
    return known


def _see(identities: Identities, known: Known, each: Kept) -> None:
    """An event names an identifier: it was first seen at its earliest event."""
    at = microseconds(each.event.at)
    if at >= known.seen_at:
        return
    known.seen_at = at
    if known.first_at is None:
        known.backdated = True
    else:
        known.first_at, known.source = each.event.at, each.event.source


def _link(identities: Identities, each: Kept) -> None:
    event = each.event
    assert isinstance(event, IdentifyInput)
    strongest = identities.strongest(event.identifiers)
    for identifier in event.identifiers:
        other = identities.by_key[normalised(identifier.type, identifier.value)]
        if other is strongest:
            continue
        nobody = next((end.type for end in (strongest, other) if identities.rules.blocks(end.type, end.value)), None)
        if nobody is None:
            identities.join(strongest.owner, other.owner)
        link = Link(
            a=strongest.id,
            b=other.id,
            rule="identify",
            strength=identities.rules.link_strength("identify", strongest.type, other.type),
            at=microseconds(event.at),
            source=event.source,
            event=each.key,
        )
        known = identities.links.get(link.evidence)
        if known is None or link.age < known.age:
            identities.links[link.evidence] = link
        if nobody is not None:
            identities.aside[link.evidence] = blocked(nobody)


@dataclass(slots=True)
class _Group:
    """Identifiers that turn out to be one customer's, or whose customer may come by another name. `linked`: whether the events
    say anything of who is who; `decided`: whether somebody decides it."""

    members: list[Known] = field(default_factory=list)
    linked: bool = False
    decided: bool = False

    @property
    def new(self) -> list[Known]:
        return [known for known in self.members if known.new]

    @property
    def owners(self) -> set[str]:
        return {known.owner for known in self.members if not known.new}


async def _settle(transaction: Transaction, identities: Identities, decisions: list[Decision]) -> None:
    """Say whose each identifier is. Those that no event links are whose they were, unless they were seen earlier than known."""
    linked = {end for link in identities.links.values() if link.evidence not in identities.aside for end in (link.a, link.b)}
    decided = {id for decision in decisions for id in decision.everyone}
    groups: dict[str, _Group] = {}
    for known in identities.everyone():
        if known.id in linked or known.backdated or known.id in decided:
            group = groups.setdefault(identities.root(known.owner), _Group())
            group.members.append(known)
            group.linked |= known.id in linked
            group.decided |= known.id in decided
    doubtful = []
    plain = {root: group for root, group in groups.items() if _is_plain(identities, group)}
    met = await _met(transaction, identities, plain)
    for root, group in groups.items():
        if root in plain and root not in met:
            _name(identities, root, group)
        else:
            doubtful.append(group)
    if doubtful:
        await _replay(transaction, identities, doubtful, decisions)


def _is_plain(identities: Identities, group: _Group) -> bool:
    """Whether nothing can stand against it: then whatever the order of the links, all of them stand."""
    owners = group.owners
    if len(owners) > 1 or group.decided or any(_renames(identities, group, owner) for owner in owners):
        return False
    if not group.linked:
        return True
    new = group.new
    if any(identities.owners[owner].contested for owner in owners) or any(each.type in identities.rules.limits for each in new):
        return False
    # What was linked later may turn out to have been linked earlier, within the days of others.
    if any(each.type in identities.rules.windows for each in group.members):
        return False
    return sum(identities.owners[owner].identifiers for owner in owners) + len(new) <= identities.rules.most


async def _met(transaction: Transaction, identities: Identities, groups: Mapping[str, _Group]) -> set[str]:
    """Which of these come to have two identifiers of one type that tells people apart: that goes into the log."""
    telling = {
        root: [each.type for each in group.new if identities.rules.tells(each.type)]
        for root, group in groups.items()
        if group.linked
    }
    asked = sorted({owner for root, types in telling.items() if types for owner in groups[root].owners})
    known = dict((await transaction.run("identity/find_types", customer_ids=asked))[0]) if asked else {}
    return {
        root
        for root, types in telling.items()
        if len(set(types)) < len(types)
        or any(not set(types).isdisjoint(known.get(owner, ())) for owner in groups[root].owners if types)
    }


def _renames(identities: Identities, group: _Group, owner: str) -> bool:
    """Whether any was seen before the identifier that a customer of before is named after."""
    before = identities.owners[owner].seen_at
    return any(
        known.seen_at <= before for known in group.members if known.customer_id != owner and (known.new or known.backdated)
    )


def _name(identities: Identities, root: str, group: _Group) -> None:
    """A customer is named after the identifier that was seen first."""
    owners, new = group.owners, group.new
    if not owners:
        first = min(new, key=lambda known: (known.seen_at, *identities.order(known)))
        identities.keep[root] = first.customer_id
        identities.keep[first.customer_id] = first.customer_id
    elif new:
        identities.grown |= owners


async def _replay(transaction: Transaction, identities: Identities, groups: list[_Group], decisions: list[Decision]) -> None:
    owners, new = ({each for group in groups for each in group.owners}, [each for group in groups for each in group.new])
    around = await find_around(transaction.run, owners, identities.rules)
    members = [
        Member(id=known.id, type=known.type, value=known.value, customer_id=known.customer_id, seen_at=known.seen_at)
        for known in new
    ]
    seen = {known.id: known.seen_at for known in identities.everyone() if known.backdated}
    ends = around.members.keys() | {known.id for known in new}
    links = [link for link in identities.links.values() if {link.a, link.b} <= ends]
    if any(not decision.everyone <= ends for decision in decisions):
        raise Conflict("an identifier changed hands meanwhile")

    def regrouped(decided: Decided) -> Regrouped:
        return regroup(around, members, seen, links, identities.rules, decided)

    erased = frozenset(id for id, row in around.rows.items() if row["erased"])
    first = regrouped(Decided())
    identities.decisions = decide(decisions, regrouped, erased=erased)
    identities.regrouped = regrouped(identities.decisions.decided) if decisions else first
    log(identities.decisions, first, identities.regrouped, identities.rules)


async def still_there(transaction: Transaction, identities: Identities) -> bool:
    """Whether the identifiers that were found still belong to whom they belonged to, and what that rests on is the same."""
    before = [known for known in identities.everyone() if not known.new]
    if not before:
        return True
    keys = [(known.type, known.value) for known in before]
    now = Identities(identities.rules)
    await _find(transaction, now, keys, [])
    owners = {known.id: known.owner for known in now.by_key.values()}
    if any(owners.get(known.id) != known.owner for known in before):
        return False
    for id, owner in now.owners.items():
        was = identities.owners[id]
        if owner.contested != was.contested or (id in identities.grown and owner.identifiers != was.identifiers):
            return False
    around = identities.regrouped.around
    return not around.rows or (await find_around(transaction.run, around.asked, identities.rules)).rows == around.rows

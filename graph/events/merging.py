"""Merges: what somebody decides of who is one person, and the log of what became one, by whomever it was said.

A merge by hand is a link that is stronger than all others. Undone, it counts no more; where other evidence joins the two
nonetheless it is refused, unless they are to be kept apart, by a veto that no evidence stands against. What evidence has joined
without anybody's doing is always undone by a veto: the next event would join it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from graph import ids
from graph.errors import InvalidEvent
from graph.events.inputs import MergeInput, UndoMergeInput
from graph.events.kept import Kept, iso
from graph.identity.components import oldest, turn
from graph.identity.evidence import BY_HAND, Evidence, Link, Veto
from graph.identity.paths import Step, gone, shortest_path
from graph.identity.regrouping import Decided, Regrouped
from graph.identity.rules import BY_HAND_STRENGTH, IdentityRules
from graph.store import Transaction
from graph.times import from_microseconds, microseconds

Row = dict[str, Any]

MOST_NAMED = 5
"""Links that a refusal names."""


class Undoable(msgspec.Struct, frozen=True, kw_only=True):
    """A merge that is to be undone. `kept`, `absorbed`: the ids of the two customers; `kept_identifiers`, `absorbed_identifiers`:
    those that they had, and `customer_ids` the ids that all of these were given; `event`: the key of the one that said so by
    hand; `link`: the two identifiers that it named."""

    id: str
    kept: str
    absorbed: str
    kept_identifiers: tuple[str, ...]
    absorbed_identifiers: tuple[str, ...]
    event: str | None
    link: tuple[str, str] | None
    customer_ids: tuple[str, ...]
    undone_at: datetime | None


Regroup = Callable[[Decided], Regrouped]
"""Who is who, by what is known and what is decided."""


@dataclass(slots=True)
class Decisions:
    """What is decided by the events of one transaction: what is to count, the events that are refused, and rows to write."""

    decided: Decided = field(default_factory=Decided)
    refused: dict[str, InvalidEvent] = field(default_factory=dict)
    links: list[Row] = field(default_factory=list)
    merges: list[Row] = field(default_factory=list)
    undone: list[Row] = field(default_factory=list)
    vetoes: list[Row] = field(default_factory=list)
    lifts: list[list[Any]] = field(default_factory=list)

    async def record(self, transaction: Transaction) -> None:
        for name, rows in (
            ("identity/record_merge_links", self.links),
            ("identity/record_lifts", self.lifts),
            ("identity/record_vetoes", self.vetoes),
            ("identity/record_merges", self.merges),
            ("identity/record_undone", self.undone),
        ):
            if rows:
                await transaction.run(name, rows=rows)


async def load_undoable(transaction: Transaction, kept: Iterable[Kept]) -> dict[str, Undoable]:
    """The merges that events undo, by id."""
    wanted = sorted({each.event.merge for each in kept if isinstance(each.event, UndoMergeInput)})
    rows = await transaction.many("identity/load_undoable", Undoable, ids=wanted) if wanted else []
    return {row.id: row for row in rows}


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides of two customers, by the ids of two of their identifiers; `merge`: the one that is undone;
    `everyone`: all identifiers that it is about, each of which may belong to somebody else by now."""

    stated: Kept
    one: str
    other: str
    everyone: frozenset[str]
    merge: Undoable | None = None


def decide(decisions: Iterable[Decision], regrouped: Regroup, *, erased: frozenset[str]) -> Decisions:
    """What somebody decides, each time after what was decided before. `erased`: customers of whom nobody decides any more."""
    result = Decisions()
    for each in decisions:
        now, event = regrouped(result.decided), each.stated.event
        try:
            if isinstance(event, MergeInput):
                _refuse_erased(each, now, erased, ("keep", "absorb"))
                _merge(result, each, event, now, regrouped)
            elif isinstance(event, UndoMergeInput) and each.merge is not None:
                _refuse_erased(each, now, erased, ("merge", "merge"))
                _undo(result, each, event, each.merge, now, regrouped)
        except InvalidEvent as error:
            result.refused[each.stated.key] = error
    return result


def _refuse_erased(each: Decision, now: Regrouped, erased: frozenset[str], paths: tuple[str, str]) -> None:
    for path, side in zip(paths, (each.one, each.other), strict=True):
        if now.now[side] in erased:
            raise InvalidEvent(path, "is about a customer who was erased; what is left belongs to nobody", code="ERASED")


def _merge(result: Decisions, each: Decision, event: MergeInput, now: Regrouped, regrouped: Regroup) -> None:
    kept, absorbed = now.now[each.one], now.now[each.other]
    if kept == absorbed:
        raise InvalidEvent("absorb", "is the same customer as the one to keep already; name another one")
    ours, theirs = _identifiers(now, kept), _identifiers(now, absorbed)
    link = Link(
        a=each.one,
        b=each.other,
        rule=BY_HAND,
        strength=BY_HAND_STRENGTH,
        at=_after(now, microseconds(event.at), ours | theirs),
        source=event.source,
        event=each.stated.key,
        kept=kept,
        lifts=tuple(sorted(veto.id for veto in now.vetoes if _between(veto, ours, theirs))),
    )
    decided = result.decided
    then = replace(decided, links=(*decided.links, link))
    found = regrouped(then)
    if any(found.now[id] != found.now[each.one] for id in ours | theirs):
        why = ", ".join(sorted({reason for evidence, reason in found.reasons.items() if evidence not in now.reasons}))
        message = f"can't be one with the customer to keep, by the rules of identity ({why}); it takes another rule to merge them"
        raise InvalidEvent("absorb", message, code="BLOCKED")
    result.decided = then
    at = iso(from_microseconds(link.at))
    result.links.append(
        {"a": link.a, "b": link.b, "at": at, "source": link.source, "event": link.event, "kept": kept,
         "lifts": list(link.lifts), "strength": link.strength}
    )  # fmt: skip
    result.merges.append(
        _merge_row(kept, absorbed, ours, theirs, [Step(each.one, each.other, link)])
        | {
            "id": _merge_id(link),
            "at": iso(event.at),
            "key": each.stated.key,
            "body_hash": each.stated.body_hash,
            "source": event.source,
            "actor": event.actor,
            "reason": event.reason,
            "link": [link.a, link.b],
        }
    )


def _undo(result: Decisions, each: Decision, event: UndoMergeInput, merge: Undoable, now: Regrouped, regrouped: Regroup) -> None:
    if merge.undone_at is not None or any(row["merge"] == merge.id for row in result.undone):
        raise InvalidEvent("merge", "was undone already; what is said of its customers now is what holds", code="CONFLICT")
    decided = result.decided
    undone, vetoes = decided.undone, list[Veto]()
    if merge.link is not None:
        assert merge.event is not None
        undone |= {(*merge.link, BY_HAND, merge.event)}
    if merge.event is None or event.keep_apart:
        one, other = frozenset(merge.kept_identifiers), frozenset(merge.absorbed_identifiers)
        vetoes.append(Veto(id=ids.derive("veto", event.at, each.stated.key), one=one, other=other))
    then = replace(decided, vetoes=(*decided.vetoes, *vetoes), undone=undone)
    lifts = _still_lifted(now, decided, then, regrouped)
    then = replace(then, lifts={**then.lifts, **lifts})
    if not event.keep_apart:
        _refuse_others(each, now, regrouped(then))
    result.decided = then
    result.lifts += [[a, b, key, list(still)] for (a, b, _, key), still in lifts.items()]
    said = {"at": iso(event.at), "source": event.source, "actor": event.actor, "reason": event.reason}
    for veto in vetoes:
        sides = [["one", id] for id in sorted(veto.one)] + [["other", id] for id in sorted(veto.other)]
        result.vetoes.append(said | {"id": veto.id, "sides": sides})
    link = None if merge.link is None else [*merge.link, merge.event]
    result.undone.append(said | {"merge": merge.id, "key": each.stated.key, "body_hash": each.stated.body_hash, "link": link})


def _still_lifted(now: Regrouped, before: Decided, then: Decided, regrouped: Regroup) -> dict[Evidence, tuple[str, ...]]:
    """What merges lift from now on that lift less than they did. When one was stated, what is undone now may have joined somebody
    to a side whom a veto is about: without that it would have lifted nothing. What other evidence came to since is no reason."""
    found: dict[Evidence, tuple[str, ...]] = {}
    for link in now.by_hand:
        if link.lifts and link.evidence not in then.undone:
            lost = _vetoes_between(link, before, regrouped) - _vetoes_between(link, then, regrouped)
            if not lost.isdisjoint(link.lifts):
                found[link.evidence] = tuple(veto for veto in link.lifts if veto not in lost)
    return found


def _vetoes_between(link: Link, decided: Decided, regrouped: Regroup) -> set[str]:
    """The vetoes between the two whom a merge joins, by what is decided but for it."""
    without = regrouped(replace(decided, undone=decided.undone | {link.evidence}))
    ours, theirs = (_identifiers(without, without.now[end]) for end in (link.a, link.b))
    return {veto.id for veto in without.vetoes if _between(veto, ours, theirs)}


def _refuse_others(each: Decision, now: Regrouped, then: Regrouped) -> None:
    """Raises BLOCKED with what joins the two sides of a merge whatever becomes of it."""
    # What nobody can undo first, where they are one by that alone.
    evident = [link for link in then.standing if link.rule != BY_HAND]
    others = shortest_path(evident, each.one, each.other) or shortest_path(then.standing, each.one, each.other)
    if others is None:
        # What somebody else decided isn't set aside by the way.
        others = [link for link in now.standing if link.rule == BY_HAND and link.evidence in then.reasons]
    if others:
        told = ", ".join(_told(link, then) for link in others[:MOST_NAMED])
        raise InvalidEvent(
            "merge", f"they are one by other evidence: {told}; undo that first, or keep them apart", code="BLOCKED"
        )


def _told(link: Link, found: Regrouped) -> str:
    """A link without what is personal; of a merge its id, for whoever undoes that first."""
    one, other = (found.members[id].type for id in (link.a, link.b))
    which = f" {_merge_id(link)}" if link.rule == BY_HAND else ""
    return f"{one} and {other} by {link.rule}{which} from {link.source}"


def _merge_id(link: Link) -> str:
    return ids.derive("merge", from_microseconds(link.at), link.event)


def _after(now: Regrouped, at: int, identifiers: set[str]) -> int:
    """When a merge of these counts: clocks differ, and what is decided last says by which id a customer goes."""
    return max([at, *(link.at + 1 for link in now.standing if link.rule == BY_HAND and link.a in identifiers)])


def log(result: Decisions, first: Regrouped, found: Regrouped, rules: IdentityRules) -> None:
    """Note what evidence made one: as far as that stands once all is decided, by what had come of it before (`first`), so that
    each can be undone by itself; and what the decisions let it join, but for customers that they are about."""
    by_hand = {row[side] for row in result.merges for side in ("kept", "absorbed")}
    rows = [row for row in _by_evidence(first, rules) if _share(found, row)]
    noted = {row["absorbed"] for row in rows} | by_hand
    if found is not first:
        rows += [row for row in _by_evidence(found, rules) if row["absorbed"] not in noted]
    result.merges += rows


def _share(found: Regrouped, row: Row) -> bool:
    """Whether a customer has something of both sides of a merge."""
    ours, theirs = ({found.now[id] for id in row[side]} for side in ("kept_identifiers", "absorbed_identifiers"))
    return not ours.isdisjoint(theirs)


def _by_evidence(found: Regrouped, rules: IdentityRules) -> Iterator[Row]:
    """Customers of before that are part of others, and what was never seen before and tells of somebody else: it has an
    identifier of a type that its customer has one of already, as where two people share a browser."""
    namesakes = {found.members[id].customer_id: id for id in found.now}
    before = found.around.owners
    groups: dict[str, set[str]] = {}
    for id, customer in found.now.items():
        groups.setdefault(customer, set()).add(id)
    links: dict[str, list[Link]] = {}
    for link in found.standing:
        links.setdefault(found.now[link.a], []).append(link)
    for customer in found.around.rows:
        now = found.now.get(namesakes.get(customer, ""))
        if now is None or now == customer:
            continue
        theirs = {id for id in groups[now] if before.get(id) == customer}
        ours = {id for id in groups[now] if id in before} - theirs
        if ours:
            # Else it goes by another id, and that is all.
            yield _evident(found, links[now], (namesakes[now], namesakes[customer]), ours, theirs)
    for customer, ids_ in groups.items():
        if not ids_ <= before.keys():
            for one, other in _met(found, rules, links.get(customer, [])):
                kept, absorbed = ((oldest(side, found.members, rules), side) for side in (one, other))
                if oldest(one | other, found.members, rules) != kept[0]:
                    kept, absorbed = absorbed, kept
                yield _evident(found, links[customer], (kept[0], absorbed[0]), kept[1], absorbed[1])


def _met(found: Regrouped, rules: IdentityRules, links: Iterable[Link]) -> Iterator[tuple[set[str], set[str]]]:
    """Where the links of a customer, one after the other, join two who have each an identifier of one type that tells people
    apart, at least one of them never seen before."""
    groups: dict[str, set[str]] = {}
    for link in sorted(links, key=lambda link: turn(link, found.members)):
        one, other = (groups.setdefault(end, {end}) for end in (link.a, link.b))
        if one is other:
            continue
        if _tells(found, rules, one, new=True) & _tells(found, rules, other) or (
            _tells(found, rules, one) & _tells(found, rules, other, new=True)
        ):
            yield one, other
        groups |= dict.fromkeys(one | other, one | other)


def _tells(found: Regrouped, rules: IdentityRules, ids_: set[str], *, new: bool = False) -> set[str]:
    """The types of these, or of those never seen before, that tell one person from another."""
    types = (found.members[id].type for id in ids_ if not new or id not in found.around.owners)
    return {type for type in types if rules.tells(type)}


def _evident(found: Regrouped, links: Iterable[Link], ends: tuple[str, str], ours: set[str], theirs: set[str]) -> Row:
    """A merge that nobody stated, by the links of the customer, and the identifiers after whom the two are named."""
    kept, absorbed = ends
    path = gone(shortest_path(links, kept, absorbed) or (), kept)
    nobody = dict.fromkeys(("at", "key", "body_hash", "source", "actor", "reason", "link"))
    one, other = (found.members[id].customer_id for id in (kept, absorbed))
    return _merge_row(one, other, ours, theirs, path) | nobody | {"id": ids.mint("merge")}


def _merge_row(kept: str, absorbed: str, ours: set[str], theirs: set[str], path: Iterable[Step]) -> dict[str, Any]:
    evidence = msgspec.json.encode([step.evidence for step in path]).decode()
    return {
        "kept": kept,
        "absorbed": absorbed,
        "kept_identifiers": sorted(ours),
        "absorbed_identifiers": sorted(theirs),
        "evidence": evidence,
    }


def _identifiers(found: Regrouped, customer: str) -> set[str]:
    return {id for id, owner in found.now.items() if owner == customer}


def _between(veto: Veto, ours: set[str], theirs: set[str]) -> bool:
    return bool((veto.one & ours and veto.other & theirs) or (veto.other & ours and veto.one & theirs))

"""What a merge by hand would do, told without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graph.errors import InvalidEvent
from graph.events.inputs import MergeInput
from graph.events.kept import Kept
from graph.events.merging import Decision, decide
from graph.identity.merges import find_around_now
from graph.identity.regrouping import Decided, Regrouped, regroup
from graph.identity.rules import IdentityRules
from graph.store import Reader

MOST_EXPOSED = 100
"""Referrals that are told."""


@dataclass(frozen=True, slots=True)
class Preview:
    """`obstacle`: why the merge would be refused; `exposed`: ids of accepted referrals whose advocate and friend it would make
    one."""

    obstacle: InvalidEvent | None
    exposed: Sequence[str]


async def preview_merge(reader: Reader, event: MergeInput, keep: str, absorb: str, rules: IdentityRules) -> Preview:
    """What would become of a merge of two customers, by ids that they were ever given. Raises StoreUnavailable."""
    around, (keep, absorb) = await find_around_now(reader, [keep, absorb], rules)

    def regrouped(decided: Decided) -> Regrouped:
        return regroup(around, (), {}, (), rules, decided)

    # Merges link the identifiers that are named; by an id that is the customer's namesake.
    names = {member.customer_id: id for id, member in around.members.items()}
    erased = frozenset(id for id, row in around.rows.items() if row["erased"])
    kept = Kept.of(0, event)
    one, other = names[keep], names[absorb]
    decisions = decide([Decision(kept, one, other, frozenset((one, other)))], regrouped, erased=erased)
    exposed = await reader.many("referrals/find_between", str, one=keep, other=absorb, limit=MOST_EXPOSED)
    return Preview(decisions.refused.get(kept.key), exposed if keep != absorb else ())

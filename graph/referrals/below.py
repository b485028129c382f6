"""Down the forest, by what changes: who of those that changed stands below whom, and whether anything happened below somebody."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from graph.referrals.tracing import Step
from graph.store import Reader


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a customer stands. `asked`: the id that was asked by; `customer`: whose it is now; `steps`: up to the highest of the
    roots that were asked about, the referrer first; `astray`: accepted referrals that bring nobody in, each with its advocate."""

    asked: str
    customer: str
    steps: tuple[Step, ...]
    astray: tuple[Step, ...]

    @property
    def way(self) -> tuple[str, ...]:
        """The ids of the customer and of those above, up to that root."""
        return self.customer, *(step.customer for step in self.steps)


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What is below a root: `members`, and `versions`, the sum of theirs. `whole`: whether that is all there is."""

    root: str
    members: int
    versions: int
    whole: bool


class NetworkChange(msgspec.Struct, frozen=True, kw_only=True):
    """What happened below a root. `path`: the ids of the customers from the root down to the one it is about, empty where that
    can't be told; `referral`: what it is about; `brought_by`: the referral that brought the last of `path` in, None for the root;
    `resync`: whether something else may have happened as well."""

    path: tuple[str, ...] = ()
    referral: str | None = None
    brought_by: str | None = None
    resync: bool = False


async def find_below(reader: Reader, customers: Collection[str], roots: Collection[str]) -> list[Standing]:
    """Where those of these customers stand that are roots or below one, advocates before those they brought in; the others may be
    there too. Raises StoreUnavailable."""
    found = await reader.many("referrals/find_below", Standing, customer_ids=list(customers), root_ids=list(roots))
    return sorted(found, key=lambda standing: len(standing.steps))


async def count_below(reader: Reader, root: str, depth: int, *, cap: int) -> Extent | None:
    """What is at most `depth` steps below a root, as far as `cap` customers show it; None for an id that nobody was given. Raises
    StoreUnavailable."""
    return await reader.one("referrals/count_below", Extent, root_id=root, depth=depth, cap=cap)

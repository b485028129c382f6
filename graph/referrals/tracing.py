"""Up the forest: who brought a customer in, and who them, and how two customers are linked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from graph.store import Reader

LONGEST = 1_000
"""Steps that are followed upwards; to go on, ask again from the last one."""


class Step(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One step up: `customer` is the advocate of the `referral` that brought in the one below. Both are ids."""

    customer: str
    referral: str


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """`asked`: the id that was asked by; `customer`: whose it is now; `steps`: the referrer first; `truncated`: whether there are
    more than LONGEST."""

    asked: str
    customer: str
    steps: tuple[Step, ...]
    truncated: bool

    @property
    def root(self) -> str:
        """The id of the last one that was reached."""
        return self.steps[-1].customer if self.steps else self.customer


async def trace_upstream(reader: Reader, customer_ids: Sequence[str]) -> dict[str, Chain]:
    """The chains of these customers, by the ids that were asked by; unknown ones have none. Raises StoreUnavailable."""
    found = await reader.many("referrals/trace_upstream", Chain, customer_ids=list(customer_ids))
    return {chain.asked: chain for chain in found}


async def load_chains(reader: Reader, customer_ids: Sequence[str]) -> list[Chain | None]:
    """The chain of each of these customers, in order; None where nobody was given the id. Raises StoreUnavailable."""
    found = await trace_upstream(reader, customer_ids)
    return [found.get(id) for id in customer_ids]


class Link(msgspec.Struct, frozen=True, gc=False):
    """One customer on the way from one to another. `referral`: by which the way came here, None at its start; `up`: whether this
    is the advocate of that referral, or the friend."""

    customer: str
    referral: str | None = None
    up: bool | None = None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """From one customer up to the first who brought both in, be it through others, and down to the other one."""

    common: str
    links: tuple[Link, ...]


async def find_way(
    load: Callable[[Sequence[str]], Awaitable[Sequence[Chain | None]]], start: str, end: str
) -> tuple[Way | None, bool]:
    """How two customers, by ids that are known, are linked: None where their trees differ, and whether a bound was met before one
    could tell. `load`: what gives chains, as load_chains does. Raises LookupError for an id that nobody was given, and
    StoreUnavailable."""
    one, other = await load([start, end])
    if one is None or other is None:
        raise LookupError(f"no customer has the id {start if one is None else end}")
    return way_between(one, other)


def way_between(start: Chain, end: Chain) -> tuple[Way | None, bool]:
    """The way from one customer to another by their chains, and whether there may be one that the chains are too short for."""
    up = [Link(start.customer), *(Link(step.customer, step.referral, True) for step in start.steps)]
    heights = {link.customer: height for height, link in enumerate(up)}
    down: list[Link] = []
    below, steps = end.customer, list(end.steps)
    while below not in heights:
        if not steps:
            return None, start.truncated or end.truncated
        step = steps.pop(0)
        down.append(Link(below, step.referral, False))
        below = step.customer
    return Way(common=below, links=(*up[: heights[below] + 1], *reversed(down))), False

"""What happens below an advocate, told as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import strawberry
from strawberry import Parent

from graph.customers import ProfileKey
from graph.referrals.below import NetworkChange
from graph.referrals.members import Member
from resolvers.context import Context, Info, load_customer, load_own
from resolvers.directory import CustomerKey, asked_key
from resolvers.entries import LazyReferral, find_referral
from resolvers.errors import Forbidden, NotThere
from resolvers.fields import at_most, resolved
from resolvers.referrals.chains import SEEN, depth_of
from resolvers.referrals.members import ReferralMember


@strawberry.type(description="Something that happened below an advocate.", directives=[SEEN])
class ReferralNetworkChange:
    resync: bool = strawberry.field(
        description="More happened than is told: the client was too slow, or changes could not be heard of. It should read again."
    )

    @resolved(
        "What it is about: the referral that brought the member in, or an accepted one of the member, else of the root, "
        "that brings its friend in no more, or never did."
    )
    @staticmethod
    def referral(change: Parent[NetworkChange], info: Info) -> LazyReferral | None:
        return None if change.referral is None else find_referral(info.context, change.referral)

    @resolved("Who changed; null for the root, and where that can't be told.")
    @staticmethod
    def member(change: Parent[NetworkChange]) -> ReferralMember | None:
        path = change.path
        if change.brought_by is None:
            return None
        return Member(path[-1], path[-2], len(path) - 1, change.brought_by)  # type: ignore[return-value]

    @resolved("The ids of the customers from the root down to the member, both included.", size=at_most(1_001))
    @staticmethod
    def path(change: Parent[NetworkChange]) -> list[strawberry.ID]:
        return list(change.path)  # type: ignore[arg-type]


async def network_changes(context: Context, root: CustomerKey, max_depth: int | None) -> AsyncGenerator[Any]:
    """Each change below a customer from now on."""
    depth, key = depth_of(max_depth), asked_key(context, root, "root")
    _may_see(context, key)
    profile = await load_customer(context, key)
    if profile is None:
        raise NotThere("customer")
    async with context.sources.network_watches.watch(profile.id, depth) as watch:
        while True:
            change = await watch.next()
            context.begin()
            # Whose token it is may have changed.
            await load_own(context)
            _may_see(context, key)
            yield change


def _may_see(context: Context, key: ProfileKey) -> None:
    """Raises Forbidden where a customer's own token names somebody else."""
    if context.principal.customer is not None and context.own_by(key) is None:
        raise Forbidden.others()

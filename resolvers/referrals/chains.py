"""Up the referral network: those who brought a customer in."""

from __future__ import annotations

import msgspec
import strawberry
from strawberry import Parent

from graph.customers import Profile
from graph.referrals.tracing import LONGEST, Chain
from resolvers.context import Context, Info
from resolvers.entries import LazyCustomer, LazyReferral, find_customer, find_referral
from resolvers.errors import InvalidDepth
from resolvers.fields import resolved
from resolvers.requirements import needs_any
from resolvers.scopes import OWN, REFERRAL

SEEN = needs_any(REFERRAL, OWN)
"""Who brought whom in; that there was an invitation stands on the advocate's timeline, as everything does."""


class Climb(msgspec.Struct, frozen=True, gc=False):
    """The source of ReferralStep: the ids of an advocate and of the referral, `depth` steps up."""

    depth: int
    customer: str
    referral: str


class Climbed(msgspec.Struct, frozen=True, gc=False):
    """The source of ReferralChain: as much of a chain as was asked for."""

    chain: Chain
    depth: int


@strawberry.type(description="One step up: who brought in the one below.", directives=[SEEN])
class ReferralStep:
    depth: int = strawberry.field(description="How many steps above the customer who was asked about, from 1.")

    @resolved("The advocate of this step.", id_of=lambda climb: climb.customer)
    @staticmethod
    def customer(climb: Parent[Climb], info: Info) -> LazyCustomer:
        return find_customer(info.context, climb.customer)

    @resolved("The referral by which the advocate brought in the one below.", id_of=lambda climb: climb.referral)
    @staticmethod
    def referral(climb: Parent[Climb], info: Info) -> LazyReferral:
        return find_referral(info.context, climb.referral)


@strawberry.type(description="Those who brought a customer in, up to the first.", directives=[SEEN])
class ReferralChain:
    @resolved("How many steps there are to the root, whether they are listed or not; at most 1,000.")
    @staticmethod
    def length(climbed: Parent[Climbed]) -> int:
        return len(climbed.chain.steps)

    @resolved(
        "The first of them, whom nobody brought in: the customer who was asked about, where nobody brought that one in.",
        id_of=lambda climbed: climbed.chain.root,
    )
    @staticmethod
    def root(climbed: Parent[Climbed], info: Info) -> LazyCustomer:
        return find_customer(info.context, climbed.chain.root)

    @resolved("Whether there are more than 1,000 steps: then ask again from `root`, which is the last that was reached.")
    @staticmethod
    def truncated(climbed: Parent[Climbed]) -> bool:
        return climbed.chain.truncated

    @resolved("The referrer first, then who brought the referrer in; as many as `maxDepth` says.")
    @staticmethod
    def steps(climbed: Parent[Climbed], info: Info) -> list[ReferralStep]:
        steps = climbed.chain.steps[: climbed.depth]
        info.context.tell_of(each.customer for each in steps)
        return [Climb(depth, each.customer, each.referral) for depth, each in enumerate(steps, 1)]  # type: ignore[misc]


def depth_of(asked: int | None) -> int:
    """How many steps an argument asks for; raises InvalidDepth."""
    depth = LONGEST if asked is None else asked
    if not 1 <= depth <= LONGEST:
        raise InvalidDepth(depth, LONGEST)
    return depth


def climb(context: Context, profile: Profile, depth: int | None) -> Climbed:
    """The chain of a customer; raises InvalidDepth."""
    asked = depth_of(depth)
    chain = context.ask(("chain", profile.id), lambda: _traced(context, profile.id))
    context.budget.spend(min(asked, len(chain.steps)))
    return Climbed(chain, asked)


async def _traced(context: Context, customer_id: str) -> Chain:
    (found,) = await context.sources.chains.load([customer_id])
    # One who isn't there any more was merged into another, or erased, a moment ago.
    return found or Chain(asked=customer_id, customer=customer_id, steps=(), truncated=False)

"""Down the referral network: those whom somebody brought in, be it through others."""

from __future__ import annotations

import msgspec
import strawberry
from strawberry import Parent

from resolvers.context import Info
from resolvers.entries import LazyCustomer, LazyReferral, find_customer, find_referral
from resolvers.fields import resolved
from resolvers.referrals.chains import SEEN


class Member(msgspec.Struct, frozen=True, gc=False):
    """The source of ReferralMember: the ids of a customer `depth` steps below a root, of who brought that one in, and of the
    referral by which."""

    customer: str
    referrer: str
    depth: int
    referral: str


@strawberry.type(description="One who was brought in below a customer, be it through others.", directives=[SEEN])
class ReferralMember:
    depth: int = strawberry.field(description="How many steps below the customer who was asked about, from 1.")

    @resolved("The member.")
    @staticmethod
    def customer(member: Parent[Member], info: Info) -> LazyCustomer:
        return find_customer(info.context, member.customer)

    @resolved("Who brought the member in.")
    @staticmethod
    def referrer_id(member: Parent[Member]) -> strawberry.ID:
        return strawberry.ID(member.referrer)

    @resolved("The referral by which the member was brought in.")
    @staticmethod
    def referral(member: Parent[Member], info: Info) -> LazyReferral:
        return find_referral(info.context, member.referral)

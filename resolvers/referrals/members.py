"""Members of a referral network."""

from __future__ import annotations

import strawberry
from strawberry import Parent

from graph.referrals.members import Member
from resolvers.context import Info
from resolvers.entries import LazyCustomer, LazyReferral, find_customer, find_referral
from resolvers.fields import resolved
from resolvers.referrals.chains import SEEN


@strawberry.type(description="One customer whom somebody brought in, be it through others.", directives=[SEEN])
class ReferralMember:
    @resolved("The customer.", id_of=lambda member: member.customer)
    @staticmethod
    def customer(member: Parent[Member], info: Info) -> LazyCustomer:
        return find_customer(info.context, member.customer)

    @resolved("Who brought the customer in.")
    @staticmethod
    def referrer_id(member: Parent[Member]) -> strawberry.ID:
        return strawberry.ID(member.advocate)

    depth: int = strawberry.field(description="How many referrals lead here, from 1.")

    @resolved("The referral that brought the customer in.", id_of=lambda member: member.referral)
    @staticmethod
    def referral(member: Parent[Member], info: Info) -> LazyReferral:
        return find_referral(info.context, member.referral)

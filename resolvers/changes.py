"""What happens, told as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from operator import attrgetter
from typing import Annotated

import strawberry

from graph.communications import Communication
from graph.customers import Profile
from graph.feedback import Case, Review, SurveyResponse
from graph.purchases import Purchase
from graph.timeline import Touchpoint
from resolvers.context import Info, load_customer, load_own
from resolvers.customers import Customer
from resolvers.directory import CustomerKey, asked_key
from resolvers.errors import NotThere
from resolvers.fields import streamed
from resolvers.referrals.chains import SEEN
from resolvers.referrals.watching import ReferralNetworkChange, network_changes
from resolvers.requirements import needs_any, needs_nothing_more
from resolvers.scopes import OWN, PROFILE

SLOW = 16
"""Changes that may come together before a client is told that it was too slow for them."""


@strawberry.type(description="A customer that has changed.", directives=[needs_nothing_more()])
class CustomerChange:
    customer: Customer | None = strawberry.field(description="As it is now; null when it is no more.")
    changed: list[str] = strawberry.field(description="Fields of the customer that are other than when it was last told.")
    resync: bool = strawberry.field(description="The client was too slow and some changes were left out; it should read again.")


@strawberry.type(description="What is told as it happens, over graphql-transport-ws and graphql-sse.")
class Subscription:
    @streamed(
        "Each change of one customer from now on, whoever makes it; of several at once the last.",
        scopes=needs_any(PROFILE, OWN),
    )
    async def customer_changed(self, info: Info, by: CustomerKey) -> AsyncGenerator[CustomerChange]:
        context, key = info.context, asked_key(info.context, by)

        async def load() -> Profile | None:
            context.begin()
            if context.principal.customer is None:
                return await load_customer(context, key)
            # Who that is may have changed as well.
            await load_own(context)
            return context.own_by(key)

        with context.sources.watches.watch() as watch:
            told = await load()
            if told is None:
                raise NotThere("customer")
            moved = watch.follow(told.id, told.version)
            while True:
                # What came before it was watched nobody tells of.
                missed = 1 if moved else await watch.next()
                now = await load()
                moved = False
                if now is not None and now.id == told.id and now.version <= told.version:
                    continue
                yield CustomerChange(customer=now, changed=differences(told, now), resync=missed > SLOW)  # type: ignore[arg-type]
                if now is None:
                    return
                moved = watch.follow(now.id, now.version)
                told = now

    @streamed("Anything that happens below this advocate: who, at what depth, and along which path.", scopes=SEEN)
    async def referral_network_changed(
        self, info: Info, top: Annotated[CustomerKey, strawberry.argument(name="root")], max_depth: int | None = None
    ) -> AsyncGenerator[ReferralNetworkChange]:
        async with aclosing(network_changes(info.context, top, max_depth)) as changes:
            async for change in changes:
                yield change


def differences(before: Profile, now: Profile | None) -> list[str]:
    """The fields of Customer in which two profiles differ, by name; all when it is no more."""
    return sorted(name for name, part in _FIELDS.items() if now is None or part(before) != part(now))


def _entries(kind: type) -> Callable[[Profile], object]:
    return lambda profile: [entry for entry in profile.entries if isinstance(entry, kind)]


def _worth(profile: Profile) -> object:
    facts = profile.facts
    return facts.orders, facts.revenue, facts.refunds, facts.first_purchase_at, facts.last_purchase_at


_SAME = ("name", "email", "phone", "gender", "locale", "country", "traits", "identifiers", "addresses", "channels")
_FIELDS: dict[str, Callable[[Profile], object]] = {
    **{name: attrgetter(name) for name in _SAME},
    "givenName": attrgetter("given_name"),
    "familyName": attrgetter("family_name"),
    "birthDate": attrgetter("birth_date"),
    "timeZone": attrgetter("time_zone"),
    "firstSeenAt": attrgetter("first_seen_at"),
    "lastSeenAt": attrgetter("last_seen_at"),
    "erasedAt": attrgetter("erased_at"),
    "provenance": attrgetter("trait_states"),
    "timeline": attrgetter("entries"),
    "touchpoints": _entries(Touchpoint),
    "purchases": _entries(Purchase),
    "reviews": _entries(Review),
    "surveyResponses": _entries(SurveyResponse),
    "cases": _entries(Case),
    "communications": _entries(Communication),
    "cart": attrgetter("carts"),
    "carts": attrgetter("carts"),
    "value": _worth,
    "referral": lambda profile: (profile.referred_by, profile.facts.referrals),
}

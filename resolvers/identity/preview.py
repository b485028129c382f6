"""What a merge by hand would do."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import strawberry
from strawberry import Parent

from graph.customers import Profile
from graph.events.inputs import CustomerKey as InputKey
from graph.events.inputs import MergeInput
from graph.events.previewing import Preview, preview_merge
from graph.identity import TraitProvenance as ProvenanceRecord
from graph.identity import provenance
from graph.identity.rules import IdentityRules
from resolvers.context import Context, Info
from resolvers.customers import Customer
from resolvers.directory import CustomerKey, asked_key
from resolvers.entries import LazyReferral, find_referral
from resolvers.errors import NotThere
from resolvers.fields import all_of, at_most, resolved
from resolvers.identity.types import TraitProvenance
from resolvers.requirements import needs, needs_any
from resolvers.scopes import IDENTITY, PROFILE, REFERRAL
from resolvers.writing import UserError

MOST_CONFLICTS = 100


class Previewed(msgspec.Struct, frozen=True, gc=False):
    """The source of MergePreview."""

    preview: Preview
    kept: Profile
    absorbed: Profile


@strawberry.type(description="What a merge would do; nothing of it is done.", directives=[needs_any(IDENTITY, PROFILE)])
class MergePreview:
    @resolved("Whether it would be done.")
    @staticmethod
    def allowed(found: Parent[Previewed]) -> bool:
        return found.preview.obstacle is None

    @resolved("What stands against it.", size=at_most(100))
    @staticmethod
    def blockers(found: Parent[Previewed]) -> list[UserError]:
        return [] if found.preview.obstacle is None else [UserError.of(found.preview.obstacle)]

    @resolved("The customer by whose id both would go, as it is now.", id_of=lambda found: found.kept.id, scopes=needs(PROFILE))
    @staticmethod
    def kept(found: Parent[Previewed]) -> Customer | None:
        return found.kept  # type: ignore[return-value]

    @resolved("How many purchases the other one has.")
    @staticmethod
    def moved_purchases(found: Parent[Previewed]) -> int:
        return found.absorbed.facts.purchases

    @resolved("How many contacts the other one had.")
    @staticmethod
    def moved_touchpoints(found: Parent[Previewed]) -> int:
        return found.absorbed.facts.touchpoints

    @resolved(
        "Traits that have two values now, with the one that would survive and those that would lose.",
        size=at_most(MOST_CONFLICTS),
        scopes=needs(PROFILE),
    )
    @staticmethod
    def conflicts(found: Parent[Previewed], info: Info) -> list[TraitProvenance]:
        return conflicts(found.kept, found.absorbed, info.context.rules.identity)  # type: ignore[return-value]

    @resolved(
        "Referrals whose advocate and friend would turn out to be one: rejected from then on.",
        size=at_most(100),
        scopes=needs(REFERRAL),
    )
    @staticmethod
    def exposed_self_referrals(found: Parent[Previewed], info: Info) -> list[LazyReferral]:
        context = info.context
        return all_of(partial(find_referral, context, id) for id in found.preview.exposed)


def conflicts(one: Profile, other: Profile, rules: IdentityRules) -> list[ProvenanceRecord]:
    """What becomes of the traits of which two customers have different values."""
    ours, theirs = (
        {each.name: each.value for each in profile.provenance(rules) if each.value is not None} for profile in (one, other)
    )
    together = provenance((*one.trait_states, *other.trait_states), rules)
    found = [each for each in together if each.name in ours and each.name in theirs and ours[each.name] != theirs[each.name]]
    return found[:MOST_CONFLICTS]


def merge_preview(info: Info, keep: CustomerKey, absorb: CustomerKey) -> MergePreview:
    context = info.context
    kept, absorbed = _profile(context, keep, "keep"), _profile(context, absorb, "absorb")
    preview = context.ask(("preview", kept.id, absorbed.id), lambda: _preview(context, kept, absorbed))
    found: Any = Previewed(preview, kept, absorbed)
    given: MergePreview = found
    return given


async def _preview(context: Context, kept: Profile, absorbed: Profile) -> Preview:
    event = MergeInput(
        id="preview", source="preview", at=context.now(), keep=InputKey(id=kept.id), absorb=InputKey(id=absorbed.id),
        reason="preview", actor="preview",
    )  # fmt: skip
    return await preview_merge(context.reader, event, kept.id, absorbed.id, context.rules.identity)


def _profile(context: Context, key: CustomerKey, argument: str) -> Profile:
    profile = context.customer(asked_key(context, key, argument))
    if profile is None:
        raise NotThere("customer")
    return profile

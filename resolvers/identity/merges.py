"""Merges as they are logged, and why identifiers belong together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import strawberry
from strawberry import Parent

from graph.customers import Profile, ProfileKey
from graph.identity import merges as records
from graph.identity.forms import Key, normalised
from graph.identity.merges import StatedLink, find_stated_links, load_merges, page_merges, trace_evidence
from resolvers.access import View
from resolvers.connections import Connection, Listing, Window, connect, forwards
from resolvers.context import Context, Info
from resolvers.errors import Forbidden
from resolvers.fields import about, personal, resolved, stored
from resolvers.identity.types import IdentifierInput
from resolvers.masks import of_identifier, opaque
from resolvers.nodes import Node
from resolvers.requirements import needs, needs_nothing_more
from resolvers.scopes import PERSONAL, PROFILE
from resolvers.writing import SOURCE


class Ref(msgspec.Struct, frozen=True, gc=False):
    """The source of IdentifierRef."""

    type: str
    value: str


@strawberry.type(description="An identifier that a link leads from or to.", directives=[needs_nothing_more()])
class IdentifierRef:
    type: str = strawberry.field(description="email, phone, user_id, anonymous_id, or any other.")
    value: str | None = personal("The identifier itself.", mask=of_identifier)


@strawberry.type(description="A statement that two identifiers are one person.", directives=[needs_nothing_more()])
class IdentityLink:
    @resolved("One of them.", name="from")
    @staticmethod
    def from_(link: Parent[StatedLink]) -> IdentifierRef:
        return Ref(*link.one)  # type: ignore[return-value]

    @resolved("The other one.")
    @staticmethod
    def to(link: Parent[StatedLink]) -> IdentifierRef:
        return Ref(*link.other)  # type: ignore[return-value]

    rule: str = strawberry.field(description="By what: identify, or merge, which somebody stated by hand.")
    source: str = strawberry.field(description="Who said so first.")
    at: datetime = strawberry.field(description="When that was.")
    weakest: bool = strawberry.field(description="Whether all other links on the way are stronger.")


@strawberry.type(description="That two customers became one.", directives=[needs(PROFILE)])
class Merge(Node):
    record = records.Merge
    merged_at: datetime = strawberry.field(description="When they did.")
    kept_id: strawberry.ID = strawberry.field(description="The id by which both went from then on.")
    absorbed_id: strawberry.ID = strawberry.field(description="The id of the other one, which names both until it is undone.")

    @resolved("How the two were known to be one, from the kept one to the other; at most 200.", size=about(3))
    @staticmethod
    def evidence(merge: Parent[records.Merge], info: Info) -> list[IdentityLink]:
        context = info.context
        found = context.ask(
            ("evidence", merge.id), lambda: find_stated_links(context.reader, merge.links, context.rules.identity)
        )
        context.budget.spend(len(found))
        return list(found)  # type: ignore[arg-type]

    @resolved("Who merged them: customer360, where evidence did.")
    @staticmethod
    def actor(merge: Parent[records.Merge]) -> str:
        return merge.actor or SOURCE

    undone_at: datetime | None = stored("When it was undone, by somebody or by evidence that came later.")


def load_merge(context: Context, merge_id: str) -> Any:
    """The merge of that id; None where there is none."""
    return context.ask(merge_id, lambda: load_merges(context.reader, [merge_id]))[0]


def list_merges(context: Context, profile: Profile, *, first: int | None, after: str | None) -> Connection[Merge]:
    """All that a customer has to do with, newest first."""

    def fetch(wanted: Window, /) -> Sequence[records.Merge]:
        place = None if wanted.after is None else _place(wanted.after)
        return context.ask(
            (profile.id, "merges", wanted),
            lambda: page_merges(context.reader, profile.id, limit=wanted.size, after=place),
        )

    found: Connection[Merge] = connect(
        context, Listing("Customer.merges", forwards(fetch), _key, lambda: None), first=first, after=after
    )
    return found


def _key(merge: records.Merge) -> str:
    return f"{merge.merged_at.isoformat()}\x1f{merge.id}"


def _place(key: str) -> tuple[str, str]:
    at, _, id = key.partition("\x1f")
    return at, id


def evidence_between(
    context: Context, profile: Profile, one: IdentifierInput, other: IdentifierInput
) -> list[IdentityLink] | None:
    """The fewest links that lead from one identifier of a customer to another."""
    start, end = _asked(context, one, "from"), _asked(context, other, "to")
    # By the customer as it was read: by now they may be another one's, and are one all the same.
    if not {start, end} <= {(each.type, each.value) for each in profile.identifiers}:
        return None
    found = context.ask(("evidence", start, end), lambda: trace_evidence(context.reader, start, end, context.rules.identity))
    context.budget.spend(len(found or ()))
    return found  # type: ignore[return-value]


def _asked(context: Context, given: IdentifierInput, argument: str) -> Key:
    """An identifier as it is kept; raises Forbidden for personal data that whoever asks may not see."""
    key = ProfileKey.of(given.type, given.value)
    if context.principal.view is View.MASKED and not opaque(key):
        raise Forbidden.oracle(argument, PERSONAL)
    return normalised(given.type, given.value)

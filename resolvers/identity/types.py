"""Identifiers, and where traits came from."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from resolvers.fields import at_most, personal
from resolvers.masks import of_identifier
from resolvers.requirements import needs_nothing_more


@strawberry.type(
    description="Something that names a customer: an e-mail address, a device, a number in some system.",
    directives=[needs_nothing_more()],
)
class Identifier:
    type: str = strawberry.field(description="email, phone, user_id, anonymous_id, or any other.")
    value: str | None = personal("The identifier itself.", mask=of_identifier)
    verified: bool = strawberry.field(description="Whether a source vouches for it.")
    first_seen_at: datetime = strawberry.field(description="When it was first seen.")
    last_seen_at: datetime = strawberry.field(description="When it was last seen.")
    source: str = strawberry.field(description="Who brought it.")


@strawberry.type(description="A value that a source stated.", directives=[needs_nothing_more()])
class TraitValue:
    value: JSON | None = personal("The value; null says that the trait was removed.")
    source: str = strawberry.field(description="Who stated it.")
    at: datetime = strawberry.field(description="When it held.")


@strawberry.type(description="Where a trait came from.", directives=[needs_nothing_more()])
class TraitProvenance:
    name: str = strawberry.field(description="The trait.")
    value: JSON | None = personal("Its value: the one that survives by the rules; unless they say otherwise the one stated last.")
    source: str = strawberry.field(description="Who stated it.")
    at: datetime = strawberry.field(description="When it held.")
    overridden: list[TraitValue] = strawberry.field(
        description="The values that lost, newest first; at most 20.", directives=[at_most(20)]
    )


@strawberry.input(description="An identifier as a source states it.")
class IdentifierInput:
    type: str = strawberry.field(description="email, phone, user_id, anonymous_id, or any other.")
    value: str = strawberry.field(description="The identifier itself.")

"""What has an id of its own."""

from __future__ import annotations

import strawberry

from graph import ids
from resolvers.errors import InvalidId


@strawberry.interface(description="Anything with an id of its own.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque, globally unique, prefixed by kind and time-ordered: cus_…, pur_…, ref_…."
    )


def check_id(text: str, *kinds: str) -> str:
    """`text`, when it has the form of an id of one of `kinds` (keys of graph.ids.PREFIXES); raises InvalidId."""
    if not ids.is_id(text):
        raise InvalidId.malformed()
    prefixes = [ids.PREFIXES[kind] for kind in kinds]
    if text[:3] not in prefixes:
        raise InvalidId.other_kind(text[:3], " or ".join(f"{prefix}_" for prefix in prefixes))
    return text

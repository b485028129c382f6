"""What has an id of its own."""

from __future__ import annotations

from typing import Any, ClassVar

import strawberry

from graph import ids
from resolvers.errors import InvalidId
from resolvers.fields import record_of


@strawberry.interface(description="Anything with an id of its own.")
class Node:
    """`record`: the class of the records that a type shows."""

    record: ClassVar[type[Any]]
    id: strawberry.ID = strawberry.field(
        description="Opaque, globally unique, prefixed by kind and time-ordered: cus_…, pur_…, ref_…."
    )

    @classmethod
    def is_type_of(cls, source: Any, _info: Any) -> bool:
        """Which of the types of an interface a source is of."""
        return type(record_of(source)) is cls.record


def check_id(text: str, *kinds: str) -> str:
    """`text`, when it has the form of an id of one of `kinds` (keys of graph.ids.PREFIXES); raises InvalidId."""
    if not ids.is_id(text):
        raise InvalidId.malformed()
    prefixes = [ids.PREFIXES[kind] for kind in kinds]
    if text[:3] not in prefixes:
        raise InvalidId.other_kind(text[:3], " or ".join(f"{prefix}_" for prefix in prefixes))
    return text

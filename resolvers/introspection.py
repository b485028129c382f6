"""Introspection: graphql-core answers it, which takes as long as hundreds of profiles, so beside the event loop.

Its lists lie within each other, and what an operation may select of them says little about the answer: the fields of that are
counted while it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import DocumentNode, ExecutionResult, execute_sync

from resolvers.schema import schema


class _Enough(BaseException):
    """No Exception: graphql-core would make an error of one field of it, and go on with the others."""


def introspect(document: DocumentNode, operation_name: str | None, variables: dict[str, Any] | None, most: int) -> Any:
    """The ExecutionResult of an operation that asks for nothing but the schema; None for one of more than `most` fields."""
    left = most

    def counted(resolve: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise _Enough
        return resolve(source, info, **arguments)

    try:
        found: ExecutionResult = execute_sync(
            schema._schema, document, variable_values=variables, operation_name=operation_name, middleware=[counted]
        )
    except _Enough:
        return None
    return found

"""What a client is told of what went wrong: its own faults in words, ours by a trace id."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from graphql import FieldNode, GraphQLError

from graph.errors import StoreUnavailable
from resolvers.documents import formatted
from resolvers.errors import ResolverError, plain
from resolvers.observer import observed

log = logging.getLogger("customer360.graphql")


def unavailable() -> dict[str, Any]:
    """The error of what Neo4j wasn't there for."""
    return plain("Neo4j did not answer; send the request again.", "UNAVAILABLE")


def field_error(error: GraphQLError) -> dict[str, Any]:
    """What the client is shown of an error that a field raised."""
    cause = _cause(error)
    if isinstance(cause, ResolverError):
        return formatted(error, cause.code)
    shown = {"locations": error.formatted.get("locations", []), "path": error.path}
    if isinstance(cause, StoreUnavailable):
        return {**unavailable(), **shown}
    if isinstance(cause, GraphQLError) and cause.nodes:
        # graphql-core's own words on an argument that a variable has made null.
        return formatted(error, "BAD_USER_INPUT")
    # The path holds what the client calls its fields.
    where = next((node.name.value for node in error.nodes or () if isinstance(node, FieldNode)), "no field")
    return {**masked(cause, where=where), **shown}


def masked(cause: BaseException, *, where: object) -> dict[str, Any]:
    """An error that tells a client nothing but the trace id under which the log has it.

    The log has the kind of the error and where it was raised; its message may hold personal data, and stays out.
    """
    trace = observed.get().trace_id()
    frames = traceback.extract_tb(cause.__traceback__)
    raised = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    log.error("internal error %s at %s: %s raised at %s", trace, where, type(cause).__name__, raised)
    message = f"Something went wrong on our side. Trace id: {trace}"
    return plain(message, "INTERNAL", traceId=trace)


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error

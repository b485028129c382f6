"""Running one operation: find its document, execute it, and tell errors apart.

Request errors (no field was executed) and field errors (beside data) both leave here as plain dicts with a code; what is
nobody's business but ours is masked behind a trace id.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from graph.errors import StoreUnavailable
from resolvers.coercion import execute_large, is_large
from resolvers.context import Context, Sources
from resolvers.documents import Document
from resolvers.errors import ResolverError, formatted
from resolvers.schema import schema

log = logging.getLogger("customer360.graphql")

# Rows × tokens of the document: what one request may make this process do.
WORK = 2_000_000
LONGEST_REQUEST = 20.0  # seconds
STREAMS = "Subscribe over a WebSocket (graphql-transport-ws), or accept text/event-stream (graphql-sse)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`data` and `errors` of a response. `executed`: whether any field was; without that, the request itself was wrong."""

    data: Mapping[str, Any] | None = None
    errors: list[dict[str, Any]]
    executed: bool
    read_only: bool = True


async def answer(
    text: str,
    sources: Sources,
    *,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    reads_only: bool = False,
) -> Answer:
    """Run the operation of `text` that `operation_name` names. `reads_only` refuses mutations; subscriptions need `answers`."""
    ready = await _ready(text, sources, operation_name, reads_only=reads_only)
    if isinstance(ready, Answer):
        return ready
    document, operation = ready
    if operation.operation is OperationType.SUBSCRIPTION:
        return _refused(_plain(STREAMS, "SUBSCRIPTION_WITHOUT_STREAM"))
    context = _context(sources, document)
    try:
        if variables and is_large(variables):
            result = await execute_large(
                schema._schema, context.document, variables, operation_name=_name(operation), context=context
            )
        else:
            result = await schema.execute(text, variable_values=variables, context_value=context, operation_name=_name(operation))
    finally:
        context.once.close()
    return _answered(result, context)


async def answers(
    text: str,
    sources: Sources,
    *,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    reads_only: bool = False,
) -> AsyncGenerator[Answer]:
    """`answer` of a query or a mutation, and of a subscription each answer when there is one, until the reader closes it."""
    ready = await _ready(text, sources, operation_name, reads_only=reads_only)
    if isinstance(ready, Answer):
        yield ready
        return
    document, operation = ready
    if operation.operation is not OperationType.SUBSCRIPTION:
        try:
            async with asyncio.timeout(LONGEST_REQUEST):
                given = await answer(text, sources, variables=variables, operation_name=operation_name, reads_only=reads_only)
        except TimeoutError:
            given = _refused(_plain("The request took too long; ask for less.", "UNAVAILABLE"))
        yield given
        return
    context = _context(sources, document)
    try:
        results = await schema.subscribe(text, variable_values=variables, context_value=context, operation_name=_name(operation))
        async with aclosing(results):
            async for result in results:
                yield _answered(result, context)
    finally:
        context.once.close()


async def _ready(
    text: str, sources: Sources, operation_name: str | None, *, reads_only: bool
) -> Answer | tuple[Document, OperationDefinitionNode]:
    """A valid document and its operation, or why there is none."""
    document = await sources.documents.find(text)
    if document.errors:
        return _refused(*document.errors)
    operation = document.operation(operation_name)
    if operation is None:
        return _refused(_unknown_operation(document, operation_name))
    if reads_only and operation.type is OperationType.MUTATION:
        return Answer(errors=[_plain("Send mutations by POST.", "METHOD_NOT_ALLOWED")], executed=False, read_only=False)
    return document, operation.node


def _context(sources: Sources, document: Document) -> Context:
    assert document.node is not None
    return Context.of(sources, document=document.node, rows=WORK // max(document.tokens, 1))


def _name(operation: OperationDefinitionNode) -> str | None:
    return operation.name.value if operation.name else None


def _answered(result: ExecutionResult | PreExecutionError, context: Context) -> Answer:
    exceeded, errors = context.budget.exceeded, result.errors or []
    if exceeded is not None:
        # Thousands of fields may have failed for this one reason.
        return Answer(errors=[_plain(str(exceeded), exceeded.code)], executed=True)
    if result.data is None and all(error.path is None for error in errors):
        return _refused(*(formatted(error, "BAD_USER_INPUT") for error in errors))
    return Answer(data=result.data, errors=[field_error(error) for error in errors], executed=True)


def _refused(*errors: dict[str, Any]) -> Answer:
    return Answer(errors=list(errors), executed=False)


def _plain(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _unknown_operation(document: Document, name: str | None) -> dict[str, Any]:
    named = [each for each in document.operations if each]
    if name is None:
        return _plain("The document holds no operation, or several: send operationName.", "UNKNOWN_OPERATION")
    hint = f"; it has {', '.join(named[:10])}" if named else ""
    return _plain(f"The document has no operation of that name{hint}.", "UNKNOWN_OPERATION")


def field_error(error: GraphQLError) -> dict[str, Any]:
    """What the client is shown of an error that a field raised."""
    cause = _cause(error)
    if isinstance(cause, ResolverError):
        return formatted(error, cause.code)
    shown = {"locations": error.formatted.get("locations", []), "path": error.path}
    if isinstance(cause, StoreUnavailable):
        return {"message": "Neo4j did not answer; send the request again.", **shown, "extensions": {"code": "UNAVAILABLE"}}
    if isinstance(cause, GraphQLError) and cause.nodes:
        # graphql-core's own words on an argument that a variable has made null.
        return formatted(error, "BAD_USER_INPUT")
    return {**masked(cause, where=error.path), **shown}


def masked(cause: BaseException, *, where: object) -> dict[str, Any]:
    """An error that tells a client nothing but the trace id under which the log has it.

    The log has the kind of the error and where it was raised; its message may hold personal data, and stays out.
    """
    trace = secrets.token_hex(8)
    frames = traceback.extract_tb(cause.__traceback__)
    raised = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    log.error("internal error %s at %s: %s raised at %s", trace, where, type(cause).__name__, raised)
    message = f"Something went wrong on our side. Trace id: {trace}"
    return {"message": message, "extensions": {"code": "INTERNAL", "traceId": trace}}


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error

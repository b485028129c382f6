"""Variables as the schema wants them, without holding the event loop.

What graphql-core and Strawberry do with variables takes microseconds for each value: seconds for a megabyte of events. So
input objects are built where graphql-core coerces them, once, and large variables are coerced in a thread of their own, one
request at a time; the interpreter lets the event loop go on every few milliseconds. It is graphql-core's own function there
too: values and errors are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING
from functools import partial
from inspect import isawaitable
from typing import Any

import strawberry
from graphql import DocumentNode, Executor, GraphQLSchema
from graphql import ExecutionResult as CoreResult
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult
from strawberry.types.base import StrawberryMaybe, StrawberryObjectDefinition

LARGE = 1_000
"""Values in the variables: fewer are coerced on the spot, in a few milliseconds."""

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="coercion")


def is_large(variables: Mapping[str, Any] | None) -> bool:
    """Whether there are so many values that coercing them would hold the event loop. It looks at no more than that many."""
    waiting: list[Any] = [variables]
    seen = 0
    while waiting and seen < LARGE:
        each = waiting.pop()
        if isinstance(each, dict | list):
            seen += len(each)
            if seen < LARGE:
                waiting.extend(each.values() if isinstance(each, dict) else each)
    return seen >= LARGE


async def execute_large(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any], *, operation_name: str | None, context: Any
) -> ExecutionResult:
    """Run an operation as graphql-core does, but that its variables, which are large, are coerced beside the event loop."""
    build = partial(
        Executor.build,
        schema,
        document,
        context_value=context,
        raw_variable_values=variables,
        operation_name=operation_name,
    )
    built = await asyncio.get_running_loop().run_in_executor(_thread, build)
    if isinstance(built, list):
        return ExecutionResult(data=None, errors=built)
    result = built.execute_operation()
    if isawaitable(result):
        result = await result
    assert isinstance(result, CoreResult)
    return ExecutionResult(data=result.data, errors=result.errors)


def build_where_coerced(definition: StrawberryObjectDefinition, config: StrawberryConfig) -> Callable[[dict[str, Any]], Any]:
    """What makes an input object of its coerced fields; Strawberry, which would walk through them once more, takes it as it is.

    graphql-core calls it from the innermost object outwards, so that the values are built already.
    """
    names: dict[str, str] = {}
    maybes: set[str] = set()
    absent: dict[str, Any] = {}
    for field in definition.fields:
        name = config.name_converter.from_field(field)
        names[name] = field.python_name
        if isinstance(field.resolve_type(type_definition=definition), StrawberryMaybe):
            # Outside of @oneOf a null would have to be told apart here.
            assert definition.is_one_of
            maybes.add(name)
        if field.default_value is MISSING and field.default_factory is MISSING:
            absent[field.python_name] = None
    origin = definition.origin

    def build(values: dict[str, Any]) -> Any:
        given = {names[name]: strawberry.Some(value) if name in maybes else value for name, value in values.items()}
        return origin(**(absent | given))

    definition.from_input = lambda _, value, __: value
    return build

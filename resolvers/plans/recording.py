"""A plan for what comes most often of all that is written: one `recordEvents`, with its events in a variable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, OperationType, VariableNode
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from resolvers.access import View
from resolvers.context import Context
from resolvers.errors import Forbidden
from resolvers.guard import values_in
from resolvers.plans.arguments import ArgumentReader, VariableReader, Variables
from resolvers.plans.projection import Run, compiled
from resolvers.plans.selections import NotCompiled, Selections, conditional, fragments_of
from resolvers.requirements import required
from resolvers.schema import schema

#: Values read between two chances for everything else to go on: about two milliseconds.
SLICE = 1_000

#: An event of more values than this is read beside the event loop. Sensible ones have a tenth.
HEAVY = 5_000


class Failed(Exception):
    """The field failed, and may have written: nobody is to do it again. `error` says where and why."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error


class Recording:
    """Raises NotCompiled for an operation that does anything else."""

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode, reader: ArgumentReader) -> None:
        fragments = fragments_of(document)
        root = schema._schema.mutation_type
        assert root is not None
        if operation.operation is not OperationType.MUTATION or conditional(operation, fragments):
            raise NotCompiled
        selections = Selections(schema._schema, fragments, {})
        selected = selections.of(root, [operation.selection_set])
        self._key, nodes = next(iter(selected.items()))
        node = nodes[0]
        given = {each.name.value: each.value for each in node.arguments or ()}
        events = given.get("events")
        if len(selected) > 1 or node.name.value != "recordEvents" or not isinstance(events, VariableNode):
            raise NotCompiled
        declared: Any = root.fields["recordEvents"]
        stated: StrawberryField = declared.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        assert stated.base_resolver is not None
        self._resolve: Callable[..., Any] = stated.base_resolver.wrapped_func  # type: ignore[assignment]
        self._events = events.name.value
        self._variables = VariableReader(schema._schema, operation)
        self._same, self._varying = reader.of(declared, stated, node, self._resolve)
        self.projection = compiled(declared.type.of_type, [each.selection_set for each in nodes], selections, reader, View.CLEAR)
        self._needed = required(root, declared) & self.projection.needed
        # What an error says of them: their name and where they stand.
        self._nodes = [FieldNode(name=each.name, loc=each.loc) for each in nodes]

    async def run(self, context: Context, given: Variables) -> dict[str, Any]:
        """The data of the answer. Raises Failed, and before anything was done whatever else: then graphql-core is to be asked."""
        scopes = context.principal.scopes
        if not self._needed.met(scopes):
            # Before the events are looked at, which may be many.
            raise self._failed(Forbidden.scopes(self._needed.missing(scopes)))
        run = Run(context, [])
        arguments = await self._read(context, given)
        try:
            payload = await self._resolve(info=run, **self._same, **arguments)
        except Exception as error:
            raise self._failed(error) from error
        return {self._key: self.projection.project(payload, run)}

    def _failed(self, error: Exception) -> Failed:
        return Failed(GraphQLError(str(error), nodes=self._nodes, path=[self._key], original_error=error))

    async def _read(self, context: Context, given: Variables) -> dict[str, Any]:
        """The arguments, in which the events were read in slices: each as if there were no others."""
        stated = given.get(self._events)
        if type(stated) is not list:
            raise NotCompiled
        events: list[Any] = []
        arguments = self._arguments({**given, self._events: []})
        for number, (part, values) in enumerate(_slices(stated)):
            variables = {**given, self._events: part}
            if values > HEAVY:
                events += (await context.sources.documents.aside(self._arguments, variables))["events"]
                continue
            if number:
                await asyncio.sleep(0)
            events += self._arguments(variables)["events"]
        return arguments | {"events": events}

    def _arguments(self, given: Variables) -> dict[str, Any]:
        variables = self._variables.read(given)
        return {name: build(variables) for name, build in self._varying.items()}


def _slices(events: list[Any]) -> Iterator[tuple[list[Any], int]]:
    """The events in parts of about SLICE values, each with their number."""
    part: list[Any] = []
    values = 0
    for event in events:
        more = values_in(event, HEAVY)
        if part and values + more > SLICE:
            yield part, values
            part, values = [], 0
        part.append(event)
        values += more
    if part:
        yield part, values

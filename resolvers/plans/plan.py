"""A plan: one query, compiled once for each way in which its conditions can turn out."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, OperationDefinitionNode, OperationType

from graph.customers import Profile
from resolvers.access import View
from resolvers.context import Context
from resolvers.plans.again import Again
from resolvers.plans.arguments import ArgumentReader, VariableReader, Variables
from resolvers.plans.memory import bytes_of
from resolvers.plans.projection import Projection, Run, compiled
from resolvers.plans.recording import Recording
from resolvers.plans.selections import NotCompiled, Selections, conditional, fragments_of
from resolvers.schema import schema
from resolvers.trees import operation_of

if TYPE_CHECKING:
    from resolvers.documents import Documents

#: An operation with more ways in which its conditions have turned out is left to graphql-core from then on.
MOST_WAYS = 32

#: A query that needs more rounds of loading than this goes deeper than any that the guard lets through.
MOST_ROUNDS = 50

_READER = ArgumentReader(schema.config, schema.schema_converter.scalar_registry)


def plan_of(text: str, name: str | None, documents: Documents) -> Plan | Recording:
    """The plan of an operation of a valid text; raises NotCompiled for one that can't be compiled."""
    tree = documents.trees.of(text)
    operation = operation_of(tree, name)
    if operation.operation is OperationType.QUERY:
        return Plan(text, operation, tree, documents)
    recording = Recording(tree, operation, _READER)
    documents.planned(text, bytes_of(recording.projection))
    return recording


class Plan:
    """A query's. It keeps the text for ways that come later, and nothing of its tree. Raises NotCompiled for an operation that
    can't be compiled."""

    def __init__(self, text: str, operation: OperationDefinitionNode, tree: DocumentNode, documents: Documents) -> None:
        self._text = text
        self._name = operation.name.value if operation.name else None
        self._conditions = conditional(operation, fragments_of(tree))
        self._variables = VariableReader(schema._schema, operation)
        self._ways: dict[tuple[View | bool | None, ...], Projection] = {}
        if not self._conditions:
            self._compile(View.CLEAR, (), documents)

    async def run(self, context: Context, given: Variables) -> Any:
        """The data of the answer, for orjson to write. Raises Busy where too many costly ones wait, and NotCompiled, or whatever
        else, where graphql-core shall answer."""
        variables = self._variables.read(given)
        principal = context.principal
        projection = self._projection(principal.view, variables, context.sources.documents)
        if not projection.needed.met(principal.scopes):
            raise NotCompiled
        context.loads.parts = projection.parts
        run = Run(context, [build(variables) for build in projection.arguments])
        again: Again | None = None
        for number in range(MOST_ROUNDS):
            if context.pace is not None:
                inside = copy_context()
                data = await context.sources.beside.run(run, inside.run, projection.project, None, run)
            else:
                data = projection.project(None, run)
            needs = run.needs
            if not needs:
                return data if again is None else again.keep(data)
            await context.loads.load_now(needs)
            if number == 0 and len(needs) == 1 and needs[0][0] == "customer" and principal.customer is None:
                profile = context.loads.known["customer"][needs[0][1]]
                if type(profile) is Profile and profile.comes_again:
                    again = Again(context, profile, projection.number, self._variables.declared(given))
                    found = again.find()
                    if found is not None:
                        return found
            run.needs = []
            context.budget.renew()
        raise NotCompiled

    def _projection(self, view: View, variables: Mapping[str, Any], documents: Documents) -> Projection:
        way = tuple([variables.get(name) for name in self._conditions])
        projection = self._ways.get((view, *way))
        if projection is None:
            # Null, though it has a default: an error where it is met.
            if len(self._ways) >= MOST_WAYS or None in way:
                raise NotCompiled
            projection = self._compile(view, way, documents)
        return projection

    def _compile(self, view: View, way: tuple[bool | None, ...], documents: Documents) -> Projection:
        tree = documents.trees.of(self._text)
        conditions = {name: value is True for name, value in zip(self._conditions, way, strict=True)}
        selections = Selections(schema._schema, fragments_of(tree), conditions)
        root = schema._schema.query_type
        assert root is not None
        projection = compiled(root, [operation_of(tree, self._name).selection_set], selections, _READER, view)
        self._ways[view, *way] = projection
        documents.planned(self._text, bytes_of(projection))
        return projection

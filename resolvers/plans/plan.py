"""A plan: one query, compiled once for each way in which its conditions can turn out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode, OperationType

from graph.customers import Profile
from resolvers.context import Context
from resolvers.plans.again import Answers
from resolvers.plans.arguments import ArgumentReader, VariableReader, Variables
from resolvers.plans.projection import Projection, Run, compiled
from resolvers.plans.recording import Recording
from resolvers.plans.selections import NotCompiled, Selections, conditional, fragments_of
from resolvers.schema import schema

#: An operation with more ways in which its conditions have turned out is left to graphql-core from then on.
MOST_WAYS = 32

#: A query that needs more rounds of loading than this goes deeper than any that the guard lets through.
MOST_ROUNDS = 50

_READER = ArgumentReader(schema.config, schema.schema_converter.scalar_registry)


def plan_of(document: DocumentNode, operation: OperationDefinitionNode) -> Plan | Recording:
    """The plan of an operation; raises NotCompiled for one that can't be compiled."""
    if operation.operation is OperationType.QUERY:
        return Plan(document, operation)
    return Recording(document, operation, _READER)


class Plan:
    """A query's. Raises NotCompiled for an operation that can't be compiled."""

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._operation = operation
        self._fragments = fragments_of(document)
        self._conditions = conditional(operation, self._fragments.values())
        self._variables = VariableReader(schema._schema, operation)
        self._ways: dict[tuple[bool, ...], Projection] = {}
        if not self._conditions:
            self._ways[()] = self._compiled(())

    async def run(self, context: Context, given: Variables) -> Any:
        """The data of the answer, for orjson to write. Raises NotCompiled, or whatever else, where graphql-core shall answer."""
        variables = self._variables.read(given)
        projection = self._projection(variables)
        context.loads.parts = projection.parts
        run = Run(context, [build(variables) for build in projection.arguments])
        answers: Answers | None = None
        for number in range(MOST_ROUNDS):
            data = projection.project(None, run)
            needs = run.needs
            if not needs:
                return data if answers is None else answers.keep(data)
            await context.loads.load_now(needs)
            if number == 0 and len(needs) == 1 and needs[0][0] == "customer":
                profile = context.loads.known["customer"][needs[0][1]]
                if type(profile) is Profile:
                    answers = Answers(context, profile, projection, given)
                    found = answers.find()
                    if found is not None:
                        return found
            run.needs = []
            context.budget.renew()
        raise NotCompiled

    def _projection(self, variables: Mapping[str, Any]) -> Projection:
        way = tuple([variables.get(name) is True for name in self._conditions])
        projection = self._ways.get(way)
        if projection is None:
            if len(self._ways) >= MOST_WAYS or any(variables.get(name) is None for name in self._conditions):
                raise NotCompiled
            projection = self._ways[way] = self._compiled(way)
        return projection

    def _compiled(self, way: tuple[bool, ...]) -> Projection:
        conditions = dict(zip(self._conditions, way, strict=True))
        selections = Selections(schema._schema, self._fragments, conditions)
        root = schema._schema.query_type
        assert root is not None
        return compiled(root, [self._operation.selection_set], selections, _READER)

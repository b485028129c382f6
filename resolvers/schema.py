"""The schema: the root type, the names, and how Strawberry is to run it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition, StrawberryType
from strawberry.types.execution import ExecutionContext

from resolvers import catalogue, directory, lookup
from resolvers.catalogue import Channel, Product
from resolvers.changes import Subscription
from resolvers.coercion import build_where_coerced
from resolvers.connections import Connection
from resolvers.context import Context
from resolvers.customers import Customer
from resolvers.mutations import Mutation
from resolvers.nodes import Node
from resolvers.scalars import SCALARS
from resolvers.timeline import ENTRY_TYPES


@strawberry.type(description="Everything that can be read.")
class Query:
    node: Node | None = strawberry.field(
        resolver=lookup.node, description="Anything with an id; null when there is no such thing."
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=lookup.nodes, description="At most 50 things by id, in the order asked for; null for each that there isn't."
    )
    customer: Customer | None = strawberry.field(
        resolver=directory.customer,
        description="One customer by any identifier, ids of customers merged away included. null when unknown.",
    )
    customers: Connection[Customer] = strawberry.field(
        resolver=directory.customers,
        description=(
            "All customers, or the best matches of a search: every word of it must be found in a name or an identifier, "
            "the last one as a beginning."
        ),
    )
    channels: list[Channel] = strawberry.field(resolver=catalogue.list_channels, description="All channels; at most 200.")
    product: Product | None = strawberry.field(resolver=catalogue.product, description="One product; null when unknown.")


class Names(NameConverter):
    """Names as in the contract: a connection of timeline entries is a TimelineConnection."""

    def get_name_from_type(self, type_: StrawberryType | type) -> str:
        name = super().get_name_from_type(type_)
        return "Timeline" if name == "TimelineEntry" else name


class Prepared(SchemaExtension):
    """Hands over the document of the context, which is parsed and valid already."""

    def on_parse(self) -> Iterator[None]:
        context: Context = self.execution_context.context
        self.execution_context.graphql_document = context.document
        yield

    def on_validate(self) -> Iterator[None]:
        # Strawberry validates unless it finds this set.
        self.execution_context.pre_execution_errors = []
        yield


class Schema(strawberry.Schema):
    """Strawberry's schema, but for its error log, which writes excerpts of what clients sent; @oneOf inputs are known as such to
    graphql-core, whose errors say where, and to introspection; and inputs are built where they are coerced."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for each in self._schema.type_map.values():
            if isinstance(each, GraphQLInputObjectType):
                definition: StrawberryObjectDefinition = each.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
                each.is_one_of = definition.is_one_of
                each.out_type = build_where_coerced(definition, self.config)  # type: ignore[method-assign,assignment]

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        return


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=ENTRY_TYPES,
    extensions=[Prepared],
    config=StrawberryConfig(name_converter=Names(), scalar_map=SCALARS),
)
"""The whole schema; `schema.as_str()` is its text."""

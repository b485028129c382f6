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

from graph.customers import Parts
from resolvers import catalogue, directory, lookup
from resolvers.access import guard
from resolvers.catalogue import Channel, Product
from resolvers.changes import Subscription
from resolvers.connections import Connection
from resolvers.context import Context
from resolvers.customers import Customer
from resolvers.fields import at_most, mask_of, read, root_field
from resolvers.identity.preview import MergePreview, merge_preview
from resolvers.identity.suggestions import MergeSuggestion, merge_suggestions
from resolvers.mutations import Mutation
from resolvers.nodes import Node
from resolvers.referrals.advocates import Advocate, ReferralProgram, advocates, referral_program
from resolvers.referrals.paths import ReferralPathResult, referral_path
from resolvers.requirements import needs, needs_any
from resolvers.scalars import SCALARS
from resolvers.scopes import IDENTITY, OWN, PROFILE, READING, REFERRAL
from resolvers.timeline import ENTRY_TYPES


@strawberry.type(description="Everything that can be read.")
class Query:
    node: Node | None = root_field(
        lookup.node, "Anything with an id; null when there is no such thing.", scopes=needs_any(PROFILE, OWN)
    )
    nodes: list[Node | None] = root_field(
        lookup.nodes,
        "At most 50 things by id, in the order asked for; null for each that there isn't.",
        size=at_most(50, by="ids"),
        scopes=needs_any(PROFILE, OWN),
    )
    customer: Customer | None = root_field(
        directory.customer,
        "One customer by any identifier, ids of customers merged away included. null when unknown.",
        scopes=needs_any(PROFILE, OWN),
    )
    me: Customer | None = root_field(
        directory.me, "The customer whose own token this is; null for an API key.", scopes=needs_any(PROFILE, OWN)
    )
    customers: Connection[Customer] = root_field(
        directory.customers,
        "All customers, or the best matches of a search: every word of it must be found in a name or an identifier, "
        "the last one as a beginning.",
        scopes=needs(PROFILE),
    )
    channels: list[Channel] = root_field(
        catalogue.list_channels, "All channels; at most 200.", size=at_most(200), scopes=needs_any(*READING, OWN)
    )
    product: Product | None = root_field(catalogue.product, "One product; null when unknown.", scopes=needs_any(*READING, OWN))
    referral_path: ReferralPathResult = root_field(
        referral_path,
        "How two customers are linked by accepted referrals: up from one to the first common advocate and down to the other. "
        "path is null when their trees differ.",
        scopes=needs_any(REFERRAL, OWN),
    )
    merge_preview: MergePreview = root_field(
        merge_preview,
        "What a merge would do; changes nothing.",
        scopes=needs_any(IDENTITY, PROFILE),
        needs=Parts.only(provenance=True),
    )
    merge_suggestions: Connection[MergeSuggestion] = root_field(
        merge_suggestions,
        "Customers who may be one, the most likely first, as `c360 suggest` found them last; nothing merges them by itself.",
        scopes=needs(PROFILE),
    )
    advocates: Connection[Advocate] = root_field(
        advocates,
        "Customers who brought others in, most first, ties by id. For all time a change is counted a moment later; in a period, "
        "acceptances and purchases that fall in it.",
        scopes=needs(REFERRAL),
    )
    referral_program: ReferralProgram = root_field(
        referral_program, "How referrals go, all of them or those of a period.", scopes=needs(REFERRAL)
    )


class Names(NameConverter):
    """Names as in the contract: a connection of timeline entries is a TimelineConnection."""

    def get_name_from_type(self, type_: StrawberryType | type) -> str:
        name = super().get_name_from_type(type_)
        return "Timeline" if name == "TimelineEntry" else name


class Prepared(SchemaExtension):
    """Hands over the tree of a text that is known to be valid, without parsing it where that was done a short while ago."""

    def on_parse(self) -> Iterator[None]:
        context: Context = self.execution_context.context
        text = self.execution_context.query
        assert text is not None
        self.execution_context.graphql_document = context.sources.documents.trees.of(text)
        yield

    def on_validate(self) -> Iterator[None]:
        # Strawberry validates unless it finds this set.
        self.execution_context.pre_execution_errors = []
        yield


class Schema(strawberry.Schema):
    """Strawberry's schema, but for its error log, which writes excerpts of what clients sent; and @oneOf inputs are known as such
    to graphql-core, whose errors say where, and to introspection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for each in self._schema.type_map.values():
            if isinstance(each, GraphQLInputObjectType):
                definition = each.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
                each.is_one_of = isinstance(definition, StrawberryObjectDefinition) and definition.is_one_of
        guard(self._schema, mask_of)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        return


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=ENTRY_TYPES,
    extensions=[Prepared],
    config=StrawberryConfig(name_converter=Names(), scalar_map=SCALARS, default_resolver=read),
)
"""The whole schema; `schema.as_str()` is its text."""

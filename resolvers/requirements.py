"""Who may see what: stated once on the type or field that needs a scope, and visible in the schema.

A field needs the scopes that it states, or else those of its type; and to lead to objects of a type takes what that type needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import strawberry
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_introspection_type,
    is_object_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location

from resolvers.scopes import Required


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="requiresScopes",
    description=(
        "Any one of the inner lists suffices; all scopes in it are needed. An empty one suffices always: "
        "what led here was enough. A field that says nothing needs what its type does."
    ),
)
class RequiresScopes:
    scopes: list[list[str]]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="personal",
    description="Personal data: masked or null without pii:read, removed by erasure.",
)
class Personal:
    pass


def needs(*scopes: str) -> RequiresScopes:
    """All of these are needed."""
    return RequiresScopes(scopes=[list(scopes)])


def needs_any(*scopes: str) -> RequiresScopes:
    """Each of these suffices."""
    return RequiresScopes(scopes=[[each] for each in scopes])


def needs_nothing_more() -> RequiresScopes:
    """What led here was enough."""
    return RequiresScopes(scopes=[[]])


def required(parent: GraphQLObjectType, field: GraphQLField) -> Required:
    """What a field of a type needs: to be read, and for the objects it leads to."""
    found = _stated(field) or _stated(parent)
    assert found is not None, f"{parent.name} and a field of its own state no scopes"
    reached = get_named_type(field.type)
    if isinstance(reached, GraphQLObjectType) and not is_introspection_type(reached):
        inside = _stated(reached)
        return found if inside is None else found & inside
    return found


def undeclared(schema: GraphQLSchema) -> list[str]:
    """Fields for which neither they nor their types state what they need."""
    return [
        f"{each.name}.{name}"
        for each in schema.type_map.values()
        if is_object_type(each) and not is_introspection_type(each) and _stated(each) is None
        for name, field in each.fields.items()
        if _stated(field) is None
    ]


def _stated(declared: GraphQLObjectType | GraphQLField) -> Required | None:
    definition: Any = declared.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    directives: Iterable[object] = (definition.directives if definition is not None else None) or ()
    found = [each for each in directives if isinstance(each, RequiresScopes)]
    return Required(tuple(map(frozenset, found[0].scopes))) if found else None

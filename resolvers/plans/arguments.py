"""From literals and variables to what resolvers take.

What doesn't fit is left to graphql-core, which says what is wrong with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, NoReturn

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    type_from_ast,
    value_from_ast,
)
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import StrawberryMaybe, StrawberryObjectDefinition, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.maybe import Some

from resolvers.plans.selections import NotCompiled

Coerce = Callable[[Any], Any]
Variables = Mapping[str, Any]
_INTEGERS = range(-(2**31), 2**31)


class VariableReader:
    """Coerces the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._coercers: list[tuple[str, Coerce, Any]] = []
        for each in operation.variable_definitions or ():
            declared: Any = type_from_ast(schema, each.type)
            default = Undefined if each.default_value is None else value_from_ast(each.default_value, declared)
            self._coercers.append((each.variable.name.value, coercer(declared), default))
            if default is Undefined and isinstance(declared, GraphQLNonNull):
                self._coercers[-1] = (each.variable.name.value, coercer(declared), NotCompiled)
        self._names = {name for name, _, _ in self._coercers}

    def declared(self, given: Variables) -> Variables:
        """Those of the given ones that the operation has, and not whatever else was sent."""
        if given.keys() <= self._names:
            return given
        return {name: value for name, value in given.items() if name in self._names}

    def read(self, given: Variables) -> dict[str, Any]:
        """The values as graphql-core has them; raises NotCompiled where it would have something to say."""
        values: dict[str, Any] = {}
        for name, coerce, default in self._coercers:
            value = given.get(name, Undefined)
            if value is not Undefined:
                values[name] = coerce(value)
            elif default is NotCompiled:
                raise NotCompiled
            elif default is not Undefined:
                values[name] = default
        return values


def coercer(declared: GraphQLInputType) -> Coerce:
    """What makes of a value from JSON one of an input type."""
    if isinstance(declared, GraphQLNonNull):
        return _required(coercer(declared.of_type))
    return _optional(_named(declared))


def _required(coerce: Coerce) -> Coerce:
    def required(value: Any) -> Any:
        if value is None:
            raise NotCompiled
        return coerce(value)

    return required


def _optional(coerce: Coerce) -> Coerce:
    def optional(value: Any) -> Any:
        return None if value is None else coerce(value)

    return optional


def _text(value: Any) -> str:
    if type(value) is not str:
        raise NotCompiled
    return value


def _integer(value: Any) -> int:
    if type(value) is not int or value not in _INTEGERS:
        raise NotCompiled
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise NotCompiled
    return value


_SIMPLE: dict[GraphQLScalarType, Coerce] = {
    GraphQLString: _text,
    GraphQLID: _text,
    GraphQLInt: _integer,
    GraphQLBoolean: _boolean,
}


def _named(declared: Any) -> Coerce:
    if isinstance(declared, GraphQLList):
        return _list(coercer(declared.of_type))
    if isinstance(declared, GraphQLInputObjectType):
        return _object(declared)
    simple = _SIMPLE.get(declared)
    if simple is not None:
        return simple
    assert isinstance(declared, (GraphQLScalarType, GraphQLEnumType))
    return _parsed(declared)


def _parsed(declared: GraphQLScalarType | GraphQLEnumType) -> Coerce:
    def parsed(value: Any) -> Any:
        try:
            found = declared.parse_value(value)
        except Exception:
            raise NotCompiled from None
        if found is Undefined:
            raise NotCompiled
        return found

    return parsed


def _list(item: Coerce) -> Coerce:
    def items(value: Any) -> list[Any]:
        # A value that is no list is a list of itself.
        return [item(each) for each in value] if type(value) is list else [item(value)]

    return items


def _object(declared: GraphQLInputObjectType) -> Coerce:
    # Input types may refer to themselves.
    fields: dict[str, tuple[str, Coerce, Any]] = {}

    def made() -> dict[str, tuple[str, Coerce, Any]]:
        if not fields:
            for name, field in declared.fields.items():
                default = NotCompiled if isinstance(field.type, GraphQLNonNull) else Undefined
                default = default if field.default_value is Undefined else field.default_value
                fields[name] = (field.out_name or name, coercer(field.type), default)
        return fields

    def read(value: Any) -> dict[str, Any]:
        known = made()
        if type(value) is not dict or not value.keys() <= known.keys():
            raise NotCompiled
        if declared.is_one_of and (len(value) != 1 or None in value.values()):
            raise NotCompiled
        found: dict[str, Any] = {}
        for name, (out_name, coerce, default) in known.items():
            if name in value:
                found[out_name] = coerce(value[name])
            elif default is NotCompiled:
                raise NotCompiled
            elif default is not Undefined:
                found[out_name] = default
        return found

    return read


class ArgumentReader:
    """Makes the arguments of one field: those that are always the same, and those that variables decide."""

    def __init__(self, config: StrawberryConfig, registry: Any) -> None:
        self._config = config
        self._registry = registry

    def of(
        self, declared: GraphQLField, field: StrawberryField, node: FieldNode, resolve: Callable[..., Any]
    ) -> tuple[dict[str, Any], dict[str, Callable[[Variables], Any]]]:
        """By the names that `resolve` has for them: values, and functions of the variables."""
        same: dict[str, Any] = {}
        varying: dict[str, Callable[[Variables], Any]] = {}
        given = {each.name.value: each.value for each in node.arguments or ()}
        arguments = {self._config.name_converter.get_graphql_name(each): each for each in field.arguments}
        defaults = {name: each.default for name, each in inspect.signature(resolve).parameters.items()}
        for name, argument in declared.args.items():
            if name not in given:
                continue
            stated, value = arguments[name], given[name]
            if _varies(value):
                varying[stated.python_name] = self._varying(argument.type, stated, value, defaults[stated.python_name])
            else:
                same[stated.python_name] = self._converted(value_from_ast(value, argument.type), stated.type)
        return same, varying

    def _varying(
        self, declared: GraphQLInputType, stated: StrawberryArgument, value: ValueNode, default: Any
    ) -> Callable[[Variables], Any]:
        convert, required = self._converter(stated.type), isinstance(declared, GraphQLNonNull)
        if isinstance(value, VariableNode):
            name = value.name.value

            def variable(variables: Variables) -> Any:
                found = variables.get(name, Undefined)
                if found is Undefined and default is not inspect.Parameter.empty:
                    return default
                if found is Undefined or (found is None and required):
                    raise NotCompiled
                return convert(found)

            return variable

        read = _reader(value, declared)

        def literal(variables: Variables) -> Any:
            found = read(variables)
            if found is Undefined:
                raise NotCompiled
            return convert(found)

        return literal

    def _converted(self, value: Any, stated: Any) -> Any:
        if value is Undefined:
            raise NotCompiled
        return convert_argument(value, stated, scalar_registry=self._registry, config=self._config)

    def _converter(self, stated: Any) -> Coerce:
        """Strawberry's `convert_argument` for one type: from graphql-core's values to what resolvers take."""
        if isinstance(stated, StrawberryMaybe):
            inner = self._converter(stated.of_type)
            nullable = isinstance(stated.of_type, StrawberryOptional)
            return lambda value: Some(inner(value)) if nullable or value is not None else _misfit()
        if isinstance(stated, StrawberryOptional):
            return self._converter(stated.of_type)
        if is_scalar(stated, self._registry) and stated is not GlobalID:
            return _unchanged
        if isinstance(stated, StrawberryEnumDefinition) or has_enum_definition(stated):
            return _unchanged
        definition = getattr(stated, "__strawberry_definition__", None)
        if definition is not None and definition.is_input and definition.from_input is None:
            return self._input(stated, definition)
        return lambda value: self._converted(value, stated)

    def _input(self, stated: Any, definition: StrawberryObjectDefinition) -> Coerce:
        absent = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        # Input types may refer to themselves.
        fields: list[tuple[str, str, Coerce]] = []

        def convert(value: Any) -> Any:
            if value is None:
                return None
            if not fields:
                for field in definition.fields:
                    name = self._config.name_converter.from_field(field)
                    fields.append((name, field.python_name, self._converter(field.resolve_type(type_definition=definition))))
            given = absent.copy()
            for name, python_name, inner in fields:
                if name in value:
                    given[python_name] = inner(value[name])
            return stated(**given)

        return convert


def _unchanged(value: Any) -> Any:
    return value


def _misfit() -> NoReturn:
    raise NotCompiled


def _varies(value: ValueNode) -> bool:
    if isinstance(value, VariableNode):
        return True
    inner = [*getattr(value, "values", ()), *(field.value for field in getattr(value, "fields", ()))]
    return any(_varies(each) for each in inner)


def _reader(node: ValueNode, declared: GraphQLInputType) -> Callable[[Variables], Any]:
    """graphql-core's `value_from_ast` for one literal: its value, or Undefined, once the variables in it are known."""
    if not _varies(node):
        same = value_from_ast(node, declared)
        return lambda _: same
    required = isinstance(declared, GraphQLNonNull)
    if isinstance(node, VariableNode):
        name = node.name.value

        def variable(variables: Variables) -> Any:
            found = variables.get(name, Undefined)
            return Undefined if found is None and required else found

        return variable
    inner: Any = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    if isinstance(inner, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        given = {field.name.value: field.value for field in node.fields}
        # What has a default is looked up where nothing is given for it, or a variable that isn't there.
        if given.keys() <= inner.fields.keys() and all(field.default_value is Undefined for field in inner.fields.values()):
            return _object_reader(given, inner)
    bare = _bare(node)
    return lambda variables: value_from_ast(bare, declared, dict(variables))


def _bare(value: Any) -> Any:
    """A node or part of one, without the places that lead to the whole text."""
    if isinstance(value, Node):
        return type(value)(**{key: _bare(getattr(value, key)) for key in value.keys if key != "loc"})
    return tuple(map(_bare, value)) if isinstance(value, tuple) else value


def _object_reader(given: Mapping[str, ValueNode], declared: GraphQLInputObjectType) -> Callable[[Variables], Any]:
    fields = [
        (declared.fields[name].out_name or name, isinstance(node, VariableNode), _reader(node, declared.fields[name].type))
        for name, node in given.items()
    ]
    required = {field.out_name or name for name, field in declared.fields.items() if isinstance(field.type, GraphQLNonNull)}
    one_of = declared.is_one_of

    def read(variables: Variables) -> Any:
        found: dict[str, Any] = {}
        for name, may_be_absent, inner in fields:
            value = inner(variables)
            if value is not Undefined:
                found[name] = value
            elif not may_be_absent:
                return Undefined
        if not found.keys() >= required or (one_of and (len(fields) != 1 or len(found) != 1 or None in found.values())):
            return Undefined
        return found

    return read

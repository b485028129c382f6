"""Valid operations over the schema, made up by chance: what nobody would think of asking for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)

#: Deeper than this only leaves are selected.
DEEPEST = 7

#: After so many fields only those of the root are selected.
MOST = 60

#: Arguments whose values belong to one list, or don't go with others: errors enough come without them.
SELDOM_RIGHT = {"after", "before", "last", "period"}


@dataclass(frozen=True, slots=True)
class Operation:
    """`others`: variables by which the same text selects something else, or asks for what isn't allowed."""

    text: str
    variables: dict[str, Any]
    others: dict[str, Any]


@dataclass(slots=True)
class Maker:
    """`known` has for names of arguments, input fields and types some values that exist, and some that don't."""

    schema: GraphQLSchema
    known: dict[str, Sequence[Any]]
    chance: Random
    fields: int = 0
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, str] = field(default_factory=dict)

    def operation(self) -> Operation:
        root = self.schema.query_type
        assert root is not None
        body = self._selection(root, 0)
        stated = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"query Q({stated})" if stated else self.chance.choice(["query Q", "query", ""])
        text = "\n".join([f"{head} {body}", *self.fragments.values()])
        given = {name: value for name, (_, value) in self.variables.items()}
        return Operation(text, _stated(given), _stated(given | self.conditions))

    def _selection(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        fields = [(name, each) for name, each in parent.fields.items() if depth < DEEPEST or _flat(each.type)]
        wanted = self.chance.sample(fields, min(len(fields), self.chance.randint(1, 5 if depth else 3)))
        parts = [part for name, each in wanted for part in self._field(name, each, depth)]
        if self.chance.random() < 0.2:
            parts.append(self.chance.choice(["__typename", "what: __typename"]))
        if self.chance.random() < 0.3:
            parts.append(self._fragment(parent, depth))
        self.chance.shuffle(parts)
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _field(self, name: str, each: GraphQLField, depth: int) -> Iterator[str]:
        if self.fields >= MOST and depth:
            return
        self.fields += 1
        inner = "" if _flat(each.type) else " " + self._selection(_composite(each.type), depth + 1)
        # An alias of its own for all that takes arguments: the same key twice must ask for the same.
        alias = f"a{self.fields}: " if each.args or self.chance.random() < 0.2 else ""
        text = f"{alias}{name}{self._arguments(each)}{self._directive()}{inner}"
        yield text
        if self.chance.random() < 0.05:
            yield text

    def _fragment(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        possible: list[GraphQLObjectType | GraphQLInterfaceType] = [parent]
        if isinstance(parent, GraphQLInterfaceType):
            possible += self.schema.get_possible_types(parent)
        else:
            possible += parent.interfaces
        on = self.chance.choice(possible)
        body = self._selection(on, depth)
        if self.chance.random() < 0.5:
            return f"... {self.chance.choice([f'on {on.name}', f'on {on.name} '])}{self._directive()}{body}"
        name = f"F{len(self.fragments)}"
        self.fragments[name] = f"fragment {name} on {on.name} {body}"
        return f"...{name}{self._directive()}"

    def _directive(self) -> str:
        if self.chance.random() > 0.1:
            return ""
        name = self.chance.choice(["include", "skip"])
        value = self.chance.random() < 0.6
        if self.chance.random() < 0.5:
            return f" @{name}(if: {str(value).lower()})"
        if self.chance.random() < 0.5:
            variable = self._variable("Boolean!", value)
            self.conditions[variable] = not value
        else:
            variable = self._variable(f"Boolean = {str(value).lower()}", self.chance.choice([True, False, _LEFT_OUT]))
            self.conditions[variable] = self.chance.choice([True, False, _LEFT_OUT, None])
        return f" @{name}(if: ${variable})"

    def _arguments(self, each: GraphQLField) -> str:
        given = [
            f"{name}: {self._value(name, argument.type)}"
            for name, argument in each.args.items()
            if _required(argument) or self.chance.random() < (0.03 if name in SELDOM_RIGHT else 0.3)
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, name: str, declared: GraphQLInputType) -> str:
        value = self._json(name, declared)
        if self.chance.random() < 0.5:
            return _literal(value, declared)
        if self.chance.random() < 0.2:
            # With a default even what is required may be left out, and even then it may not be null.
            nullable = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
            kind = f"{nullable} = {_literal(self._json(name, declared), declared)}"
            return f"${self._variable(kind, self.chance.choice([value, value, _LEFT_OUT, _LEFT_OUT, None]))}"
        left_out = not isinstance(declared, GraphQLNonNull) and self.chance.random() < 0.1
        return f"${self._variable(str(declared), _LEFT_OUT if left_out else value)}"

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = kind, value
        return name

    def _json(self, name: str, declared: GraphQLInputType) -> Any:
        if isinstance(declared, GraphQLNonNull):
            return self._json(name, declared.of_type)
        if isinstance(declared, GraphQLList):
            return [self._json(name, declared.of_type) for _ in range(self.chance.randint(0, 3))]
        if isinstance(declared, GraphQLInputObjectType):
            if declared.name in self.known:
                return self.chance.choice(self.known[declared.name])
            if declared.is_one_of:
                only = self.chance.choice(list(declared.fields))
                return {only: self._json(only, declared.fields[only].type)}
            return {each: self._json(each, field.type) for each, field in declared.fields.items()}
        if isinstance(declared, GraphQLEnumType):
            return self.chance.choice(list(declared.values))
        return self.chance.choice(self.known[name] if name in self.known else self.known[declared.name])


_LEFT_OUT = object()


def _stated(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not _LEFT_OUT}


def _literal(value: Any, declared: GraphQLInputType) -> str:
    if isinstance(declared, GraphQLNonNull):
        return _literal(value, declared.of_type)
    if isinstance(declared, GraphQLList):
        return "[" + ", ".join(_literal(each, declared.of_type) for each in value) + "]"
    if isinstance(declared, GraphQLInputObjectType):
        fields = (f"{name}: {_literal(each, declared.fields[name].type)}" for name, each in value.items())
        return "{" + ", ".join(fields) + "}"
    if isinstance(declared, GraphQLEnumType):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _flat(declared: GraphQLOutputType) -> bool:
    return is_leaf_type(get_named_type(declared))


def _composite(declared: GraphQLOutputType) -> Any:
    named = get_named_type(declared)
    assert is_composite_type(named)
    return named


def _required(argument: GraphQLArgument) -> bool:
    return isinstance(argument.type, GraphQLNonNull)

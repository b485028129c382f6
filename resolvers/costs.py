"""What an operation may bring: its price in objects, by IBM's cost directives, for the variables that it comes with.

https://ibm.github.io/graphql-specs/cost-spec.html: an object costs 1 and a leaf nothing; `@listSize` says how long a list may be,
by an argument that limits it or by what is assumed. A price is worked out once for an operation, as far as its variables don't
matter. An answer holds no more than that, but for short lists that are no pages, such as the lines of a purchase, for which a
usual length is assumed. Fields of several types cost as those of the dearest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)

from resolvers.fields import Cost, ListSize, stated

#: No page is longer; whoever asks for more is refused by the field.
LONGEST = 100

Variables = Mapping[str, Any]
Amount = int | Callable[[Variables], int]


@dataclass(frozen=True, slots=True)
class Price:
    """The prices of the root fields of an operation, by response key."""

    _fields: tuple[tuple[str, Amount], ...]
    _defaults: Variables

    def of(self, variables: Variables) -> int:
        """How many objects the answer can hold."""
        given = {**self._defaults, **variables} if self._defaults else variables
        total = 0
        for _, amount in self._fields:
            total += amount if type(amount) is int else amount(given)  # type: ignore[operator]
        return total

    def dearest(self, variables: Variables) -> str:
        """The response key of the root field that costs most."""
        given = {**self._defaults, **variables}
        return max(self._fields, key=lambda each: _evaluated(each[1], given))[0]


def price_of(document: DocumentNode, operation: OperationDefinitionNode, schema: GraphQLSchema) -> Price:
    """The price of an operation of a valid document."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    assert root is not None
    prices = _Prices(schema, fragments)
    found: list[tuple[str, Amount]] = []
    prices.roots(root, operation.selection_set, found)
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    return Price(tuple(found), defaults)


@dataclass(slots=True)
class _Prices:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    _known: dict[tuple[str, str], Amount] = field(default_factory=dict)

    def roots(self, root: GraphQLObjectType, selections: SelectionSetNode, found: list[tuple[str, Amount]]) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                key = (node.alias or node.name).value
                found.append((key, _where(node.directives, self._field(root, node, {}))))
            elif isinstance(node, InlineFragmentNode):
                found.append(("...", _where(node.directives, self._set(root, node.selection_set, {}))))
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                found.append((f"...{name}", _where(node.directives, self._set(root, self.fragments[name].selection_set, {}))))

    def _set(self, parent: GraphQLObjectType, selections: SelectionSetNode, sized: Mapping[str, Amount]) -> Amount:
        """What the fields selected of one object of a type cost; `sized`: how long some lists among them are."""
        return _sum(_where(node.directives, self._one(parent, node, sized)) for node in selections.selections)

    def _one(self, parent: GraphQLObjectType, node: Any, sized: Mapping[str, Amount]) -> Amount:
        if isinstance(node, FieldNode):
            return self._field(parent, node, sized)
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition.name.value if node.type_condition else parent.name
            return self._set(parent, node.selection_set, sized) if self._applies(condition, parent) else 0
        assert isinstance(node, FragmentSpreadNode)
        fragment = self.fragments[node.name.value]
        if not self._applies(fragment.type_condition.name.value, parent):
            return 0
        if sized:
            return self._set(parent, fragment.selection_set, sized)
        key = node.name.value, parent.name
        if key not in self._known:
            self._known[key] = self._set(parent, fragment.selection_set, sized)
        return self._known[key]

    def _applies(self, condition: str, parent: GraphQLObjectType) -> bool:
        wanted: Any = self.schema.type_map[condition]
        return wanted is parent or (isinstance(wanted, GraphQLInterfaceType) and self.schema.is_sub_type(wanted, parent))

    def _field(self, parent: GraphQLObjectType, node: FieldNode, sized: Mapping[str, Amount]) -> Amount:
        name = node.name.value
        if name.startswith("__"):
            return 0
        declared = parent.fields[name]
        named = get_named_type(declared.type)
        weight = stated(declared, Cost)
        own = int(weight.weight) if weight else int(not is_leaf_type(named))
        if node.selection_set is None:
            return own
        directive = stated(declared, ListSize)
        inside: dict[str, Amount] = {}
        length: Amount = 1
        if directive is not None:
            length = _length(directive, declared, node)
            if directive.sized_fields:
                inside, length = dict.fromkeys(directive.sized_fields, length), 1
        elif name in sized and _is_list(declared.type):
            length = sized[name]
        possible: Iterable[GraphQLObjectType] = (
            self.schema.get_possible_types(named) if isinstance(named, GraphQLInterfaceType) else (named,)
        )
        one = _dearest([self._set(each, node.selection_set, inside) for each in possible])
        return _times(length, _sum((own, one)))


def _length(directive: ListSize, declared: GraphQLField, node: FieldNode) -> Amount:
    """How long a list may be: as the largest of its slicing arguments says, or as is assumed where none is given."""
    given = {each.name.value: each.value for each in node.arguments or ()}
    assumed = directive.assumed_size or 0
    values = [given[name] for name in directive.slicing_arguments or () if name in given]
    named = [value.name.value for value in values if isinstance(value, VariableNode)]
    written = [_size(value_from_ast_untyped(value)) for value in values if not isinstance(value, VariableNode)]

    def length(variables: Variables) -> int:
        sizes = [size for size in (*written, *(_size(variables.get(name)) for name in named)) if size is not None]
        return max(sizes) if sizes else assumed

    return length if named else length({})


def _size(value: Any) -> int | None:
    """How long a list is by one argument, as graphql-core takes it: 5.0 is 5, and what is no list is a list of one."""
    if value is None:
        return None
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str):
        return 1
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return min(max(value, 0), LONGEST) if type(value) is int else 0


def _is_list(declared: Any) -> bool:
    return isinstance(declared.of_type if isinstance(declared, GraphQLNonNull) else declared, GraphQLList)


def _where(directives: Iterable[DirectiveNode] | None, amount: Amount) -> Amount:
    """An amount that counts only where @include and @skip let it."""
    for directive in directives or ():
        if directive.name.value not in ("include", "skip"):
            continue
        value: Any = (directive.arguments or ())[0].value
        wanted = directive.name.value == "include"
        if isinstance(value, VariableNode):
            amount = _times(_holds(value.name.value, wanted), amount)
        elif value.value is not wanted:
            return 0
    return amount


def _holds(name: str, wanted: bool) -> Amount:
    return lambda variables: int(variables.get(name) is wanted)


def _evaluated(amount: Amount, variables: Variables) -> int:
    return amount if isinstance(amount, int) else amount(variables)


def _sum(amounts: Iterable[Amount]) -> Amount:
    fixed, varying = 0, []
    for amount in amounts:
        if isinstance(amount, int):
            fixed += amount
        else:
            varying.append(amount)
    if not varying:
        return fixed
    if len(varying) == 1 and not fixed:
        return varying[0]
    return lambda variables: fixed + sum([amount(variables) for amount in varying])


def _times(length: Amount, amount: Amount) -> Amount:
    if isinstance(length, int) and isinstance(amount, int):
        return length * amount
    if isinstance(amount, int):
        if not amount:
            return 0
        size: Any = length
        return lambda variables: size(variables) * amount
    each = amount
    if isinstance(length, int):
        return each if length == 1 else lambda variables: length * each(variables)
    return lambda variables: length(variables) * each(variables)


def _dearest(amounts: list[Amount]) -> Amount:
    fixed = max((amount for amount in amounts if isinstance(amount, int)), default=0)
    varying = [amount for amount in amounts if not isinstance(amount, int)]
    if not varying:
        return fixed
    return lambda variables: max(fixed, *[amount(variables) for amount in varying])

"""Which fields an operation selects, once the variables that @include and @skip ask for are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    is_abstract_type,
    visit,
)


class NotCompiled(Exception):
    """Something that is left to graphql-core."""


@dataclass(frozen=True, slots=True)
class Selections:
    """The selections of one operation under `conditions`, the values of the variables that @include and @skip name."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, bool]

    def of(self, parent: GraphQLObjectType, sets: Iterable[SelectionSetNode | None]) -> dict[str, list[FieldNode]]:
        """The fields selected of an object of type `parent`, by response key, in the order of the answer."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for each in sets:
            if each is not None:
                self._collect(parent, each.selections, found, spread)
        return found

    def _collect(
        self,
        parent: GraphQLObjectType,
        selections: Iterable[SelectionNode],
        found: dict[str, list[FieldNode]],
        spread: set[str],
    ) -> None:
        for node in selections:
            if not self._included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(node.type_condition.name.value, parent):
                    self._collect(parent, node.selection_set.selections, found, spread)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, parent):
                    self._collect(parent, fragment.selection_set.selections, found, spread)

    def _applies(self, condition: str, parent: GraphQLObjectType) -> bool:
        wanted = self.schema.type_map[condition]
        return wanted is parent or (is_abstract_type(wanted) and self.schema.is_sub_type(wanted, parent))

    def _included(self, directives: Iterable[DirectiveNode]) -> bool:
        for name, value in _conditions(directives):
            holds = value if isinstance(value, bool) else self.conditions[value]
            if holds is (name == "skip"):
                return False
        return True


def conditional(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    """The variables that decide what an operation selects, in the order in which they are met."""
    look = _Look()
    visit(operation, look)
    for name in look.spread:
        visit(fragments[name], look)
    return tuple(look.found)


class _Look(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}
        #: Fragments that are to be looked at, or were; it grows while it is gone through.
        self.spread: list[str] = []

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for _name, value in _conditions([node]):
            if isinstance(value, str):
                self.found[value] = None

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        if node.name.value not in self.spread:
            self.spread.append(node.name.value)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}


def _conditions(directives: Iterable[DirectiveNode]) -> Iterator[tuple[str, bool | str]]:
    """Of each @skip and @include its name, and its value or the variable that has it."""
    for directive in directives:
        if directive.name.value in ("skip", "include"):
            value = (directive.arguments or ())[0].value
            if isinstance(value, BooleanValueNode):
                yield directive.name.value, value.value
            elif isinstance(value, VariableNode):
                yield directive.name.value, value.name.value

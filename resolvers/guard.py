"""What a document may ask for: one pass over what was parsed, in time that grows with its length and nothing else.

Each operation is measured with its fragments expanded, and each fragment is measured once, after those that it spreads: of one
that spreads another twice, which spreads another twice, and so on, the numbers grow exponentially, and the work doesn't.
Introspection is measured apart, since standard tools ask for more than any client needs; graphql-core's own rule keeps its
lists from multiplying.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)
from graphql.language.parser import MAX_NESTING_DEPTH

from resolvers.errors import plain

#: Counting ends here: fragments that spread others twice make numbers of hundreds of digits.
MOST = 1_000_000

INTROSPECTION = {"__schema", "__type"}

#: Fragments of a ring that are named.
RING = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a request may be. app.settings says what each means, and takes its defaults from here.

    `depth`: levels of fields, root fields and leaves included; `alias`: characters of one; `selections`: fields and fragments,
    expanded; `repeats`: times that a selection set has the same leaf; `introspection_fields`: those of an answer; `errors`: those
    of validation that are told; `values`: in variables; `ids`: of `nodes`; `cost`: objects of an answer; `characters`: of a
    document's text; `body`, `events_body`: bytes of a request, and of one that only records events; `answer`: bytes of an answer;
    `kept`: tokens of all documents that a process remembers; `waiting`: documents that wait to be read."""

    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    alias: int = 100
    root_fields: int = 10
    directives: int = 20
    selections: int = 1_000
    repeats: int = 100
    errors: int = 5
    introspection_depth: int = 20
    introspection_selections: int = 500
    introspection_fields: int = 50_000
    values: int = 1_000
    ids: int = 50
    characters: int = 100_000
    cost: int = 10_000
    cost_mode: Literal["off", "measure", "enforce"] = "enforce"
    body: int = 100_000
    events_body: int = 1_000_000
    answer: int = 5_000_000
    kept: int = 200_000
    waiting: int = 100


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection set comes to. `depth`: 1 for leaves only; `nesting`: selection sets one within the other, those of
    fragments included; `roots`: fields at its own level."""

    depth: int = 0
    nesting: int = 0
    selections: int = 0
    roots: int = 0
    introspection_depth: int = 0
    introspection_selections: int = 0


def refusals(document: DocumentNode, limits: Limits) -> list[dict[str, Any]]:
    """Why a document is refused: request errors with code, limit and actual value; none where it may be asked."""
    fragments = fragments_of(document)
    try:
        measure = _Measure.of_all(fragments)
    except CycleError as error:
        ring = ", which spreads ".join(name[:50] for name in error.args[1][:RING])
        message = f"A fragment spreads itself: {ring}; break the ring."
        return [plain(message, "GRAPHQL_VALIDATION_FAILED")]
    found: list[dict[str, Any]] = []
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            size = measure.of(each.selection_set, root=True)
            written = measure.written(each)
            found += _exceeded(size, written, limits)
            if len({name in INTROSPECTION for name in _root_fields(each, fragments)}) > 1:
                message = "Ask for __schema and __type in an operation of their own: they are answered beside everything else."
                found.append(plain(message, "INTROSPECTION_NOT_ALONE"))
    return found


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}


def introspects(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Whether an operation asks for the schema."""
    return not INTROSPECTION.isdisjoint(_root_fields(operation, fragments))


def _root_fields(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    """The names of the root fields that an operation selects, `__typename` apart."""
    found: set[str] = set()
    reached: set[str] = set()
    waiting = list(operation.selection_set.selections)
    while waiting:
        node: Any = waiting.pop()
        if isinstance(node, FieldNode):
            found.add(node.name.value)
        elif isinstance(node, InlineFragmentNode):
            waiting += node.selection_set.selections
        elif node.name.value in fragments and node.name.value not in reached:
            reached.add(node.name.value)
            waiting += fragments[node.name.value].selection_set.selections
    return found - {"__typename"}


def _exceeded(size: Size, written: _Written, limits: Limits) -> Iterator[dict[str, Any]]:
    checks = (
        ("DOCUMENT_TOO_DEEP", "levels of fields", "ask for less at once", size.depth, limits.depth),
        ("DOCUMENT_TOO_DEEP", "levels of fields and fragments", "spread fewer within others", size.nesting, MAX_NESTING_DEPTH),
        ("TOO_MANY_ROOT_FIELDS", "root fields", "send several requests", size.roots, limits.root_fields),
        ("TOO_MANY_SELECTIONS", "selected fields and fragments", "ask for less at once", size.selections, limits.selections),
        ("TOO_MANY_SELECTIONS", "times the same field", "select it once", written.repeats, limits.repeats),
        ("TOO_MANY_ALIASES", "aliases", "send several requests", written.aliases, limits.aliases),
        ("ALIAS_TOO_LONG", "characters in an alias", "shorten it", written.alias, limits.alias),
        ("TOO_MANY_DIRECTIVES", "directives", "leave some out", written.directives, limits.directives),
        (
            "DOCUMENT_TOO_DEEP",
            "levels of introspection",
            "ask for less at once",
            size.introspection_depth,
            limits.introspection_depth,
        ),
        (
            "TOO_MANY_SELECTIONS",
            "selections in introspection",
            "ask for less at once",
            size.introspection_selections,
            limits.introspection_selections,
        ),
    )
    for code, what, instead, actual, limit in checks:
        if actual > limit:
            shown = f"{MOST:,} or more" if actual >= MOST else f"{actual:,}"
            message = f"The operation has {shown} {what}, and may have {limit:,}; {instead}."
            yield plain(message, code, limit=limit, actual=min(actual, MOST))


@dataclass(slots=True)
class _Written:
    """What stands in the text of an operation and of the fragments that it reaches, each counted once."""

    aliases: int = 0
    alias: int = 0
    directives: int = 0
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class _Measure:
    fragments: Mapping[str, FragmentDefinitionNode]
    _known: dict[tuple[str, bool], Size] = field(default_factory=dict)

    @classmethod
    def of_all(cls, fragments: Mapping[str, FragmentDefinitionNode]) -> _Measure:
        """With the sizes of all fragments; raises CycleError. No recursion goes from one fragment to another."""
        measure = cls(fragments)
        for name in TopologicalSorter({name: _spreads(each) for name, each in fragments.items()}).static_order():
            # That one doesn't exist, validation says.
            if name in fragments:
                for root in (False, True):
                    measure._known[name, root] = measure.of(fragments[name].selection_set, root=root)
        return measure

    def of(self, selections: SelectionSetNode | None, *, root: bool = False) -> Size:
        """The size of a selection set with its fragments expanded."""
        if selections is None:
            return Size()
        parts = [self._one(each, root=root) for each in selections.selections]
        return Size(
            depth=max((part.depth for part in parts), default=0),
            nesting=1 + max((part.nesting for part in parts), default=0),
            selections=min(sum(part.selections for part in parts), MOST),
            roots=min(sum(part.roots for part in parts), MOST),
            introspection_depth=max((part.introspection_depth for part in parts), default=0),
            introspection_selections=min(sum(part.introspection_selections for part in parts), MOST),
        )

    def _one(self, node: Any, *, root: bool) -> Size:
        if isinstance(node, FieldNode):
            inner = self.of(node.selection_set)
            if root and node.name.value in INTROSPECTION:
                return Size(
                    nesting=inner.nesting,
                    roots=1,
                    introspection_depth=inner.depth + 1,
                    introspection_selections=inner.selections + 1,
                )
            return replace(inner, depth=inner.depth + 1, selections=inner.selections + 1, roots=1)
        if isinstance(node, InlineFragmentNode):
            inner = self.of(node.selection_set, root=root)
        else:
            assert isinstance(node, FragmentSpreadNode)
            inner = self._known.get((node.name.value, root), Size())
        # A fragment counts as a selection, too: bombs of them need hold no field.
        return replace(inner, selections=inner.selections + 1)

    def written(self, operation: OperationDefinitionNode) -> _Written:
        found = _Written()
        reached: set[str] = set()
        waiting: list[Any] = [operation]
        while waiting:
            node = waiting.pop()
            found.directives += len(node.directives or ())
            if isinstance(node, FieldNode) and node.alias is not None:
                found.aliases += 1
                found.alias = max(found.alias, len(node.alias.value))
            if isinstance(node, OperationDefinitionNode):
                waiting += node.variable_definitions or ()
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in self.fragments and name not in reached:
                    reached.add(name)
                    waiting.append(self.fragments[name])
            elif (selections := getattr(node, "selection_set", None)) is not None:
                waiting += selections.selections
                times = Counter(_plain_leaves(selections.selections))
                found.repeats = max(found.repeats, *times.values()) if times else found.repeats
        return found


def values_in(value: object, most: int) -> int:
    """How many values there are in one from JSON, lists, objects and itself counted; a number above `most` for more than that."""
    found, waiting = 0, [value]
    while waiting and found + len(waiting) <= most:
        each = waiting.pop()
        found += 1
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.values()
    return found + len(waiting)


def _spreads(fragment: FragmentDefinitionNode) -> set[str]:
    """The fragments that one spreads by itself."""
    found: set[str] = set()
    waiting: list[Any] = [fragment]
    while waiting:
        node = waiting.pop()
        if isinstance(node, FragmentSpreadNode):
            found.add(node.name.value)
        elif (selections := getattr(node, "selection_set", None)) is not None:
            waiting += selections.selections
    return found


def without_repeats(document: DocumentNode) -> DocumentNode:
    """The document without leaves that are selected again as they were: validation would compare each of them with each."""

    changed: DocumentNode = visit(document, _Drop())
    return changed


class _Drop(Visitor):
    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode | None:
        kept = tuple(_once(node.selections))
        return None if len(kept) == len(node.selections) else SelectionSetNode(selections=kept, loc=node.loc)


def _once(selections: Iterable[Any]) -> Iterator[Any]:
    met: set[tuple[str, str | None]] = set()
    for node in selections:
        key = _plain_leaf(node)
        if key is not None:
            if key in met:
                continue
            met.add(key)
        yield node


def _plain_leaf(node: Any) -> tuple[str, str | None] | None:
    """By what a leaf without arguments and directives is told from others; None for anything else."""
    if isinstance(node, FieldNode) and not (node.selection_set or node.arguments or node.directives):
        return node.name.value, node.alias.value if node.alias else None
    return None


def _plain_leaves(selections: Iterable[Any]) -> Iterator[tuple[str, str | None]]:
    return (key for key in map(_plain_leaf, selections) if key is not None)

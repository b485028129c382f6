"""What a document may ask for: one pass over what was parsed, in time that grows with its length and nothing else.

Each operation is measured with its fragments expanded, and each fragment is measured once: of one that spreads another twice,
which spreads another twice, and so on, the numbers grow exponentially, and the work doesn't. Introspection is measured apart,
since standard tools ask for more than any client needs; graphql-core's own rule keeps its lists from multiplying.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a request may be. app.settings says what each means, and takes its defaults from here.

    `depth`: levels of fields, root fields and leaves included; `selections`: fields and fragments, expanded; `kept`: tokens of
    all documents that a process remembers; `characters`: of a document's text; `ids`: of `nodes`; `cost`: objects of an answer;
    `body`, `events_body`: bytes of a request, and of one that only records events.
    """

    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 10
    directives: int = 20
    selections: int = 1_000
    errors: int = 5
    introspection_depth: int = 20
    introspection_selections: int = 500
    ids: int = 50
    characters: int = 100_000
    cost: int = 10_000
    cost_mode: Literal["off", "measure", "enforce"] = "enforce"
    body: int = 100_000
    events_body: int = 1_000_000
    kept: int = 500_000


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection set comes to. `depth`: 1 for leaves only; `roots`: fields at its own level."""

    depth: int = 0
    selections: int = 0
    roots: int = 0
    introspection_depth: int = 0
    introspection_selections: int = 0


def refusals(document: DocumentNode, limits: Limits) -> list[dict[str, Any]]:
    """Why a document is refused: request errors with code, limit and actual value; none where it may be asked."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    measure = _Measure(fragments)
    found: list[dict[str, Any]] = []
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            size = measure.of(each.selection_set, root=True)
            written = measure.written(each)
            found += _exceeded(size, written, limits)
    return found


def _exceeded(size: Size, written: _Written, limits: Limits) -> Iterator[dict[str, Any]]:
    checks = (
        ("DOCUMENT_TOO_DEEP", "levels of fields", "ask for less at once", size.depth, limits.depth),
        ("TOO_MANY_ROOT_FIELDS", "root fields", "send several requests", size.roots, limits.root_fields),
        ("TOO_MANY_SELECTIONS", "selected fields and fragments", "ask for less at once", size.selections, limits.selections),
        ("TOO_MANY_ALIASES", "aliases", "send several requests", written.aliases, limits.aliases),
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
            message = f"The operation has {actual:,} {what}, and may have {limit:,}; {instead}."
            yield {"message": message, "extensions": {"code": code, "limit": limit, "actual": actual}}


@dataclass(slots=True)
class _Written:
    """What stands in the text of an operation and of the fragments that it reaches, each counted once."""

    aliases: int = 0
    directives: int = 0


@dataclass(slots=True)
class _Measure:
    fragments: Mapping[str, FragmentDefinitionNode]
    _known: dict[tuple[str, bool], Size] = field(default_factory=dict)
    _open: set[tuple[str, bool]] = field(default_factory=set)

    def of(self, selections: SelectionSetNode | None, *, root: bool = False) -> Size:
        """The size of a selection set with its fragments expanded."""
        parts = [self._one(each, root=root) for each in (selections.selections if selections else ())]
        return Size(
            depth=max((part.depth for part in parts), default=0),
            selections=sum(part.selections for part in parts),
            roots=sum(part.roots for part in parts),
            introspection_depth=max((part.introspection_depth for part in parts), default=0),
            introspection_selections=sum(part.introspection_selections for part in parts),
        )

    def _one(self, node: Any, *, root: bool) -> Size:
        if isinstance(node, FieldNode):
            inner = self.of(node.selection_set)
            if root and node.name.value in ("__schema", "__type"):
                return Size(roots=1, introspection_depth=inner.depth + 1, introspection_selections=inner.selections + 1)
            return Size(depth=inner.depth + 1, selections=inner.selections + 1, roots=1)
        if isinstance(node, InlineFragmentNode):
            return _with_itself(self.of(node.selection_set, root=root))
        assert isinstance(node, FragmentSpreadNode)
        return _with_itself(self._spread(node.name.value, root=root))

    def _spread(self, name: str, *, root: bool) -> Size:
        key = name, root
        size = self._known.get(key)
        if size is None:
            fragment = self.fragments.get(name)
            # That it doesn't exist, or spreads itself, validation says.
            if fragment is None or key in self._open:
                return Size()
            self._open.add(key)
            size = self._known[key] = self.of(fragment.selection_set, root=root)
            self._open.discard(key)
        return size

    def written(self, operation: OperationDefinitionNode) -> _Written:
        found = _Written()
        reached: set[str] = set()
        waiting: list[Any] = [operation]
        while waiting:
            node = waiting.pop()
            found.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                found.aliases += node.alias is not None
            if isinstance(node, OperationDefinitionNode):
                waiting += node.variable_definitions or ()
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in self.fragments and name not in reached:
                    reached.add(name)
                    waiting.append(self.fragments[name])
            elif (selections := getattr(node, "selection_set", None)) is not None:
                waiting += selections.selections
        return found


def _with_itself(size: Size) -> Size:
    """A fragment counts as a selection, too: bombs of them need hold no field."""
    return Size(size.depth, size.selections + 1, size.roots, size.introspection_depth, size.introspection_selections)


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
        if isinstance(node, FieldNode) and not (node.selection_set or node.arguments or node.directives):
            key = node.name.value, node.alias.value if node.alias else None
            if key in met:
                continue
            met.add(key)
        yield node

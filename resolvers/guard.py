"""What an operation may ask for, decided from the parsed document before anything else looks at it.

One walk over the document counts what each fragment selects; an operation's count is its own plus those of the fragments it
spreads, each of them counted once however often it is spread. So nested spreads, which double with each level, cost no more
than the text is long. Whatever works harder than that, validation above all, comes after this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

INTROSPECTION = ("__schema", "__type")

MOST = 1_000_000
"""Counting ends here: nested spreads make numbers of hundreds of digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may be. Of a document everything is counted with its fragments spelled out, operation by operation.

    `text` is in characters, `body` and `events_body` in bytes. `errors`: how many errors of validation are told. `ids`: of
    `nodes(ids:)`. Introspection is counted by itself.
    """

    text: int = 100_000
    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 10
    directives: int = 20
    selections: int = 1_000
    introspection_depth: int = 20
    introspection_selections: int = 1_000
    errors: int = 5
    ids: int = 50
    body: int = 100_000
    events_body: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a set of selections comes to. `width`: fields on its first level."""

    width: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0
    selections: int = 0
    introspection_depth: int = 0
    introspection_selections: int = 0

    def beside(self, other: Count) -> Count:
        """Both, one next to the other: depths don't add up, all else does."""
        return Count(
            width=min(MOST, self.width + other.width),
            depth=max(self.depth, other.depth),
            aliases=min(MOST, self.aliases + other.aliases),
            directives=min(MOST, self.directives + other.directives),
            selections=min(MOST, self.selections + other.selections),
            introspection_depth=max(self.introspection_depth, other.introspection_depth),
            introspection_selections=min(MOST, self.introspection_selections + other.introspection_selections),
        )

    def below(self, field: FieldNode) -> Count:
        """These selections as those of a field."""
        inside = field.name.value in INTROSPECTION
        return Count(
            width=1,
            depth=1 if inside else self.depth + 1,
            aliases=min(MOST, self.aliases + (field.alias is not None)),
            directives=min(MOST, self.directives + len(field.directives or ())),
            selections=1 if inside else min(MOST, self.selections + 1),
            introspection_depth=self.depth + 1 if inside else self.introspection_depth,
            introspection_selections=self.selections if inside else self.introspection_selections,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit on one number of a Count."""

    counted: str
    limit: str
    code: str
    message: str

    def error(self, count: Count, limits: Limits, operation: OperationDefinitionNode) -> GraphQLError | None:
        actual, most = getattr(count, self.counted), getattr(limits, self.limit)
        if actual <= most:
            return None
        shown = f"{actual:,} or more" if actual == MOST else f"{actual:,}"
        return GraphQLError(self.message.format(actual=shown, most=f"{most:,}"), operation, extensions={"code": self.code})


_RULES = (
    Rule(
        "depth",
        "depth",
        "DOCUMENT_TOO_DEEP",
        "The operation is {actual} fields deep; nest at most {most}, the root field and the innermost one counted.",
    ),
    Rule("aliases", "aliases", "TOO_MANY_ALIASES", "The operation has {actual} aliases; send at most {most}."),
    Rule("width", "root_fields", "TOO_MANY_ROOT_FIELDS", "The operation has {actual} root fields; send at most {most}."),
    Rule("directives", "directives", "TOO_MANY_DIRECTIVES", "The operation has {actual} directives; send at most {most}."),
    Rule(
        "selections",
        "selections",
        "TOO_MANY_SELECTIONS",
        "The operation selects {actual} fields and fragments, those of its fragments included; select at most {most}.",
    ),
    Rule(
        "introspection_depth",
        "introspection_depth",
        "DOCUMENT_TOO_DEEP",
        "Introspection is {actual} fields deep; nest at most {most}.",
    ),
    Rule(
        "introspection_selections",
        "introspection_selections",
        "TOO_MANY_SELECTIONS",
        "Introspection selects {actual} fields and fragments, those of its fragments included; select at most {most}.",
    ),
)


def faults(document: DocumentNode, limits: Limits) -> Iterator[GraphQLError]:
    """What of this document is more than `limits` allow; each error has its code. Linear in the length of the document."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    try:
        order = [*TopologicalSorter({name: set(_spreads(each)) for name, each in fragments.items()}).static_order()]
    except CycleError as error:
        ring = error.args[1]
        message = f"Fragment '{ring[0]}' spreads itself, through {len(ring) - 1} spreads; break the ring."
        yield GraphQLError(message, fragments[ring[0]], extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
        return
    counts: dict[str, Count] = {}
    for name in order:
        # A spread of what isn't defined selects nothing: validation says so.
        if fragment := fragments.get(name):
            counts[name] = _count(fragment.selection_set, counts).beside(Count(directives=len(fragment.directives or ())))
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            count = _count(definition.selection_set, counts).beside(Count(directives=_own_directives(definition)))
            yield from (fault for rule in _RULES if (fault := rule.error(count, limits, definition)))


def _own_directives(operation: OperationDefinitionNode) -> int:
    return len(operation.directives or ()) + sum(len(each.directives or ()) for each in operation.variable_definitions or ())


def _count(selected: SelectionSetNode, counts: Mapping[str, Count]) -> Count:
    total = Count()
    for each in selected.selections:
        total = total.beside(_count_one(each, counts))
    return total


def _count_one(selection: SelectionNode, counts: Mapping[str, Count]) -> Count:
    own = Count(selections=1, directives=len(selection.directives or ()))
    if isinstance(selection, FragmentSpreadNode):
        return own.beside(counts.get(selection.name.value, Count()))
    # The parser nests no deeper than the interpreter recurses.
    inner = _count(selected, counts) if (selected := _selected(selection)) else Count()
    return inner.below(selection) if isinstance(selection, FieldNode) else own.beside(inner)


def _selected(selection: SelectionNode) -> SelectionSetNode | None:
    assert isinstance(selection, FieldNode | InlineFragmentNode)
    return selection.selection_set


def _spreads(fragment: FragmentDefinitionNode) -> Iterator[str]:
    waiting = [fragment.selection_set]
    while waiting:
        for each in waiting.pop().selections:
            if isinstance(each, FragmentSpreadNode):
                yield each.name.value
            elif selected := _selected(each):
                waiting.append(selected)

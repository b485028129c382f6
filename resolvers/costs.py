"""What an operation may bring: its price in objects, by IBM's cost directives, for the variables that it comes with.

https://ibm.github.io/graphql-specs/cost-spec.html: an object costs 1 and a leaf nothing; `@listSize` says how long a list may be,
by an argument that limits it or by what is assumed. A price is worked out once for an operation, as far as its variables don't
matter. An answer holds no more than that, but for short lists that are no pages, such as the lines of a purchase, for which a
usual length is assumed. Fields of several types cost as those of the dearest.

Each selection set is looked at once for each type that it may be of, however often it is reached, both here and when variables
come: fragments that spread others twice, and entries of customers of entries, multiply the price and not the work.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import msgspec
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    value_from_ast_untyped,
)

from resolvers.fields import Cost, ListSize, stated
from resolvers.guard import fragments_of

#: No page is longer; whoever asks for more is refused by the field.
LONGEST = 100

#: Beyond this one price isn't told from another: JSON has no room for all of them.
MOST = 10**12

Variables = Mapping[str, Any]
Parts: TypeAlias = "tuple[Part, ...]"
Site: TypeAlias = tuple[SelectionSetNode, GraphQLObjectType]
Conditions: TypeAlias = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Length:
    """How long a list may be: as the largest of its slicing arguments says, `assumed` where none is given.

    `written`: the largest that stands in the document; `variables`: the others, and whether each is a list that is counted.
    """

    assumed: int
    written: int | None
    variables: tuple[tuple[str, bool], ...]

    def of(self, given: Variables) -> int:
        sizes = [_size(given.get(name), counted=counted) for name, counted in self.variables]
        known = [size for size in (self.written, *sizes) if size is not None]
        return max(known) if known else self.assumed


class Amount(NamedTuple):
    """Objects that are there once, and objects for each row of a list that the field around says the length of."""

    once: int = 0
    by_row: int = 0


NOTHING = Amount()


class Share(NamedTuple):
    """What one field brings by itself, and the keys that lead to it."""

    objects: int = 0
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One selection: a field, or, without a key, a fragment.

    `own`: what a leaf costs, or each of the objects; `length`: how many these are; `rows`: how many it says that there are of a
    list within; `sized`: whether it is such a list; `conditions`: what @include and @skip want of variables; `within`: the
    places of what is selected of it, one for each type, though not of equals.
    """

    key: str | None
    own: int = 0
    length: int | Length = 1
    rows: int | Length = 1
    sized: bool = False
    conditions: Conditions = ()
    within: tuple[int, ...] = ()

    def amount(self, amounts: Sequence[Amount], given: Variables) -> Amount:
        """What it comes to, by what all selection sets before its own do."""
        if self.conditions and not self._holds(given):
            return NOTHING
        if self.key is None:
            return amounts[self.within[0]]
        length, rows = self._sizes(given)
        inner = 0
        for place in self.within:
            once, by_row = amounts[place]
            inner = max(inner, once + rows * by_row)
        objects = min(length * (self.own + inner), MOST)
        return Amount(0, objects) if self.sized else Amount(objects)

    def share(self, amounts: Sequence[Amount], shares: Sequence[tuple[Share, Share]], given: Variables) -> tuple[Share, Share]:
        """The largest of what this field and those within bring: once, and by row."""
        if not self._holds(given):
            return Share(), Share()
        if self.key is None:
            return shares[self.within[0]]
        length, rows = self._sizes(given)
        largest = Share(length * self.own, (self.key,))
        if self.within:
            dearest = max(self.within, key=lambda place: amounts[place].once + rows * amounts[place].by_row)
            for share, times in zip(shares[dearest], (length, length * rows), strict=True):
                inner = Share(min(times * share.objects, MOST), (self.key, *share.path))
                largest = max(largest, inner, key=_objects)
        return (Share(), largest) if self.sized else (largest, Share())

    def varies(self, varying: Container[int]) -> bool:
        """Whether variables change what it comes to; `varying`: the places where they do."""
        by_itself = bool(self.conditions) or isinstance(self.length, Length) or isinstance(self.rows, Length)
        return by_itself or any(place in varying for place in self.within)

    def _holds(self, given: Variables) -> bool:
        return all(given.get(name) is wanted for name, wanted in self.conditions)

    def _sizes(self, given: Variables) -> tuple[int, int]:
        length = self.length if isinstance(self.length, int) else self.length.of(given)
        return length, self.rows if isinstance(self.rows, int) else self.rows.of(given)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of an operation.

    `_amounts`: what the parts of each selection set come to that always cost the same, those within before those around them, and
    the operation's own last; `_varying`: the places that have other parts, and these; `_sets`: all parts of each, written down:
    they are seldom needed, and as objects would be the most that a process remembers of its operations.
    """

    _amounts: Sequence[Amount]
    _varying: Sequence[tuple[int, Parts]]
    _defaults: Variables
    _sets: bytes

    def of(self, variables: Variables) -> int:
        """How many objects the answer can hold; MOST for more than that."""
        amounts = self._worked_out(self._given(variables)) if self._varying else self._amounts
        return min(sum(amounts[-1]), MOST)

    def dearest(self, variables: Variables) -> str:
        """The path of the field that brings most of them."""
        given = self._given(variables)
        amounts: list[Amount] = []
        shares: list[tuple[Share, Share]] = []
        for parts in _WRITTEN.decode(self._sets):
            found = [part.share(amounts, shares, given) for part in parts] or [(Share(), Share())]
            shares.append((max((once for once, _ in found), key=_objects), max((by_row for _, by_row in found), key=_objects)))
            amounts.append(_sum([part.amount(amounts, given) for part in parts]))
        return ".".join(max(shares[-1], key=_objects).path)

    def _given(self, variables: Variables) -> Variables:
        return {**self._defaults, **variables} if self._defaults else variables

    def _worked_out(self, given: Variables) -> Sequence[Amount]:
        amounts = list(self._amounts)
        for place, parts in self._varying:
            once, by_row = amounts[place]
            # Written out: this is done for each request.
            for part in parts:
                amount = part.amount(amounts, given)
                once += amount[0]
                by_row += amount[1]
            amounts[place] = Amount(once, by_row)
        return amounts


_WRITTEN = msgspec.msgpack.Decoder(list[tuple[Part, ...]])


def price_of(document: DocumentNode, operation: OperationDefinitionNode, schema: GraphQLSchema) -> Price:
    """The price of an operation of a valid document."""
    fragments = fragments_of(document)
    root = schema.get_root_type(operation.operation)
    assert root is not None
    sets = _Reading(schema, fragments).sets((operation.selection_set, root))
    amounts: list[Amount] = []
    varying: dict[int, Parts] = {}
    for place, parts in enumerate(sets):
        changing = tuple(part for part in parts if part.varies(varying))
        amounts.append(_sum([part.amount(amounts, {}) for part in parts if not part.varies(varying)]))
        if changing:
            varying[place] = changing
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    return Price(amounts if varying else amounts[-1:], tuple(varying.items()), defaults, msgspec.msgpack.encode(sets))


@dataclass(frozen=True, slots=True)
class _Reading:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]

    def sets(self, operation: Site) -> list[Parts]:
        """The parts of all selection sets that an operation reaches, equal ones once, in the order of Price.

        Without recursion: fragments that spread one another may be more than Python's stack is deep.
        """
        places: dict[tuple[int, str], int] = {}
        read: dict[tuple[int, str], list[tuple[Part, Sequence[Site]]]] = {}
        found: dict[Parts, int] = {}
        waiting = [operation]
        while waiting:
            key = _key(waiting[-1])
            if key in places:
                waiting.pop()
                continue
            if key not in read:
                read[key] = list(self._parts(*waiting[-1]))
            inner = [site for _, within in read[key] for site in within if _key(site) not in places]
            if inner:
                waiting += inner
                continue
            parts = tuple(_placed(part, [places[_key(site)] for site in within]) for part, within in read.pop(key))
            places[key] = found.setdefault(parts, len(found))
        return list(found)

    def _parts(self, selections: SelectionSetNode, parent: GraphQLObjectType) -> Iterator[tuple[Part, Sequence[Site]]]:
        """Each selection of a set that costs anything, and the selection sets that it leads to."""
        for node in selections.selections:
            conditions = _conditions(node.directives)
            if conditions is None:
                continue
            if isinstance(node, FieldNode):
                yield from self._field(parent, node, conditions)
                continue
            fragment: Any = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            if self._applies(fragment.type_condition, parent):
                yield Part(None, conditions=conditions), [(fragment.selection_set, parent)]

    def _applies(self, condition: NamedTypeNode | None, parent: GraphQLObjectType) -> bool:
        wanted: Any = parent if condition is None else self.schema.type_map[condition.name.value]
        return wanted is parent or (is_abstract_type(wanted) and self.schema.is_sub_type(wanted, parent))

    def _field(self, parent: GraphQLObjectType, node: FieldNode, conditions: Conditions) -> Iterator[tuple[Part, Sequence[Site]]]:
        if node.name.value.startswith("__"):
            return
        declared = parent.fields[node.name.value]
        named = get_named_type(declared.type)
        key = (node.alias or node.name).value
        weight = stated(declared, Cost)
        own = int(weight.weight) if weight else int(not is_leaf_type(named))
        if node.selection_set is None:
            if own:
                yield Part(key, own, conditions=conditions), ()
            return
        directive = stated(declared, ListSize)
        size = 1 if directive is None else _length(directive, declared, node)
        elsewhere = directive is not None and bool(directive.sized_fields)
        part = Part(
            key,
            own,
            length=1 if elsewhere else size,
            rows=size if elsewhere else 1,
            sized=directive is None and is_list_type(get_nullable_type(declared.type)),
            conditions=conditions,
        )
        possible: Any = self.schema.get_possible_types(named) if is_abstract_type(named) else (named,)
        yield part, [(node.selection_set, each) for each in possible]


def _key(site: Site) -> tuple[int, str]:
    selections, parent = site
    return id(selections), parent.name


def _placed(part: Part, places: Iterable[int]) -> Part:
    return replace(part, within=tuple(dict.fromkeys(places)))


def _sum(amounts: Sequence[Amount]) -> Amount:
    return Amount(sum([each.once for each in amounts]), sum([each.by_row for each in amounts]))


def _objects(share: Share) -> int:
    return share.objects


def _length(directive: ListSize, declared: GraphQLField, node: FieldNode) -> int | Length:
    """How long a list may be, by what the field has for the slicing arguments."""
    values = {each.name.value: each.value for each in node.arguments or ()}
    written: list[int | None] = []
    variables: list[tuple[str, bool]] = []
    for name in directive.slicing_arguments or ():
        value = values.get(name)
        counted = is_list_type(get_nullable_type(declared.args[name].type))
        if isinstance(value, VariableNode):
            variables.append((value.name.value, counted))
        elif value is not None:
            written.append(_size(value_from_ast_untyped(value), counted=counted))
    longest = max((size for size in written if size is not None), default=None)
    length = Length(directive.assumed_size or 0, longest, tuple(variables))
    return length if variables else length.of({})


def _size(value: object, *, counted: bool) -> int | None:
    """How long a list is by one argument, which is `counted` where it is a list itself; None where nothing is given.

    As graphql-core takes them: 5.0 is a number of rows, and what is no list is a list of one. 0 for what the field refuses.
    """
    if value is None:
        return None
    if counted:
        return len(value) if isinstance(value, list) else 1
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return min(max(value, 0), LONGEST) if type(value) is int else 0


def _conditions(directives: Iterable[DirectiveNode] | None) -> Conditions | None:
    """What @include and @skip want of variables; None where they leave the selection out whatever these are."""
    found: list[tuple[str, bool]] = []
    for directive in directives or ():
        if directive.name.value not in ("include", "skip"):
            continue
        value: Any = (directive.arguments or ())[0].value
        wanted = directive.name.value == "include"
        if isinstance(value, VariableNode):
            found.append((value.name.value, wanted))
        elif value.value is not wanted:
            return None
    return tuple(found)

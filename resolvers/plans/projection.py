"""Compiling what is selected of a type to functions from its sources to answers.

For each type and selection one Python function is written that returns a dict; it calls those of the selections inside. Values
that orjson writes as GraphQL wants them (times, dates, whole numbers) stay as they are. A field whose value isn't loaded yet
leaves word of it in `run.needs` and is None for the time being. Whatever else goes wrong is raised, and graphql-core begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    SelectionSetNode,
    get_named_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from graph.customers import Parts
from graph.timeline import OwnedEntry
from resolvers.access import SHOWN_OF_OTHERS, View
from resolvers.context import Context
from resolvers.entries import TimelineEntry
from resolvers.fields import ID_OF, MASK, NEEDS, NOTHING, Missing
from resolvers.masks import Mask, hidden
from resolvers.plans.arguments import ArgumentReader, Variables
from resolvers.plans.selections import NotCompiled, Selections
from resolvers.requirements import required
from resolvers.scalars import write_decimal
from resolvers.scopes import FREE, Required

Build = Callable[[Variables], Any]


@dataclass(slots=True, eq=False)
class Run:
    """One pass over what is known: resolvers find the context in it, as they do in Strawberry's Info."""

    context: Context
    arguments: Sequence[Any]
    needs: list[Any] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Projection:
    """`project` makes of an object, None being the root, and a run what was selected of it; `arguments` are those that each
    request makes from its variables, `parts` those of profiles that it reads, `needed` the scopes of whoever asks."""

    project: Callable[[Any, Run], dict[str, Any]]
    arguments: tuple[Build, ...]
    parts: Parts
    needed: Required
    #: Tells it from all others, for those who are not to keep it alive.
    number: int = field(default_factory=count().__next__)


class OnlyId:
    """The source of an object of which only its id is asked."""

    __slots__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id

    @property
    def entry(self) -> OnlyId:
        return self


def compiled(
    parent: GraphQLObjectType,
    sets: Sequence[SelectionSetNode | None],
    selections: Selections,
    reader: ArgumentReader,
    view: View,
) -> Projection:
    """The projection of what is selected of a type, as far as a view shows it; raises NotCompiled."""
    writer = _Writer(selections, reader, view)
    name = writer.selection(parent, sets)
    source = "\n\n".join(writer.functions)
    exec(compile(source, "<plan>", "exec"), writer.names)  # noqa: S102 (the source is ours: names and constants only)
    return Projection(writer.names[name], tuple(writer.arguments), writer.parts, writer.needed)


def _never_null(run: Run) -> None:
    """What may not be null is: for the time being, or an error that graphql-core tells of."""
    if not run.needs:
        raise NotCompiled


def _of_others(_source: object, _run: Run) -> dict[str, Any]:
    """What may not be seen of somebody else is refused field by field, which is left to graphql-core."""
    raise NotCompiled


def _whole(value: int) -> int:
    if not -(2**31) <= value < 2**31:
        raise NotCompiled
    return value


class _Writer:
    def __init__(self, selections: Selections, reader: ArgumentReader, view: View) -> None:
        self._selections = selections
        self._view = view
        self._reader = reader
        self._written: dict[tuple[str, tuple[int, ...], View], str] = {}
        self.functions: list[str] = []
        self.parts = NOTHING
        self.needed = FREE
        self.arguments: list[Build] = []
        self.names: dict[str, Any] = {"never_null": _never_null, "Missing": Missing, "OwnedEntry": OwnedEntry}
        self.names["OnlyId"] = OnlyId
        self.names["of_others"] = _of_others

    def _name(self, kind: str, value: Any) -> str:
        """A name by which the functions know a value."""
        name = f"{kind}{len(self.names)}"
        self.names[name] = value
        return name

    def selection(self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode | None]) -> str:
        """The name of the function for a type and selection sets of one response key."""
        key = parent.name, tuple(id(each) for each in sets), self._view
        name = self._written.get(key)
        if name is None:
            name = self._written[key] = f"select{len(self._written)}"
            self._write(name, parent, sets)
        return name

    def _write(self, name: str, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode | None]) -> None:
        body: list[str] = []
        items: list[str] = []
        owned = _is_entry(parent)
        selected = self._selections.of(parent, sets)
        if self._view is View.OWN:
            others = self._others(parent, sets, selected)
            body.append(f"if not run.context.owns(source): return {others}(source, run)")
        if owned:
            body.append("entry = source.entry")
        for key, nodes in selected.items():
            value = self._field(parent, nodes, "entry" if owned else "source", body)
            items.append(f"{key!r}: {value}")
        lines = [*body, f"return {{{', '.join(items)}}}"]
        self.functions.append(f"def {name}(source, run):\n" + "\n".join(f"    {line}" for line in lines))

    def _others(
        self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode | None], selected: dict[str, list[FieldNode]]
    ) -> str:
        """The name of the function for a source that is about somebody else than the customer who asks."""
        names = {nodes[0].name.value for nodes in selected.values()} - {"__typename"}
        if parent.name != "Customer" or not names <= SHOWN_OF_OTHERS:
            return "of_others"
        self._view = View.MASKED
        try:
            return self.selection(parent, sets)
        finally:
            self._view = View.OWN

    def _field(self, parent: GraphQLObjectType, nodes: list[FieldNode], record: str, body: list[str]) -> str:
        name = nodes[0].name.value
        if name == "__typename":
            return repr(parent.name)
        if name.startswith("__"):
            raise NotCompiled
        declared = parent.fields[name]
        stated: StrawberryField = declared.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        value = f"value{len(body)}"
        self.needed &= required(parent, declared)
        mask: Mask | None = stated.metadata.get(MASK) if self._view is View.MASKED else None
        if mask is hidden:
            body.append(f"{value} = None")
        elif stated.base_resolver is None:
            body.append(f"{value} = {record}.{stated.python_name}")
            self.parts |= stated.metadata.get(NEEDS, NOTHING)
        elif self._only_id(stated, declared.type, nodes):
            body.append(f"{value} = {self._name('id_of', stated.metadata[ID_OF])}(source)")
            body.append(f"{value} = None if {value} is None else OnlyId({value})")
        else:
            self._resolved(value, stated, nodes[0], declared, body)
        if mask is not None and mask is not hidden:
            body.append(f"{value} = None if {value} is None else {self._name('mask', mask)}({value})")
        sets = [node.selection_set for node in nodes]
        return self._complete(declared.type, value, sets)

    def _only_id(self, stated: StrawberryField, declared: GraphQLOutputType, nodes: list[FieldNode]) -> bool:
        """Whether what a field leads to needn't be loaded. It is where somebody sees some of them only."""
        if stated.metadata.get(ID_OF) is None or self._view is not View.CLEAR:
            return False
        selected = self._selections.of(get_named_type(declared), [node.selection_set for node in nodes])  # type: ignore[arg-type]
        return {each[0].name.value for each in selected.values()} <= {"id", "__typename"}

    def _resolved(self, value: str, stated: StrawberryField, node: FieldNode, declared: Any, body: list[str]) -> None:
        resolver = stated.base_resolver
        assert resolver is not None
        plain = getattr(resolver.wrapped_func, "plain", None)
        if plain is None:
            raise NotCompiled
        self.parts |= resolver.wrapped_func.needs  # type: ignore[union-attr]
        parameters = ["source"] if resolver.parent_parameter else []
        if resolver.info_parameter:
            parameters.append(f"{resolver.info_parameter.name}=run")
        same, varying = self._reader.of(declared, stated, node, plain)
        parameters += [f"{name}={self._name('given', constant)}" for name, constant in same.items()]
        for name, build in varying.items():
            parameters.append(f"{name}=run.arguments[{len(self.arguments)}]")
            self.arguments.append(build)
        call = f"{value} = {self._name('resolve', plain)}({', '.join(parameters)})"
        if resolver.info_parameter:
            body += ["try:", f"    {call}", "except Missing as missing:", "    run.needs += missing.needs", f"    {value} = None"]
        else:
            body.append(call)

    def _complete(self, declared: GraphQLOutputType, value: str, sets: Sequence[SelectionSetNode | None]) -> str:
        """An expression for what is answered where a field of a type has a value."""
        if isinstance(declared, GraphQLNonNull):
            made = self._made(declared.of_type, value, sets)
            return f"({made} if {value} is not None else never_null(run))"
        made = self._made(declared, value, sets)
        return value if made == value else f"(None if {value} is None else {made})"

    def _made(self, declared: GraphQLOutputType, value: str, sets: Sequence[SelectionSetNode | None]) -> str:
        if isinstance(declared, GraphQLList):
            return f"[{self._complete(declared.of_type, 'item', sets)} for item in {value}]"
        if isinstance(declared, GraphQLObjectType):
            return f"{self.selection(declared, sets)}({value}, run)"
        if isinstance(declared, (GraphQLInterfaceType, GraphQLUnionType)):
            return self._of_any(declared, value, sets)
        if isinstance(declared, GraphQLEnumType):
            values = {given: name for name, each in declared.values.items() for given in (each.value, name)}
            members = {member: member.value for member in getattr(declared, "wrapped_cls", ())}
            return f"{self._name('enum', values | members)}[{value}]"
        assert isinstance(declared, GraphQLScalarType)
        return self._leaf(declared, value)

    def _leaf(self, declared: GraphQLScalarType, value: str) -> str:
        match declared.name:
            case "Boolean" | "JSON" | "DateTime" | "Date" | "CurrencyCode" | "ID" | "String":
                return value
            case "Float":
                return value
            case "Int":
                return f"{self._name('whole', _whole)}({value})"
            case "Decimal":
                return f"{self._name('decimal', write_decimal)}({value})"
        raise NotCompiled

    def _of_any(
        self, declared: GraphQLInterfaceType | GraphQLUnionType, value: str, sets: Sequence[SelectionSetNode | None]
    ) -> str:
        """By the class of the record: each type of an interface shows records of one class."""
        table: dict[type[Any], Any] = {}
        selecting: dict[type[Any], str] = {}
        for each in self._selections.schema.get_possible_types(declared):
            origin: Any = each.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
            selecting[origin.record] = self.selection(each, sets)
        name = self._name("types", table)
        self.functions.append(
            "\n".join(f"{name}[{self._name('record', record)}] = {function}" for record, function in selecting.items())
        )
        return f"{name}[type({value}.entry if type({value}) is OwnedEntry else {value})]({value}, run)"


def _is_entry(parent: GraphQLObjectType) -> bool:
    origin = parent.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
    return issubclass(origin, TimelineEntry)

"""Fields with a resolver of their own, and what the fields of a type read.

The sources of fields are the records of the graph; the types say what is shown of them. A resolver is a plain function of its
source. What it needs beyond that it takes from the context, which raises Missing for what isn't loaded yet: whoever runs the
resolver loads it then, together with whatever else is missing, and runs it again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import strawberry
from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from graph.customers import Parts
from graph.timeline import OwnedEntry
from resolvers.masks import Mask, hidden
from resolvers.requirements import Personal, RequiresScopes

if TYPE_CHECKING:
    from resolvers.context import Context

Directive = TypeVar("Directive")
Method = TypeVar("Method", bound=Callable[..., Any])

NOTHING = Parts.only()

#: Where the metadata of a field says which parts of profiles it reads, what is shown of it to those who may not see it, and how
#: the id of what it leads to is told.
NEEDS, MASK, ID_OF = "needs", "mask", "id_of"

PAGE_SIZE = 20
"""Rows of a page for which no size is asked."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How long a list may be; see https://ibm.github.io/graphql-specs/cost-spec.html.",
)
class ListSize:
    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=strawberry.UNSET)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=strawberry.UNSET)
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields", default=strawberry.UNSET)
    require_one_slicing_argument: bool | None = strawberry.directive_field(name="requireOneSlicingArgument", default=True)


@strawberry.schema_directive(
    locations=[
        Location.FIELD_DEFINITION,
        Location.ARGUMENT_DEFINITION,
        Location.OBJECT,
        Location.SCALAR,
        Location.ENUM,
        Location.INPUT_FIELD_DEFINITION,
    ],
    name="cost",
    description="What a field costs, where that isn't 1 for an object and nothing for a leaf.",
)
class Cost:
    weight: str


def at_most(length: int, *, by: str | None = None) -> ListSize:
    """For a plain list: it is never longer, or than the list given as the argument `by`."""
    slicing = strawberry.UNSET if by is None else [by]
    return ListSize(assumed_size=length, slicing_arguments=slicing, require_one_slicing_argument=False)


def one_for_each(argument: str, *, of: str, usual: int | None = None) -> ListSize:
    """For a field whose object has in `of` a list no longer than the list given as an argument, or than the number; `usual`:
    where none is given."""
    assumed = strawberry.UNSET if usual is None else usual
    return ListSize(assumed_size=assumed, slicing_arguments=[argument], sized_fields=[of], require_one_slicing_argument=False)


def about(length: int) -> ListSize:
    """For a plain list that is seldom longer, and short in any case."""
    return ListSize(assumed_size=length, require_one_slicing_argument=False)


def stated(declared: GraphQLField, directive: type[Directive]) -> Directive | None:
    """The directive of that kind that a field has."""
    field: StrawberryField | None = declared.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return next((each for each in (field.directives if field else ()) if isinstance(each, directive)), None)


def _sizes(method: Any) -> list[ListSize]:
    """What a field that gives a connection is known to give."""
    signature = inspect.signature(method)
    if not str(signature.return_annotation).startswith("Connection["):
        return []
    slicing = [name for name in ("first", "last") if name in signature.parameters]
    return [
        ListSize(
            assumed_size=PAGE_SIZE,
            slicing_arguments=slicing,
            sized_fields=["edges", "nodes"],
            require_one_slicing_argument=False,
        )
    ]


class Missing(Exception):
    """Raised by the context for what isn't loaded yet."""

    def __init__(self, *needs: tuple[Any, ...]) -> None:
        self.needs = needs


def all_of(makers: Iterable[Callable[[], Any]]) -> list[Any]:
    """What each of these makes, or raises, which becomes an error at its place in the list; raises what is Missing to all of
    them at once."""
    made: list[Any] = []
    needs: list[tuple[Any, ...]] = []
    for make in makers:
        try:
            made.append(make())
        except Missing as missing:
            needs += missing.needs
        except Exception as error:
            made.append(error)
    if needs:
        raise Missing(*needs)
    return made


def resolved(
    description: str,
    *,
    needs: Parts = NOTHING,
    size: ListSize | Cost | None = None,
    scopes: RequiresScopes | None = None,
    mask: Mask | None = None,
    id_of: Callable[[Any], str | None] | None = None,
    name: str | None = None,
) -> Callable[[Method], Any]:
    """Makes a static method of a type a field. Its first parameter, a Parent, is the source of the type; `info`, if it has one,
    leads to the context; the others are the field's arguments. `needs`: the parts of profiles that it reads;
    `size`: of a list that is no connection, or what else is to be known of its cost; `scopes`: where it needs others than its
    type; `mask`: of personal data; `id_of`: the id of what the field leads to, by its source; `name`: where Python
    has another use for it."""

    def mark(method: Method) -> Any:
        return _field(
            _function(method), description, needs=needs, size=size, scopes=scopes, mask=mask, id_of=id_of, name=name, static=True
        )

    return mark


def root_field(
    resolve: Method, description: str, *, scopes: RequiresScopes, needs: Parts = NOTHING, size: ListSize | Cost | None = None
) -> Any:
    """A field of a root type, whose resolver is a function of its own."""
    return _field(resolve, description, needs=needs, size=size, scopes=scopes)


def _field(
    resolve: Method,
    description: str,
    *,
    needs: Parts,
    size: ListSize | Cost | None,
    scopes: RequiresScopes | None,
    mask: Mask | None = None,
    id_of: Callable[[Any], str | None] | None = None,
    name: str | None = None,
    static: bool = False,
) -> Any:
    resolver: Any = when_loaded(resolve, needs=needs)
    directives: list[object] = [*_sizes(resolve)] if size is None else [size]
    return strawberry.field(
        staticmethod(resolver) if static else resolver,
        name=name,
        description=description,
        directives=[*directives, *_said(scopes, mask)],
        metadata={MASK: mask, ID_OF: id_of},
    )


def stored(description: str, *, needs: Parts = NOTHING, scopes: RequiresScopes | None = None, mask: Mask | None = None) -> Any:
    """A field that is read from its source as it stands. `needs`: what of profiles must have been loaded for it to be there;
    `scopes` and `mask`: as of `resolved`."""
    return strawberry.field(description=description, directives=_said(scopes, mask), metadata={NEEDS: needs, MASK: mask})


def personal(description: str, *, mask: Mask = hidden, needs: Parts = NOTHING) -> Any:
    """A stored field that holds personal data, of which `mask` leaves what may be shown."""
    return stored(description, needs=needs, mask=mask)


def _said(scopes: RequiresScopes | None, mask: Mask | None) -> list[object]:
    said: list[object] = [] if scopes is None else [scopes]
    return said if mask is None else [*said, Personal()]


def mask_of(declared: GraphQLField) -> Mask | None:
    """What is shown of a field to those who may not see it; None where it isn't personal."""
    field: StrawberryField | None = declared.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    found: Mask | None = None if field is None else field.metadata.get(MASK)
    return found


def when_loaded(resolve: Method, *, needs: Parts = NOTHING) -> Method:
    """`resolve` for graphql-core, which awaits a result that can't be had at once."""

    @functools.wraps(resolve)
    def resolver(*args: Any, **arguments: Any) -> Any:
        try:
            return _paced(resolve(*args, **arguments), arguments)
        except Missing as missing:
            return _Later(resolve, args, arguments, missing)

    resolver.plain = resolve  # type: ignore[attr-defined]
    resolver.needs = needs  # type: ignore[attr-defined]
    return resolver  # type: ignore[return-value]


def _paced(result: Any, arguments: Mapping[str, Any]) -> Any:
    """A list of a costly answer so that graphql-core pauses between its items, where it can be told."""
    if type(result) is list and "info" in arguments:
        pace = arguments["info"].context.pace
        if pace is not None:
            return pace.through(result)
    return result


@dataclass(frozen=True, slots=True)
class _Later:
    """Begins when it is awaited, which graphql-core leaves off when a field beside it fails."""

    resolve: Callable[..., Any]
    args: tuple[Any, ...]
    arguments: dict[str, Any]
    missing: Missing

    def __await__(self) -> Generator[Any, None, Any]:
        return self._loaded().__await__()

    async def _loaded(self) -> Any:
        context: Context = self.arguments["info"].context
        missing = self.missing
        while True:
            await context.loads.load(missing.needs)
            try:
                return _paced(self.resolve(*self.args, **self.arguments), self.arguments)
            except Missing as another:
                missing = another


def _function(method: Any) -> Any:
    return method.__func__ if isinstance(method, staticmethod) else method


def streamed(description: str, *, scopes: RequiresScopes) -> Callable[[Method], Method]:
    """Makes an asynchronous generator a field of the root type of subscriptions."""

    def mark(method: Method) -> Method:
        marked: Any = strawberry.subscription(method, description=description, directives=[scopes])
        return marked

    return mark


def record_of(source: Any) -> Any:
    """What the fields of a source that have no resolver read: of an entry with its owner, the entry."""
    return source.entry if type(source) is OwnedEntry else source


def read(source: Any, name: str) -> Any:
    """A field that has no resolver: an attribute of the same name."""
    return getattr(record_of(source), name)

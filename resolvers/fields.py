"""Fields with a resolver of their own, and what the fields of a type read.

The sources of fields are the records of the graph; the types say what is shown of them. A resolver is a plain function of its
source. What it needs beyond that it takes from the context, which raises Missing for what isn't loaded yet: whoever runs the
resolver loads it then, together with whatever else is missing, and runs it again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import strawberry

from graph.customers import Parts
from graph.timeline import OwnedEntry

if TYPE_CHECKING:
    from resolvers.context import Context

Method = TypeVar("Method", bound=Callable[..., Any])

NOTHING = Parts.only()


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


def resolved(description: str, *, needs: Parts = NOTHING) -> Callable[[Method], Any]:
    """Makes a static method of a type a field. Its first parameter, a Parent, is the source of the type; `info`, if it has one,
    leads to the context; the others are the field's arguments. `needs`: the parts of profiles that it reads."""

    def mark(method: Method) -> Any:
        return strawberry.field(staticmethod(when_loaded(_function(method), needs=needs)), description=description)

    return mark


def when_loaded(resolve: Method, *, needs: Parts = NOTHING) -> Method:
    """`resolve` for graphql-core, which awaits a result that can't be had at once."""

    @functools.wraps(resolve)
    def resolver(*args: Any, **arguments: Any) -> Any:
        try:
            return resolve(*args, **arguments)
        except Missing as missing:
            return _later(resolve, args, arguments, missing)

    resolver.plain = resolve  # type: ignore[attr-defined]
    resolver.needs = needs  # type: ignore[attr-defined]
    return resolver  # type: ignore[return-value]


async def _later(resolve: Callable[..., Any], args: tuple[Any, ...], arguments: dict[str, Any], missing: Missing) -> Any:
    context: Context = arguments["info"].context
    while True:
        await context.loads.load(missing.needs)
        try:
            return resolve(*args, **arguments)
        except Missing as another:
            missing = another


def _function(method: Any) -> Any:
    return method.__func__ if isinstance(method, staticmethod) else method


def streamed(description: str) -> Callable[[Method], Method]:
    """Makes an asynchronous generator a field of the root type of subscriptions."""

    def mark(method: Method) -> Method:
        marked: Any = strawberry.subscription(method, description=description)
        return marked

    return mark


def record_of(source: Any) -> Any:
    """What the fields of a source that have no resolver read: of an entry with its owner, the entry."""
    return source.entry if type(source) is OwnedEntry else source


def read(source: Any, name: str) -> Any:
    """A field that has no resolver: an attribute of the same name."""
    return getattr(record_of(source), name)

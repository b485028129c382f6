"""Relay connections over keysets: a page is asked for by the key of the row it begins behind, never by an offset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import strawberry
from strawberry import Parent

from resolvers.context import Context, Info
from resolvers.cursors import Cursors
from resolvers.errors import InvalidPageSize
from resolvers.fields import PAGE_SIZE, Cost, all_of, resolved
from resolvers.requirements import needs_nothing_more

LARGEST_SIZE = 100

Row = TypeVar("Row")
Brought = TypeVar("Brought", covariant=True)
Node = TypeVar("Node")


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are wanted: at most `size` of those behind the key `after` and ahead of the key `before`, in the list's own
    order; the first of them, or with `backwards` the last."""

    size: int = PAGE_SIZE
    after: str | None = None
    before: str | None = None
    backwards: bool = False

    @property
    def at_start(self) -> bool:
        """Whether this is the beginning of the list."""
        return not self.backwards and self.after is None and self.before is None


class Fetch(Protocol[Brought]):
    """Up to `window.size` rows in the list's order. Bounds may be inclusive: rows at the bounds themselves are recognized.

    Raises Missing where they are not loaded yet.
    """

    def __call__(self, window: Window, /) -> Sequence[Brought]: ...


class Listing(msgspec.Struct, Generic[Row], frozen=True):
    """A list that can be paged: `name` binds its cursors to it, `key` tells where a row stands.

    `count` gives the number of all rows, or None where it can't be counted within bounds; it may raise Missing as well.
    """

    name: str
    fetch: Fetch[Row]
    key: Callable[[Row], str]
    count: Callable[[], int | None]


def forwards(fetch: Fetch[Row]) -> Fetch[Row]:
    """Of a list that is paged forwards alone: only an empty page asks what stands ahead of it, and nothing does, for a page from
    a cursor on begins with the row of that cursor."""

    def fetched(wanted: Window, /) -> Sequence[Row]:
        return [] if wanted.backwards else fetch(wanted)

    return fetched


class Page(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """The rows of one page. `ahead` and `behind`: whether there are rows before the first and after the last one; None where
    only asking the list again can tell."""

    rows: Sequence[Row]
    ahead: bool | None
    behind: bool | None


def window(
    cursors: Cursors,
    name: str,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Window:
    """The window that a connection's arguments ask for; raises InvalidPageSize or InvalidCursor."""
    if first is not None and last is not None:
        raise InvalidPageSize.both()
    for argument, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= LARGEST_SIZE:
            raise InvalidPageSize.range(argument, size, LARGEST_SIZE)
    return Window(
        size=first or last or PAGE_SIZE,
        after=None if after is None else cursors.open(name, after, argument="after"),
        before=None if before is None else cursors.open(name, before, argument="before"),
        backwards=last is not None,
    )


@cache
def _beginning(size: int) -> tuple[Window, Window]:
    """The window of the first rows, and the one that tells whether the list goes on."""
    return Window(size=size), Window(size=size + 1)


def load_page(listing: Listing[Row], wanted: Window) -> Page[Row]:
    """One page of a list, in one call of its `fetch`: one row more than wanted tells whether the list goes on."""
    bounds = (wanted.after is not None) + (wanted.before is not None)
    found = listing.fetch(
        Window(size=wanted.size + 1 + bounds, after=wanted.after, before=wanted.before, backwards=wanted.backwards)
    )
    return cut(found, wanted, listing.key)


def cut(found: Sequence[Row], wanted: Window, key: Callable[[Row], str]) -> Page[Row]:
    """The page in `found`, which holds at least one row more than wanted where the list goes on."""
    at_after = wanted.after is not None and bool(found) and key(found[0]) == wanted.after
    at_before = wanted.before is not None and len(found) > at_after and key(found[-1]) == wanted.before
    inner = found[at_after : len(found) - at_before]
    # A row at the bound itself proves that there are rows beyond; without one the list has changed and must be asked.
    beyond_after = False if wanted.after is None else at_after or None
    beyond_before = False if wanted.before is None else at_before or None
    if len(inner) <= wanted.size:
        return Page(rows=inner, ahead=beyond_after, behind=beyond_before)
    if wanted.backwards:
        return Page(rows=inner[-wanted.size :], ahead=True, behind=beyond_before)
    return Page(rows=inner[: wanted.size], ahead=beyond_after, behind=True)


def in_memory(name: str, rows: Sequence[Row], key: Callable[[Row], str]) -> Listing[Row]:
    """A short list that is at hand as a whole, in ascending order of `key`."""

    def fetch(wanted: Window, /) -> Sequence[Row]:
        if wanted.at_start:
            return rows[: wanted.size]
        found = [
            row
            for row in rows
            if (wanted.after is None or key(row) >= wanted.after) and (wanted.before is None or key(row) <= wanted.before)
        ]
        return found[-wanted.size :] if wanted.backwards else found[: wanted.size]

    return Listing(name, fetch, key, lambda: len(rows))


def goes_on(listing: Listing[Row], page: Page[Row], wanted: Window) -> bool:
    """Whether the list has a row behind the last one of a page; of an empty page, behind the window."""
    last = listing.key(page.rows[-1]) if page.rows else wanted.before
    found = listing.fetch(Window(size=2, after=last))
    return any(listing.key(row) != last for row in found)


def began_before(listing: Listing[Row], page: Page[Row], wanted: Window) -> bool:
    """Whether the list has a row ahead of the first one of a page; of an empty page, ahead of the window."""
    first = listing.key(page.rows[0]) if page.rows else wanted.after
    found = listing.fetch(Window(size=2, before=first, backwards=True))
    return any(listing.key(row) != first for row in found)


class Paged(msgspec.Struct, frozen=True, gc=False):
    """The source of a connection: a page of a list, with all it takes to go on from there.

    `build` makes of a row the source of its node; without it the rows are sources themselves.
    """

    listing: Listing[Any]
    page: Page[Any]
    window: Window
    cursors: Cursors
    build: Callable[[Any], Any] | None

    def cursor(self, row: Any) -> str:
        return self.cursors.seal(self.listing.name, self.listing.key(row))

    def node(self, row: Any) -> Any:
        return row if self.build is None else self.build(row)

    def nodes(self) -> list[Any]:
        return list(self.page.rows) if self.build is None else all_of(partial(self.build, row) for row in self.page.rows)


class Placed(msgspec.Struct, frozen=True, gc=False):
    """The source of an edge: a row of a page."""

    of: Paged
    row: Any


@strawberry.type(description="Where a page stands in its list.", directives=[needs_nothing_more()])
class PageInfo:
    @resolved("Whether rows follow the last one of this page.")
    @staticmethod
    def has_next_page(of: Parent[Paged], info: Info) -> bool:
        return goes_on(of.listing, of.page, of.window) if of.page.behind is None else of.page.behind

    @resolved("Whether rows stand before the first one of this page.")
    @staticmethod
    def has_previous_page(of: Parent[Paged], info: Info) -> bool:
        return began_before(of.listing, of.page, of.window) if of.page.ahead is None else of.page.ahead

    @resolved("The cursor of the first row; null on an empty page.")
    @staticmethod
    def start_cursor(of: Parent[Paged]) -> str | None:
        return of.cursor(of.page.rows[0]) if of.page.rows else None

    @resolved("The cursor of the last row: send it as `after` for the next page. Null on an empty page.")
    @staticmethod
    def end_cursor(of: Parent[Paged]) -> str | None:
        return of.cursor(of.page.rows[-1]) if of.page.rows else None


@strawberry.type(description="A row of a list, and where it stands.", directives=[needs_nothing_more()])
class Edge(Generic[Node]):
    @resolved("Opaque and signed; good for `after` and `before` of the same list.")
    @staticmethod
    def cursor(placed: Parent[Placed]) -> str:
        return placed.of.cursor(placed.row)

    @resolved("The row itself.")
    @staticmethod
    def node(placed: Parent[Placed], info: Info) -> Node:
        return placed.of.node(placed.row)


@strawberry.type(description="A page of a list.", directives=[needs_nothing_more()])
class Connection(Generic[Node]):
    @resolved("The rows with their cursors.")
    @staticmethod
    def edges(of: Parent[Paged], info: Info) -> list[Edge[Node]]:
        return [Placed(of, row) for row in of.page.rows]  # type: ignore[misc]

    @resolved("The rows without their cursors.")
    @staticmethod
    def nodes(of: Parent[Paged], info: Info) -> list[Node]:
        return of.nodes()

    @resolved("Where this page stands in the list.")
    @staticmethod
    def page_info(of: Parent[Paged]) -> PageInfo:
        return of  # type: ignore[return-value]

    @resolved("How many rows the whole list has; null when they can't be counted within bounds.", size=Cost(weight="1"))
    @staticmethod
    def total_count(of: Parent[Paged], info: Info) -> int | None:
        return of.listing.count()


def connect(
    context: Context,
    listing: Listing[Any],
    build: Callable[[Any], Any] | None = None,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Any:
    """A Paged: one page of a list; `build` makes of a row the source of its node."""
    cursors = context.sources.rules.cursors
    if after is None and before is None and last is None and (first is None or 1 <= first <= LARGEST_SIZE):
        # Most are the beginning of a list: of that nothing has to be worked out.
        wanted, one_more = _beginning(first or PAGE_SIZE)
        context.budget.page()
        rows = listing.fetch(one_more)
        behind = len(rows) > wanted.size
        page: Page[Any] = Page(rows=rows[: wanted.size] if behind else rows, ahead=False, behind=behind)
    else:
        wanted = window(cursors, listing.name, first=first, after=after, last=last, before=before)
        context.budget.page()
        page = load_page(listing, wanted)
    context.budget.spend(len(page.rows))
    return Paged(listing, page, wanted, cursors, build)

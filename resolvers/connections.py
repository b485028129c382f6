"""Relay connections over keysets: a page is asked for by the key of the row it begins behind, never by an offset."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import strawberry

from resolvers.context import Context
from resolvers.cursors import Cursors
from resolvers.errors import InvalidPageSize
from resolvers.fields import resolved

DEFAULT_SIZE = 20
LARGEST_SIZE = 100

Row = TypeVar("Row")
Brought = TypeVar("Brought", covariant=True)
Node = TypeVar("Node")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which rows are wanted: at most `size` of those behind the key `after` and ahead of the key `before`, in the list's own
    order; the first of them, or with `backwards` the last."""

    size: int = DEFAULT_SIZE
    after: str | None = None
    before: str | None = None
    backwards: bool = False

    @property
    def at_start(self) -> bool:
        """Whether this is the beginning of the list."""
        return not self.backwards and self.after is None and self.before is None


class Fetch(Protocol[Brought]):
    """Up to `window.size` rows in the list's order. Bounds may be inclusive: rows at the bounds themselves are recognized."""

    async def __call__(self, window: Window, /) -> Sequence[Brought]: ...


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A list that can be paged: `name` binds its cursors to it, `key` tells where a row stands.

    `count` gives the number of all rows, or None where it can't be counted within bounds.
    """

    name: str
    fetch: Fetch[Row]
    key: Callable[[Row], str]
    count: Callable[[], Awaitable[int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
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
            raise InvalidPageSize.range(argument, LARGEST_SIZE)
    return Window(
        size=first or last or DEFAULT_SIZE,
        after=None if after is None else cursors.open(name, after, argument="after"),
        before=None if before is None else cursors.open(name, before, argument="before"),
        backwards=last is not None,
    )


async def load_page(listing: Listing[Row], wanted: Window) -> Page[Row]:
    """One page of a list, in one call of its `fetch`: one row more than wanted tells whether the list goes on."""
    bounds = (wanted.after is not None) + (wanted.before is not None)
    found = await listing.fetch(
        Window(size=wanted.size + 1 + bounds, after=wanted.after, before=wanted.before, backwards=wanted.backwards)
    )
    return cut(found, wanted, listing.key)


def cut(found: Sequence[Row], wanted: Window, key: Callable[[Row], str]) -> Page[Row]:
    """The page in `found`, which holds at least one row more than wanted where the list goes on."""
    at_after = bool(found) and key(found[0]) == wanted.after
    at_before = len(found) > at_after and key(found[-1]) == wanted.before
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

    async def fetch(wanted: Window, /) -> Sequence[Row]:
        found = [
            row
            for row in rows
            if (wanted.after is None or key(row) >= wanted.after) and (wanted.before is None or key(row) <= wanted.before)
        ]
        return found[-wanted.size :] if wanted.backwards else found[: wanted.size]

    async def count() -> int:
        return len(rows)

    return Listing(name, fetch, key, count)


async def goes_on(listing: Listing[Row], page: Page[Row], wanted: Window) -> bool:
    """Whether the list has a row behind the last one of a page; of an empty page, behind the window."""
    last = listing.key(page.rows[-1]) if page.rows else wanted.before
    found = await listing.fetch(Window(size=2, after=last))
    return any(listing.key(row) != last for row in found)


async def began_before(listing: Listing[Row], page: Page[Row], wanted: Window) -> bool:
    """Whether the list has a row ahead of the first one of a page; of an empty page, ahead of the window."""
    first = listing.key(page.rows[0]) if page.rows else wanted.after
    found = await listing.fetch(Window(size=2, before=first, backwards=True))
    return any(listing.key(row) != first for row in found)


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    of: strawberry.Private[Connection[Any]]

    @resolved("Whether rows follow the last one of this page.")
    async def has_next_page(self) -> bool:
        page = self.of.page
        return await goes_on(self.of.listing, page, self.of.window) if page.behind is None else page.behind

    @resolved("Whether rows stand before the first one of this page.")
    async def has_previous_page(self) -> bool:
        page = self.of.page
        return await began_before(self.of.listing, page, self.of.window) if page.ahead is None else page.ahead

    @resolved("The cursor of the first row; null on an empty page.")
    def start_cursor(self) -> str | None:
        rows = self.of.page.rows
        return self.of.cursor(rows[0]) if rows else None

    @resolved("The cursor of the last row: send it as `after` for the next page. Null on an empty page.")
    def end_cursor(self) -> str | None:
        rows = self.of.page.rows
        return self.of.cursor(rows[-1]) if rows else None


@strawberry.type(description="A row of a list, and where it stands.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(description="Opaque and signed; good for `after` and `before` of the same list.")
    node: Node = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    listing: strawberry.Private[Listing[Any]]
    page: strawberry.Private[Page[Any]]
    window: strawberry.Private[Window]
    cursors: strawberry.Private[Cursors]
    build: strawberry.Private[Callable[[Any], Any]]

    def cursor(self, row: Any) -> str:
        return self.cursors.seal(self.listing.name, self.listing.key(row))

    @resolved("The rows with their cursors.")
    def edges(self) -> list[Edge[Node]]:
        return [Edge(cursor=self.cursor(row), node=self.build(row)) for row in self.page.rows]

    @resolved("The rows without their cursors.")
    def nodes(self) -> list[Node]:
        return [self.build(row) for row in self.page.rows]

    @resolved("Where this page stands in the list.")
    def page_info(self) -> PageInfo:
        return PageInfo(of=self)

    @resolved("How many rows the whole list has; null when they can't be counted within bounds.")
    async def total_count(self) -> int | None:
        return await self.listing.count()


async def connect(
    context: Context,
    listing: Listing[Any],
    build: Callable[[Any], Any],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[Any]:
    """One page of a list as a connection whose nodes `build` makes of the rows."""
    cursors = context.rules.cursors
    wanted = window(cursors, listing.name, first=first, after=after, last=last, before=before)
    context.budget.page()
    page = await load_page(listing, wanted)
    context.budget.spend(len(page.rows))
    return Connection(listing=listing, page=page, window=wanted, cursors=cursors, build=build)

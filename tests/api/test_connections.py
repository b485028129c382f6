"""Pages against the list as a whole: whatever is asked for, in both directions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.connections import Listing, Window, began_before, goes_on, in_memory, load_page, window
from resolvers.cursors import Cursors
from resolvers.errors import InvalidCursor, InvalidPageSize

CURSORS = Cursors(b"a secret of this test")


def listing_of(rows: Sequence[str], *, inclusive: bool) -> Listing[str]:
    """A list of sorted rows whose bounds are inclusive, or exclusive: both are allowed."""
    whole = in_memory("rows", rows, str)
    if inclusive:
        return whole

    def fetch(wanted: Window, /) -> Sequence[str]:
        inner = [
            row for row in rows if (wanted.after is None or row > wanted.after) and (wanted.before is None or row < wanted.before)
        ]
        return inner[-wanted.size :] if wanted.backwards else inner[: wanted.size]

    return Listing("rows", fetch, str, whole.count)


letters = st.sampled_from("abcdefghijklmnop")


@given(
    rows=st.sets(letters).map(sorted),
    after=st.none() | letters,
    before=st.none() | letters,
    size=st.integers(1, 6),
    backwards=st.booleans(),
    inclusive=st.booleans(),
)
def test_a_page_is_what_the_specification_says(
    rows: list[str], after: str | None, before: str | None, size: int, backwards: bool, inclusive: bool
) -> None:
    """The bounds need not be rows themselves: they may have vanished since the cursor was given."""
    listing = listing_of(rows, inclusive=inclusive)
    wanted = Window(size=size, after=after, before=before, backwards=backwards)
    page = load_page(listing, wanted)
    inner = [row for row in rows if (after is None or row > after) and (before is None or row < before)]
    expected = inner[-size:] if backwards else inner[:size]
    assert list(page.rows) == expected
    ahead = began_before(listing, page, wanted) if page.ahead is None else page.ahead
    behind = goes_on(listing, page, wanted) if page.behind is None else page.behind
    if expected:
        assert ahead == (rows.index(expected[0]) > 0)
        assert behind == (rows.index(expected[-1]) < len(rows) - 1)


def test_one_call_suffices_where_the_bound_is_still_there() -> None:
    page = load_page(listing_of("abcdef", inclusive=True), Window(size=2, after="b"))
    assert (list(page.rows), page.ahead, page.behind) == (["c", "d"], True, True)


@pytest.mark.parametrize("size", [0, -1, 101, 2**31 - 1])
def test_sizes_out_of_range(size: int) -> None:
    with pytest.raises(InvalidPageSize, match=f"first is {size:,}, and must be from 1 to 100"):
        window(CURSORS, "rows", first=size)
    with pytest.raises(InvalidPageSize, match=f"last is {size:,}, and must be from 1 to 100"):
        window(CURSORS, "rows", last=size)


def test_both_directions_at_once() -> None:
    with pytest.raises(InvalidPageSize, match="not both"):
        window(CURSORS, "rows", first=1, last=1)


def test_a_cursor_that_is_none() -> None:
    with pytest.raises(InvalidCursor, match="before is no cursor"):
        window(CURSORS, "rows", before="")


def test_nothing_said_is_the_first_twenty() -> None:
    assert window(CURSORS, "rows") == Window(size=20)

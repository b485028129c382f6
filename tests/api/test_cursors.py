"""Cursors: sealed, bound to their list, and nothing to be read from them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.cursors import Cursors
from resolvers.errors import InvalidCursor

CURSORS = Cursors(b"a secret of this test")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_key_survives_the_way_out_and_in(key: str) -> None:
    cursor = CURSORS.seal("Customer.timeline", key)
    assert CURSORS.open("Customer.timeline", cursor, argument="after") == key
    assert cursor == CURSORS.seal("Customer.timeline", key)


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = CURSORS.seal("Customer.timeline", "20260101T000000.000000Z/tou_1")
    with pytest.raises(InvalidCursor, match="after"):
        CURSORS.open("Customer.purchases", cursor, argument="after")


def test_a_cursor_of_another_secret_is_refused() -> None:
    cursor = Cursors(b"the secret of somebody else").seal("Customer.timeline", "key")
    with pytest.raises(InvalidCursor):
        CURSORS.open("Customer.timeline", cursor, argument="before")


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_cursor_with_one_byte_changed_is_refused(place: int, change: int) -> None:
    cursor = CURSORS.seal("Customer.timeline", "20260101T000000.000000Z/tou_1")
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[place % len(raw)] ^= change
    with pytest.raises(InvalidCursor):
        CURSORS.open("Customer.timeline", base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), argument="after")


@given(st.text(max_size=200))
def test_whatever_is_sent_is_refused_calmly(text: str) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.open("Customer.timeline", text, argument="after")


def test_a_long_text_is_not_even_looked_at() -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.open("Customer.timeline", "A" * 100_000, argument="after")


def test_the_key_is_not_to_be_read() -> None:
    cursor = CURSORS.seal("Query.customers by NAME_ASC", '["hanako yamada","cus_0"]')
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"hanako" not in raw and "hanako" not in cursor

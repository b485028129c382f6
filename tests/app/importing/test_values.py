"""What a mapping may write for a value: templates, maps, defaults, times, money, traits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importing.amounts import number_of, whole
from graph.events.inputs import Event
from tests.app.importing.harness import Made, make_of

MAPPING = """
version = 1
source = "s"
[files.f]
path = "f.jsonl"
optional_columns = ["a", "b", "n"]
[[read]]
file = "f"
  [[read.events]]
  kind = "{kind}"
  id = "{{id}}"
  {fields}
"""
AT = 'at = "2026-01-01T00:00:00Z"'
BY = 'customer = { type = "u", value = "{id}" }'


def one(tmp_path: Path, fields: str, line: str, kind: str = "touchpoint") -> Event:
    made = several(tmp_path, fields, line, kind)
    assert made.rejects == []
    (event,) = made.events
    return event


def several(tmp_path: Path, fields: str, line: str, kind: str = "touchpoint") -> Made:
    return make_of(tmp_path, MAPPING.format(kind=kind, fields=fields), {"f.jsonl": line})


@pytest.mark.parametrize(
    ("written", "line", "found"),
    [
        ('"{a}-{b}"', '{"id": 1, "a": "x", "b": 2}', "x-2"),
        ('"{{{a}}}"', '{"id": 1, "a": "x"}', "{x}"),
        ('"{a}-{b}"', '{"id": 1, "a": "x", "b": ""}', None),
        ('"{a}"', '{"id": 1}', None),
        ('"{a}"', '{"id": 1, "a": 1.5}', "1.5"),
        ('{ column = "a", default = "none" }', '{"id": 1, "a": null}', "none"),
        ('{ columns = ["a", "b"] }', '{"id": 1, "a": "", "b": "second"}', "second"),
        ('{ column = "a", map = { x = "y" }, default = "other" }', '{"id": 1, "a": "z"}', "other"),
        ('{ column = "a", map = { true = "yes", false = "no" } }', '{"id": 1, "a": false}', "no"),
        ('{ template = "{a}!", when = { column = "b", in = [1, 2] } }', '{"id": 1, "a": "x", "b": 2}', "x!"),
        ('{ template = "{a}!", when = { column = "b", not_in = [1, 2] } }', '{"id": 1, "a": "x", "b": 2}', None),
        ('{ column = "a", when = { column = "a", before = "b" } }', '{"id": 1, "a": "2026-01", "b": "2026-02"}', "2026-01"),
        ('{ column = "a", when = { column = "a", before = "b" } }', '{"id": 1, "a": "2026-01"}', None),
    ],
)
def test_texts(tmp_path: Path, written: str, line: str, found: str | None) -> None:
    event = one(tmp_path, f'{AT}\n{BY}\nchannel = "c"\ntype = "t"\nurl = {written}', line)
    assert getattr(event, "url") == found  # noqa: B009 - which kind of event it is matters to no one here


def test_a_value_outside_the_map_is_rejected(tmp_path: Path) -> None:
    made = several(tmp_path, f'{AT}\n{BY}\nchannel = "c"\ntype = {{ column = "a", map = {{ x = "y" }} }}', '{"id": 1, "a": "z"}')
    assert made.rejects == [("f.jsonl", 1, "a", "'z' is not in the map; add it there, or write a default")]
    made = several(
        tmp_path, 'at = "2026-01-01T00:00:00Z"\npurchase = "p"\nstatus = "{a}"', '{"id": 1, "a": "paid"}', "purchase_status"
    )
    assert "'paid' is none of PLACED, PAID" in made.rejects[0][3]


@pytest.mark.parametrize(
    ("written", "value", "found"),
    [
        ('"{a}"', '"2026-01-31T09:00:00+09:00"', "2026-01-31T00:00:00"),
        ('"{a}"', '"2026-01-31 09:00:00.123456Z"', "2026-01-31T09:00:00.123456"),
        ('{ column = "a", zone = "Asia/Tokyo" }', '"2026-01-31 09:00:00"', "2026-01-31T00:00:00"),
        ('{ column = "a", zone = "Asia/Tokyo" }', '"2026-01-31"', "2026-01-30T15:00:00"),
        ('{ column = "a", zone = "Asia/Tokyo" }', '"2026-01-31T00:00:00Z"', "2026-01-31T00:00:00"),
        ('{ column = "a", format = "%d/%m/%Y %H:%M", zone = "UTC" }', '"31/01/2026 09:00"', "2026-01-31T09:00:00"),
        ('{ column = "a", format = "epoch_ms" }', "1769850000001", "2026-01-31T09:00:00.001000"),
        ('{ column = "a", format = "epoch_s" }', '"1769850000"', "2026-01-31T09:00:00"),
        ('{ columns = ["b", "a"], pick = "latest" }', '"2026-01-31T09:00:00Z"', "2026-01-31T09:00:00"),
        ('{ columns = ["b", "a"] }', '"2026-01-31T09:00:00Z"', "2025-01-01T00:00:00"),
        # São Paulo's clocks skipped the midnight with which this day should have begun.
        ('{ column = "a", zone = "America/Sao_Paulo" }', '"2017-10-15"', "2017-10-15T03:00:00"),
        # New York's clocks showed this time twice; the first one counts.
        ('{ column = "a", zone = "America/New_York" }', '"2026-11-01T01:30:00"', "2026-11-01T05:30:00"),
    ],
)
def test_times(tmp_path: Path, written: str, value: str, found: str) -> None:
    fields = f'at = {written}\n{BY}\nchannel = "c"\ntype = "t"'
    event = one(tmp_path, fields, f'{{"id": 1, "a": {value}, "b": "2025-01-01T00:00:00Z"}}')
    assert event.at == datetime.fromisoformat(found).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "value", "why"),
    [
        ('"{a}"', '"2026-01-31T09:00:00"', "has no offset; write zone ="),
        ('"{a}"', '"31.01.2026"', "is no time of the form iso"),
        ('"{a}"', "null", "is empty; at needs a value"),
        ('{ column = "a", format = "epoch_ms" }', "1e300", "is no time of the form epoch_ms"),
        ('{ column = "a", format = "epoch_s" }', '"99999999999999"', "is no time of the form epoch_s"),
        ('{ column = "a", zone = "Asia/Tokyo" }', '"0001-01-01"', "is no time of the form iso"),
    ],
)
def test_times_that_are_none(tmp_path: Path, written: str, value: str, why: str) -> None:
    fields = f'at = {written}\n{BY}\nchannel = "c"\ntype = "t"'
    made = several(tmp_path, fields, f'{{"id": 1, "a": {value}}}')
    assert made.events == []
    assert why in made.rejects[0][3]


@pytest.mark.parametrize(
    ("written", "value", "found"),
    [
        ('{ column = "a", currency = "USD" }', '"12.5"', (1250, "USD")),
        ('{ column = "a", currency = "USD" }', "12.1", (1210, "USD")),
        ('{ column = "a", currency = "JPY" }', "1200", (1200, "JPY")),
        ('{ column = "a", currency = "KWD" }', '"1.234"', (1234, "KWD")),
        ('{ column = "a", currency = "USD", unit = "minor" }', "1250", (1250, "USD")),
        ('{ column = "a", currency_column = "b" }', '"3"', (300, "EUR")),
        ('{ column = "a", currency = "USD", round = "half_even" }', '"4.440892e-16"', (0, "USD")),
        ('{ column = "a", currency = "USD", round = "half_up" }', '"0.005"', (1, "USD")),
        ('{ column = "a", currency = "USD", round = "down" }', '"0.019"', (1, "USD")),
        ('{ columns = ["a", "n"], currency = "USD" }', '"1.25"', (350, "USD")),
        ('{ column = "a", currency = "USD" }', '""', None),
        ('{ column = "a", currency = "USD" }', '"0"', (0, "USD")),
    ],
)
def test_money(tmp_path: Path, written: str, value: str, found: tuple[int, str] | None) -> None:
    line = f'{{"id": 1, "a": {value}, "b": "EUR", "n": 2.25}}'
    event: Any = one(tmp_path, f'{AT}\n{BY}\nnumber = "{{id}}"\ntotal = {written}', line, "purchase")
    assert (event.total and (event.total.amount, event.total.currency)) == found


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ('"1,50"', "is no amount"),
        ('"$3"', "is no amount"),
        ('"NaN"', "is no amount"),
        ('"1_000"', "is no amount"),
        ('"１２"', "is no amount"),
        ('"0.005"', "has more than the 2 decimals of USD; round it first"),
        ('"1e30"', "is more than can be kept"),
        ('"1e999999999"', "is "),
        ("[1]", "is a list"),
    ],
)
def test_money_that_is_none(tmp_path: Path, value: str, why: str) -> None:
    fields = f'{AT}\n{BY}\nnumber = "{{id}}"\ntotal = {{ column = "a", currency = "USD" }}'
    made = several(tmp_path, fields, f'{{"id": 1, "a": {value}}}', "purchase")
    assert made.events == []
    assert why in made.rejects[0][3]


def test_traits_keep_their_types_and_leave_out_what_is_not_stated(tmp_path: Path) -> None:
    fields = """at = "2026-01-01T00:00:00Z"
  identifiers = [{ type = "email", value = "{a}" }, { type = "phone", value = "{b}" }]
  [read.events.traits]
  vip = "{n}"
  none = "{b}"
  fixed = [1, 2]
  since = 2026-01-01
  born = { year = { column = "a", map = { "a@example.com" = "1990" }, as = "integer" }, place = "{b}" }
  addresses = [{ kind = "home", city = "{a}" }, { city = "{b}" }]
"""
    event: Any = one(tmp_path, fields, '{"id": 1, "a": "a@example.com", "b": "", "n": true}', "identify")
    assert [(each.type, each.value) for each in event.identifiers] == [("email", "a@example.com")]
    assert event.traits == {
        "vip": True,
        "fixed": [1, 2],
        "since": "2026-01-01",
        "born": {"year": 1990},
        "addresses": [{"kind": "home", "city": "a@example.com"}],
    }
    made = several(tmp_path, fields, '{"id": 1}', "identify")
    assert made.rejects == [("f.jsonl", 1, "a", "is empty, so the row has no identifier")]


def test_other_kinds(tmp_path: Path) -> None:
    event: Any = one(
        tmp_path,
        f'{AT}\n{BY}\ncase = "{{id}}"\ncomplaint = "{{a}}"\nclosed_at = "{{b}}"',
        '{"id": 1, "a": "yes", "b": null}',
        "case",
    )
    assert (event.complaint, event.closed_at) == (True, None)
    event = one(
        tmp_path, f'{AT}\n{BY}\nsurvey = "q"\nsurvey_kind = "NPS"\nscore = "{{n}}"', '{"id": 1, "n": 9}', "survey_response"
    )
    assert event.score == 9


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_numbers_are_read_exactly(number: Any) -> None:
    assert number_of(str(number)) == number
    if number == number.to_integral_value() and abs(number) <= 2**53:
        assert whole(str(number)) == number

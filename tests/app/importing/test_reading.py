"""Files as they really are: what can't be read costs its own row, with its line, and nothing else."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.importing import MappingError, SourceError
from graph.events.inputs import ReviewInput, TouchpointInput
from tests.app.importing.harness import Made, make_of

MAPPING = """
version = 1
source = "s"
[files.f]
path = "{path}"
{more}
[[read]]
file = "f"
  [[read.events]]
  kind = "review"
  id = "{{id}}/{{#row}}"
  at = "2026-01-01T00:00:00Z"
  customer = {{ type = "user_id", value = "{{user}}" }}
  rating = "{{rating}}"
  text = "{{text}}"
"""
HEADER = "id,user,rating,text\n"

Reading = Callable[..., Made]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    def read(content: str | bytes, path: str = "f.csv", more: str = "") -> Made:
        return make_of(tmp_path, MAPPING.format(path=path, more=more), {path: content})

    return read


def ids(made: Made) -> list[str]:
    return [event.id for event in made.events]


def test_rows_have_the_line_they_begin_on(reading: Reading) -> None:
    made = reading(HEADER + '1,u1,5,"two\nlines, and ""quotes"""\n\n2,u2,4,\r\n3,u3,3,last without an end')
    assert ids(made) == ["1/2", "2/5", "3/6"]
    texts = [event.text for event in made.events if isinstance(event, ReviewInput)]
    assert texts == ['two\nlines, and "quotes"', None, "last without an end"]
    assert made.rejects == []


@pytest.mark.parametrize(
    ("bad", "column", "reason"),
    [
        ("2,u2,4", "", "has 3 columns, the header 4"),
        ("2,u2,4,x,y", "", "has 5 columns, the header 4"),
        ("2,u2,good,x", "rating", "'good' is no whole number"),
        ("2,u2,4.5,x", "rating", "'4.5' is no whole number"),
        ("2,u2,1e400000,x", "rating", "'1e400000' is no whole number"),
        ("2,u2,,x", "rating", "is empty; rating needs a value"),
        ("2,,4,x", "user", "is empty; customer needs a value"),
        ("2,u2,4,a\0b", "text", "has a NUL byte"),
        ('2,u2,4,"open', "", "a quote is closed in the middle of a field, or was not closed before"),
        ('2,u2,4,"a"b', "", "a quote is closed in the middle of a field"),
        ("2,u2,4," + "x" * 200_000, "", "a field has more than 131,072 characters"),
    ],
)
def test_a_bad_row_stops_nothing(reading: Reading, bad: str, column: str, reason: str) -> None:
    made = reading(f'{HEADER}1,u1,5,"a ""fine"" text"\n{bad}\n3,u3,3,"another ""one"""\n4,u4,1,\n')
    assert ids(made) == ["1/2", "3/4", "4/5"]
    ((file, line, found, why),) = made.rejects
    assert (file, line, found) == ("f.csv", 3, column)
    assert reason in why


def test_broken_utf8_costs_its_row(reading: Reading) -> None:
    made = reading(HEADER.encode() + "1,u1,5,é\n".encode() + b"2,u2,4,caf\xe9\n" + "3,u3,3,日本\n".encode())
    assert ids(made) == ["1/2", "3/4"]
    assert made.rejects == [("f.csv", 3, "text", "has bytes that are no utf-8")]


def test_a_quote_open_until_the_end_costs_one_row(reading: Reading) -> None:
    made = reading(HEADER + '1,u1,5,"open\n2,u2,4,x\n3,u3,3,y\n')
    assert ids(made) == ["2/3", "3/4"]
    assert made.rejects == [("f.csv", 2, "", "a quote is not closed before the file ends")]


def test_a_line_without_bounds_is_passed_over(reading: Reading) -> None:
    made = reading(f"{HEADER}1,u1,5,x\n2,u2,4,{'y' * (9 * 2**20)}\n3,u3,3,z\n")
    assert ids(made) == ["1/2", "3/4"]
    assert made.rejects == [("f.csv", 3, "", "the line has more than 8 MB")]


def test_a_truncated_gzip_gives_what_it_has(reading: Reading) -> None:
    rows = "".join(f"{number},u{number},5,{number * 7919 % 100_003}\n" for number in range(20_000))
    packed = gzip.compress((HEADER + rows).encode())
    made = reading(packed[: len(packed) // 2], "f.csv.gz")
    assert 5_000 < len(made.events) < 15_000
    assert ids(made)[-1] == f"{len(made.events) - 1}/{len(made.events) + 1}"
    # The rest of the last line, if any came, is too short to be a row.
    assert made.rejects[-1][1] >= len(made.events) + 2
    assert any("ends too early" in reason for *_, reason in made.rejects)


def test_damaged_gzip_is_found_by_its_checksum(reading: Reading) -> None:
    packed = bytearray(gzip.compress(f"{HEADER}1,u1,5,x\n".encode()))
    packed[-8] ^= 1
    made = reading(bytes(packed), "f.csv.gz")
    assert ids(made) == ["1/2"]
    assert "ends too early or is damaged" in made.rejects[0][3]


@pytest.mark.parametrize(
    ("content", "path", "says"),
    [
        (b"", "f.csv", "is empty; a header row is needed"),
        (b"", "f.csv.gz", "is no gzip file"),
        (b"id,user\n", "f.csv.gz", "is no gzip file"),
        (b"id,us\xe9r\n", "f.csv", "has no header that can be read (has bytes that are no utf-8)"),
        (b"\xff\xfei\0d\0\n\0", "f.csv", "it is UTF-16; convert it to UTF-8"),
        (b"no json\n", "f.jsonl", "has no line that is a JSON object"),
        (b"no parquet", "f.parquet", "can't be read as Parquet"),
    ],
)
def test_files_that_cannot_be_begun(reading: Reading, content: bytes, path: str, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        reading(content, path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_header_only_means_no_rows(reading: Reading) -> None:
    made = reading(HEADER)
    assert (made.events, made.rejects, made.rows) == ([], [], 0)
    assert reading(b"", "f.jsonl").events == []


def test_a_bom_and_another_delimiter(reading: Reading) -> None:
    made = reading(b"\xef\xbb\xbf" + HEADER.replace(",", ";").encode() + b"1;u1;5;x\n", more='delimiter = ";"')
    assert ids(made) == ["1/2"]
    assert ids(reading(HEADER.replace(",", "\t") + "1\tu1\t5\tx\n", "f.tsv")) == ["1/2"]


def test_other_encodings(reading: Reading) -> None:
    made = reading((HEADER + "1,u1,5,東京ソ\n").encode("cp932"), more='encoding = "cp932"')
    (event,) = made.events
    assert isinstance(event, ReviewInput) and event.text == "東京ソ"


def test_a_column_that_stands_twice_is_refused_only_when_it_is_used(reading: Reading) -> None:
    assert ids(reading("id,user,rating,text,x,x\n1,u1,5,t,a,b\n")) == ["1/2"]
    with pytest.raises(MappingError, match="'user' stands 2 times in the header"):
        reading("id,user,user,rating,text\n1,u1,u2,5,t\n")


def test_jsonl_lines(reading: Reading) -> None:
    made = reading(
        b'{"id": 1, "user": "u1", "rating": 5, "text": null}\n\n'
        b'{"id": 2, "user": "u2", "rating": 4.0}\n'
        b"[1]\n"
        b'{"id": 3, "user": "u3", "rating": true}\n'
        b'{"id": 4, "user": ["u"], "rating": 1}\n'
        b'{"id": 5, "user": "\xff", "rating": 1}\n'
        b'{"id": 6, "user": "u6"',
        "f.jsonl",
    )
    assert ids(made) == ["1/1", "2/3"]
    assert [(line, column) for _, line, column, _ in made.rejects] == [(4, ""), (7, ""), (8, ""), (5, "rating"), (6, "user")]
    reasons = " ".join(reason for *_, reason in made.rejects)
    assert "is no JSON object" in reasons and "is a list, where a text" in reasons


def test_jsonl_columns_are_looked_for_in_the_first_lines(reading: Reading) -> None:
    line = '{"id": 1, "user": "u", "rating": 5}\n'
    with pytest.raises(MappingError, match="'text' is in none of the first 1000 lines of"):
        reading(line, "f.jsonl")
    assert ids(reading(line, "f.jsonl", 'optional_columns = ["text"]')) == ["1/1"]


def test_gzipped_jsonl_is_found_without_its_ending_in_the_mapping(tmp_path: Path) -> None:
    line = gzip.compress(b'{"id": 1, "user": "u", "rating": 5, "text": "t"}\n')
    assert ids(make_of(tmp_path, MAPPING.format(path="f.jsonl", more=""), {"f.jsonl.gz": line})) == ["1/1"]


PARQUET = """
version = 1
source = "s"
[files.f]
path = "f.parquet"
[[read]]
file = "f"
  [[read.events]]
  kind = "touchpoint"
  id = "{id}"
  at = { column = "at", zone = "Asia/Tokyo" }
  customer = { type = "user_id", value = "{user.id}" }
  channel = "web"
  type = "visit"
  duration_seconds = "{seconds}"
  properties = { day = "{day}", spent = { column = "spent", as = "number" }, vip = "{vip}", tags = "{tags}" }
"""


LOCAL = datetime.fromisoformat("2026-01-02T03:04:05")


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def columns(at: Any, count: int = 1) -> dict[str, Any]:
    return {
        "id": list(range(1, count + 1)),
        "at": at,
        "user": [{"id": f"u{number}"} for number in range(count)],
        "seconds": [30] * count,
        "day": [date(2026, 1, 2)] * count,
        "spent": [Decimal("12.50")] * count,
        "vip": [True] * count,
        "tags": [["a", "b"]] * count,
    }


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns")], ids=str)
def test_parquet_types(tmp_path: Path, kind: Any) -> None:
    at = pa.array([LOCAL], kind)
    (event,) = make_of(tmp_path, PARQUET, {"f.parquet": parquet(columns(at))}).events
    assert isinstance(event, TouchpointInput)
    assert event.at == datetime(2026, 1, 1, 18, 4, 5, tzinfo=UTC)
    assert event.customer.identifier is not None and event.customer.identifier.value == "u0"
    assert event.duration_seconds == 30
    assert event.properties == {"day": "2026-01-02", "spent": 12.5, "vip": True, "tags": ["a", "b"]}


def test_parquet_times_with_a_zone_keep_it(tmp_path: Path) -> None:
    at = pa.array([datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    (event,) = make_of(tmp_path, PARQUET, {"f.parquet": parquet(columns(at))}).events
    assert event.at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_parquet_in_many_batches(tmp_path: Path) -> None:
    at = pa.array([LOCAL] * 1_001, pa.timestamp("us"))
    made = make_of(tmp_path, PARQUET, {"f.parquet": parquet(columns(at, 1_001), row_group_size=300)})
    assert [event.id for event in made.events] == [str(number) for number in range(1, 1_002)]
    assert [line for _, _, line, _ in made.pending] == list(range(1, 1_002))


def test_a_column_that_the_parquet_file_lacks(tmp_path: Path) -> None:
    found = columns(pa.array([LOCAL], pa.timestamp("us")))
    del found["tags"]
    with pytest.raises(MappingError, match=r"'tags' is no column of f.parquet, which has id, at, user"):
        make_of(tmp_path, PARQUET, {"f.parquet": parquet(found)})

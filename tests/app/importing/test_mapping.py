"""A bad mapping is refused before anything is written, with its line, its key and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.importing import MappingError, SourceError
from app.importing.positions import Positions
from tests.app.importing.harness import make_of

GOOD = """\
version = 1
source = "shop"

[files.visits]
path = "visits.csv"

[files.stores]
path = "stores.csv"

[[read]]
file = "visits"

  [read.join.store]
  file = "stores"
  on = "store_id"

  [[read.events]]
  kind = "touchpoint"
  id = "{visit}"
  at = { column = "day", zone = "Asia/Tokyo" }
  customer = { type = "user_id", value = "{user}" }
  channel = "store"
  type = "visit"
  properties = { city = "{store.city}" }

  [[read.events]]
  kind = "purchase"
  id = "p{visit}"
  when = { column = "spent", empty = false }
  at = { column = "day", zone = "Asia/Tokyo" }
  customer = { type = "user_id", value = "{user}" }
  number = "{visit}"
  status = "PAID"
  total = { column = "spent", currency = "JPY" }
"""
FILES: dict[str, str | bytes] = {
    "visits.csv": "visit,user,day,store_id,spent\n1,u1,2026-01-01,s1,500\n",
    "stores.csv": "store_id,city\ns1,Osaka\n",
}


def refused(tmp_path: Path, mapping: str) -> str:
    with pytest.raises(MappingError) as caught:
        make_of(tmp_path, mapping, FILES)
    text = str(caught.value)
    assert "\n" not in text
    return text.removeprefix(f"{tmp_path / 'mapping.toml'}:")


def test_the_mapping_that_the_bad_ones_are_made_of_is_good(tmp_path: Path) -> None:
    made = make_of(tmp_path, GOOD, FILES)
    assert [event.kind for event in made.events] == ["touchpoint", "purchase"]
    assert made.rejects == []


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("version = 1", "version = 2", 1, "version: must be 1"),
        ("version = 1", "", 1, "version is missing"),
        ('source = "shop"', "", 1, "source is missing"),
        ('source = "shop"', 'sauce = "shop"', 1, "source is missing"),
        (
            'path = "visits.csv"',
            'path = "visits.csv"\ndelimeter = ";"',
            6,
            "delimeter: is not known here (did you mean delimiter",
        ),
        ('path = "visits.csv"', 'path = "visits.csv"\ndelimiter = ";;"', 6, "delimiter: must be one character"),
        ('path = "visits.csv"', 'path = "visits.csv"\nencoding = "klingon"', 6, "encoding: 'klingon' is not known"),
        ('path = "visits.csv"', 'path = "visits.csv"\nencoding = "utf-16"', 6, "convert the file to UTF-8"),
        ('path = "visits.csv"', 'path = "visits.xlsx"', 4, "format is missing; write one of csv, jsonl, parquet"),
        ('path = "visits.csv"', 'path = "../visits.csv"', 5, "must stay within the folder"),
        ('path = "visits.csv"', "path = 5", 5, "path: must be text in quotes"),
        ('file = "visits"', 'file = "visit"', 11, "file: must be one of visits, stores, not 'visit' (did you mean visits?)"),
        (
            'file = "visits"',
            'file = "visits"\ngroup_by = "basket"',
            12,
            "'basket' is no column of visits.csv; its header",
        ),
        ('file = "visits"', 'file = "visits"\ngroup_by = "store.city"', 12, "'store.city' is looked up"),
        ('file = "visits"', 'file = "visits"\ncontiguous = true', 12, "contiguous: says nothing without group_by"),
        ('file = "visits"', 'file = "visits"\nunnest = "events"', 12, "unnest: 'events' is no column"),
        ('on = "store_id"', 'on = "shop_id"', 15, "on: 'shop_id' is no column of visits.csv"),
        ('on = "store_id"', 'on = { store_id = "id" }', 15, "on: 'id' is no column of stores.csv"),
        ('on = "store_id"', "", 13, "on is missing"),
        ('kind = "touchpoint"', 'kind = "touch"', 18, "kind: must be one of identify, touchpoint,"),
        ('id = "{visit}"', 'id = "{vizit}"', 19, "id: 'vizit' is no column of visits.csv"),
        ('id = "{visit}"', 'id = "visit"', 19, "id: needs a column"),
        ('id = "{visit}"', 'id = "{visit"', 19, "id: has a brace without its partner"),
        ('id = "{visit}"', "", 17, "id is missing; write id ="),
        ('zone = "Asia/Tokyo"', 'zone = "Asia/Tokio"', 20, "zone: 'Asia/Tokio' is no time zone"),
        ('column = "day"', 'column = "day", format = "dd.mm.yyyy"', 20, "format: 'dd.mm.yyyy' is no format"),
        ('column = "day"', 'column = "day", timezone = "UTC"', 20, "timezone: is not known here"),
        ('at = { column = "day", zone = "Asia/Tokyo" }', 'at = "yesterday"', 20, "at: 'yesterday' is no time"),
        ('at = { column = "day", zone = "Asia/Tokyo" }', 'at = "2026-01-01"', 20, "at: has no offset"),
        ('at = { column = "day", zone = "Asia/Tokyo" }', "at = 2026-01-01T00:00:00", 20, "at: has no offset"),
        ('customer = { type = "user_id", value = "{user}" }', "", 17, "customer is missing; write customer ="),
        ('customer = { type = "user_id", value', 'customer = { kind = "user_id", value', 21, "type or value is missing"),
        ('value = "{user}" }', 'value = "{user}", email = "{user}" }', 21, "in more than one way"),
        ('value = "{user}"', 'value = "u1"', 21, "needs a column"),
        ('properties = { city = "{store.city}" }', 'properties = { city = "{store}" }', 24, "name one of its columns"),
        (
            'properties = { city = "{store.city}" }',
            'properties = { city = "{store.town}" }',
            24,
            "'town' is no column",
        ),
        ('properties = { city = "{store.city}" }', 'props = { city = "{store.city}" }', 24, "props: is not known here"),
        ("empty = false", "blank = true", 29, "needs exactly one of equals"),
        ('number = "{visit}"', "number = 5", 32, "number: must be text in quotes"),
        ('status = "PAID"', 'status = "payed"', 33, "status: must be one of PLACED, PAID"),
        ('status = "PAID"', 'status = { column = "spent", map = { x = "payed" } }', 33, "not 'payed'"),
        ('currency = "JPY"', 'currency = "YEN"', 34, "currency: 'YEN' is no ISO 4217 currency code"),
        (', currency = "JPY"', "", 34, 'needs currency = "EUR"'),
        ('total = { column = "spent", currency', 'total = { sum = "spent", currency', 34, "there is no list 'lines'"),
        ('total = { column = "spent", currency = "JPY" }', 'total = "{spent}"', 34, "total: must be a table"),
        ("version = 1", "version = [", 2, "is not TOML"),
    ],
)
def test_bad_mappings(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    text = refused(tmp_path, GOOD.replace(old, new, 1))
    assert text.startswith(f"{line}: "), text
    assert says in text


def test_a_mapping_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    assert "nothing to read" in refused(tmp_path, "version = 1\n")
    (tmp_path / "mapping.toml").write_bytes(b"version = 1\nsource = '\xff'\n")
    from app.importing.mapping import load_mapping

    with pytest.raises(MappingError, match="2: is not UTF-8"):
        load_mapping(tmp_path / "mapping.toml")
    with pytest.raises(MappingError, match="there is no such file"):
        load_mapping(tmp_path / "none.toml")


def test_contract_events_come_as_jsonl_only(tmp_path: Path) -> None:
    text = 'version = 1\n[files.visits]\npath = "visits.csv"\n[[read]]\nfile = "visits"\nevents = "contract"\n'
    assert refused(tmp_path, text).startswith('6: read[1].events: events = "contract" needs a JSONL file')


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"stores.csv: is missing; put it there"):
        make_of(tmp_path, GOOD, {"visits.csv": FILES["visits.csv"]})


def test_positions_know_tables_lists_of_tables_and_strings_of_many_lines() -> None:
    text = '''\
a = 1
b.c = """
[not.a.table]
d = 2
"""

[[read]]
list = [
  { x = 1 },   # ] not the end
]
"quoted key" = 1
  [[read.events]]
  id = "["
  [[read.events]]
  id = 1
[[read]]
[read.join.store]
on = 1
'''
    positions = Positions(text)
    assert positions.line(("b", "c")) == 2
    assert positions.line(("d",)) == 1
    assert positions.line(("read", 0, "list", 0, "x")) == 8
    assert positions.line(("read", 0, "quoted key")) == 11
    assert positions.line(("read", 0, "events", 0, "id")) == 13
    assert positions.line(("read", 0, "events", 1, "id")) == 15
    assert positions.line(("read", 1, "join", "store", "on")) == 18
    assert positions.line(("read", 1, "join", "nothing")) == 17

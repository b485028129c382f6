"""Demo events as lines of JSON that fit the contract's `EventInput`."""

import gzip
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLInputObjectType, build_schema, coerce_input_value

from app.demo import BadSize, generate, truth, write_events
from app.demo.wire import to_json
from graph.events.inputs import PurchaseInput
from tests.app.outside import contract


def lines(path: Path) -> list[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        return [orjson.loads(line) for line in file]


def test_each_line_is_one_object_with_one_key_that_names_the_kind(tmp_path: Path) -> None:
    told = write_events(tmp_path / "deep" / "events.jsonl", customers=200, seed=2)
    written = lines(tmp_path / "deep" / "events.jsonl")
    assert told == truth(customers=200, seed=2)
    assert len(written) == told.events
    assert all(len(line) == 1 for line in written)
    assert {next(iter(line)) for line in written} == {
        re.sub("_(.)", lambda match: match[1].upper(), kind) for kind in told.events_by_kind
    }


def test_the_same_world_makes_the_same_file_compressed_or_not(tmp_path: Path) -> None:
    for name in ("one.jsonl.gz", "two.jsonl.gz", "plain.jsonl"):
        write_events(tmp_path / name, customers=120, seed=2)
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()
    assert lines(tmp_path / "one.jsonl.gz") == lines(tmp_path / "plain.jsonl")


def test_nothing_is_written_for_a_size_that_can_t_be(tmp_path: Path) -> None:
    with pytest.raises(BadSize):
        write_events(tmp_path / "events.jsonl", customers=0, seed=1)
    assert not list(tmp_path.iterdir())


def test_amounts_and_times_are_written_as_the_contract_says() -> None:
    seen = set()
    for event in generate(customers=200, seed=2):
        if isinstance(event, PurchaseInput):
            body = orjson.loads(to_json(event))["purchase"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["at"])
            assert body["items"][0]["quantity"] in {"1", "2", "3"}
            total = body["total"]
            assert re.fullmatch(r"\d+" if total["currency"] == "JPY" else r"\d+\.\d\d", total["amount"])
            seen.add(total["currency"])
    assert seen == {"JPY", "USD", "GBP"}


def test_every_line_fits_the_contract() -> None:
    # An invitation's own code is what this service adds to the contract.
    text = contract().read_text().replace("input InviteInput {", "input InviteInput { code: String ")
    event_input = build_schema(text).type_map["EventInput"]
    assert isinstance(event_input, GraphQLInputObjectType)
    for event in generate(customers=150, seed=4):
        coerce_input_value(orjson.loads(to_json(event)), event_input)

"""Manifests: both forms are read, and a wrong one stops the start with the entry that is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.errors import SettingsError
from app.server import create_app
from app.settings import Settings
from app.settings_variables import TrustedMode
from app.trusted import TrustedDocuments

QUERY = "query Channels { channels { key } }"
MUTATION = "mutation Record($events: [EventInput!]!) { recordEvents(events: $events) { accepted } }"


def operation(**changed: Any) -> dict[str, Any]:
    return {"id": "a", "name": "Channels", "type": "query", "body": QUERY, **changed}


def apollo(*operations: Any, **changed: Any) -> dict[str, Any]:
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations), **changed}


def settings(tmp_path: Path, manifest: Any, mode: TrustedMode = "strict") -> Settings:
    path = tmp_path / "manifest.json"
    path.write_bytes(manifest if isinstance(manifest, bytes) else orjson.dumps(manifest))
    return Settings(cursor_secret=b"x", trusted_documents=mode, trusted_manifest=path)


@pytest.mark.parametrize(
    "manifest",
    [
        apollo(operation(), operation(id="b", name="Record", type="mutation", body=MUTATION), operation(clientName="shop")),
        {"a": QUERY, "b": MUTATION},
    ],
    ids=["Apollo's", "Relay's"],
)
def test_both_forms_of_a_manifest_are_read(tmp_path: Path, manifest: Any) -> None:
    trusted = TrustedDocuments.of(settings(tmp_path, manifest))
    assert trusted.strict and trusted.texts == {"a": QUERY, "b": MUTATION}
    assert trusted.text("a") == trusted.text("sha256:a") == QUERY
    assert trusted.text("sha256:") is None and trusted.text("c") is None


def test_a_map_may_hold_any_ids(tmp_path: Path) -> None:
    assert TrustedDocuments.of(settings(tmp_path, {"operations": QUERY})).text("operations") == QUERY
    assert TrustedDocuments.of(settings(tmp_path, {})).texts == {}


def test_a_manifest_is_not_read_when_nothing_is_trusted(tmp_path: Path) -> None:
    assert TrustedDocuments.of(settings(tmp_path, b"nonsense", "off")) == TrustedDocuments({}, strict=False)
    assert not TrustedDocuments.of(settings(tmp_path, {"a": QUERY}, "prefer")).strict


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (b"{", "is no JSON"),
        ([], "is neither .*: Expected `object`, got `array`"),
        ({"a": 7}, r"Expected `str`, got `int` - at `\$\[...\]`"),
        (apollo(version=2), r"at `\$.version`"),
        (apollo(format="another"), r"at `\$.format`"),
        (apollo(operation(), {"id": "b"}), r"missing required field `name` - at `\$.operations\[1\]`"),
        (apollo(operation(id=7)), r"at `\$.operations\[0\].id`"),
        (apollo(operation(type="fragment")), r"at `\$.operations\[0\].type`"),
        (apollo(operation(id="")), r"operations\[0\] \(Channels\): its id must have 1 to 256 characters, not 0"),
        (apollo(operation(), operation(name="B", body="query B { channels { key } }")), r"operations\[1\] \(B\): its id a is"),
        (apollo(operation(name="Other")), r"operations\[0\] \(Other\): its body must hold the query Other"),
        (apollo(operation(type="mutation")), "its body must hold the mutation Channels"),
        (apollo(operation(body=QUERY + MUTATION)), "no other operation"),
        (apollo(operation(body="query Channels {")), r"operations\[0\] \(Channels\): Syntax Error"),
        (apollo(operation(body="query Channels { nonsense }")), r"operations\[0\] \(Channels\): Cannot query field 'nonsense'"),
        ({"a": QUERY, "b": "{ nonsense }"}, "the document b: Cannot query field 'nonsense'"),
        ({"a": "fragment F on Query { channels { key } }"}, "the document a: "),
        ({"a": "query Q {" + "channels { key } " * 1_000 + "}"}, "the document a: .* 2,001 tokens or more, and may have 2,000"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_stops_the_start_and_its_entry_is_named(tmp_path: Path, manifest: Any, problem: str) -> None:
    wrong = settings(tmp_path, manifest)
    with pytest.raises(SettingsError, match=problem) as stopped:
        create_app(wrong)
    said = str(stopped.value)
    assert re.match(r"C360_TRUSTED_MANIFEST: .*manifest\.json", said) and "\n" not in said
    assert stopped.value.exit_code == 2


@pytest.mark.parametrize("mode", ["prefer", "strict"])
def test_a_manifest_that_is_not_there_stops_the_start(tmp_path: Path, mode: TrustedMode) -> None:
    with pytest.raises(SettingsError, match="C360_TRUSTED_MANIFEST: must name a file"):
        create_app(Settings(cursor_secret=b"x", trusted_documents=mode))
    with pytest.raises(SettingsError, match="can't be read"):
        create_app(Settings(cursor_secret=b"x", trusted_documents=mode, trusted_manifest=tmp_path / "none.json"))

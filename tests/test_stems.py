"""The stem rule: a concept has one name, and that name is its stem in every layer that it has come to so far."""

from __future__ import annotations

from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]

ALL = ("cypher", "graph", "resolvers", "tests/graph", "tests/api")

#: The stems in use, and the layers that each has come to.
STEMS: dict[str, tuple[str, ...]] = {
    "customers": ALL,
    "identity": ALL,
    "timeline": ALL,
    "purchases": ALL,
    "feedback": ALL,
    "referrals": ALL,
    "catalogue": ALL,
    "communications": ALL,
    "consents": ("cypher",),  # kept, and read by nothing yet
    "events": ("cypher", "graph", "resolvers", "tests/graph", "tests/api"),
    "answers": ("cypher", "graph", "tests/graph"),
    "deadletters": ("cypher", "graph", "tests/graph"),
    "keys": ("cypher", "graph", "tests/graph"),
    "cache": ("cypher", "graph", "tests/api"),
    "outbox": ("cypher", "graph"),
    "changes": ("cypher", "graph", "resolvers", "tests/api"),
    "facts": ("cypher",),  # recounted by the doctor
}

#: Folders beside the stems' own.
APART = {"migrations"}


def has(layer: str, stem: str) -> bool:
    """Whether a layer has a stem, as a file or, where it has outgrown one, as a folder."""
    folder = TOP / layer
    if layer == "cypher":
        return any((folder / stem).glob("*.cypher"))
    name = f"test_{stem}" if layer.startswith("tests/") else stem
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file() or any(folder.glob(f"{name}_*.py"))


@pytest.mark.parametrize("stem", STEMS)
def test_no_stem_is_missing_from_a_layer(stem: str) -> None:
    missing = [layer for layer in STEMS[stem] if not has(layer, stem)]
    assert not missing, f"{stem} is missing from {', '.join(missing)}"


@pytest.mark.parametrize("stem", STEMS)
def test_no_stem_has_come_further_than_the_table_says(stem: str) -> None:
    found = [layer for layer in ALL if has(layer, stem)]
    assert set(found) <= set(STEMS[stem]), f"say in STEMS that {stem} has come to {', '.join(found)}"


def test_statements_stand_under_stems_only() -> None:
    folders = {path.name for path in (TOP / "cypher").iterdir() if path.is_dir()}
    assert folders - APART == {stem for stem, layers in STEMS.items() if "cypher" in layers}


def test_nothing_is_called_after_what_it_is_not_about() -> None:
    for layer in ("app", "graph", "resolvers"):
        names = {path.name for path in (TOP / layer).rglob("*.py")}
        assert not names & {"utils.py", "base.py", "helpers.py", "common.py"}

"""The codes of errors are part of the contract: the page on GraphQL lists them all."""

from __future__ import annotations

import re
from pathlib import Path

from resolvers import errors

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "resolvers/errors.py",
    "resolvers/guard.py",
    "resolvers/documents.py",
    "resolvers/operations.py",
    "resolvers/faults.py",
    "app/graphql/endpoint.py",
    "app/graphql/requests.py",
    "app/graphql/media.py",
    "app/graphql/replies.py",
    "app/known.py",
    "app/patience.py",
    "app/websocket.py",
)
#: Words in capitals that are no codes.
OTHERS = {"UTF", "JSON", "POST", "GET", "RFC", "ISO", "HTTP", "ASGI"}


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    text = "".join((ROOT / source).read_text(encoding="utf-8") for source in SOURCES)
    used = set(re.findall(r'"([A-Z][A-Z_]{4,})"', text)) - OTHERS
    page = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8").partition("## Errors")[2].partition("## Limits")[0]
    documented = set(re.findall(r"`([A-Z][A-Z_]{4,})`", page)) - {"RELEVANCE"}
    assert used == documented


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {each.__name__ for each in errors.ResolverError.__subclasses__()}

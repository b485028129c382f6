"""The store: what leaves it besides statements and their answers."""

from __future__ import annotations

import logging

import pytest

from graph.events import Call, record_all
from graph.store import Store
from tests.happenings import touchpoint, user


async def test_what_is_asked_and_written_stands_in_no_log(graph: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Neo4j's driver writes out all that it sends, at DEBUG."""
    with caplog.at_level(logging.DEBUG, "neo4j"):
        await record_all(graph, [Call(events=[touchpoint("1", 1, user("secret-name"))])])
        await graph.many("identity/load_identifiers", dict, customer_id="secret-name")
    assert "C: RUN" in caplog.text
    assert "secret-name" not in caplog.text

"""The store: what leaves it besides statements and their answers."""

from __future__ import annotations

import logging

import neo4j
import pytest

from graph.events import Call, record_all
from graph.store import Store, Transaction
from tests.happenings import touchpoint, user


async def test_what_neo4j_cannot_carry_out_is_a_fault_of_the_statement_and_no_reason_to_come_again(graph: Store) -> None:
    """What came with it is then tried without it, and is not kept waiting for a server that is well."""

    async def too_large_to_index(transaction: Transaction) -> None:
        row = {"key": "x" * 40_000, "id": "chn_1", "label": "x", "channel_kind": "OTHER"}
        await transaction.run("catalogue/record_channels", rows=[row])

    with pytest.raises(neo4j.exceptions.DatabaseError, match="too large to index"):
        await graph.write(too_large_to_index)


async def test_what_is_asked_and_written_stands_in_no_log(graph: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Neo4j's driver writes out all that it sends, at DEBUG."""
    with caplog.at_level(logging.DEBUG, "neo4j"):
        await record_all(graph, [Call(events=[touchpoint("1", 1, user("secret-name"))])])
        await graph.many("identity/load_identifiers", dict, customer_id="secret-name")
    assert "C: RUN" in caplog.text
    assert "secret-name" not in caplog.text

"""The store: what leaves it besides statements and their answers."""

from __future__ import annotations

import logging

import neo4j
import pytest

from graph.errors import Outgrown
from graph.events import Call, record_all
from graph.referrals.marks import Marks
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


async def test_a_transaction_that_outgrows_its_memory_says_so_at_once_and_leaves_nothing(graph: Store) -> None:
    attempts = 0

    async def work(transaction: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await transaction.run("referrals/record_marks", customers=["nobody"])
        # A sort that keeps all of its rows: more than 384 MB of them.
        hungry = await transaction._transaction.run(
            "UNWIND range(1, 6000000) AS n WITH [n, n] AS n ORDER BY n[1] RETURN count(n)"
        )
        await hungry.consume()

    with pytest.raises(Outgrown, match=r"send fewer events at once, or have db\.memory\.transaction\.max raised"):
        await graph.write(work)
    assert attempts == 1 and await graph.one("referrals/find_marks", Marks, limit=1) == Marks(marked=(), customers=(), since=None)

"""First answers: a request that is made again, and a commit that nobody heard of."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import neo4j
import pytest
from neo4j.exceptions import ServiceUnavailable

from graph import answers
from graph.answers import Request
from graph.errors import CommitUnheard, InvalidEvent
from graph.events import Call, Outcome, record, record_all
from graph.store import Store
from tests.graph.conftest import AskCypher
from tests.happenings import touchpoint, user

LATER = datetime.now(UTC) + timedelta(days=400)


async def test_a_request_has_its_first_answer(graph: Store, ask: AskCypher) -> None:
    request = Request.of("record", "k", ["body"])
    given = [touchpoint("1", 1, user("ana")), touchpoint("1", 2, user("ana"))]
    first = await record(graph, given, request=request)
    assert (first.accepted, first.duplicates, [each.code for each in first.rejected]) == (1, 0, ["CONFLICT"])
    again = await record(graph, given, request=request)
    assert (again.accepted, again.duplicates, again.rejected) == (first.accepted, first.duplicates, first.rejected)
    assert again.repeated and not first.repeated
    with pytest.raises(InvalidEvent, match="other contents") as conflict:
        await record(graph, given[:1], request=Request.of("record", "k", ["another body"]))
    assert conflict.value.code == "CONFLICT"
    other = await record(graph, given[:1], request=Request.of("another operation", "k", ["another body"]))
    assert (other.accepted, other.duplicates) == (0, 1)
    assert await ask("MATCH (e:Event) RETURN count(e)") == [1]


async def test_the_same_request_at_once_is_answered_once(graph: Store) -> None:
    request = Request.of("record", "k", ["body"])
    found = await asyncio.gather(*(record(graph, [touchpoint("1", 1, user("ana"))], request=request) for _ in range(8)))
    assert [each.accepted for each in found] == [1] * 8
    assert sum(not each.repeated for each in found) == 1


async def test_calls_that_share_a_transaction_are_told_apart(graph: Store) -> None:
    good, bad = touchpoint("1", 1, user("ana")), touchpoint("2", 1, user("ana"), channel="")
    calls = [
        Call(events=[good, bad]),
        Call(events=[good, touchpoint("3", 1, user("bo"))]),
        Call(events=[touchpoint("1", 2, user("ana"))]),
        Call(events=[]),
    ]
    found = await record_all(graph, calls)
    told = [
        (each.accepted, each.duplicates, [(rejection.index, rejection.code) for rejection in each.rejected])
        for each in found
        if isinstance(each, Outcome)
    ]
    assert told == [(1, 0, [(1, "INVALID")]), (1, 1, []), (0, 0, [(0, "CONFLICT")]), (0, 0, [])]


async def test_a_conflicting_request_harms_none_that_share_its_transaction(graph: Store) -> None:
    await record(graph, [touchpoint("1", 1, user("ana"))], request=Request.of("record", "k", 1))
    calls = [
        Call(events=[touchpoint("2", 1, user("ana"))], request=Request.of("record", "k", 2)),
        Call(events=[touchpoint("3", 1, user("ana"))]),
    ]
    conflict, outcome = await record_all(graph, calls)
    assert isinstance(conflict, InvalidEvent) and isinstance(outcome, Outcome)
    assert outcome.accepted == 1


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_that_went_unheard_is_looked_up(
    graph: Store, ask: AskCypher, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    commit, broken = neo4j.AsyncTransaction.commit, 1

    async def deaf(self: neo4j.AsyncTransaction) -> None:
        nonlocal broken
        if broken:
            broken -= 1
            await (commit(self) if committed else self.rollback())
            raise ServiceUnavailable("the connection broke")
        await commit(self)

    monkeypatch.setattr(neo4j.AsyncTransaction, "commit", deaf)
    receipt = Request.receipt()
    found: Any = await record_all(graph, [Call(events=[touchpoint("1", 1, user("ana"))])], receipt=receipt)
    assert (found[0].accepted, found[0].duplicates, list(found[0].touched.values())) == (1, 0, [1])
    assert await ask("MATCH (e:Event) RETURN count(e)") == [1]
    assert await ask("MATCH (a:Answer) RETURN a.key") == [receipt.key]
    broken = 1
    with pytest.raises(CommitUnheard):
        await record(graph, [touchpoint("2", 1, user("ana"))])


async def test_old_answers_are_forgotten_and_younger_ones_stay(graph: Store, ask: AskCypher) -> None:
    for number in range(5):
        await record(graph, [touchpoint(str(number), 1, user("ana"))], request=Request.of("record", str(number), number))
    assert await answers.forget_old(graph, before=datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await answers.forget_old(graph, before=LATER, limit=2) == 2
    assert await ask("MATCH (a:Answer) RETURN count(a)") == [3]
    assert await answers.forget_old(graph, before=LATER) == 3

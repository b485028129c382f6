"""Dead letters: once each, in order, no more than there is room for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from graph import deadletters
from graph.deadletters import Undelivered
from graph.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def letter(name: str, message: str = "total: must be a number", source: str = "shop") -> Undelivered:
    return Undelivered(source=source, name=name, call="track", code="INVALID", message=message, body='{"event":"x"}')


async def test_a_letter_is_kept_once_however_often_it_is_sent(graph: Store) -> None:
    assert await deadletters.record(graph, [letter("1"), letter("2")], at=NOW) == 2
    assert await deadletters.record(graph, [letter("1", "another reason")], at=NOW + timedelta(hours=1)) == 1
    second, first = sorted(await deadletters.page(graph), key=lambda each: each.times)
    assert (first.times, first.message, first.last_at - first.first_at) == (2, "another reason", timedelta(hours=1))
    assert (second.times, second.body) == (1, '{"event":"x"}')
    one, other = await deadletters.page(graph)
    assert await deadletters.page(graph, limit=1) == [one] and await deadletters.page(graph, after=one.id) == [other]
    assert await deadletters.forget(graph, [first.id, "no such id"]) == [first.id]
    assert await deadletters.page(graph) == [second]
    assert await deadletters.count(graph) == 1


async def test_there_is_room_for_so_many(graph: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadletters, "MOST", 3)
    assert await deadletters.record(graph, [letter(str(number)) for number in range(5)], at=NOW) == 3
    assert await deadletters.record(graph, [letter("9")], at=NOW) == 0
    assert await deadletters.count(graph) == 3


async def test_letters_of_one_source_are_paged_by_themselves_and_say_why_they_are_refused_now(graph: Store) -> None:
    await deadletters.record(graph, [letter("1"), letter("1", source="app"), letter("2", source="app")], at=NOW)
    first, second = [each async for page in deadletters.pages(graph, source="app") for each in page]
    assert (first.source, second.source, await deadletters.count(graph, source="app")) == ("app", "app", 2)
    assert await deadletters.page(graph, after=first.id, source="app") == [second]
    await deadletters.restate(graph, first.id, code="CONFLICT", message="now this")
    assert [(each.code, each.message) for each in await deadletters.page(graph, source="app")] == [
        ("CONFLICT", "now this"), ("INVALID", "total: must be a number"),
    ]  # fmt: skip

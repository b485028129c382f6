"""Group commit without a graph: what gathers, what stays apart, who is turned away, and who is to blame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from app import gathering as gathering_module
from app.gathering import MOST_AT_ONCE, WAYS, WORTH_A_WAY, Found, Gathering
from graph.answers import Request
from graph.errors import GaveUp, Outgrown, Overloaded, StoreUnavailable
from graph.events import Call, Outcome, Rejection, names
from graph.events.inputs import Event
from tests.happenings import identify, invite, touchpoint, user


def call(*people: str, request: str | None = None, rejected: str = "") -> Call:
    """An event about each of them; what is about `rejected` the graph refuses."""
    events = [
        touchpoint(f"{who}-{number}", number, user(who), channel="refused" if who == rejected else "web")
        for number, who in enumerate(people)
    ]
    return Call(events=events, request=None if request is None else Request.of("record", request, list(people)))


class Graph:
    """Records calls when its gate is open, and fails as it is told."""

    def __init__(self, fail: Callable[[Sequence[Call]], Exception | None] = lambda calls: None) -> None:
        self.transactions: list[list[Call]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._fail = fail
        self._present: list[set[str]] = []

    async def record(self, calls: list[Call]) -> list[Found]:
        named = {name for each in calls for event in each.events for name in names(event)}
        assert all(named.isdisjoint(others) for others in self._present)
        self._present.append(named)
        assert len(self._present) <= WAYS
        self.transactions.append(calls)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if error := self._fail(calls):
                raise error
            return [self._outcome(each) for each in calls]
        finally:
            self._present.remove(named)

    def _outcome(self, call: Call) -> Outcome:
        refused = [index for index, event in enumerate(call.events) if getattr(event, "channel", "") == "refused"]
        rejected = tuple(Rejection(index, "INVALID", "no") for index in refused)
        return Outcome(len(call.events) - len(refused), 0, rejected, {"c": len(self.transactions)})


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_call_starts_at_once_and_what_comes_meanwhile_gathers() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=1_000)
    asked = [asyncio.create_task(gathering.keep(call(f"p{number}"))) for number in range(50)]
    await settle()
    assert [len(calls) for calls in graph.transactions] == [1]
    graph.gate.set()
    found = await asyncio.gather(*asked)
    assert all(isinstance(each, Outcome) and each.accepted == 1 for each in found)
    assert [len(calls) for calls in graph.transactions] == [1, 49]


async def test_many_events_go_beside_what_is_under_way() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=1_000)
    large = call(*(f"q{number}" for number in range(WORTH_A_WAY)))
    asked = [asyncio.create_task(gathering.keep(each)) for each in (call("ana"), large, call("ben"))]
    await settle()
    assert [len(calls) for calls in graph.transactions] == [1, 1]
    graph.gate.set()
    await asyncio.gather(*asked)


async def test_few_events_go_beside_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering_module, "PATIENCE", 0.01)
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=1_000)
    asked = [asyncio.create_task(gathering.keep(call("ana")))]
    await settle()
    asked.append(asyncio.create_task(gathering.keep(call("ben"))))
    async with asyncio.timeout(60):
        while len(graph.transactions) < 2:
            await asyncio.sleep(0.01)
    graph.gate.set()
    await asyncio.gather(*asked)


async def test_who_closes_waits_for_nobodys_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering_module, "PATIENCE", 1e6)
    graph = Graph()
    gathering = Gathering(graph.record, room=1_000)
    await asyncio.gather(*(gathering.keep(call(f"p{number}")) for number in range(3)))
    late = asyncio.create_task(gathering.keep(call("late")))
    await settle()
    assert not late.done(), "the other two may come again"
    async with asyncio.timeout(60):
        await gathering.close()
        assert isinstance(await late, Outcome)


async def test_who_closes_leaves_nobody_waiting_behind_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering_module, "PATIENCE", 1e6)
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=1_000)
    asked = [asyncio.create_task(gathering.keep(call("ana"))) for _ in range(3)]
    await settle()
    closing = asyncio.create_task(gathering.close())
    await settle()
    graph.gate.set()
    async with asyncio.timeout(60):
        await closing
        await asyncio.gather(*asked)


async def test_alone_each_has_a_transaction_of_its_own() -> None:
    graph = Graph()
    gathering = Gathering(graph.record, room=1_000, alone=True)
    await asyncio.gather(*(gathering.keep(call(f"p{number}")) for number in range(20)))
    assert [len(calls) for calls in graph.transactions] == [1] * 20


async def test_what_shares_a_name_is_never_side_by_side_but_may_share_a_transaction() -> None:
    graph = Graph()
    gathering = Gathering(graph.record, room=1_000)
    await asyncio.gather(*(gathering.keep(call("ana", f"p{number % 7}")) for number in range(40)))
    assert sum(len(calls) for calls in graph.transactions) == 40
    assert len(graph.transactions) < 10


async def test_a_transaction_has_an_end_but_for_what_belongs_together() -> None:
    graph = Graph()
    gathering = Gathering(graph.record, room=100_000)
    large = MOST_AT_ONCE // 2 + 1
    await asyncio.gather(*(gathering.keep(call(*[f"p{number}-{each}" for each in range(large)])) for number in range(6)))
    sizes = [sum(len(each.events) for each in calls) for calls in graph.transactions]
    assert sum(sizes) == 6 * large and max(sizes) <= MOST_AT_ONCE
    graph.transactions.clear()
    await gathering.keep(call(*["ana"] * (2 * MOST_AT_ONCE), request="k"))
    await gathering.keep(call(*["ana"] * (2 * MOST_AT_ONCE)))
    assert [len(each.events) for calls in graph.transactions for each in calls] == [2 * MOST_AT_ONCE] * 2


async def test_of_a_call_what_others_are_in_the_way_of_waits_and_the_rest_goes() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=10_000)
    first = asyncio.create_task(gathering.keep(call("ana")))
    await settle()
    others = [f"p{number}" for number in range(WORTH_A_WAY)]
    second = asyncio.create_task(gathering.keep(call("ana", *others, "ana", "dan", rejected="dan")))
    await settle()
    assert [[len(each.events) for each in calls] for calls in graph.transactions] == [[1], [WORTH_A_WAY + 1]]
    graph.gate.set()
    await first
    found = await second
    assert isinstance(found, Outcome)
    assert [event.id for event in graph.transactions[2][0].events] == ["ana-0", f"ana-{WORTH_A_WAY + 1}"], "in their order"
    assert (found.accepted, [each.index for each in found.rejected]) == (WORTH_A_WAY + 2, [WORTH_A_WAY + 2])
    assert found.touched == {"c": 3}, "the newest version of all its transactions"


async def test_events_that_others_tie_together_are_never_parted() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=10_000)
    asked = [asyncio.create_task(gathering.keep(call("ben")))]
    await settle()
    tied: list[Event] = [
        touchpoint("1", 1, user("ana")),
        touchpoint("2", 2, user("cleo")),
        identify("3", 3, ("user_id", "ana"), ("user_id", "ben")),
    ]
    asked.append(asyncio.create_task(gathering.keep(Call(events=[*tied, *call(*map(str, range(WORTH_A_WAY))).events]))))
    await settle()
    (beside,) = graph.transactions[1]
    assert [event.id for event in beside.events[:2]] == ["2", "0-0"]
    graph.gate.set()
    await asyncio.gather(*asked)
    assert [event.id for event in graph.transactions[2][0].events] == ["1", "3"]


async def test_one_transaction_at_a_time_changes_the_forest_and_the_rest_goes_beside_it() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=10_000)
    others = call(*(f"p{number}" for number in range(WORTH_A_WAY))).events
    asked = [asyncio.create_task(gathering.keep(Call(events=[invite("ana-invites", 1, user("ana"), "A")])))]
    await settle()
    events = [invite("ben-invites", 2, user("ben"), "B"), touchpoint("ben-comes", 3, user("ben")), *others]
    asked.append(asyncio.create_task(gathering.keep(Call(events=events))))
    await settle()
    assert [event.id for event in graph.transactions[1][0].events[:2]] == ["ben-comes", "p0-0"]
    graph.gate.set()
    await asyncio.gather(*asked)
    assert [event.id for event in graph.transactions[2][0].events] == ["ben-invites"]


async def test_nobody_keeps_the_forest_from_others_while_waiting_for_something_else() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=10_000)
    asked = [asyncio.create_task(gathering.keep(call("ana")))]
    await settle()
    asked.append(asyncio.create_task(gathering.keep(Call(events=[invite("ana-invites", 1, user("ana"), "A")]))))
    crowd = [invite(f"p{number}-invites", 2, user(f"p{number}"), f"P{number}") for number in range(WORTH_A_WAY)]
    asked.append(asyncio.create_task(gathering.keep(Call(events=crowd))))
    await settle()
    assert len(graph.transactions[1][0].events) == WORTH_A_WAY
    graph.gate.set()
    await asyncio.gather(*asked)
    assert [event.id for event in graph.transactions[2][0].events] == ["ana-invites"]


async def test_the_same_event_twice_is_not_parted_though_it_names_somebody_else() -> None:
    graph = Graph()
    gathering = Gathering(graph.record, room=10_000)
    events = [
        touchpoint("same", 1, user("ana")),
        *call(*map(str, range(MOST_AT_ONCE))).events,
        touchpoint("same", 1, user("ben")),
    ]
    await gathering.keep(Call(events=events))
    (told,) = [each for calls in graph.transactions for each in calls if any(event.id == "same" for event in each.events)]
    assert [event.id for event in told.events].count("same") == 2


async def test_the_same_request_twice_finds_its_first_answer() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=1_000)
    asked = [asyncio.create_task(gathering.keep(call("ana", request="k"))) for _ in range(3)]
    await settle()
    graph.gate.set()
    await asyncio.gather(*asked)
    assert [len(calls) for calls in graph.transactions] == [1, 1, 1]


async def test_who_is_one_too_many_is_turned_away_and_told_when_to_come_again() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=10)
    asked = [asyncio.create_task(gathering.keep(call(f"p{number}"))) for number in range(1 + 10)]
    await settle()
    with pytest.raises(Overloaded, match="send this again in") as turned_away:
        await gathering.keep(call("late"))
    assert turned_away.value.retry_after >= 1
    graph.gate.set()
    await asyncio.gather(*asked)
    assert isinstance(await gathering.keep(call("late")), Outcome), "it recovers by itself"


async def test_a_call_larger_than_the_room_is_taken_when_nothing_waits() -> None:
    gathering = Gathering(Graph().record, room=1)
    assert isinstance(await gathering.keep(call("a", "b", "c")), Outcome)


async def test_a_call_to_blame_harms_nobody_else() -> None:
    error = GaveUp("too large")

    def fail(calls: Sequence[Call]) -> Exception | None:
        return error if any(event.id == "p7-0" for each in calls for event in each.events) else None

    graph = Graph(fail)
    graph.gate.clear()
    gathering = Gathering(graph.record, room=1_000)
    asked = [asyncio.create_task(gathering.keep(call(f"p{number}"))) for number in range(30)]
    await settle()
    graph.gate.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [number for number, each in enumerate(found) if not isinstance(each, Outcome)] == [7]
    assert found[7] is error


async def test_an_event_to_blame_harms_none_beside_it() -> None:
    def fail(calls: Sequence[Call]) -> Exception | None:
        return RuntimeError("a fault") if any(event.id == "p7-7" for each in calls for event in each.events) else None

    gathering = Gathering(Graph(fail).record, room=1_000)
    one, other = await asyncio.gather(gathering.keep(call(*(f"p{number}" for number in range(20)))), gathering.keep(call("q")))
    assert isinstance(one, Outcome) and isinstance(other, Outcome)
    assert (one.accepted, other.accepted) == (19, 1)
    assert [(each.index, each.code) for each in one.rejected] == [(7, "UNAVAILABLE")], "a fault of ours, so it may come again"
    assert "Trace id" in one.rejected[0].message and "a fault" not in one.rejected[0].message


async def test_an_event_that_outgrows_neo4j_is_refused_and_holds_up_nothing() -> None:
    def fail(calls: Sequence[Call]) -> Exception | None:
        return Outgrown() if any(event.id == "p7-7" for each in calls for event in each.events) else None

    gathering = Gathering(Graph(fail).record, room=1_000)
    one, other = await asyncio.gather(gathering.keep(call(*(f"p{number}" for number in range(20)))), gathering.keep(call("q")))
    assert isinstance(one, Outcome) and isinstance(other, Outcome)
    assert (one.accepted, other.accepted) == (19, 1)
    (refused,) = one.rejected
    assert (refused.index, refused.code) == (7, "TOO_LARGE") and "have db.memory.transaction.max raised" in refused.message


async def test_a_request_that_can_be_made_again_is_done_as_a_whole() -> None:
    gathering = Gathering(Graph(lambda calls: RuntimeError("a fault")).record, room=1_000)
    with pytest.raises(RuntimeError):
        await gathering.keep(call("a", "b", request="k"))


async def test_nobody_is_tried_alone_while_neo4j_is_away() -> None:
    graph = Graph(lambda calls: StoreUnavailable("away"))
    gathering = Gathering(graph.record, room=1_000)
    found = await asyncio.gather(*(gathering.keep(call(f"p{number}")) for number in range(30)), return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in found)
    assert len(graph.transactions) == 2


async def test_who_goes_away_takes_nobody_along() -> None:
    graph = Graph()
    graph.gate.clear()
    gathering = Gathering(graph.record, room=1_000)
    asked = [asyncio.create_task(gathering.keep(call(f"p{number}"))) for number in range(10)]
    await settle()
    asked[0].cancel()
    asked[5].cancel()
    graph.gate.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, Outcome) for each in found) == 8
    await gathering.close()
    assert sum(len(calls) for calls in graph.transactions) == 10, "what was taken is kept all the same"


async def test_nobody_waits_for_those_that_came_later() -> None:
    graph = Graph()
    gathering = Gathering(graph.record, room=1_000)
    done = False

    async def busy(name: str) -> None:
        while not done:
            await gathering.keep(call(name))

    crowd = [asyncio.create_task(busy(name)) for name in ("a", "b") for _ in range(3)]
    await settle()
    before = len(graph.transactions)
    async with asyncio.timeout(5):
        await gathering.keep(call("a", "b"))
    done = True
    await asyncio.gather(*crowd)
    (mine,) = [number for number, calls in enumerate(graph.transactions) if any(len(each.events) == 2 for each in calls)]
    assert mine - before <= WAYS + 1

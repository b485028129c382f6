"""`recordEvents` by its plan says what graphql-core would have said, and does it once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.server import sources_of
from app.services import open_services
from app.settings import Settings
from graph.customers.places import load_quintiles
from graph.events import Outcome
from graph.store import Store
from resolvers import operations
from resolvers.plans import Recording
from resolvers.plans.recording import SLICE
from resolvers.sources import Sources
from resolvers.value import QuintileCopy
from tests.api.whoever import WHOEVER

RECORD = """mutation Record($events: [EventInput!]!, $key: String) {
  told: recordEvents(events: $events, idempotencyKey: $key) {
    ...Told
    rejected { index code message __typename }
    userErrors { code message path }
  }
}
fragment Told on RecordEventsPayload { accepted duplicates rejected { code } }"""
PLAIN = "mutation ($events: [EventInput!]!) { recordEvents(events: $events) { accepted userErrors { path } } }"

Variables = dict[str, Any]


def touchpoint(id: str, **more: Any) -> dict[str, Any]:
    common = {"id": id, "source": "test", "at": "2026-01-01T00:00:00Z", "customer": {"email": f"{id}@example.com"}}
    return {"touchpoint": {**common, "channel": "web", "type": "page_view", **more}}


def purchase(id: str, amount: Any, **more: Any) -> dict[str, Any]:
    common = {"id": id, "source": "test", "at": "2026-01-01T00:00:00Z", "customer": {"email": f"{id}@example.com"}}
    return {"purchase": {**common, "number": id, "total": {"amount": amount, "currency": "EUR"}, "items": [], **more}}


#: Made for a prefix, so that the same can be said twice and be new both times.
CASES: dict[str, Callable[[str], Variables]] = {
    "nothing": lambda p: {"events": []},
    "one": lambda p: {"events": [touchpoint(p)]},
    "an object is a list of itself": lambda p: {"events": touchpoint(p)},
    "several slices": lambda p: {"events": [touchpoint(f"{p}{number}") for number in range(2 * SLICE + 1)]},
    "a repeat": lambda p: {"events": [touchpoint(p), touchpoint(p), touchpoint(p, url="/other")]},
    "faults of meaning": lambda p: {"events": [touchpoint(p, channel=""), purchase(f"{p}1", "1.999"), touchpoint(f"{p}2")]},
    "a key": lambda p: {"events": [touchpoint(p)], "key": p},
    "an empty key": lambda p: {"events": [touchpoint(p)], "key": ""},
    "a key of another type": lambda p: {"events": [touchpoint(p)], "key": 7},
    "no events": lambda p: {},
    "null": lambda p: {"events": None},
    "a null among them": lambda p: {"events": [touchpoint(p), None]},
    "a text": lambda p: {"events": "x"},
    "no kind": lambda p: {"events": [{}]},
    "two kinds": lambda p: {"events": [{**touchpoint(p), **purchase(p, "1")}]},
    "an unknown kind": lambda p: {"events": [{"visit": {}}]},
    "a kind of null": lambda p: {"events": [{"touchpoint": None}]},
    "an unknown field": lambda p: {"events": [touchpoint(p, colour="red")]},
    "a field of null that may not be": lambda p: {"events": [touchpoint(p, channel=None)]},
    "a field of null that may be": lambda p: {"events": [touchpoint(p, url=None)]},
    "a missing field": lambda p: {"events": [{"touchpoint": {"id": p}}]},
    "a time without a zone": lambda p: {"events": [touchpoint(p, at="2026-01-01T00:00:00")]},
    "a wrong time in the last slice": lambda p: {
        "events": [*(touchpoint(f"{p}{number}") for number in range(SLICE)), touchpoint(p, at="x")]
    },
    "a number for a text": lambda p: {"events": [touchpoint(p, channel=1)]},
    "a number for a decimal": lambda p: {"events": [purchase(p, 1.5)]},
    "no number for a decimal": lambda p: {"events": [purchase(p, "NaN")]},
    "a whole number that is none": lambda p: {"events": [touchpoint(p, durationSeconds=1.5)]},
    "a whole number too large": lambda p: {"events": [touchpoint(p, durationSeconds=2**40)]},
    "an unknown status": lambda p: {"events": [purchase(p, "1", status="LOST")]},
    "two ways of naming a customer": lambda p: {"events": [touchpoint(p, customer={"id": "x", "email": "a@example.com"})]},
    "properties": lambda p: {"events": [touchpoint(p, properties={"a": [1, {"b": None}], "c": 1e300})]},
    "properties of a text": lambda p: {"events": [touchpoint(p, properties="x")]},
    "too many": lambda p: {"events": [touchpoint(f"{p}{number}") for number in range(1_001)]},
}


@pytest.fixture
async def sources(settings: Settings, graph: Store) -> AsyncIterator[Sources]:
    async with open_services(replace(settings, redis_timeout_ms=5_000)) as services:
        quintiles = QuintileCopy(lambda: load_quintiles(services.store))
        yield sources_of(services, quintiles)
        await quintiles.close()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each run of a plan whether it had an answer."""
    found: list[bool] = []
    run = Recording.run

    async def counted(self: Recording, *arguments: Any) -> dict[str, Any]:
        found.append(False)
        data = await run(self, *arguments)
        found[-1] = True
        return data

    monkeypatch.setattr(Recording, "run", counted)
    return found


async def answered(text: str, variables: Variables, sources: Sources) -> bytes:
    for each in (await sources.documents.find(text)).operations:
        # As if it had come before: the first time nothing is compiled.
        each.plan(sources.documents)
    found = await operations.answer(text, sources, WHOEVER, variables=variables)
    for error in found.errors:
        error["extensions"].pop("traceId", None)
        error["message"] = error["message"].partition(" Trace id")[0]
    return orjson.dumps([found.data, found.errors, found.executed, found.cost])


@pytest.mark.parametrize("text", (RECORD, PLAIN), ids=("fragments", "plain"))
async def test_the_plan_says_what_graphql_core_says(text: str, sources: Sources, runs: list[bool]) -> None:
    for number, (case, made) in enumerate(CASES.items()):
        by_graphql_core = await answered(text, made(f"a{number:02}"), replace(sources, plans=False))
        assert runs == []
        by_plan = await answered(text, made(f"b{number:02}"), sources)
        assert by_plan.replace(b"b%02d" % number, b"a%02d" % number) == by_graphql_core, case
        executed = orjson.loads(by_plan)[2]
        assert runs == [executed and case != "an object is a list of itself"], case
        runs.clear()


WITHOUT_PLAN = (
    "mutation ($e: [EventInput!]!, $no: Boolean!) { recordEvents(events: $e) { accepted @skip(if: $no) } }",
    "mutation ($e: [EventInput!]!) { __typename recordEvents(events: $e) { accepted } }",
    "mutation ($e: [EventInput!]!) { a: recordEvents(events: $e) { accepted } b: recordEvents(events: $e) { duplicates } }",
    'mutation { recordEvents(events: [{touchpoint: {id: "1", source: "s", at: "2026-01-01T00:00:00Z", '
    'customer: {email: "a@example.com"}, channel: "web", type: "x"}}]) { accepted } }',
    'mutation { upsertCustomer(input: {identifiers: [{type: "user_id", value: "a"}], source: "s"}) { customer { id } } }',
)


async def test_what_does_anything_else_has_no_plan(sources: Sources, runs: list[bool]) -> None:
    for text in WITHOUT_PLAN:
        found = orjson.loads(await answered(text, {"e": [touchpoint("x")], "no": False}, sources))
        assert found[0] is not None and not found[1] and runs == [], text


class Broken:
    """A door behind which something goes wrong."""

    def __init__(self) -> None:
        self.asked = 0

    async def record(self, *_: Any) -> Outcome:
        self.asked += 1
        raise RuntimeError("a fault")


# Neo4j's driver leaves a socket to the collector when it is cancelled while connecting.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_what_fails_behind_the_door_is_not_tried_again(sources: Sources, runs: list[bool]) -> None:
    doors = Broken(), Broken()
    given = [
        await answered(RECORD, CASES["one"]("x"), replace(sources, plans=plans, door=door))
        for plans, door in zip((False, True), doors, strict=True)
    ]
    assert given[0] == given[1] and b"INTERNAL" in given[0] and b"a fault" not in given[0]
    assert [door.asked for door in doors] == [1, 1] and runs == [False]

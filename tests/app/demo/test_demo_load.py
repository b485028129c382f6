"""Loading a demo world: in batches, once, through the real write door into a real Neo4j."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from neo4j import AsyncDriver, AsyncGraphDatabase

from app.demo import DemoRefused, Truth, generate, load_demo, truth
from app.demo.load import BATCH
from app.demo.story import World
from app.lanes import WAITING, WAYS
from app.services import referral_rule, suspicions
from app.settings import Settings
from graph.customers import Profile, ProfileKey, load_profiles
from graph.events import Outcome, Rejection
from graph.events.inputs import Event, IdentifierKey
from graph.referrals.judging import judge_all
from graph.referrals.members import Selection, page_members
from graph.referrals.networks import trace_network
from graph.referrals.ranking import find_longest_chain, find_program
from graph.referrals.totals import follow_all
from graph.referrals.tracing import trace_upstream
from graph.store import Store

CUSTOMERS, SEED = 420, 2


class Books:
    """Takes batches and remembers them; `refusing` is what it says of the batch with that number."""

    def __init__(self, refusing: dict[int, Rejection] | None = None) -> None:
        self.batches: list[list[Event]] = []
        self.under_way = 0
        self.most_under_way = 0
        self._refusing = refusing or {}

    async def __call__(self, events: Sequence[Event]) -> Outcome:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.batches.append(list(events))
        number = len(self.batches) - 1
        await asyncio.sleep(0.01)
        self.under_way -= 1
        refused = (self._refusing[number],) if number in self._refusing else ()
        return Outcome(len(events) - len(refused), 0, refused, {})


def place(event: Event) -> tuple[str, str]:
    return event.source, event.id


async def test_everything_is_recorded_once_in_batches_of_which_few_are_under_way(tmp_path: Path) -> None:
    books, told = Books(), truth(customers=1_000, seed=SEED)
    heard: list[tuple[int, int | None]] = []
    summary = await load_demo(
        Settings(home=tmp_path), customers=1_000, seed=SEED, on_progress=lambda *done: heard.append(done), record=books
    )
    recorded = [event for batch in books.batches for event in batch]
    assert sorted(recorded, key=place) == sorted(generate(customers=1_000, seed=SEED), key=place)
    assert [len(batch) for batch in books.batches[:3]] == [1, BATCH, BATCH]
    assert books.most_under_way <= WAYS
    assert heard[-1] == (1_000, 1_000)
    assert heard == sorted(heard)
    assert (summary.customers, summary.events) == (1_000, told.events)
    assert summary.seconds > 0


async def test_the_next_batch_is_made_while_others_are_on_their_way(tmp_path: Path) -> None:
    made = World.events
    taken, ahead = 0, []

    async def record(events: Sequence[Event]) -> Outcome:
        for _ in range(BATCH):
            await asyncio.sleep(0)
        ahead.append(taken)
        return Outcome(len(events), 0, (), {})

    def counted(world: World) -> Iterator[Event]:
        nonlocal taken
        for event in made(world):
            taken += 1
            yield event

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "events", counted)
        await load_demo(Settings(home=tmp_path), customers=2_000, seed=SEED, record=record)
    # When the first large batch has been kept, that one and what may wait has been made, and no more than that.
    assert ahead[:2] == [1, 1 + (1 + WAITING) * BATCH]


@pytest.mark.parametrize(
    ("out", "found"), [(None, "home/demo/truth.json"), ("there", "there/truth.json"), ("planted.json", "planted.json")]
)
async def test_the_truth_goes_where_it_was_wanted(tmp_path: Path, out: str | None, found: str) -> None:
    summary = await load_demo(
        Settings(home=tmp_path / "home"), customers=20, seed=1, out=tmp_path / out if out else None, record=Books()
    )
    assert summary.truth_path == tmp_path / found
    assert orjson.loads(summary.truth_path.read_bytes())["events"] == summary.events


async def test_a_refused_event_ends_the_load_with_its_reason(tmp_path: Path) -> None:
    books = Books({1: Rejection(3, "INVALID", "at: has no time zone")})
    with pytest.raises(DemoRefused, match=r"1 demo events were refused.*has no time zone"):
        await load_demo(Settings(home=tmp_path), customers=2_000, seed=1, record=books)
    assert len(books.batches) <= 3
    assert not (tmp_path / "demo").exists()


async def test_what_recording_raises_is_raised(tmp_path: Path) -> None:
    async def record(events: Sequence[Event]) -> Outcome:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        await load_demo(Settings(home=tmp_path), customers=10, seed=1, record=record)


@pytest.fixture
async def driver(settings: Settings) -> AsyncIterator[AsyncDriver]:
    assert settings.neo4j_uri
    async with AsyncGraphDatabase.driver(settings.neo4j_uri, auth=(settings.neo4j_user, settings.neo4j_password)) as driver:
        yield driver


async def asked(driver: AsyncDriver, cypher: str, **parameters: Any) -> Any:
    rows = (await driver.execute_query(cypher, parameters_=parameters, database_="neo4j")).records
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else [tuple(row) for row in rows]


async def test_a_real_graph_holds_what_was_planted(graph: Store, settings: Settings, driver: AsyncDriver, tmp_path: Path) -> None:
    summary = await load_demo(settings, customers=CUSTOMERS, seed=SEED, out=tmp_path)
    told = truth(customers=CUSTOMERS, seed=SEED)
    assert orjson.loads(summary.truth_path.read_bytes())["graph_customers"] == told.graph_customers
    await _people_are_right(driver, told)
    await _happenings_are_right(driver, told)
    await _referrals_are_right(driver, told)
    await _networks_are_right(graph, told)

    # What the load left to be looked at would change versions later.
    await judge_all(graph, rule=referral_rule(settings), suspicions=suspicions(settings))
    before = await asked(driver, "MATCH (c:Customer) RETURN sum(c.version)")
    again = await load_demo(settings, customers=CUSTOMERS, seed=SEED, out=tmp_path)
    assert again.events == told.events
    assert await asked(driver, "MATCH (c:Customer) RETURN sum(c.version)") == before
    with pytest.raises(DemoRefused, match="another size or seed"):
        await load_demo(replace(settings, home=tmp_path), customers=CUSTOMERS + 1, seed=SEED)
    await _people_are_right(driver, told)


async def _people_are_right(driver: AsyncDriver, told: Truth) -> None:
    assert await asked(driver, "MATCH (c:Customer) RETURN count(c)") == told.graph_customers
    assert dict(await asked(driver, "MATCH (i:Identifier) RETURN i.type, count(*)")) == told.identifiers
    owner = "MATCH (:Identifier {type: $type, value: $value})<-[:IDENTIFIED_BY]-(c:Customer) RETURN c.id"
    for twin in told.duplicates:
        owners = [
            {await asked(driver, owner, type=key.type, value=key.value) for key in keys} for keys in (twin.first, twin.second)
        ]
        assert [len(each) for each in owners] == [1, 1]
        assert (owners[0] == owners[1]) == (twin.rule != "similar")


async def _happenings_are_right(driver: AsyncDriver, told: Truth) -> None:
    kinds = told.events_by_kind
    for label in ("Touchpoint", "Review"):
        assert await asked(driver, f"MATCH (n:{label}) RETURN count(n)") == kinds[label.lower()]
    assert await asked(driver, "MATCH (n:SurveyResponse) RETURN count(n)") == kinds["survey_response"]
    assert await asked(driver, "MATCH (c:Case) RETURN count(c), sum(toInteger(c.complaint))") == [(told.cases, told.complaints)]
    open_complaints = "MATCH (c:Case) WHERE c.complaint AND c.closed_at IS NULL RETURN count(c)"
    assert await asked(driver, open_complaints) == told.open_complaints
    carts = "MATCH (c:Cart) RETURN count(c), sum(CASE WHEN EXISTS { (c)-[:BECAME]->() } THEN 0 ELSE 1 END)"
    assert await asked(driver, carts) == [(told.carts, told.carts_abandoned)]
    assert await asked(driver, "MATCH (p:Purchase {purchase_status: 'CANCELLED'}) RETURN count(p)") == told.purchases_cancelled
    sums = "MATCH (p:Purchase) WHERE p.purchase_status <> 'CANCELLED' RETURN p.currency, count(p), sum(p.total), sum(p.refunded)"
    rows = await asked(driver, sums)
    assert sum(count for _, count, _, _ in rows) == told.orders
    assert {currency: revenue for currency, _, revenue, _ in rows} == told.revenue
    assert {currency: refunded for currency, _, _, refunded in rows if refunded} == told.refunded


async def _referrals_are_right(driver: AsyncDriver, told: Truth) -> None:
    planted = told.referrals
    assert await asked(driver, "MATCH (r:Referral) RETURN count(r)") == planted.invited
    assert await asked(driver, "MATCH ()-[r:REFERRED]->() RETURN count(r)") == planted.referred
    statuses = dict(await asked(driver, "MATCH (r:Referral) RETURN coalesce(r.ended_reason, r.referral_status), count(*)"))
    # Who came by an advocate, whatever they bought since.
    assert sum(statuses.get(each, 0) for each in ("ACCEPTED", "IN_REVIEW", "QUALIFIED", "REFUNDED")) == planted.referred
    assert statuses["QUALIFIED"] > planted.referred / 10
    assert statuses.get("SUPERSEDED", 0) == planted.superseded
    assert statuses["SELF_REFERRAL"] == sum(1 for ring in told.rings if len(ring.members) == 1)
    assert statuses["CYCLE"] == sum(1 for ring in told.rings if len(ring.members) > 1)
    depth = (
        "MATCH p = (root:Customer)-[:REFERRED*]->(:Customer) WHERE NOT EXISTS { ()-[:REFERRED]->(root) } RETURN max(length(p))"
    )
    assert await asked(driver, depth) == planted.longest_chain >= 12
    most = "MATCH (c:Customer)-[:IDENTIFIED_BY]->(:Identifier {value: $value}) RETURN COUNT { (c)-[:REFERRED]->() }"
    assert await asked(driver, most, value=planted.largest_advocate.value) == planted.largest_advocate_referred
    codes = [ring.closing_code for ring in told.rings]
    closing = "MATCH (r:Referral) WHERE r.code IN $codes RETURN DISTINCT r.referral_status"
    assert await asked(driver, closing, codes=codes) == "REJECTED"


async def _networks_are_right(store: Store, told: Truth) -> None:
    """Through the front door of the graph: chains, networks, ranks, and what became of the rings."""
    planted = told.referrals

    async def profile(key: IdentifierKey) -> Profile:
        (found,) = await load_profiles(store, [ProfileKey.of(key.type, key.value)])
        assert found is not None
        return found

    ids = [(await profile(key)).id for key in planted.chain]
    chain = (await trace_upstream(store, [ids[-1]]))[ids[-1]]
    assert [step.customer for step in chain.steps] == ids[-2::-1] and len(ids) == planted.longest_chain + 1
    root = await trace_network(store, ids[0])
    assert len(root.generations) == planted.longest_chain
    members = await page_members(store, Selection(root=ids[0]), limit=planted.referred)
    assert len(members) == root.size and set(ids[1:]) <= {member.customer for member in members}
    await follow_all(store, weights={})
    assert await find_longest_chain(store) == planted.longest_chain
    program = await find_program(store)
    assert (program.invited, program.accepted) == (planted.invited, planted.referred)
    assert program.rejected == len(told.rings)
    largest = (await profile(planted.largest_advocate)).id
    assert (await trace_network(store, largest, depth=1)).size == planted.largest_advocate_referred
    for ring in told.rings:
        # All brought in by the one before, but the first, who accepted the last one's invitation when it was too late.
        first, *others = [await profile(key) for key in ring.members]
        above = await trace_upstream(store, [each.id for each in others])
        for before, one in pairwise([first, *others]):
            assert above[one.id].steps[0].customer == before.id
        assert first.referred_by is None or first.referred_by.code != ring.closing_code

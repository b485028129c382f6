"""Up the referral network over GraphQL: chains, and the way between two customers."""

from __future__ import annotations

from typing import Any

import neo4j
import orjson
import pytest

from app.services import Services
from graph.events.inputs import Event, IdentifyInput
from resolvers.access import Principal
from resolvers.guard import Limits
from resolvers.operations import answer
from resolvers.scopes import PROFILE, REFERRAL
from tests.api.conftest import Api, Tell, at, by_email, email
from tests.api.test_costs import sources
from tests.api.whoever import WHOEVER
from tests.conftest import Stack
from tests.happenings import accept, invite

CHAIN = """query($email: String!, $depth: Int) { customer(by: {email: $email}) { referral { chain(maxDepth: $depth) {
    length truncated root { name } steps { depth customer { name } referral { code friend { name } } } } } } }"""
PATH = """query($from: CustomerKey!, $to: CustomerKey!) { referralPath(from: $from, to: $to) { truncated path {
    length commonAdvocate { name } steps { customer { name } direction viaReferral { code } } } } }"""

#: Who brought whom in.
FOREST = [("ana", "ben"), ("ben", "cho"), ("cho", "dan"), ("ana", "eve"), ("eve", "fay"), ("gus", "hal")]
NAMES = sorted({name for pair in FOREST for name in pair})


@pytest.fixture
async def forest(told: Tell) -> None:
    events: list[Event] = [
        IdentifyInput(id=name, source="crm", at=at(0), identifiers=(email(f"{name}@example.com"),), traits={"name": name})
        for name in NAMES
    ]
    for high, low in FOREST:
        events.append(invite(f"i-{low}", 1, by_email(f"{high}@example.com"), f"{high}>{low}"))
        events.append(accept(f"a-{low}", 2, f"{high}>{low}", by_email(f"{low}@example.com")))
    await told(*events)


async def chain(api: Api, name: str, depth: int | None = 100) -> Any:
    data = await api.data(CHAIN, email=f"{name}@example.com", depth=depth)
    return data["customer"]["referral"]["chain"]


async def path(api: Api, start: str, end: str) -> Any:
    named = {"from": {"email": f"{start}@example.com"}, "to": {"email": f"{end}@example.com"}}
    return (await api.data(PATH, **named))["referralPath"]


async def test_a_chain_goes_up_to_the_root(api: Api, forest: None) -> None:
    found = await chain(api, "dan")
    assert (found["length"], found["truncated"], found["root"]) == (3, False, {"name": "ana"})
    assert [(step["depth"], step["customer"]["name"], step["referral"]["code"]) for step in found["steps"]] == [
        (1, "cho", "cho>dan"),
        (2, "ben", "ben>cho"),
        (3, "ana", "ana>ben"),
    ]
    assert [step["referral"]["friend"]["name"] for step in found["steps"]] == ["dan", "cho", "ben"]
    assert await chain(api, "ana") == {"length": 0, "truncated": False, "root": {"name": "ana"}, "steps": []}


async def test_a_depth_lists_fewer_steps_of_the_same_chain(api: Api, forest: None) -> None:
    found = await chain(api, "dan", 2)
    assert [step["customer"]["name"] for step in found["steps"]] == ["cho", "ben"]
    assert (found["length"], found["root"], found["truncated"]) == (3, {"name": "ana"}, False)
    assert (await chain(api, "dan", None))["steps"] == (await chain(api, "dan", 1_000))["steps"]


async def test_what_only_an_id_is_asked_of_is_not_loaded(services: Services, forest: None) -> None:
    text = """query($email: String!, $more: Boolean!) { customer(by: {email: $email}) { id referral { chain {
        root { id kind: __typename name @include(if: $more) }
        steps { customer { id name @include(if: $more) } referral { id kind: __typename code @include(if: $more) } } } } } }"""
    loads, asked_of = services.counters.statements["timeline/load_entries"], sources(services, Limits())

    async def chain(*, more: bool) -> Any:
        given = await answer(text, asked_of, WHOEVER, variables={"email": "dan@example.com", "more": more})
        assert not given.errors
        return orjson.loads(orjson.dumps(given.data))["customer"]["referral"]["chain"]

    # A text is planned when it comes again.
    found = await chain(more=False)
    before = loads.times
    assert await chain(more=False) == found
    assert loads.times == before
    assert found["root"] == {**found["steps"][-1]["customer"], "kind": "Customer"}
    assert [step["referral"]["kind"] for step in found["steps"]] == ["Referral"] * 3
    more = await chain(more=True)
    assert loads.times == before + 1
    assert more["root"].pop("name") == "ana"
    assert [step["customer"].pop("name") for step in more["steps"]] == ["cho", "ben", "ana"]
    assert [step["referral"].pop("code") for step in more["steps"]] == ["cho>dan", "ben>cho", "ana>ben"]
    assert more == found


LONG = """UNWIND range(0, 1001) AS number
  WITH number, 'cus_' + right('0000000' + number, 8) + right($zeros, 24) AS id
  CREATE (c:Customer {id: id, version: 1})-[:IDENTIFIED_BY]->(:Identifier {id: 'idn' + substring(id, 3), customer_id: id,
    type: 'user_id', value: toString(number), verified: false, source: 's', first_seen_at: datetime('2024-01-01T00:00:00Z')})
  WITH c ORDER BY c.id WITH collect(c) AS all
  UNWIND range(1, 1001) AS number
  WITH all[number - 1] AS high, all[number] AS low
  CREATE (high)-[:REFERRED {at: datetime('2024-01-01T00:00:00Z'), referral: 'ref' + substring(low.id, 3)}]->(low)
  RETURN count(*)"""
FAR = """query($by: CustomerKey!) { customer(by: $by) { referral { chain(maxDepth: 2) { length truncated root { id }
    steps { depth customer { id } } } } } }"""


async def test_a_chain_beyond_the_bound_says_so_and_goes_on_from_its_root(api: Api, forest: None, stack: Stack) -> None:
    auth = (stack.neo4j_user, stack.neo4j_password)
    async with neo4j.AsyncGraphDatabase.driver(stack.neo4j_uri, auth=auth) as driver:
        await driver.execute_query(LONG, zeros="0" * 24)
    root, second, last = (f"cus_{number:08d}" + "0" * 24 for number in (0, 1, 1_001))
    found = (await api.data(FAR, by={"id": last}))["customer"]["referral"]["chain"]
    assert (found["length"], found["truncated"], found["root"]["id"], len(found["steps"])) == (1_000, True, second, 2)
    found = (await api.data(FAR, by=found["root"]))["customer"]["referral"]["chain"]
    assert (found["length"], found["truncated"], found["root"]["id"]) == (1, False, root)
    # Who stands above what was followed might be above the other one too.
    far = (await api.data(PATH, **{"from": {"id": last}, "to": {"email": "ana@example.com"}}))["referralPath"]
    assert far == {"truncated": True, "path": None}


async def test_names_on_the_way_are_masked(services: Services, forest: None) -> None:
    reader = Principal(id="p", scopes=frozenset({PROFILE, REFERRAL}))
    asked_of = sources(services, Limits(depth=30, aliases=100, selections=1_000, directives=100, cost_mode="off"))

    async def asked(principal: Principal, text: str, **variables: Any) -> Any:
        given = await answer(text, asked_of, principal, variables=variables)
        assert not given.errors
        return orjson.loads(orjson.dumps(given.data))

    ids = {
        name: (
            await asked(WHOEVER, "query($by: CustomerKey!) { customer(by: $by) { id } }", by={"email": f"{name}@example.com"})
        )["customer"]["id"]
        for name in ("dan", "fay")
    }
    by_id = CHAIN.replace("$email: String!", "$id: ID!").replace("{email: $email}", "{id: $id}")
    found = (await asked(reader, by_id, id=ids["dan"], depth=100))["customer"]["referral"]["chain"]
    assert (found["length"], found["root"]["name"]) == (3, "a•••")
    assert [step["customer"]["name"] for step in found["steps"]] == ["c•••", "b•••", "a•••"]
    way = (await asked(reader, PATH, **{"from": {"id": ids["dan"]}, "to": {"id": ids["fay"]}}))["referralPath"]["path"]
    assert (way["length"], way["commonAdvocate"]["name"]) == (5, "a•••")
    assert all(step["customer"]["name"].endswith("•••") for step in way["steps"])


@pytest.mark.parametrize("depth", [0, -1, 1_001, 10**9])
async def test_no_chain_has_such_a_depth(api: Api, forest: None, depth: int) -> None:
    assert await api.codes(CHAIN, email="dan@example.com", depth=depth) == ["INVALID_DEPTH"]


async def test_the_way_goes_up_to_whoever_brought_both_in_and_down(api: Api, forest: None) -> None:
    found = await path(api, "dan", "fay")
    assert found["truncated"] is False
    assert (found["path"]["length"], found["path"]["commonAdvocate"]) == (5, {"name": "ana"})
    assert [(step["customer"]["name"], step["direction"], step["viaReferral"]) for step in found["path"]["steps"]] == [
        ("dan", None, None),
        ("cho", "REFERRED_BY", {"code": "cho>dan"}),
        ("ben", "REFERRED_BY", {"code": "ben>cho"}),
        ("ana", "REFERRED_BY", {"code": "ana>ben"}),
        ("eve", "REFERRED", {"code": "ana>eve"}),
        ("fay", "REFERRED", {"code": "eve>fay"}),
    ]


async def test_the_way_to_oneself_is_none_and_between_trees_there_is_none(api: Api, forest: None) -> None:
    assert await path(api, "ben", "ben") == {
        "truncated": False,
        "path": {
            "length": 0,
            "commonAdvocate": {"name": "ben"},
            "steps": [{"customer": {"name": "ben"}, "direction": None, "viaReferral": None}],
        },
    }
    assert (await path(api, "ana", "cho"))["path"]["commonAdvocate"] == {"name": "ana"}
    assert await path(api, "dan", "hal") == {"path": None, "truncated": False}


async def test_nobody_is_linked_to_somebody_unknown(api: Api, forest: None) -> None:
    ana, nobody = {"email": "ana@example.com"}, {"id": "cus_" + "0" * 32}
    assert await api.codes(PATH, **{"from": ana, "to": nobody}) == ["NOT_FOUND"]
    assert await api.codes(PATH, **{"from": nobody, "to": ana}) == ["NOT_FOUND"]
    assert await api.codes(PATH, **{"from": ana, "to": {"id": "x"}}) == ["INVALID_ID"]

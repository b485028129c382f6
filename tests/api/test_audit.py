"""What the audit trail says of requests: whose data was read, by whom, for what, and what was written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.audit import Entry, entries
from app.settings import Settings
from graph import keys
from graph.keys import NewKey
from graph.store import Store
from resolvers.documents import DIGEST
from resolvers.scopes import PROFILE, SCOPES
from tests.api.conftest import Tell, another
from tests.app.test_tokens import AUDIENCE, ISSUER, RSA, jwks, signed
from tests.graph.histories import identify, invited

PROFILE_QUERY = 'query Profile { customer(by: {identifier: {type: "user_id", value: "ana"}}) { id name } }'


@dataclass(frozen=True, slots=True)
class Watched:
    """A service, and what its trail says."""

    http: httpx2.AsyncClient
    folder: Path
    key: NewKey

    async def ask(self, query: str, authorization: str | None = None, **headers: str) -> dict[str, Any]:
        headers["authorization"] = authorization or f"Bearer {self.key.text}"
        body: dict[str, Any] = (await self.http.post("/graphql", json={"query": query}, headers=headers)).json()
        return body

    @property
    def told(self) -> list[Entry]:
        return list(entries(self.folder))


@pytest.fixture
async def watched(api_settings: Settings, store: Store, told: Tell, tmp_path: Path) -> AsyncIterator[Watched]:
    await told(*(identify(who, minutes=1, name=who.title()) for who in ("ana", "ben")))
    await told(*invited(("ana", "ben")))
    (tmp_path / "jwks.json").write_text(jwks(rsa=RSA.public_key()))
    settings = replace(
        api_settings,
        anonymous_scopes=(),
        audit_folder=tmp_path / "audit",
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        jwt_jwks=str(tmp_path / "jwks.json"),
        jwt_customer_identifier="user_id",
    )
    key = await keys.create(store, name="tests", scopes=SCOPES, now=datetime.now(UTC))
    async with another(settings) as address, httpx2.AsyncClient(base_url=address, timeout=30) as http:
        yield Watched(http, tmp_path / "audit", key)


async def test_a_reading_is_recorded_each_time_also_where_the_answer_is_remembered(watched: Watched) -> None:
    for _ in range(5):
        body = await watched.ask(PROFILE_QUERY, **{"x-c360-purpose": "service"})
    found = watched.told
    assert len(found) == 5 and len({(each.actor, each.customers, each.document) for each in found}) == 1
    each = found[0]
    assert (each.what, each.actor, each.operation, each.purpose) == ("read", watched.key.key.id, "Profile", "service")
    assert each.customers == (body["data"]["customer"]["id"],) and each.personal
    assert each.document is not None and len(each.document) == DIGEST


async def test_everybody_whose_data_was_read_is_named(watched: Watched) -> None:
    body = await watched.ask("{ customers { nodes { id } } }")
    (each,) = watched.told
    assert set(each.customers) == {node["id"] for node in body["data"]["customers"]["nodes"]} and len(each.customers) == 2


async def test_who_is_named_by_an_id_alone_was_read_too(watched: Watched) -> None:
    customer = '{ customer(by: {identifier: {type: "user_id", value: "%s"}}) { id referral { %s } } }'
    ana = (await watched.ask(customer % ("ana", "chain { length }")))["data"]["customer"]["id"]
    for who, asked in (
        ("ben", "chain { steps { customer { id } } }"),
        ("ana", "network { members { nodes { customer { id } } } }"),
    ):
        # The second time it is planned.
        for _ in range(3):
            told = await watched.ask(customer % (who, asked))
        assert ana in str(told)
        ben = (await watched.ask(customer % ("ben", "chain { length }")))["data"]["customer"]["id"]
        assert set(watched.told[-2].customers) == {ana, ben}


async def test_a_masked_reading_is_told_from_one_that_isnt(watched: Watched, store: Store) -> None:
    masked = await keys.create(store, name="masked", scopes=[PROFILE], now=datetime.now(UTC))
    await watched.ask(PROFILE_QUERY, f"Bearer {masked.text}")
    assert [each.personal for each in watched.told] == [False]


async def test_who_reads_nobodys_data_is_not_recorded(watched: Watched) -> None:
    await watched.ask("{ channels { key } }")
    await watched.ask('{ customer(by: {email: "nobody@example.com"}) { id } }')
    await watched.ask("{ __schema { queryType { name } } }")
    await watched.ask("{ wrong }")
    assert watched.told == []


async def test_a_customer_is_recorded_by_their_id(watched: Watched) -> None:
    body = await watched.ask(PROFILE_QUERY, f"Bearer {signed(sub='ana', scope='self')}")
    (each,) = watched.told
    assert each.actor == body["data"]["customer"]["id"] and each.actor in each.customers
    await watched.ask(PROFILE_QUERY, f"Bearer {signed(sub='crm', scope='profile:read')}")
    assert watched.told[-1].actor == "token:crm"


async def test_what_is_written_is_recorded_before_and_after(watched: Watched) -> None:
    event = """mutation Visit { recordEvents(events: [{touchpoint: {id: "t-1", source: "shop", at: "2026-01-02T03:04:05Z",
        customer: {identifier: {type: "user_id", value: "ana"}}, channel: "web", type: "visit"}}]) { accepted } }"""
    assert (await watched.ask(event))["data"]["recordEvents"]["accepted"] == 1
    sent, wrote = watched.told
    assert (sent.what, sent.operation, sent.events) == ("sent", "Visit", (("shop", "t-1"),))
    assert (wrote.what, wrote.count) == ("wrote", 1)
    assert wrote.customers == ((await watched.ask(PROFILE_QUERY))["data"]["customer"]["id"],)


async def test_who_writes_at_the_same_time_is_told_apart(watched: Watched, store: Store) -> None:
    others = await keys.create(store, name="others", scopes=SCOPES, now=datetime.now(UTC))
    visit = """mutation { recordEvents(events: [{touchpoint: {id: "%s-%d", source: "shop", at: "2026-01-02T03:04:05Z",
        customer: {identifier: {type: "user_id", value: "%s"}}, channel: "web", type: "visit"}}]) { accepted } }"""
    writers = {watched.key.key.id: (watched.key, "ana"), others.key.id: (others, "ben")}
    # Each twice: what is kept already is written by nobody.
    for _ in range(2):
        asking = [
            watched.ask(visit % (who, number, who), f"Bearer {key.text}") for number in range(30) for key, who in writers.values()
        ]
        for body in await asyncio.gather(*asking):
            assert "errors" not in body
    for actor, (_, who) in writers.items():
        query = PROFILE_QUERY.replace("ana", who)
        own = (await watched.ask(query))["data"]["customer"]["id"]
        wrote = [each for each in watched.told if each.what == "wrote" and each.actor == actor]
        assert sum(each.count for each in wrote) == 30 and len(wrote) == 60
        assert {each.customers for each in wrote if each.count} == {(own,)} and not any(
            each.customers for each in wrote if not each.count
        )


async def test_what_was_read_before_something_was_written_is_recorded_too(watched: Watched) -> None:
    body = await watched.ask("""mutation {
        first: upsertCustomer(input: {identifiers: [{type: "user_id", value: "ana"}], source: "crm"}) {
            customer { id referral { referred { nodes { friend { id name } } } } } }
        then: recordEvents(events: []) { accepted } }""")
    customer = body["data"]["first"]["customer"]
    (friend,) = [each["friend"] for each in customer["referral"]["referred"]["nodes"]]
    assert {customer["id"], friend["id"]} == {id for each in watched.told if each.what == "read" for id in each.customers}


async def test_an_operation_s_name_is_no_place_for_data(watched: Watched) -> None:
    name = "N" * 5_000
    await watched.ask(PROFILE_QUERY.replace("Profile", name))
    assert watched.told[-1].operation == name[:60]


async def test_nothing_is_answered_or_written_where_it_cant_be_recorded(watched: Watched) -> None:
    watched.folder.write_text("no folder")
    body = await watched.ask(PROFILE_QUERY)
    assert "data" not in body and body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    named = '{identifiers: [{type: "user_id", value: "ana"}], source: "x", name: "Other"}'
    change = f"mutation {{ upsertCustomer(input: {named}) {{ userErrors {{ code }} }} }}"
    assert (await watched.ask(change))["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    watched.folder.unlink()
    assert (await watched.ask(PROFILE_QUERY))["data"]["customer"]["name"] == "Ana"


async def test_there_is_no_personal_data_in_it(watched: Watched) -> None:
    await watched.ask('{ customer(by: {email: "ana@example.com"}) { name email identifiers { nodes { value } } } }')
    await watched.ask('{ customers(search: "ana") { nodes { name } } }')
    said = "".join(path.read_text() for path in watched.folder.iterdir())
    assert said and "ana" not in said.lower().replace(watched.key.key.id, "")


@pytest.mark.parametrize("purpose", ["", "two words", "x" * 65, "<script>", "Ünicode", ".", "a\ta"])
async def test_a_purpose_that_is_none_is_refused_or_nothing(watched: Watched, purpose: str) -> None:
    headers: Any = {"x-c360-purpose": purpose.encode()}
    body = await watched.ask(PROFILE_QUERY, **headers)
    if purpose:
        assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST" and watched.told == []
    else:
        assert watched.told[0].purpose is None


async def test_a_service_can_demand_a_purpose(api_settings: Settings) -> None:
    async with another(api_settings, purpose_required=True) as address, httpx2.AsyncClient(base_url=address) as http:
        refused = await http.post("/graphql", json={"query": "{ channels { key } }"})
        assert refused.status_code == 400 and refused.json()["errors"][0]["extensions"]["code"] == "PURPOSE_REQUIRED"
        said = await http.post("/graphql", json={"query": "{ channels { key } }"}, headers={"X-C360-Purpose": "service"})
        assert said.status_code == 200 and "errors" not in said.json()

"""Who comes in: by keys and tokens, over HTTP, over a WebSocket and as a stream; and who is sent away, also while connected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest
import websockets

from app.settings import Settings
from graph import keys
from graph.events.inputs import IdentifyInput
from graph.keys import NewKey
from graph.store import Store
from resolvers.masks import of_name
from resolvers.scopes import CUSTOMERS, EVENTS, PERSONAL, PROFILE, REFERRAL, SCHEMA, SCOPES
from tests.api.conftest import Tell, another, at, email
from tests.app.test_tokens import AUDIENCE, ISSUER, RSA, jwks, signed
from tests.graph.histories import identify, invited

NAME = '{ customer(by: {identifier: {type: "user_id", value: "ana"}}) { id name email } }'
INTROSPECTION = "{ __schema { queryType { name } } }"
CHANGES = 'subscription { customerChanged(by: {identifier: {type: "user_id", value: "ana"}}) { customer { name } } }'
SOON = 2.5
"""Seconds in which all processes have heard that a key has ended, with some for the machine."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A service that lets nobody in without a key or token."""

    address: str
    http: httpx2.AsyncClient
    store: Store

    async def key(self, *scopes: str, **more: Any) -> NewKey:
        return await keys.create(self.store, name="tests", scopes=scopes, now=datetime.now(UTC), **more)

    async def ask(self, query: str, authorization: str | None, **headers: str) -> tuple[int, dict[str, Any]]:
        if authorization is not None:
            headers["authorization"] = authorization
        response = await self.http.post("/graphql", json={"query": query}, headers=headers)
        return response.status_code, response.json()


@pytest.fixture(scope="module")
async def closed(api_settings: Settings, store: Store, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Closed]:
    file = tmp_path_factory.mktemp("issuer") / "jwks.json"
    file.write_text(jwks(rsa=RSA.public_key()))
    tokens: dict[str, Any] = {
        "jwt_issuer": ISSUER,
        "jwt_audience": AUDIENCE,
        "jwt_jwks": str(file),
        "jwt_customer_identifier": "user_id",
    }
    async with (
        another(api_settings, anonymous_scopes=(), **tokens) as address,
        httpx2.AsyncClient(base_url=address, timeout=30) as http,
    ):
        yield Closed(address, http, store)


@pytest.fixture
async def people(told: Tell) -> None:
    names = {"ana": "Ana Ruiz", "ben": "Ben Okri", "cleo": "Cleo Nin"}
    await told(*(identify(who, minutes=1, name=name, email=f"{who}@example.com") for who, name in names.items()))
    await told(*invited(tuple(names)))


def bearer(made: NewKey) -> str:
    return f"Bearer {made.text}"


def codes(body: dict[str, Any]) -> list[str]:
    return [each["extensions"]["code"] for each in body.get("errors", [])]


WRONG = {
    "nothing": None,
    "empty": "",
    "no kind": "c360_0123456789ab_" + "0" * 40,
    "another kind": "Basic YTpi",
    "a key nobody has": "Bearer c360_ffffffffffff_" + "0" * 40,
    "no key": "Bearer c360_x",
    "two": "Bearer a, Bearer b",
    "no token": "Bearer a.b.c",
    "quotes": 'Bearer "\\"; MATCH (n) DETACH DELETE n //"',
    "long": "Bearer " + "x" * 10_000,
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_nobody_comes_in_without_a_key_or_token(closed: Closed, wrong: str) -> None:
    status, body = await closed.ask(NAME, WRONG[wrong])
    assert status == 401 and codes(body) == ["UNAUTHENTICATED"] and "data" not in body
    assert "c360_ffff" not in str(body)


async def test_who_is_sent_away_is_told_how_to_come_in(closed: Closed) -> None:
    response = await closed.http.post("/graphql", json={"query": NAME})
    assert response.headers["www-authenticate"] == "Bearer"
    accepting = {"accept": "application/graphql-response+json"}
    assert (await closed.http.post("/graphql", json={"query": NAME}, headers=accepting)).status_code == 401


async def test_the_right_public_part_with_another_secret_is_no_key(closed: Closed) -> None:
    made = await closed.key(*SCOPES)
    assert (await closed.ask(NAME, f"Bearer {made.key.id}_{'0' * 40}"))[0] == 401
    assert (await closed.ask(NAME, bearer(made)))[0] == 200


async def test_a_key_sees_what_its_scopes_say(closed: Closed, people: None) -> None:
    whole = await closed.key(*SCOPES)
    _, body = await closed.ask(NAME, bearer(whole))
    assert (body["data"]["customer"]["name"], body["data"]["customer"]["email"]) == ("Ana Ruiz", "ana@example.com")
    masked = await closed.key(PROFILE)
    _, body = await closed.ask(NAME, bearer(masked))
    assert (body["data"]["customer"]["name"], body["data"]["customer"]["email"]) == ("A••• R•••", "a•••@example.com")
    # The same answer twice, which the process remembers, is no other.
    for _ in range(3):
        assert (await closed.ask(NAME, bearer(masked)))[1] == body
        assert (await closed.ask(NAME, bearer(whole)))[1]["data"]["customer"]["name"] == "Ana Ruiz"
    _, body = await closed.ask(NAME, bearer(await closed.key(EVENTS)))
    assert body["data"] == {"customer": None} and codes(body) == ["FORBIDDEN"]
    assert "profile:read" in body["errors"][0]["message"]


async def test_whoever_may_not_see_personal_data_may_not_ask_by_it(closed: Closed, people: None) -> None:
    masked, whole = bearer(await closed.key(PROFILE)), bearer(await closed.key(PROFILE, PERSONAL))
    for query in (
        '{ customer(by: {email: "ana@example.com"}) { id } }',
        '{ customer(by: {email: "nobody@example.com"}) { id } }',
        '{ customer(by: {phone: "+15550100"}) { id } }',
        '{ customer(by: {identifier: {type: "Email", value: "ana@example.com"}}) { id } }',
        '{ customer(by: {identifier: {type: "loyalty_card", value: "1"}}) { id } }',
        '{ customers(search: "ana") { nodes { id } } }',
        "{ customers(orderBy: NAME_ASC) { nodes { id } } }",
    ):
        status, body = await closed.ask(query, masked)
        assert status == 200 and codes(body) == ["FORBIDDEN"], query
        assert codes((await closed.ask(query, whole))[1]) == [], query
    assert codes((await closed.ask("{ customers { nodes { id } } }", masked))[1]) == []


async def test_the_schema_is_told_by_scope(closed: Closed) -> None:
    assert codes((await closed.ask(INTROSPECTION, bearer(await closed.key(PROFILE))))[1]) == ["FORBIDDEN"]
    assert codes((await closed.ask(INTROSPECTION, bearer(await closed.key(SCHEMA))))[1]) == []
    assert codes((await closed.ask("{ __typename }", bearer(await closed.key(EVENTS))))[1]) == []


async def test_writing_takes_a_scope_and_a_source(closed: Closed, people: None) -> None:
    event = """mutation { recordEvents(events: [{touchpoint: {id: "t-%s", source: "%s", at: "2026-01-02T03:04:05Z",
        customer: {email: "ana@example.com"}, channel: "web", type: "visit"}}]) { accepted rejected { code message } } }"""
    reader, shop = bearer(await closed.key(PROFILE)), bearer(await closed.key(EVENTS, source="shop"))
    _, body = await closed.ask(event % (1, "shop"), reader)
    assert body["data"] is None and codes(body) == ["FORBIDDEN"]
    _, body = await closed.ask(event % (1, "shop"), shop)
    assert body["data"]["recordEvents"] == {"accepted": 1, "rejected": []}
    _, body = await closed.ask(event % (2, "crm"), shop)
    assert body["data"]["recordEvents"]["accepted"] == 0
    assert body["data"]["recordEvents"]["rejected"][0]["code"] == "FORBIDDEN"
    named = '{identifiers: [{type: "user_id", value: "ana"}], source: "%s"}'
    change = "mutation { upsertCustomer(input: NAMED) { userErrors { code path } } }".replace("NAMED", named)
    assert codes((await closed.ask(change % "shop", shop))[1]) == ["FORBIDDEN"]
    crm = bearer(await closed.key(CUSTOMERS, source="crm"))
    assert (await closed.ask(change % "crm", crm))[1]["data"]["upsertCustomer"]["userErrors"] == []
    refused = (await closed.ask(change % "shop", crm))[1]["data"]["upsertCustomer"]["userErrors"]
    assert refused == [{"code": "FORBIDDEN", "path": ["input", "source"]}]


async def test_what_is_written_isnt_shown_to_whoever_may_not_read(closed: Closed, people: None) -> None:
    named = '{identifiers: [{type: "user_id", value: "ana"}], source: "crm", name: "Ana R."}'
    change = f"mutation {{ upsertCustomer(input: {named}) {{ customer {{ name }} userErrors {{ code }} }} }}"
    _, body = await closed.ask(change, bearer(await closed.key(CUSTOMERS)))
    assert body["data"]["upsertCustomer"] == {"customer": None, "userErrors": []} and codes(body) == ["FORBIDDEN"]
    assert (await closed.ask(NAME, bearer(await closed.key(PROFILE, PERSONAL))))[1]["data"]["customer"]["name"] == "Ana R."


async def test_the_events_endpoint_takes_keys_that_send_for_a_source(closed: Closed, told: Tell) -> None:
    page = {"type": "page", "messageId": "1", "userId": "ana", "timestamp": "2026-01-02T03:00:00Z", "name": "Lamps"}

    async def sent(auth: Any = None, **headers: str) -> int:
        return (await closed.http.post("/v1/batch", json={"batch": [page]}, auth=auth, headers=headers)).status_code

    shop = await closed.key(EVENTS, source="shop")
    assert await sent((shop.text, "")) == 200
    assert await sent(authorization=bearer(shop)) == 200
    assert await sent(((await closed.key(EVENTS)).text, "")) == 403
    assert await sent(((await closed.key(PROFILE)).text, "")) == 403
    await keys.revoke(closed.store, shop.key.id, now=datetime.now(UTC))
    await asyncio.sleep(SOON)
    assert await sent((shop.text, "")) == 401


async def test_a_key_ends_when_it_is_revoked_and_when_its_time_is_over(closed: Closed) -> None:
    revoked, short = await closed.key(PROFILE), await closed.key(PROFILE, lasting=timedelta(seconds=6))
    for each in (short, revoked):
        assert (await closed.ask(NAME, bearer(each)))[0] == 200
    await keys.revoke(closed.store, revoked.key.id, now=datetime.now(UTC))
    await asyncio.sleep(SOON)
    assert (await closed.ask(NAME, bearer(revoked)))[0] == 401
    assert short.key.expires_at is not None
    await asyncio.sleep(max(0.0, (short.key.expires_at - datetime.now(UTC)).total_seconds()))
    assert (await closed.ask(NAME, bearer(short)))[0] == 401


async def test_a_key_that_was_tried_before_it_was_made_is_good_once_it_is(closed: Closed) -> None:
    made = await closed.key(PROFILE)
    await keys.revoke(closed.store, made.key.id, now=datetime.now(UTC))
    new = await keys.create(closed.store, name="late", scopes=[PROFILE], now=datetime.now(UTC))
    assert (await closed.ask(NAME, bearer(new)))[0] == 200


async def test_a_token_is_good_as_a_key_is(closed: Closed, people: None) -> None:
    _, body = await closed.ask(NAME, f"Bearer {signed(scope='profile:read pii:read')}")
    assert body["data"]["customer"]["name"] == "Ana Ruiz"
    assert (await closed.ask(NAME, f"Bearer {signed(exp=1)}"))[0] == 401


OWN_NAMES = """{ me { id name email
    referral { referredBy { advocate { id name } } referred { nodes { friend { name givenName } invitee { value } } } } } }"""


async def test_a_customers_own_token_sees_that_customer_and_of_others_a_masked_name(closed: Closed, people: None) -> None:
    ben = f"Bearer {signed(sub='ben', scope='self')}"
    _, body = await closed.ask(OWN_NAMES, ben)
    assert codes(body) == []
    me = body["data"]["me"]
    assert (me["name"], me["email"]) == ("Ben Okri", "ben@example.com")
    said = orjson.dumps(body).decode()
    assert "Ana Ruiz" not in said and "Cleo Nin" not in said and "ana@example.com" not in said and "cleo@example.com" not in said
    advocates = [me["referral"]["referredBy"]] if me["referral"]["referredBy"] else []
    friends = [each["friend"] for each in me["referral"]["referred"]["nodes"] if each["friend"]]
    assert advocates or friends
    for each in advocates:
        assert each["advocate"]["name"] in {of_name(name) for name in ("Ana Ruiz", "Cleo Nin")}
    for each in friends:
        assert each["name"] in {of_name(name) for name in ("Ana Ruiz", "Cleo Nin")}


async def test_a_customers_own_token_finds_nobody_else(closed: Closed, people: None) -> None:
    whole, ben = bearer(await closed.key(*SCOPES)), f"Bearer {signed(sub='ben', scope='self')}"
    other = (await closed.ask(NAME, whole))[1]["data"]["customer"]["id"]
    assert (await closed.ask(NAME, ben))[1] == {"data": {"customer": None}}
    assert (await closed.ask('{ customer(by: {email: "nobody@example.com"}) { id } }', ben))[1] == {"data": {"customer": None}}
    assert (await closed.ask(f'{{ node(id: "{other}") {{ id }} }}', ben))[1] == {"data": {"node": None}}
    assert (await closed.ask(f'{{ nodes(ids: ["{other}"]) {{ id }} }}', ben))[1] == {"data": {"nodes": [None]}}
    entries = (await closed.ask('{ customer(by: {email: "cleo@example.com"}) { timeline { nodes { id } } } }', whole))[1]
    for entry in entries["data"]["customer"]["timeline"]["nodes"]:
        _, body = await closed.ask(
            f'{{ node(id: "{entry["id"]}") {{ id ... on TimelineEntry {{ customer {{ email }} }} }} }}', ben
        )
        assert body["data"]["node"] is None or body["errors"]
        assert "cleo@" not in str(body)
    for query in ("{ customers { nodes { id } } }", "{ customers { totalCount } }", INTROSPECTION):
        assert codes((await closed.ask(query, ben))[1]) == ["FORBIDDEN"], query
    asked = OWN_NAMES.replace("advocate { id name }", "advocate { id name email }")
    _, body = await closed.ask(asked, ben)
    assert "ana@example.com" not in str(body)
    named = '{identifiers: [{type: "user_id", value: "ben"}], source: "x"}'
    write = f"mutation {{ upsertCustomer(input: {named}) {{ userErrors {{ code }} }} }}"
    assert codes((await closed.ask(write, ben))[1]) == ["FORBIDDEN"]


async def test_a_customers_own_token_refers_and_accepts_for_that_customer_only(closed: Closed, people: None, told: Tell) -> None:
    await told(identify("dora", minutes=1, name="Dora Noe", email="dora@example.com"))
    ben, dora = (f"Bearer {signed(sub=who, scope='self')}" for who in ("ben", "dora"))
    give = 'mutation { createReferralCode(advocate: {email: "%s@example.com"}) { referralCode { code } userErrors { code } } }'
    invite = (
        'mutation { inviteReferral(input: {advocate: {email: "%s@example.com"}%s}) { referral { code } userErrors { code } } }'
    )
    accept = """mutation { acceptReferral(code: "%s", friend: {email: "%s@example.com"}%s) {
        referral { referralStatus advocate { name } friend { name } } userErrors { code } } }"""
    for others in (give % "ana", invite % ("ana", ""), accept % ("X", "ana", "")):
        assert codes((await closed.ask(others, ben))[1]) == ["FORBIDDEN"], others
    assert (await closed.ask(invite % ("ben", ""), ben))[1]["data"]["inviteReferral"]["userErrors"] == []
    code = (await closed.ask(give % "ben", ben))[1]["data"]["createReferralCode"]["referralCode"]["code"]
    # The earliest acceptance counts, and customers would know what to say.
    for early in (invite % ("ben", ', at: "2020-01-01T00:00:00Z"'), accept % (code, "dora", ', at: "2020-01-01T00:00:00Z"')):
        ((_, payload),) = (await closed.ask(early, ben if "invite" in early else dora))[1]["data"].items()
        assert payload == {"referral": None, "userErrors": [{"code": "FORBIDDEN"}]}
    _, body = await closed.ask(accept % (code, "dora", ""), dora)
    assert body == {
        "data": {
            "acceptReferral": {
                "referral": {
                    "referralStatus": "ACCEPTED",
                    "advocate": {"name": of_name("Ben Okri")},
                    "friend": {"name": "Dora Noe"},
                },
                "userErrors": [],
            }
        }
    }
    review = 'mutation { reviewReferral(id: "ref_%s", approve: true, reason: "r") { userErrors { code } } }' % ("0" * 32)
    assert codes((await closed.ask(review, dora))[1]) == ["FORBIDDEN"]


async def test_whoever_may_not_see_personal_data_refers_and_accepts_by_ids(closed: Closed, people: None) -> None:
    key = bearer(await closed.key(EVENTS, PROFILE))
    accept = 'mutation { acceptReferral(code: "ANY", friend: %s) { userErrors { code } } }'
    assert codes((await closed.ask(accept % '{email: "ana@example.com"}', key))[1]) == ["FORBIDDEN"]
    named = '{identifier: {type: "user_id", value: "ana"}}'
    assert (await closed.ask(accept % named, key))[1]["data"]["acceptReferral"]["userErrors"] == [{"code": "NOT_FOUND"}]


async def test_a_token_of_nobody_we_know_sees_nothing(closed: Closed, people: None) -> None:
    nobody = f"Bearer {signed(sub='nobody', scope='self')}"
    assert (await closed.ask(NAME, nobody))[1] == {"data": {"customer": None}}
    assert (await closed.ask("{ me { id } }", nobody))[1] == {"data": {"me": None}}


async def test_a_key_is_nobody_s_own(closed: Closed, people: None) -> None:
    assert (await closed.ask("{ me { id } }", bearer(await closed.key(*SCOPES))))[1] == {"data": {"me": None}}


async def opened(closed: Closed, payload: Any = None, **headers: str) -> websockets.ClientConnection:
    socket = await websockets.connect(
        f"{closed.address.replace('http', 'ws')}/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        additional_headers=headers,
    )
    await socket.send(orjson.dumps({"type": "connection_init", **({} if payload is None else {"payload": payload})}).decode())
    return socket


async def said(socket: websockets.ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(await asyncio.wait_for(socket.recv(), 30))
    return found


async def closing(socket: websockets.ClientConnection) -> int | None:
    await asyncio.wait_for(socket.wait_closed(), 30)
    return socket.close_code


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer x"}, {"authorization": 1}, {"Authorization": ""}])
async def test_nobody_connects_without_a_key_or_token(closed: Closed, payload: Any) -> None:
    assert await closing(await opened(closed, payload)) == 4403


async def test_a_connection_is_as_good_as_its_key(closed: Closed, people: None) -> None:
    made = await closed.key(PROFILE)
    for socket in (
        await opened(closed, {"authorization": bearer(made)}),
        await opened(closed, {"Authorization": bearer(made)}),
        await opened(closed, authorization=bearer(made)),
    ):
        assert (await said(socket))["type"] == "connection_ack"
        await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": NAME}}).decode())
        assert (await said(socket))["payload"]["data"]["customer"]["name"] == "A••• R•••"
        await socket.close()


async def test_who_may_no_more_is_told_no_more(closed: Closed, people: None, told: Tell) -> None:
    made = await closed.key(PROFILE, PERSONAL)
    socket = await opened(closed, {"authorization": bearer(made)})
    assert (await said(socket))["type"] == "connection_ack"
    await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGES}}).decode())
    events = [
        IdentifyInput(id=f"c{n}", source="s", at=at(n), identifiers=(email("ana@example.com"),), traits={"name": f"Ana {n}"})
        for n in range(20)
    ]
    async with asyncio.timeout(60):
        heard = asyncio.create_task(socket.recv())
        for event in events:
            await told(event)
            if (await asyncio.wait([heard], timeout=1.0))[0]:
                break
        assert orjson.loads(await heard)["type"] == "next"
    await keys.revoke(closed.store, made.key.id, now=datetime.now(UTC))
    await asyncio.sleep(SOON)
    await told(identify("ana", minutes=5_000, name="Ana Secret"))
    async with asyncio.timeout(30):
        try:
            while True:
                assert "Secret" not in str(await socket.recv())
        except websockets.ConnectionClosed:
            pass
    assert socket.close_code == 4403


async def test_who_may_no_more_is_sent_away_though_nothing_happens(closed: Closed, people: None) -> None:
    made = await closed.key(PROFILE, PERSONAL)
    socket = await opened(closed, {"authorization": bearer(made)})
    assert (await said(socket))["type"] == "connection_ack"
    await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGES}}).decode())
    headers = {"accept": "text/event-stream", "authorization": bearer(made)}
    lines: list[str] = []
    async with asyncio.timeout(60), closed.http.stream("POST", "/graphql", json={"query": CHANGES}, headers=headers) as stream:
        reading = asyncio.create_task(_all(stream, lines))
        while not lines:
            await asyncio.sleep(0.05)
        await keys.revoke(closed.store, made.key.id, now=datetime.now(UTC))
        assert await closing(socket) == 4403
        await reading
    assert "UNAUTHENTICATED" in "".join(lines) and "event: complete" in lines


async def test_a_stream_ends_with_its_key(closed: Closed, people: None, told: Tell) -> None:
    made = await closed.key(PROFILE, PERSONAL)
    headers = {"accept": "text/event-stream", "authorization": bearer(made)}
    lines: list[str] = []
    async with asyncio.timeout(90), closed.http.stream("POST", "/graphql", json={"query": CHANGES}, headers=headers) as stream:
        reading = asyncio.create_task(_all(stream, lines))
        number = 0
        while not any("event: next" in line for line in lines):
            number += 1
            await told(identify("ana", minutes=1_000 + number, name=f"Ana {number}"))
            await asyncio.sleep(0.5)
        await keys.revoke(closed.store, made.key.id, now=datetime.now(UTC))
        await asyncio.sleep(SOON)
        await told(identify("ana", minutes=5_000, name="Ana Secret"))
        await reading
    assert "UNAUTHENTICATED" in "".join(lines) and "Secret" not in "".join(lines)


async def _all(stream: Any, lines: list[str]) -> None:
    async for line in stream.aiter_lines():
        lines.append(line)


async def test_who_asks_for_too_much_is_told_when_to_come_again(api_settings: Settings, people: None) -> None:
    async with (
        another(api_settings, limit_rate=1, limit_burst=100) as address,
        httpx2.AsyncClient(base_url=address, timeout=30) as http,
    ):
        many = "{ customers(first: 40) { nodes { id } } }"
        async with asyncio.timeout(30):
            while (response := await http.post("/graphql", json={"query": many})).status_code == 200:
                pass
        (error,) = response.json()["errors"]
        assert response.status_code == 429 and error["extensions"]["code"] == "RATE_LIMITED"
        assert 1 <= int(response.headers["retry-after"]) == error["extensions"]["retryAfter"] <= 100
        # What takes less than what is left is answered.
        assert (await http.post("/graphql", json={"query": "{ __typename }"})).status_code == 200


async def test_scopes_for_those_without_a_key_are_a_setting(api_settings: Settings, people: None) -> None:
    async with another(api_settings, anonymous_scopes=(PROFILE,)) as address, httpx2.AsyncClient(base_url=address) as http:
        response = await http.post("/graphql", json={"query": NAME})
        assert response.json()["data"]["customer"]["name"] == "A••• R•••"
        referral = '{ customer(by: {identifier: {type: "user_id", value: "ana"}}) { id referral { referred { totalCount } } } }'
        body = (await http.post("/graphql", json={"query": referral})).json()
        assert body["data"]["customer"]["referral"] is None
        assert body["errors"][0]["path"] == ["customer", "referral"] and REFERRAL in body["errors"][0]["message"]
        # A key that is wrong isn't nobody.
        wrong = await http.post("/graphql", json={"query": NAME}, headers={"authorization": "Bearer c360_x"})
        assert wrong.status_code == 401

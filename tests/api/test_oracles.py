"""What can be found out of somebody without being shown it: nothing, by a customer's own token, or without pii:read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.events.inputs import IdentifierKey, IdentifyInput
from resolvers.scopes import CUSTOMERS, PERSONAL, PROFILE
from tests.api.conftest import Tell, at
from tests.api.test_access import Closed, bearer, closed, codes, people
from tests.app.test_tokens import signed

__all__ = ["closed", "people"]

BEN = f"Bearer {signed(sub='ben', scope='self', exp=2**31)}"


@pytest.mark.parametrize("key", ['{email: "%s@example.com"}', '{identifier: {type: "user_id", value: "%s"}}'])
async def test_an_own_token_learns_of_nobody_whether_they_are_there(closed: Closed, people: None, key: str) -> None:
    told: dict[str, list[Any]] = {}
    while (await closed.ask("{ me { id } }", BEN, **{"x-c360-explain": "cache"}))[1]["extensions"]["cache"] != "hit":
        await asyncio.sleep(0.1)
    for who in ("ana", "nobody"):
        query = f"{{ customer(by: {key % who}) {{ id }} }}"
        told[who] = [await closed.ask(query, BEN, **{"x-c360-explain": "cache"}) for _ in range(4)]
    assert told["ana"] == told["nobody"]
    (_, body), *_ = told["ana"]
    assert body["data"] == {"customer": None}


async def test_an_own_token_finds_its_customer_by_any_name_of_theirs(closed: Closed, people: None) -> None:
    _, body = await closed.ask("{ me { id } }", BEN)
    own = body["data"]["me"]["id"]
    for key in (f'{{id: "{own}"}}', '{email: "Ben@Example.com"}', '{identifier: {type: "user_id", value: "ben"}}'):
        assert (await closed.ask(f"{{ customer(by: {key}) {{ id }} }}", BEN))[1] == {"data": {"customer": {"id": own}}}, key
    assert (await closed.ask(f'{{ node(id: "{own}") {{ id }} }}', BEN))[1] == {"data": {"node": {"id": own}}}


async def test_an_own_token_is_told_of_an_invitation_but_not_of_whom_it_reached(closed: Closed, people: None) -> None:
    invitee = "{ me { referral { referred { nodes { invitee { type value verified firstSeenAt lastSeenAt source } } } } } }"
    _, body = await closed.ask(invitee, BEN)
    assert body == {"data": {"me": {"referral": {"referred": {"nodes": [{"invitee": None}]}}}}}


async def test_who_names_somebody_elses_address_is_not_shown_them(closed: Closed, people: None, told: Tell) -> None:
    """Whoever signs up can write anybody's e-mail address into the form."""
    await told(
        IdentifyInput(
            id="sign-up",
            source="shop",
            at=at(10),
            identifiers=(IdentifierKey("user_id", "mallory"), IdentifierKey("email", "ana@example.com")),
        )
    )
    for mallory in ("{ me { name } }", '{ customer(by: {email: "ana@example.com"}) { name } }'):
        _, body = await closed.ask(mallory, f"Bearer {signed(sub='mallory', scope='self')}")
        assert codes(body) == ["FORBIDDEN"] and "Ana" not in str(body)


async def test_who_may_not_look_up_personal_data_isnt_told_by_writing_it_either(closed: Closed, people: None) -> None:
    change = """mutation { upsertCustomer(input: {identifiers: [{type: "%s", value: "%s"}], source: "crm"}) {
        customer { id } userErrors { code } } }"""
    masked, whole = bearer(await closed.key(CUSTOMERS, PROFILE)), bearer(await closed.key(CUSTOMERS, PROFILE, PERSONAL))
    for name in (("email", "ana@example.com"), ("email", "new@example.com"), ("user_id", "ana@example.com")):
        _, body = await closed.ask(change % name, masked)
        assert body["data"]["upsertCustomer"] == {"customer": None, "userErrors": []}, name
    for authorization in (masked, whole):
        _, body = await closed.ask(change % ("user_id", "ana"), authorization)
        assert body["data"]["upsertCustomer"]["customer"]["id"]


async def test_an_id_that_is_an_address_is_personal(closed: Closed, people: None) -> None:
    masked = bearer(await closed.key(PROFILE))
    for value in ("ana@example.com", "+81312345678"):
        query = f'{{ customer(by: {{identifier: {{type: "user_id", value: "{value}"}}}}) {{ id }} }}'
        assert codes((await closed.ask(query, masked))[1]) == ["FORBIDDEN"]

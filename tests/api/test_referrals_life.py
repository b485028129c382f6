"""Codes, invitations, acceptances and reviews by clients: what they are told, and what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import neo4j
import pytest
from redis.asyncio import Redis

from app.services import Services
from app.settings import Settings
from graph.events.inputs import Event, IdentifyInput, PurchaseInput
from graph.money import Money
from tests.api.conftest import Api, Tell, another, at, by_email, email
from tests.conftest import Stack
from tests.happenings import accept, invite

CODE = """mutation($advocate: CustomerKey!, $expires: DateTime, $key: String) {
  createReferralCode(advocate: $advocate, campaign: "spring", channel: "email", expiresAt: $expires, idempotencyKey: $key) {
    referralCode { code url campaign { key } channel { key } createdAt expiresAt } userErrors { code path message } } }"""
INVITE = """mutation($input: InviteReferralInput!, $key: String) { inviteReferral(input: $input, idempotencyKey: $key) {
    referral { id code referralStatus invitedAt campaign { key } channel { key } advocate { email } invitee { type value } }
    userErrors { code path message } } }"""
ACCEPT = """mutation($code: String!, $friend: CustomerKey!, $at: DateTime, $key: String) {
  acceptReferral(code: $code, friend: $friend, at: $at, idempotencyKey: $key) {
    referral { id code referralStatus acceptedAt advocate { email } friend { email } } userErrors { code path message } } }"""
REVIEW = """mutation($id: ID!, $approve: Boolean!, $reason: String!, $key: String) {
  reviewReferral(id: $id, approve: $approve, reason: $reason, idempotencyKey: $key) {
    referral { referralStatus endedReason endedAt friend { email referral { referredBy { code } } } }
    userErrors { code path message } } }"""
CODES = """query($email: String!, $first: Int, $after: String) { customer(by: {email: $email}) { referral {
    codes(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { code } } } } }"""
MADE = """query($email: String!, $statuses: [ReferralStatus!]) { customer(by: {email: $email}) { referral {
    referred(statuses: $statuses) { totalCount nodes { referralStatus qualifiedAt endedReason } } } } }"""

WITH_IDS = MADE.replace("referralStatus", "id referralStatus")
CHAIN = """query($email: String!) { customer(by: {email: $email}) { referral { chain {
    length root { email } steps { customer { name erasedAt } } } } } }"""

ANA, BEN, CHO = ({"email": f"{name}@example.com"} for name in ("ana", "ben", "cho"))


async def people(told: Tell) -> None:
    await told(
        *(
            IdentifyInput(id=name, source="crm", at=at(0), identifiers=(email(f"{name}@example.com"),))
            for name in ("ana", "ben", "cho")
        )
    )


def bought(who: str, minutes: float) -> Event:
    return PurchaseInput(
        id=f"{who}-{minutes}", source="shop", at=at(minutes), customer=by_email(f"{who}@example.com"),
        number=f"{who}-{minutes}", items=(), total=Money(5_000, "USD"),
    )  # fmt: skip


async def done(api: Api, query: str, /, **variables: Any) -> Any:
    """What a mutation gives that has nothing to complain of."""
    ((_, payload),) = (await api.data(query, **variables)).items()
    assert payload.pop("userErrors") == []
    ((_, given),) = payload.items()
    return given


async def refused(api: Api, query: str, /, **variables: Any) -> tuple[str, list[str]]:
    """The code and the path of the one reason for which a mutation did nothing."""
    ((_, payload),) = (await api.data(query, **variables)).items()
    (error,) = payload.pop("userErrors")
    assert list(payload.values()) == [None] and len(error["message"]) > 10
    return error["code"], error["path"]


async def test_from_the_code_to_the_purchase(api: Api, told: Tell) -> None:
    await people(told)
    code = await done(api, CODE, advocate=ANA)
    assert code["campaign"] == {"key": "spring"} and code["channel"] == {"key": "email"} and code["expiresAt"] is None
    assert len(code["code"]) == 10 and code["url"] is None
    for friend in (BEN, CHO):
        accepted = await done(api, ACCEPT, code=code["code"], friend=friend)
        assert accepted["referralStatus"] == "ACCEPTED" and accepted["code"] == code["code"]
        assert accepted["advocate"] == ANA and accepted["friend"] == friend
    await told(bought("ben", 5))
    made = (await api.data(MADE, email=ANA["email"]))["customer"]["referral"]["referred"]
    # Both accepted now, after that purchase.
    assert [each["referralStatus"] for each in made["nodes"]] == ["ACCEPTED", "ACCEPTED"]
    assert (await api.data(CODES, email=ANA["email"]))["customer"]["referral"]["codes"]["nodes"] == [{"code": code["code"]}]


async def test_a_purchase_qualifies(api: Api, told: Tell) -> None:
    await people(told)
    code = (await done(api, CODE, advocate=ANA))["code"]
    await done(api, ACCEPT, code=code, friend=BEN, at=at(3).isoformat())
    await told(bought("ben", 5))
    made = (await api.data(MADE, email=ANA["email"], statuses=["QUALIFIED"]))["customer"]["referral"]["referred"]
    assert made["nodes"] == [{"referralStatus": "QUALIFIED", "qualifiedAt": "2024-01-01T00:05:00Z", "endedReason": None}]
    assert made["totalCount"] == 1


async def test_an_invitation_is_accepted_by_its_code(api: Api, told: Tell) -> None:
    await people(told)
    friend = {"type": "email", "value": "BEN@example.com"}
    given = {"advocate": ANA, "friend": friend, "channel": "sms", "campaign": "fall", "at": at(7).isoformat()}
    invited = await done(api, INVITE, input=given)
    assert (invited["referralStatus"], invited["invitedAt"], invited["advocate"]) == ("INVITED", "2024-01-01T00:07:00Z", ANA)
    assert (invited["campaign"], invited["channel"]) == ({"key": "fall"}, {"key": "sms"})
    assert invited["invitee"] == {"type": "email", "value": "ben@example.com"}
    accepted = await done(api, ACCEPT, code=invited["code"], friend=BEN)
    assert accepted["id"] == invited["id"] and accepted["referralStatus"] == "ACCEPTED"
    # Nobody is paid yet.
    rewards = "query($id: ID!) { node(id: $id) { ... on Referral { rewards { id points rewardStatus entryType } } } }"
    assert (await api.data(rewards, id=invited["id"]))["node"] == {"rewards": []}


async def test_what_is_asked_twice_is_done_once(api: Api, told: Tell) -> None:
    await people(told)
    first, again = [await done(api, CODE, advocate=ANA, key="k1") for _ in range(2)]
    assert first == again
    one, other = [await done(api, ACCEPT, code=first["code"], friend=BEN, key="k2") for _ in range(2)]
    assert one == other
    assert await refused(api, ACCEPT, code=first["code"], friend=CHO, key="k2") == ("CONFLICT", ["idempotencyKey"])
    verdict = {"id": one["id"], "approve": False, "reason": "a made-up friend", "key": "k3"}
    assert await done(api, REVIEW, **verdict) == await done(api, REVIEW, **verdict)
    # Without a key each is one of its own.
    assert (await done(api, CODE, advocate=ANA))["code"] != first["code"]


async def test_whom_nobody_can_accept_for(api: Api, told: Tell) -> None:
    await people(told)
    code = (await done(api, CODE, advocate=ANA))["code"]
    assert await refused(api, ACCEPT, code="NOSUCHCODE", friend=BEN) == ("NOT_FOUND", ["code"])
    assert await refused(api, ACCEPT, code=code, friend=ANA) == ("SELF_REFERRAL", ["friend"])
    await done(api, ACCEPT, code=code, friend=BEN)
    assert await refused(api, ACCEPT, code=code, friend=BEN) == ("DUPLICATE", ["friend"])
    bens = (await done(api, CODE, advocate=BEN))["code"]
    assert await refused(api, ACCEPT, code=bens, friend=ANA) == ("CYCLE", ["friend"])
    await told(bought("cho", 5))
    assert await refused(api, ACCEPT, code=bens, friend=CHO) == ("BLOCKED", ["friend"])
    late = (await done(api, CODE, advocate=ANA, expires="2999-01-01T00:00:00Z"))["code"]
    assert await refused(api, ACCEPT, code=late, friend=CHO, at="2999-01-01T00:00:00Z") == ("EXPIRED", ["code"])
    # Nothing of all that was kept.
    made = (await api.data(MADE, email=ANA["email"]))["customer"]["referral"]["referred"]
    assert made["totalCount"] == 1


async def test_bad_input(api: Api, told: Tell) -> None:
    await people(told)
    nobody = {"id": "cus_" + "0" * 32}
    assert await refused(api, CODE, advocate=nobody) == ("NOT_FOUND", ["advocate"])
    assert await refused(api, INVITE, input={"advocate": nobody}) == ("NOT_FOUND", ["input", "advocate"])
    assert await refused(api, CODE, advocate=ANA, expires=at(0).isoformat()) == ("INVALID", ["expiresAt"])
    code = (await done(api, CODE, advocate=ANA))["code"]
    assert await refused(api, ACCEPT, code=code, friend=nobody) == ("NOT_FOUND", ["friend"])
    assert await refused(api, ACCEPT, code="", friend=BEN) == ("NOT_FOUND", ["code"])
    assert await refused(api, INVITE, input={"advocate": ANA, "channel": "x" * 2_000}) == ("TOO_LARGE", ["input", "channel"])
    assert await refused(api, REVIEW, id="ref_" + "0" * 32, approve=True, reason="no") == ("NOT_FOUND", ["id"])
    id = (await done(api, ACCEPT, code=code, friend=BEN))["id"]
    assert await refused(api, REVIEW, id=id, approve=True, reason="  ") == ("INVALID", ["reason"])
    assert await api.codes(REVIEW, id="cus_" + "0" * 32, approve=True, reason="no") == ["INVALID_ID"]
    assert await api.codes(CODE, advocate={"email": ""}) == ["INVALID_KEY"]


async def test_a_review_changes_who_brought_a_friend_in(api: Api, told: Tell) -> None:
    await people(told)
    code = (await done(api, CODE, advocate=ANA))["code"]
    id = (await done(api, ACCEPT, code=code, friend=BEN))["id"]
    rejected = await done(api, REVIEW, id=id, approve=False, reason="one person, two addresses")
    assert (rejected["referralStatus"], rejected["endedReason"]) == ("REJECTED", "one person, two addresses")
    assert rejected["friend"]["referral"]["referredBy"] is None
    # Then somebody else may.
    chos = (await done(api, CODE, advocate=CHO))["code"]
    await done(api, ACCEPT, code=chos, friend=BEN)
    await done(api, REVIEW, id=id, approve=True, reason="they are two after all")
    assert (await api.data(MADE, email=CHO["email"]))["customer"]["referral"]["referred"]["nodes"][0][
        "referralStatus"
    ] == "SUPERSEDED"


async def test_who_was_rejected_by_a_review_does_not_come_back_by_asking_again(api: Api, told: Tell) -> None:
    await people(told)
    code = (await done(api, CODE, advocate=ANA))["code"]
    id = (await done(api, ACCEPT, code=code, friend=BEN, key="k"))["id"]
    await done(api, REVIEW, id=id, approve=False, reason="no thanks")
    assert await refused(api, ACCEPT, code=code, friend=BEN) == ("BLOCKED", ["friend"])
    assert await refused(api, ACCEPT, code="NOSUCHCODE", friend=BEN) == ("NOT_FOUND", ["code"])
    # Nor does what was asked before a review fail when it is asked again.
    assert (await done(api, ACCEPT, code=code, friend=BEN, key="k"))["referralStatus"] == "REJECTED"
    invited = await done(api, INVITE, input={"advocate": ANA, "friend": {"type": "email", "value": CHO["email"]}})
    await done(api, REVIEW, id=invited["id"], approve=False, reason="not this one")
    found = (await api.data(ACCEPT, code=invited["code"], friend=CHO))["acceptReferral"]
    assert found["referral"]["referralStatus"] == "REJECTED"
    assert [(error["code"], error["path"]) for error in found["userErrors"]] == [("BLOCKED", ["code"])]


async def test_a_code_may_be_typed_in_small_letters(api: Api, told: Tell) -> None:
    await people(told)
    code = (await done(api, CODE, advocate=ANA))["code"]
    typed = f" {code.lower()}\n"
    first, again = [await done(api, ACCEPT, code=typed, friend=BEN, key="k") for _ in range(2)]
    assert first == again and first["code"] == code
    # What somebody else made is taken as it is written.
    await told(invite("i", 0, by_email("ana@example.com"), code.lower()))
    assert (await done(api, ACCEPT, code=code.lower(), friend=CHO))["code"] == code.lower()


@pytest.mark.parametrize(
    ("query", "variables", "argument"),
    [
        (CODE, {"advocate": {"email": " "}}, "advocate.email"),
        (INVITE, {"input": {"advocate": {"phone": ""}}}, "input.advocate.phone"),
        (ACCEPT, {"code": "C", "friend": {"identifier": {"type": "", "value": "x"}}}, "friend.identifier.type"),
    ],
)
async def test_the_argument_that_names_nobody_is_named(api: Api, query: str, variables: Any, argument: str) -> None:
    (error,) = (await api.ask(query, **variables))["errors"]
    assert error["message"].startswith(argument) and error["extensions"]["code"] == "INVALID_KEY"


async def test_nobody_invites_themselves(api: Api, told: Tell) -> None:
    await people(told)
    for value in ("ana@example.com", " ANA@example.com"):
        friend = {"type": "email", "value": value}
        assert await refused(api, INVITE, input={"advocate": ANA, "friend": friend}) == ("SELF_REFERRAL", ["input", "friend"])
    assert (await api.data(MADE, email=ANA["email"]))["customer"]["referral"]["referred"]["totalCount"] == 0


async def test_an_open_invitation_goes_ahead_of_the_standing_code_of_somebody_else(api: Api, told: Tell) -> None:
    """Who is checked is who is credited."""
    await people(told)
    code = (await done(api, CODE, advocate=ANA))["code"]
    await told(invite("i", 1, by_email("ben@example.com"), code))
    assert await refused(api, ACCEPT, code=code, friend=BEN) == ("SELF_REFERRAL", ["friend"])
    assert (await done(api, ACCEPT, code=code, friend=CHO))["advocate"]["email"] == BEN["email"]


async def test_an_invitation_to_the_friend_goes_ahead_of_one_to_anybody(api: Api, told: Tell) -> None:
    await people(told)
    code = (await done(api, CODE, advocate=CHO))["code"]
    for number, (advocate, friend) in enumerate((("ben", None), ("ana", email("ben@example.com")))):
        named = by_email(f"{advocate}@example.com")
        await told(replace(invite(f"i{number}", number, named, code), friend=friend))
    assert (await done(api, ACCEPT, code=code, friend=BEN))["advocate"]["email"] == ANA["email"]


async def test_who_would_have_closed_a_ring_is_told_what_to_do(api: Api, told: Tell) -> None:
    """The acceptance that a ring set aside stays the earliest: whatever is accepted after it could never count."""
    await people(told)
    ring = [("ana", "ben"), ("ben", "ana")]
    for number, (advocate, friend) in enumerate(ring):
        await told(invite(f"i{number}", number, by_email(f"{advocate}@example.com"), f"ring-{number}"))
        await told(accept(f"a{number}", number + 0.5, f"ring-{number}", by_email(f"{friend}@example.com")))
    code = (await done(api, CODE, advocate=CHO))["code"]
    assert await refused(api, ACCEPT, code=code, friend=ANA) == ("BLOCKED", ["friend"])
    assert (await api.data(MADE, email=CHO["email"]))["customer"]["referral"]["referred"]["totalCount"] == 0
    closed = (await api.data(WITH_IDS, email=BEN["email"]))["customer"]["referral"]["referred"]["nodes"][0]
    assert closed["endedReason"] == "CYCLE"
    await done(api, REVIEW, id=closed["id"], approve=False, reason="they meant the other one")
    assert (await done(api, ACCEPT, code=code, friend=ANA))["referralStatus"] == "ACCEPTED"


async def test_nobody_accepts_from_whoever_was_erased_and_the_chain_stays(api: Api, told: Tell, stack: Stack) -> None:
    await people(told)
    codes = {name: (await done(api, CODE, advocate={"email": f"{name}@example.com"}))["code"] for name in ("ana", "ben")}
    await done(api, ACCEPT, code=codes["ana"], friend=BEN)
    await done(api, ACCEPT, code=codes["ben"], friend=CHO)
    erased = """MATCH (c:Customer)-[:IDENTIFIED_BY]->(i:Identifier {value: 'ben@example.com'})
      SET c.erased_at = datetime('2024-06-01T00:00:00Z'), c.version = c.version + 1 REMOVE c.name"""
    auth = (stack.neo4j_user, stack.neo4j_password)
    async with neo4j.AsyncGraphDatabase.driver(stack.neo4j_uri, auth=auth) as driver:
        await driver.execute_query(erased)
    async with Redis.from_url(stack.redis_url) as redis:
        await redis.flushall()
    await told(IdentifyInput(id="dan", source="crm", at=at(0), identifiers=(email("dan@example.com"),)))
    assert await refused(api, ACCEPT, code=codes["ben"], friend={"email": "dan@example.com"}) == ("ERASED", ["code"])
    chain = (await api.data(CHAIN, email=CHO["email"]))["customer"]["referral"]["chain"]
    assert (chain["length"], [step["customer"]["name"] for step in chain["steps"]]) == (2, [None, None])
    assert chain["steps"][0]["customer"]["erasedAt"] == "2024-06-01T00:00:00Z"
    assert chain["root"]["email"] == ANA["email"]


async def test_old_customers_may_accept_where_they_are_let(api_settings: Settings, told: Tell) -> None:
    await people(told)
    await told(bought("cho", 5))
    async with another(api_settings, referral_old_customers=True) as address, httpx2.AsyncClient(base_url=address) as http:
        api = Api(http)
        code = (await done(api, CODE, advocate=ANA))["code"]
        assert (await done(api, ACCEPT, code=code, friend=CHO))["referralStatus"] == "ACCEPTED"


async def test_codes_are_paged_newest_first(api: Api, told: Tell) -> None:
    await people(told)
    made = [(await done(api, CODE, advocate=ANA))["code"] for _ in range(5)]
    found: list[str] = []
    after = None
    while True:
        page = (await api.data(CODES, email=ANA["email"], first=2, after=after))["customer"]["referral"]["codes"]
        assert page["totalCount"] == 5
        found += [node["code"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == made[::-1]


async def test_of_many_who_accept_at_once_each_is_brought_in_once(api: Api, told: Tell) -> None:
    await people(told)
    codes = [(await done(api, CODE, advocate=each))["code"] for each in (ANA, CHO)]
    friends = [{"identifier": {"type": "user_id", "value": f"friend {number}"}} for number in range(8)]
    asked = [api.data(ACCEPT, code=code, friend=friend) for friend in friends for code in codes]
    payloads = [each["acceptReferral"] for each in await asyncio.gather(*asked)]
    refusals = [payload["userErrors"][0]["code"] for payload in payloads if payload["userErrors"]]
    # The one that came too late was refused at the door, or kept and superseded; both are told. Nobody is where the earlier of
    # two was written last: the other one was right when it was told that it stands.
    assert set(refusals) <= {"DUPLICATE"} and len(refusals) <= len(friends)
    made = [(await api.data(MADE, email=each["email"]))["customer"]["referral"]["referred"]["nodes"] for each in (ANA, CHO)]
    assert sum(node["referralStatus"] == "ACCEPTED" for nodes in made for node in nodes) == len(friends)


FLAGS = """query($email: String!) { customer(by: {email: $email}) { id referral { referred { nodes { id referralStatus
    flags { code evidence { customerIds identifierType note } } } } } } }"""


async def test_a_suspicious_referral_goes_into_review_and_out_of_it(api: Api, told: Tell, services: Services) -> None:
    await people(told)
    await told(
        *(
            IdentifyInput(
                id=f"device {name}",
                source="crm",
                at=at(1),
                identifiers=(email(f"{name}@example.com"),),
                traits={"deviceId": "a-1"},
            )
            for name in ("ana", "ben")
        )
    )
    made = await done(api, CODE, advocate=ANA)
    await done(api, ACCEPT, code=made["code"], friend=BEN)

    async def looked() -> Any:
        """The referral once it has been looked at."""
        while await services.suspects.turn():
            pass
        customer = (await api.data(FLAGS, email="ana@example.com"))["customer"]
        (referral,) = customer["referral"]["referred"]["nodes"]
        return customer["id"], referral

    ana, referral = await looked()
    ben = (await api.data(FLAGS, email="ben@example.com"))["customer"]["id"]
    assert referral["referralStatus"] == "IN_REVIEW"
    evidence = {"customerIds": [ana, ben], "identifierType": None, "note": "devices in common by deviceId: 1"}
    assert referral["flags"] == [{"code": "SHARED_DEVICE", "evidence": [evidence]}]
    reviewed = await done(api, REVIEW, id=referral["id"], approve=True, reason="they are a couple")
    assert reviewed["referralStatus"] == "ACCEPTED"
    assert (await looked())[1]["referralStatus"] == "ACCEPTED"

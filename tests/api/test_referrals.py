"""Who brought whom in, as both sides see it."""

from __future__ import annotations

from graph.events.inputs import AcceptInput, Event, IdentifyInput, InviteInput
from tests.api.conftest import Api, Tell, at, by_email, email

QUERY = """query Q($email: String!, $statuses: [ReferralStatus!], $first: Int, $after: String) {
  customer(by: {email: $email}) { id name referral {
    referredBy { id code acceptedAt referralStatus advocate { email name } friend { id } customer { email } }
    referred(statuses: $statuses, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { id code referralStatus invitedAt invitee { type value } campaign { key } channel { key } friend { name } }
    } } } }"""


async def tell_story(told: Tell) -> None:
    events: list[Event] = [
        IdentifyInput(id=name, source="crm", at=at(0), identifiers=(email(f"{name}@example.com"),), traits={"name": title})
        for name, title in (("haru", "春"), ("natsu", "夏"), ("aki", "秋"))
    ]
    events += [
        InviteInput(
            id="1",
            source="app",
            at=at(1),
            advocate=by_email("haru@example.com"),
            friend=email("natsu@example.com"),
            code="one",
            channel="email",
            campaign="friends",
        ),
        InviteInput(id="2", source="app", at=at(2), advocate=by_email("haru@example.com"), code="two"),
        InviteInput(id="3", source="app", at=at(3), advocate=by_email("natsu@example.com"), code="three"),
        AcceptInput(id="4", source="app", at=at(4), code="one", friend=by_email("natsu@example.com")),
        AcceptInput(id="5", source="app", at=at(5), code="three", friend=by_email("aki@example.com")),
    ]
    await told(*events)


async def test_both_sides_of_a_referral(api: Api, told: Tell) -> None:
    await tell_story(told)
    haru = (await api.data(QUERY, email="haru@example.com"))["customer"]["referral"]
    assert haru["referredBy"] is None
    invited, accepted = haru["referred"]["nodes"]
    assert haru["referred"]["totalCount"] == 2
    assert invited["referralStatus"] == "INVITED" and invited["friend"] is None and invited["invitee"] is None
    assert accepted["referralStatus"] == "ACCEPTED" and accepted["friend"] == {"name": "夏"}
    assert accepted["invitee"] == {"type": "email", "value": "natsu@example.com"} and accepted["campaign"] == {"key": "friends"}
    natsu = (await api.data(QUERY, email="natsu@example.com"))["customer"]
    referral = natsu["referral"]["referredBy"]
    assert referral["id"] == accepted["id"] and referral["acceptedAt"] == "2024-01-01T00:04:00Z"
    assert referral["advocate"] == {"email": "haru@example.com", "name": "春"} and referral["customer"] == {
        "email": "haru@example.com"
    }
    assert referral["friend"] == {"id": natsu["id"]}


async def test_up_the_chain_by_nesting(api: Api, told: Tell) -> None:
    await tell_story(told)
    data = await api.data("""{ customer(by: {email: "aki@example.com"}) { name referral { referredBy { advocate { name
        referral { referredBy { advocate { name referral { referredBy { id } } } } } } } } } }""")
    up = data["customer"]["referral"]["referredBy"]["advocate"]
    assert up["name"] == "夏"
    top = up["referral"]["referredBy"]["advocate"]
    assert top == {"name": "春", "referral": {"referredBy": None}}


async def test_referrals_by_status_and_page(api: Api, told: Tell) -> None:
    await tell_story(told)
    who = "haru@example.com"
    found = (await api.data(QUERY, email=who, statuses=["ACCEPTED", "REWARDED"]))["customer"]["referral"]["referred"]
    assert [node["code"] for node in found["nodes"]] == ["one"] and found["totalCount"] == 1
    first = (await api.data(QUERY, email=who, first=1))["customer"]["referral"]["referred"]
    assert first["pageInfo"]["hasNextPage"] is True
    then = (await api.data(QUERY, email=who, first=1, after=first["pageInfo"]["endCursor"]))["customer"]["referral"]["referred"]
    assert [first["nodes"][0]["code"], then["nodes"][0]["code"]] == ["two", "one"] and then["pageInfo"]["hasNextPage"] is False


async def test_a_referral_by_its_id(api: Api, told: Tell) -> None:
    await tell_story(told)
    referral = (await api.data(QUERY, email="natsu@example.com"))["customer"]["referral"]["referredBy"]
    query = "query Q($id: ID!) { node(id: $id) { id ... on Referral { code customer { email } advocate { email } } } }"
    found = (await api.data(query, id=referral["id"]))["node"]
    haru = {"email": "haru@example.com"}
    assert found == {"id": referral["id"], "code": "one", "customer": haru, "advocate": haru}

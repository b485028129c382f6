"""Merges over GraphQL: previewed, made, listed, explained and taken back; who may, and what is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.services import Services
from graph.events.inputs import CustomerKey, Event, IdentifierKey, IdentifyInput, PurchaseInput, TouchpointInput
from graph.identity.suggestions import renew_suggestions
from graph.money import Money
from graph.store import Transaction
from resolvers import operations
from resolvers.access import Principal
from resolvers.guard import Limits
from resolvers.scopes import IDENTITY, PROFILE
from tests.api.conftest import Api, Tell, at, by_email, email
from tests.api.test_costs import sources
from tests.happenings import accept, invite

MERGE = """mutation($keep: CustomerKey!, $absorb: CustomerKey!, $reason: String = "the same person", $key: String) {
  mergeCustomers(keep: $keep, absorb: $absorb, reason: $reason, idempotencyKey: $key) {
    merge { id mergedAt keptId absorbedId actor undoneAt evidence { rule source weakest from { type value } to { type value } } }
    kept { id email purchases { totalCount } touchpoints { totalCount } } restored { id } userErrors { code path message } } }"""
UNDO = """mutation($id: ID!, $reason: String = "two people", $apart: Boolean, $key: String) {
  undoMerge(id: $id, reason: $reason, keepApart: $apart, idempotencyKey: $key) {
    merge { id undoneAt } kept { id email purchases { totalCount } } restored { id email purchases { totalCount } }
    userErrors { code path message } } }"""
PREVIEW = """query($keep: CustomerKey!, $absorb: CustomerKey!) { mergePreview(keep: $keep, absorb: $absorb) {
    allowed blockers { code path message } kept { email } movedPurchases movedTouchpoints
    conflicts { name value overridden { value } } exposedSelfReferrals { code } } }"""
MERGES = """query($by: CustomerKey!, $first: Int, $after: String) { customer(by: $by) { id merges(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id keptId absorbedId actor undoneAt evidence { rule from { value } to { value } } } } } }"""
EVIDENCE = """query($by: CustomerKey!, $from: IdentifierInput!, $to: IdentifierInput!) { customer(by: $by) {
    identityEvidence(from: $from, to: $to) { from { value } to { value } rule source at weakest } } }"""

LIMITS = Limits(depth=30, aliases=100, selections=1_000, directives=100, cost_mode="off")
ANA, BEN = ({"email": f"{name}@example.com"} for name in ("ana", "ben"))


async def two(told: Tell) -> None:
    stories: list[Event] = [
        IdentifyInput(
            id=name, source="crm", at=at(number), identifiers=(email(f"{name}@example.com"),),
            traits={"name": name.title(), "plan": "gold"},
        )
        for number, name in enumerate(("ana", "ben"))
    ]  # fmt: skip
    stories.append(
        PurchaseInput(
            id="p", source="shop", at=at(5), customer=by_email("ben@example.com"), number="n", items=(), total=Money(500, "USD")
        )
    )
    stories.append(
        TouchpointInput(id="t", source="web", at=at(6), customer=by_email("ben@example.com"), channel="web", type="page_view")
    )
    await told(*stories)


async def payload(api: Api, query: str, /, **variables: Any) -> Any:
    ((_, found),) = (await api.data(query, **variables)).items()
    return found


async def done(api: Api, query: str, /, **variables: Any) -> Any:
    found = await payload(api, query, **variables)
    assert found.pop("userErrors") == []
    return found


async def refused(api: Api, query: str, /, **variables: Any) -> tuple[str, list[str], str]:
    found = await payload(api, query, **variables)
    (error,) = found.pop("userErrors")
    assert set(found.values()) == {None}
    return error["code"], error["path"], error["message"]


async def test_merged_and_taken_back(api: Api, told: Tell) -> None:
    await two(told)
    ids = [(await payload(api, "query($by: CustomerKey!) { customer(by: $by) { id } }", by=by))["id"] for by in (ANA, BEN)]
    preview = await payload(api, PREVIEW, keep=ANA, absorb=BEN)
    assert (preview["allowed"], preview["blockers"], preview["kept"], preview["movedPurchases"], preview["movedTouchpoints"]) == (
        True, [], ANA, 1, 1
    )  # fmt: skip
    assert preview["conflicts"] == [{"name": "name", "value": "Ben", "overridden": [{"value": "Ana"}]}]
    made = await done(api, MERGE, keep=ANA, absorb=BEN)
    merge = made["merge"]
    assert (merge["keptId"], merge["absorbedId"], merge["undoneAt"]) == (*ids, None)
    assert merge["evidence"] == [
        {
            "rule": "merge", "source": "customer360", "weakest": True,
            "from": {"type": "email", "value": "ana@example.com"}, "to": {"type": "email", "value": "ben@example.com"},
        }
    ]  # fmt: skip
    assert made["kept"] == {
        "id": ids[0],
        "email": "ben@example.com",
        "purchases": {"totalCount": 1},
        "touchpoints": {"totalCount": 1},
    }
    both = [(await payload(api, MERGES, by=by)) for by in (ANA, BEN, {"id": ids[1]})]
    assert both[0] == both[1] == both[2] and [node["id"] for node in both[0]["merges"]["nodes"]] == [merge["id"]]
    back = await done(api, UNDO, id=merge["id"])
    assert back["kept"] == {"id": ids[0], **ANA, "purchases": {"totalCount": 0}}
    assert back["restored"] == {"id": ids[1], **BEN, "purchases": {"totalCount": 1}}
    assert back["merge"]["undoneAt"] is not None
    # Both of them were merged once.
    for by in (ANA, BEN):
        (node,) = (await payload(api, MERGES, by=by))["merges"]["nodes"]
        assert node["undoneAt"] == back["merge"]["undoneAt"]
    node = await payload(api, "query($id: ID!) { node(id: $id) { ... on Merge { keptId } } }", id=merge["id"])
    assert node == {"keptId": ids[0]}
    assert await payload(api, "query($id: ID!) { node(id: $id) { id } }", id="mrg_" + "0" * 32) is None


async def test_what_is_asked_twice_is_done_once(api: Api, told: Tell) -> None:
    await two(told)
    first = await done(api, MERGE, keep=ANA, absorb=BEN, key="k")
    assert (await done(api, MERGE, keep=ANA, absorb=BEN, key="k"))["merge"] == first["merge"]
    assert (await refused(api, MERGE, keep=BEN, absorb=ANA, key="k"))[:1] == ("CONFLICT",)
    back = await done(api, UNDO, id=first["merge"]["id"], key="u")
    assert await done(api, UNDO, id=first["merge"]["id"], key="u") == back
    assert (await refused(api, UNDO, id=first["merge"]["id"]))[:2] == ("CONFLICT", ["id"])


async def test_bad_input(api: Api, told: Tell) -> None:
    await two(told)
    nobody = {"id": "cus_" + "0" * 32}
    assert (await refused(api, MERGE, keep=ANA, absorb=ANA))[:2] == ("INVALID", ["absorb"])
    assert (await refused(api, MERGE, keep=nobody, absorb=ANA))[:2] == ("NOT_FOUND", ["keep"])
    assert (await refused(api, MERGE, keep=ANA, absorb={"email": "nobody@example.com"}))[:2] == ("NOT_FOUND", ["absorb"])
    assert (await refused(api, MERGE, keep=ANA, absorb=BEN, reason=" "))[:2] == ("INVALID", ["reason"])
    assert (await refused(api, MERGE, keep=ANA, absorb=BEN, reason="x" * 60_000))[:2] == ("TOO_LARGE", ["reason"])
    assert (await refused(api, UNDO, id="mrg_" + "0" * 32))[:2] == ("NOT_FOUND", ["id"])
    assert await api.codes(UNDO, id="cus_" + "0" * 32) == ["INVALID_ID"]
    assert await api.codes(MERGE, keep={"email": "x" * 10_000}, absorb=ANA) == ["INVALID_KEY"]
    assert await api.codes(PREVIEW, keep=ANA, absorb=nobody) == ["NOT_FOUND"]
    preview = await payload(api, PREVIEW, keep=ANA, absorb=ANA)
    assert not preview["allowed"] and preview["blockers"][0]["code"] == "INVALID"
    found = await payload(api, "{ customers(orderBy: NAME_ASC) { nodes { name } } }")
    assert found["nodes"] == [{"name": "Ana"}, {"name": "Ben"}]


@pytest.mark.parametrize("key", (None, "m"))
async def test_what_needs_more_memory_than_there_is_says_how_to_have_it(
    api: Api, told: Tell, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    """As a celebrity does who is absorbed: nothing is done, and it can be done once there is more."""
    await two(told)
    given = {"keep": ANA, "absorb": BEN, "key": key}
    with monkeypatch.context() as patched:
        patched.setattr("graph.events.keep.hand_over", outgrown)
        code, _, message = await refused(api, MERGE, **given)
    assert code == "TOO_LARGE" and "have db.memory.transaction.max raised" in message
    assert (await done(api, MERGE, **given))["kept"]["purchases"]["totalCount"] == 1


async def outgrown(transaction: Transaction, *_: object) -> None:
    # A sort that keeps all of its rows: more than 384 MB of them.
    hungry = await transaction._transaction.run("UNWIND range(1, 6000000) AS n WITH [n, n] AS n ORDER BY n[1] RETURN count(n)")
    await hungry.consume()


async def test_a_referral_between_them_is_exposed(api: Api, told: Tell) -> None:
    await two(told)
    await told(invite("i", 1, by_email("ana@example.com"), "code"), accept("a", 2, "code", by_email("ben@example.com")))
    for keep, absorb in ((ANA, BEN), (BEN, ANA)):
        preview = await payload(api, PREVIEW, keep=keep, absorb=absorb)
        assert preview["allowed"] and preview["exposedSelfReferrals"] == [{"code": "code"}]


async def test_why_two_identifiers_are_one_person(api: Api, told: Tell) -> None:
    await two(told)
    device = IdentifierKey("anonymous_id", "cookie")
    for number, name in enumerate(("ana", "ben")):
        event = IdentifyInput(
            id=f"d{number}", source=f"web{number}", at=at(10 + number), identifiers=(email(f"{name}@example.com"), device)
        )
        await told(event)
    between = {"from": {"type": "email", "value": "ANA@example.com"}, "to": {"type": "email", "value": "ben@example.com"}}
    links = (await payload(api, EVIDENCE, by=ANA, **between))["identityEvidence"]
    assert [(link["from"]["value"], link["to"]["value"], link["source"], link["weakest"]) for link in links] == [
        ("ana@example.com", "cookie", "web0", False),
        ("cookie", "ben@example.com", "web1", True),
    ]
    same = {"from": between["from"], "to": between["from"]}
    assert (await payload(api, EVIDENCE, by=ANA, **same))["identityEvidence"] == []
    elsewhere = {"from": between["from"], "to": {"type": "email", "value": "cho@example.com"}}
    assert (await payload(api, EVIDENCE, by=ANA, **elsewhere))["identityEvidence"] is None
    # What evidence joined is logged as well, and undone for good.
    (merge,) = (await payload(api, MERGES, by=ANA))["merges"]["nodes"]
    assert merge["actor"] == "customer360"
    assert [link["rule"] for link in merge["evidence"]] == ["identify", "identify"]
    back = await done(api, UNDO, id=merge["id"])
    assert back["kept"]["id"] != back["restored"]["id"]
    assert (await payload(api, EVIDENCE, by=ANA, **between))["identityEvidence"] is None


@pytest.mark.parametrize("name", ["ana", "ben"])
async def test_what_an_identifier_joined_that_neither_had_restores_the_two(api: Api, told: Tell, name: str) -> None:
    """Both became part of a customer named after their device, which was seen before them and stays with one of the two."""
    await two(told)
    before = (await payload(api, MERGES, by={"email": f"{name}@example.com"}))["id"]
    device = IdentifierKey("anonymous_id", "cookie")
    visit = TouchpointInput(
        id="visit", source="web", at=at(-3), customer=CustomerKey(identifier=device), channel="web", type="page_view"
    )
    links = [
        IdentifyInput(id=f"web-{each}", source="web", at=at(minutes), identifiers=(device, email(f"{each}@example.com")))
        for minutes, each in ((-2, "ana"), (-1, "ben"))
    ]
    await told(visit, *links)
    merges = (await payload(api, MERGES, by=ANA))["merges"]["nodes"]
    assert len(merges) == 2
    (merge,) = [each for each in merges if each["absorbedId"] == before]
    back = await done(api, UNDO, id=merge["id"])
    assert {back[side]["email"] for side in ("kept", "restored")} == {"ana@example.com", "ben@example.com"}
    assert back["restored"]["email"] == f"{name}@example.com"


async def test_merges_are_paged_newest_first(api: Api, told: Tell) -> None:
    await two(told)
    made = []
    for _ in range(3):
        made.append((await done(api, MERGE, keep=ANA, absorb=BEN))["merge"]["id"])
        await done(api, UNDO, id=made[-1])
    page = (await payload(api, MERGES, by=BEN, first=2))["merges"]
    assert [node["id"] for node in page["nodes"]] == made[:0:-1] and page["pageInfo"]["hasNextPage"]
    page = (await payload(api, MERGES, by=BEN, first=2, after=page["pageInfo"]["endCursor"]))["merges"]
    assert [node["id"] for node in page["nodes"]] == made[:1] and not page["pageInfo"]["hasNextPage"]


async def test_what_other_evidence_says_blocks_unless_they_are_kept_apart(api: Api, told: Tell) -> None:
    await two(told)
    merge = (await done(api, MERGE, keep=ANA, absorb=BEN))["merge"]["id"]
    await told(IdentifyInput(id="x", source="web", at=at(9), identifiers=(email("ana@example.com"), email("ben@example.com"))))
    code, path, message = await refused(api, UNDO, id=merge)
    assert (code, path) == ("BLOCKED", ["id"]) and "identify from web" in message and "example.com" not in message
    back = await done(api, UNDO, id=merge, apart=True)
    assert back["restored"]["email"] == "ben@example.com"


@pytest.mark.parametrize(("query", "scopes"), ((MERGE, {PROFILE}), (UNDO, {PROFILE}), (EVIDENCE, {IDENTITY})))
async def test_who_may_not(services: Services, told: Tell, query: str, scopes: set[str]) -> None:
    await two(told)
    key = {"identifier": {"type": "user_id", "value": "u"}}
    named = {"type": "user_id", "value": "u"}
    variables = {"keep": key, "absorb": key, "id": "mrg_" + "0" * 32, "by": key, "from": named, "to": named}
    wanted = {name: value for name, value in variables.items() if f"${name}:" in query}
    given = await operations.answer(
        query, sources(services, LIMITS), Principal(id="p", scopes=frozenset(scopes)), variables=wanted
    )
    _, errors = orjson.loads(orjson.dumps([given.data, given.errors]))
    assert [error["extensions"]["code"] for error in errors] == ["FORBIDDEN"]


async def test_personal_identifiers_are_no_oracle_for_evidence(services: Services, told: Tell) -> None:
    await two(told)
    reader = Principal(id="p", scopes=frozenset({PROFILE}))
    found = await operations.answer("{ customers(first: 1) { nodes { id } } }", sources(services, LIMITS), reader)
    id = orjson.loads(orjson.dumps(found.data))["customers"]["nodes"][0]["id"]
    ana = {"type": "email", "value": "ana@example.com"}
    given = await operations.answer(
        EVIDENCE, sources(services, LIMITS), reader, variables={"by": {"id": id}, "from": ana, "to": ana}
    )
    (error,) = orjson.loads(orjson.dumps(given.errors))
    assert error["extensions"]["code"] == "FORBIDDEN"


SUGGESTED = """query($first: Int, $after: String) { mergeSuggestions(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { id score reasons customers { email } } } }"""


async def test_likely_duplicates_are_suggested(api: Api, told: Tell, services: Services) -> None:
    assert (await payload(api, SUGGESTED))["nodes"] == []
    for number, name in enumerate(("ana", "ana.s", "ana.sato")):
        traits = {"name": "Ana Sato" if number else "Anna Sato", "birthDate": "1990-01-02"}
        identifiers = (email(f"{name}@example.com"),)
        await told(IdentifyInput(id=name, source="crm", at=at(number), identifiers=identifiers, traits=traits))
    await renew_suggestions(services.store)
    page = await payload(api, SUGGESTED, first=2)
    assert page["nodes"][0]["score"] == 1 and page["nodes"][0]["reasons"] == ["the same name", "the same date of birth"]
    assert {each["email"] for each in page["nodes"][0]["customers"]} == {"ana.s@example.com", "ana.sato@example.com"}
    rest = await payload(api, SUGGESTED, first=2, after=page["pageInfo"]["endCursor"])
    assert page["pageInfo"]["hasNextPage"] and len(rest["nodes"]) == 1 and not rest["pageInfo"]["hasNextPage"]
    keep, absorb = ({"email": each["email"]} for each in page["nodes"][0]["customers"])
    await done(api, MERGE, keep=keep, absorb=absorb)
    assert page["nodes"][0]["id"] not in {each["id"] for each in (await payload(api, SUGGESTED))["nodes"]}

"""Down the referral network over GraphQL: what clients are told of networks, and how they page through them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.server import sources_of
from app.services import Services
from graph.events.inputs import Event, IdentifyInput, PurchaseInput
from graph.money import Money
from graph.referrals import networks
from resolvers import operations
from resolvers.access import Principal
from resolvers.documents import Documents
from resolvers.guard import Limits
from resolvers.scopes import PROFILE, REFERRAL
from resolvers.value import QuintileCopy
from tests.api.conftest import Api, Tell, at, by_email, email
from tests.api.whoever import own
from tests.happenings import accept, invite

FIGURES = """query($email: String!, $depth: Int, $period: Period, $currency: CurrencyCode) {
  customer(by: {email: $email}) { referral { network(maxDepth: $depth, period: $period, currency: $currency) {
    size depth converted revenue { amount currency } truncated
    generations { depth customers converted revenue { amount } } } } } }"""
MEMBERS = """query($email: String!, $depth: Int, $period: Period, $first: Int, $after: String) {
  customer(by: {email: $email}) { id referral { network(maxDepth: $depth, period: $period) {
    members(first: $first, after: $after) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
      edges { cursor node { customer { id name } referrerId depth referral { code advocate { id } } } } } } } } }"""

#: Who brought whom in, at which minute.
FOREST = {"ben": ("ana", 10), "eve": ("ana", 12), "cho": ("ben", 20), "fay": ("eve", 15), "dan": ("cho", 30), "hal": ("gus", 5)}
SPENT = {"ben": (40, 10_000, "USD"), "fay": (50, 2_500, "USD"), "dan": (60, 1_000, "EUR"), "ana": (70, 99_900, "USD")}
BEGIN, LATE, END = (f"2024-01-01T00:{minute}:00Z" for minute in ("11", "45", "59"))


@pytest.fixture
async def forest(told: Tell) -> None:
    names = sorted({*FOREST, *(high for high, _ in FOREST.values())})
    events: list[Event] = [
        IdentifyInput(id=name, source="crm", at=at(0), identifiers=(email(f"{name}@example.com"),), traits={"name": name})
        for name in names
    ]
    for low, (high, minute) in FOREST.items():
        events.append(invite(f"i-{low}", 1, by_email(f"{high}@example.com"), f"{high}>{low}"))
        accepted = accept(f"a-{low}", 2, f"{high}>{low}", by_email(f"{low}@example.com"))
        events.append(type(accepted)(id=accepted.id, source="s", at=at(minute), code=accepted.code, friend=accepted.friend))
    for name, (minute, amount, currency) in SPENT.items():
        events.append(
            PurchaseInput(
                id=f"p-{name}",
                source="shop",
                at=at(minute),
                customer=by_email(f"{name}@example.com"),
                number=name,
                items=(),
                total=Money(amount, currency),
            )
        )
    await told(*events)


async def network(api: Api, name: str, query: str = FIGURES, /, **variables: Any) -> Any:
    data = await api.data(query, email=f"{name}@example.com", **variables)
    return data["customer"]["referral"]["network"]


async def test_a_network_is_summed_by_generation(api: Api, forest: None) -> None:
    found = await network(api, "ana")
    assert (found["size"], found["depth"], found["converted"], found["truncated"]) == (5, 3, 3, False)
    # 125.00 dollars, and ten euros at 1.10.
    assert found["revenue"] == {"amount": "136.00", "currency": "USD"}
    assert [(each["customers"], each["converted"], each["revenue"]["amount"]) for each in found["generations"]] == [
        (2, 1, "100.00"),
        (2, 1, "25.00"),
        (1, 1, "11.00"),
    ]
    assert [each["depth"] for each in found["generations"]] == [1, 2, 3]
    assert (await network(api, "ana", currency="EUR"))["revenue"] == {"amount": "123.64", "currency": "EUR"}
    alone = {"size": 0, "depth": 0, "converted": 0, "truncated": False, "generations": []}
    assert await network(api, "dan") == alone | {"revenue": {"amount": "0.00", "currency": "USD"}}


async def test_a_network_beyond_the_bound_says_so(api: Api, forest: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MOST", 1)
    found = await network(api, "ana")
    assert (found["size"], found["depth"], found["truncated"]) == (2, 1, True)
    assert (await network(api, "ana", MEMBERS))["members"]["totalCount"] is None
    assert not (await network(api, "gus"))["truncated"]


async def test_a_depth_leaves_out_what_is_below(api: Api, forest: None) -> None:
    found = await network(api, "ana", depth=2)
    assert (found["size"], found["depth"], found["revenue"]["amount"], found["truncated"]) == (4, 2, "125.00", False)
    page = await network(api, "ana", MEMBERS, depth=1)
    assert (page["members"]["totalCount"], len(page["members"]["edges"])) == (2, 2)


async def test_a_period_counts_acceptances_and_purchases_of_its_own(api: Api, forest: None) -> None:
    found = await network(api, "ana", period={"from": BEGIN, "to": LATE})
    # Ben accepted before, and bought in it; Dan's purchase came later, and made him a convert.
    assert (found["size"], found["depth"], found["converted"], found["revenue"]["amount"]) == (4, 3, 2, "100.00")
    assert [each["customers"] for each in found["generations"]] == [1, 2, 1]
    page = (await network(api, "ana", MEMBERS, period={"from": BEGIN, "to": LATE}))["members"]
    assert [edge["node"]["customer"]["name"] for edge in page["edges"]] == ["eve", "cho", "fay", "dan"]
    assert page["totalCount"] == 4
    later = await network(api, "ana", period={"from": LATE, "to": END})
    assert (later["size"], later["depth"], later["converted"], later["revenue"]["amount"]) == (0, 0, 0, "25.00")


async def test_members_come_nearest_first_page_by_page(api: Api, forest: None) -> None:
    seen, after = [], None
    for turn in range(3):
        data = await api.data(MEMBERS, email="ana@example.com", first=2, after=after)
        page = data["customer"]["referral"]["network"]["members"]
        assert page["totalCount"] == 5
        assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (turn < 2, turn > 0)
        seen += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert [(each["customer"]["name"], each["depth"], each["referral"]["code"]) for each in seen] == [
        ("ben", 1, "ana>ben"),
        ("eve", 1, "ana>eve"),
        ("cho", 2, "ben>cho"),
        ("fay", 2, "eve>fay"),
        ("dan", 3, "cho>dan"),
    ]
    assert all(each["referrerId"] == each["referral"]["advocate"]["id"] for each in seen)
    assert seen[2]["referrerId"] == seen[0]["customer"]["id"]
    last = (await network(api, "ana", MEMBERS, first=2, after=after))["members"]
    assert (last["edges"], last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == ([], False, True)
    nobody = (await network(api, "dan", MEMBERS))["members"]
    assert (nobody["edges"], nobody["totalCount"], nobody["pageInfo"]["endCursor"]) == ([], 0, None)


@pytest.mark.parametrize("depth", (0, -1, 1_001, 1_000_000_000))
async def test_a_depth_that_is_none_is_refused(api: Api, forest: None, depth: int) -> None:
    assert await api.codes(FIGURES, email="ana@example.com", depth=depth) == ["INVALID_DEPTH"]
    assert await api.codes(MEMBERS, email="ana@example.com", depth=depth) == ["INVALID_DEPTH"]


async def test_bad_input_is_told_of(api: Api, forest: None) -> None:
    backwards = {"from": END, "to": BEGIN}
    assert await api.codes(FIGURES, email="ana@example.com", period=backwards) == ["INVALID_PERIOD"]
    assert set(await api.codes(FIGURES, email="ana@example.com", currency="CHF")) == {"CURRENCY_NOT_CONVERTIBLE"}
    for size in (0, -1, 101):
        assert await api.codes(MEMBERS, email="ana@example.com", first=size) == ["INVALID_PAGE_SIZE"]
    assert await api.codes(MEMBERS, email="ana@example.com", after="no cursor") == ["INVALID_CURSOR"]
    own_cursor = (await network(api, "ana", MEMBERS))["members"]["edges"][0]["cursor"]
    for other_list in ({"depth": 2}, {"period": {"from": BEGIN, "to": END}}):
        assert await api.codes(MEMBERS, email="ana@example.com", after=own_cursor, **other_list) == ["INVALID_CURSOR"]
    # A member of another network is no place to go on from.
    other = (await network(api, "gus", MEMBERS))["members"]["edges"][0]["cursor"]
    assert await api.codes(MEMBERS, email="ana@example.com", after=other) == ["INVALID_CURSOR"]


async def test_names_are_masked_and_figures_still_count(services: Services, forest: None) -> None:
    """Customers see by tokens of their own how many they brought in, and who; not what these spend."""

    async def asked(principal: Principal, query: str, **variables: Any) -> Any:
        limits = Limits(depth=30, aliases=100, selections=1_000, directives=100, cost_mode="off")
        sources = replace(sources_of(services, QuintileCopy(_no_quintiles)), documents=Documents(limits))
        given = await operations.answer(query, sources, principal, variables=variables)
        return orjson.loads(orjson.dumps([given.data, given.errors]))

    data, _ = await asked(own("email", "ana@example.com"), FIGURES.replace(" revenue { amount }", ""), email="ana@example.com")
    found = data["customer"]["referral"]["network"]
    assert (found["size"], found["converted"], found["revenue"]) == (5, 3, None)
    # What was between others is theirs.
    own_members = MEMBERS.replace(" referral { code advocate { id } }", "")
    data, _ = await asked(own("email", "ana@example.com"), own_members, email="ana@example.com")
    edges = data["customer"]["referral"]["network"]["members"]["edges"]
    assert [edge["node"]["customer"]["name"] for edge in edges] == ["b•••", "e•••", "c•••", "f•••", "d•••"]
    reader, id = Principal(id="p", scopes=frozenset({PROFILE, REFERRAL})), data["customer"]["id"]
    for query in (FIGURES, MEMBERS):
        by_id = query.replace("$email: String!", "$id: ID!").replace("{email: $email}", "{id: $id}")
        data, errors = await asked(reader, by_id, id=id)
        found = data["customer"]["referral"]["network"]
        assert errors == []
        if query is FIGURES:
            assert (found["size"], found["revenue"]["amount"]) == (5, "136.00")
        else:
            assert [edge["node"]["customer"]["name"] for edge in found["members"]["edges"]][:2] == ["b•••", "e•••"]
    data, errors = await asked(Principal(id="p", scopes=frozenset({PROFILE})), by_id, id=id)
    assert data["customer"]["referral"] is None and errors[0]["extensions"]["code"] == "FORBIDDEN"


async def _no_quintiles() -> None:
    return None

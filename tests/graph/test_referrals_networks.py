"""Down the forest: sizes, conversions and sums of networks, and pages of their members, against brute force by networkx."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from graph.customers import ProfileKey, load_profiles
from graph.doctor import examine
from graph.events import record
from graph.events.inputs import Event, ReferralReviewInput
from graph.referrals import Rule, members, networks
from graph.referrals.members import Member, Selection, page_members
from graph.referrals.networks import Network, trace_network, trace_network_in_period
from graph.referrals.spans import Span
from graph.referrals.totals import follow_all
from graph.statements import Statement, statement
from graph.store import Store
from tests.graph.conftest import AskCypher
from tests.graph.test_referrals_life import accept, buy, invite, made_by, profile, refund, told
from tests.happenings import at, identify
from tests.referral_oracle import Oracle, Period, history

pytestmark = pytest.mark.usefixtures("graph")

RULE = Rule(days=30, least={"USD": 2_000, "EUR": 2_000})
PERIOD: Period = (at(40), at(160))


async def told_by_chance(store: Store, events: list[Event], seed: int) -> None:
    chance = random.Random(seed)
    rest = list(events)
    while rest:
        size = chance.randint(1, 30)
        batch, rest = rest[:size], rest[size:]
        assert (await record(store, batch, rule=RULE)).rejected == ()


async def names_of(store: Store, oracle: Oracle) -> dict[str, str]:
    """Names of customers, by id."""
    names = sorted(set(oracle.people.values()))
    profiles = await load_profiles(store, [ProfileKey.of("user_id", name) for name in names])
    return {found.id: name for name, found in zip(names, profiles, strict=True) if found is not None}


def rows(network: Network) -> list[tuple[int, int, dict[str, int]]]:
    return [(each.customers, each.converted, {key: sum for key, sum in each.net.items() if sum}) for each in network.generations]


@pytest.mark.parametrize("seed", range(6))
async def test_networks_are_what_brute_force_says(graph: Store, seed: int) -> None:
    events = history(seed)
    oracle = Oracle(events, RULE)
    await told_by_chance(graph, events, seed)
    names = await names_of(graph, oracle)
    for id, name in names.items():
        assert rows(await trace_network(graph, id)) == oracle.network(name), name
        assert rows(await trace_network(graph, id, depth=2)) == oracle.network(name, depth=2), name
        in_period = await trace_network_in_period(graph, id, Span(*PERIOD))
        assert rows(in_period) == oracle.network(name, period=PERIOD), name
        assert in_period.depth <= len(in_period.generations)
        listed = await page_members(graph, Selection(root=id), limit=100)
        assert [(names[one.customer], names[one.advocate], one.depth) for one in listed] == oracle.members(name)
        chosen = Selection(root=id, depth=2, span=Span(*PERIOD))
        found = await page_members(graph, chosen, limit=100)
        assert [(names[one.customer], names[one.advocate], one.depth) for one in found] == oracle.members(name, 2, PERIOD)
    assert await examine(graph, rule=RULE) == []


@pytest.mark.parametrize(("together", "counted"), ((members.TOGETHER, True), (members.TOGETHER, False), (3, True), (1, False)))
@pytest.mark.parametrize("seed", (1, 2))
async def test_pages_from_any_member_on_are_the_whole_list(
    graph: Store, monkeypatch: pytest.MonkeyPatch, seed: int, together: int, *, counted: bool
) -> None:
    """Also where one statement goes less far than the network is deep, and of what is between not all is gone on from at once."""
    for name, value in (("TOGETHER", together), ("FEW", 4), ("MORE", 2), ("MANY", 6)):
        monkeypatch.setattr(members, name, value)
    chance = random.Random(seed)
    # Long and wide: half of them brought in somebody, some a dozen.
    above = {number: chance.choice((chance.randrange(number), number - 1, 0)) for number in range(1, 60)}
    events = [event for low, high in above.items() for event in brings(high, low)]
    await told(graph, events)
    if counted:
        await follow_all(graph, weights={})
    oracle = Oracle(events)
    names = await names_of(graph, oracle)
    root = next(id for id, name in names.items() if name == "u00")
    everybody = [name for name, _, _ in oracle.members("u00")]
    middle = Span(at(20), at(40))
    lately = [name for name, _, _ in oracle.members("u00", period=(middle.since, middle.until))]
    assert 15 < len(lately) < len(everybody)
    for selection, expected in ((Selection(root=root), everybody), (Selection(root=root, span=middle), lately)):
        for size in (1, 2, 3, 7):
            assert [names[member.customer] async for member in _listed(graph, selection, size)] == expected, size


async def _listed(graph: Store, selection: Selection, size: int) -> AsyncIterator[Member]:
    """By pages of this size."""
    after: str | None = None
    while True:
        page = await page_members(graph, selection, limit=size + (after is not None), after=after)
        assert after is None or page.pop(0).customer == after
        if not page:
            return
        for member in page:
            yield member
        after = page[-1].customer


def brings(advocate: int, friend: int) -> list[Event]:
    return [invite(f"{friend}", friend, f"u{advocate:02d}"), accept(f"{friend}", friend + 0.5, f"u{friend:02d}")]


async def test_a_page_asks_the_nearest_advocates_first(graph: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far down, the next members are found without walking down from the root again."""
    chain = [event for number in range(20) for event in brings(number, number + 1)]
    fans = [event for number in range(30, 40) for event in brings(20, number)]
    await told(graph, chain + fans)
    (root,) = [each.id for each in await load_profiles(graph, [ProfileKey.of("user_id", "u00")]) if each]
    listed = await page_members(graph, Selection(root=root), limit=100)
    asked: list[tuple[str, int | None]] = []
    read = graph._read

    async def counted(statement: Statement, parameters: dict[str, Any]) -> list[Any]:
        asked.append((statement.name, parameters.get("skip")))
        return await read(statement, parameters)

    monkeypatch.setattr(graph, "_read", counted)
    page = await page_members(graph, Selection(root=root), limit=3, after=listed[-8].customer)
    assert page == listed[-8:-5]
    assert asked == [("referrals/find_place", None), ("referrals/page_members", 21 - members.TOGETHER)]


async def test_whoever_left_the_network_is_no_place_to_go_on_from(graph: Store) -> None:
    await told(graph, [*brings(0, 1), *brings(1, 2), *brings(3, 4)])
    ids = [(await profile(graph, f"u{number:02d}")).id for number in range(5)]
    assert [one.customer for one in await page_members(graph, Selection(root=ids[0]), limit=9)] == ids[1:3]
    for gone in (ids[4], ids[0], "cus_0"):
        with pytest.raises(LookupError):
            await page_members(graph, Selection(root=ids[0]), limit=9, after=gone)
    with pytest.raises(LookupError):
        await page_members(graph, Selection(root=ids[0], depth=1), limit=9, after=ids[2])


async def test_bounds_cut_networks_short_and_say_so(graph: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fan = [event for number in range(1, 6) for event in brings(0, number)]
    await told(graph, [*fan, *brings(1, 6), *brings(6, 7)])
    root = (await profile(graph, "u00")).id
    whole = await trace_network(graph, root)
    assert ([each.customers for each in whole.generations], whole.truncated) == ([5, 1, 1], False)
    monkeypatch.setattr(networks, "MOST", 4)
    cut = await trace_network(graph, root)
    assert ([each.customers for each in cut.generations], cut.truncated) == ([5], True)
    # What was not asked for isn't missing.
    assert not (await trace_network(graph, root, depth=1)).truncated
    monkeypatch.setattr(networks, "MOST", 5)
    cut = await trace_network(graph, root)
    assert ([each.customers for each in cut.generations], cut.truncated) == ([5, 1], True)
    monkeypatch.setattr(networks, "MOST", 7)
    assert await trace_network(graph, root) == whole
    monkeypatch.setattr(networks, "MOST_IN_PERIOD", 6)
    found = await trace_network_in_period(graph, root, Span(at(0), at(100)))
    assert ([each.customers for each in found.generations], found.truncated) == ([5, 1], True)


async def test_a_period_is_listed_to_its_end_however_many_are_in_the_network(
    graph: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while something waits to be counted, so that nobody can say how deep it is without a walk."""
    monkeypatch.setattr(networks, "MOST", 4)
    await told(graph, [event for number in range(20) for event in brings(number // 2, number + 1)])
    await follow_all(graph, weights={})
    await told(graph, brings(90, 91))
    root = (await profile(graph, "u00")).id
    chosen = Selection(root=root, span=Span(at(0), at(100)))
    assert (await trace_network(graph, root)).truncated
    assert len([member async for member in _listed(graph, chosen, 3)]) == 20


def test_each_statement_goes_as_far_as_is_counted_on() -> None:
    seeks = statement("referrals/page_members").text.count("USING INDEX SEEK r:REFERRED(member_key)")
    assert seeks == members.TOGETHER
    walks = statement("referrals/trace_network").text.count("[r:REFERRED]->")
    assert walks == networks.TOGETHER


async def test_deeper_than_one_statement_goes(graph: Store) -> None:
    chain = [event for number in range(40) for event in brings(number, number + 1)]
    await told(graph, [*chain, *brings(40, 41), *brings(40, 42)])
    root = (await profile(graph, "u00")).id
    found = await trace_network(graph, root)
    assert ([each.customers for each in found.generations], found.truncated) == ([1] * 40 + [2], False)
    assert networks.TOGETHER < 40 and members.TOGETHER < 40
    assert (await trace_network(graph, root, depth=25)).size == 25
    listed = await page_members(graph, Selection(root=root), limit=100)
    assert [one.depth for one in listed] == [*range(1, 41), 41, 41]
    assert await page_members(graph, Selection(root=root), limit=3, after=listed[30].customer) == listed[30:33]


async def test_a_customer_that_is_named_by_an_old_id_has_the_same_network(graph: Store) -> None:
    await told(graph, [*brings(0, 1), identify("i", 0, ("user_id", "u99"))])
    old = (await profile(graph, "u99")).id
    await told(graph, [identify("m", 3, ("user_id", "u00"), ("user_id", "u99"))])
    assert (await trace_network(graph, old)).size == 1
    assert len(await page_members(graph, Selection(root=old), limit=9)) == 1


async def test_more_currencies_than_one_statement_sums(graph: Store) -> None:
    currencies = ("USD", "EUR", "GBP", "JPY", "CHF", "SEK", "NOK", "KWD", "PLN")
    spent = {currency: 100 + number for number, currency in enumerate(currencies)}
    bought = [buy(currency, 5, amount, currency, "u01") for currency, amount in spent.items()]
    await told(graph, [*brings(0, 1), *bought, *brings(1, 2), buy("more", 5, 11, "SEK", "u02")])
    root = (await profile(graph, "u00")).id
    network = await trace_network(graph, root)
    assert [dict(each.net) for each in network.generations] == [spent, {"SEK": 11}]
    assert network.net == spent | {"SEK": spent["SEK"] + 11}


async def test_edges_follow_what_their_friends_do(graph: Store, ask: AskCypher) -> None:
    """Whatever comes first: the acceptance, the purchase, the refund, the review, the merge."""
    spent = buy("1", 5, 5_000, friend="u01")
    await told(graph, [*brings(0, 1), spent])
    root = (await profile(graph, "u00")).id

    async def figures() -> tuple[int, int, dict[str, int]]:
        network = await trace_network(graph, root)
        assert await examine(graph) == []
        return network.size, network.converted, network.net

    assert await figures() == (1, 1, {"USD": 5_000})
    await told(graph, [refund("1", 6, 1_500)])
    assert await figures() == (1, 1, {"USD": 3_500})
    (referral,) = await made_by(graph, "u00")
    review = ReferralReviewInput(id="v1", source="desk", at=at(8), referral=referral.id, approve=False, reason="it is a bot")
    await told(graph, [review])
    assert await figures() == (0, 0, {})
    again = ReferralReviewInput(id="v2", source="desk", at=at(9), referral=referral.id, approve=True, reason="it is none")
    await told(graph, [again])
    assert await figures() == (1, 1, {"USD": 3_500})
    await told(graph, [buy("2", 7, 100, "EUR", "other"), identify("m", 9, ("user_id", "u01"), ("user_id", "other"))])
    assert await figures() == (1, 1, {"USD": 3_500, "EUR": 100})
    await told(graph, [refund("1", 10, 3_500)])
    assert await figures() == (1, 0, {"EUR": 100})
    # An edge that says something else is found.
    await ask("MATCH ()-[r:REFERRED]->() SET r.converted = 1, r.net_USD = 7")
    assert [finding.what for finding in await examine(graph)] == ["referred converted", "referred net_USD"]

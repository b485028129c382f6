"""What is kept, spoiled by hand: the doctor names each difference, and finds none where nothing was spoiled."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest

from graph.doctor import examine, findings
from graph.events import record
from graph.events.inputs import Event, IdentifierKey
from graph.store import Store
from tests.graph.conftest import AskCypher
from tests.graph.histories import history
from tests.graph.test_events import ANA, HISTORY
from tests.happenings import accept, cart, identify, invite, purchase, refund, review, status, touchpoint, user

#: More than HISTORY tells: a parked acceptance, a statement whose thing is still to come, a friend too many for a code.
MORE: list[Event] = [
    accept("m1", 30, "NOBODY-S", user("cem")),
    refund("m2", 31, "p-unknown", "5"),
    invite("m3", 32, ANA, "ANA-2"),
    accept("m4", 33, "ANA-2", user("dia")),
    accept("m5", 34, "ANA-2", user("eli")),
    review("m6", 35, user("dia"), 2, "sku-p1"),
    purchase("m7", 36, user("dia"), "p3", "12", channel="store"),
    purchase("m8", 37, user("dia"), "p3", "12", channel="app"),
    refund("m9", 38, "p3", "12"),
    cart("m10", 39, user("dia"), "c9", "s1"),
]


@pytest.fixture
async def rich(graph: Store) -> Store:
    """A graph with everything in it that the doctor looks at."""
    for events in (HISTORY, MORE, history("ann", events=60, seed=1), history("bob", events=60, seed=2)):
        assert (await record(graph, events, weights={"USD": 1.0})).rejected == ()
    return graph


async def test_nothing_is_found_where_nothing_is_wrong(rich: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await examine(rich) == []
    # Nor when each page ends in the middle of something.
    monkeypatch.setattr(findings, "PAGE", 3)
    monkeypatch.setattr(findings, "HEAVY_PAGE", 2)
    assert await examine(rich) == []


async def test_what_lies_on_any_page_is_found(rich: Store, ask: AskCypher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "PAGE", 3)
    monkeypatch.setattr(findings, "HEAVY_PAGE", 2)
    spoiled = await ask("MATCH (p:Purchase) SET p.purchase_status = 'LOST' RETURN p.id")
    found = [each.where for each in await examine(rich) if each.what == "purchase status"]
    assert sorted(found) == sorted(spoiled) and len(found) > 20


#: How each kind is spoiled, giving where; what is found there: what, expected and actual.
SPOILED: dict[str, tuple[str, set[tuple[str, str, str]]]] = {
    "a customer's revenue": (
        "MATCH (c:Customer {name: 'Ana'}) SET c.revenue_USD = 1 RETURN c.id",
        {("customer revenue_USD", "3500", "1")},
    ),
    "a customer's refunds in a currency never heard of": (
        "MATCH (c:Customer {name: 'Ana'}) SET c.refunds_JPY = 7 RETURN c.id",
        {("customer refunds_JPY", "None", "7")},
    ),
    "an identifier's revenue": (
        "MATCH (i:Identifier {value: 'ana'})<-[:IDENTIFIED_BY]-(c:Customer) SET i.revenue_USD = 1, c.revenue_USD = 1 RETURN i.id",
        {("identifier revenue_USD", "3500", "1")},
    ),
    "contacts on a channel": (
        "MATCH (i:Identifier {value: 'ana'})-[use:USES]->(:Channel {key: 'app'}) SET use.touchpoints = 9 RETURN i.id",
        {("identifier uses app touchpoints", "1", "9")},
    ),
    "purchases on a channel": (
        "MATCH (i:Identifier {value: 'dia'})-[use:USES]->(:Channel {key: 'store'}) SET use.purchases = 1 RETURN i.id",
        {("identifier uses store purchases", "0", "1")},
    ),
    "the first use of a channel": (
        "MATCH (i:Identifier {value: 'a-1'})-[use:USES]->() SET use.first_at = datetime('2025-01-01T00:00Z') RETURN i.id",
        {("identifier uses web first_at", "2026-01-01T02:00:00+00:00", "2025-01-01T00:00:00+00:00")},
    ),
    "the last use of a channel": (
        "MATCH (i:Identifier {value: 'ana'})-[use:USES]->(:Channel {key: 'web'}) "
        "SET use.last_at = datetime('2026-02-01T00:00Z') RETURN i.id",
        {("identifier uses web last_at", "2026-01-01T12:00:00+00:00", "2026-02-01T00:00:00+00:00")},
    ),
    "a channel that is used": (
        "MATCH (i:Identifier {value: 'a-1'})-[use:USES]->() DELETE use RETURN i.id",
        {
            ("identifier uses web touchpoints", "1", "None"),
            ("identifier uses web purchases", "0", "None"),
            ("identifier uses web first_at", "2026-01-01T02:00:00+00:00", "None"),
            ("identifier uses web last_at", "2026-01-01T02:00:00+00:00", "None"),
        },
    ),
    "the ratings of a product": (
        "MATCH (p:Product {sku: 'sku-p1'}) SET p.rating_sum = 60, p.review_count = 12 RETURN p.sku",
        {("product rating_sum", "6", "60"), ("product review_count", "2", "12")},
    ),
    "the status of a purchase": (
        "MATCH (p:Purchase {number: 'p1'}) SET p.purchase_status = 'PAID' RETURN p.id",
        {("purchase status", "PLACED", "PAID")},
    ),
    "what was paid back of a purchase": (
        "MATCH (p:Purchase {number: 'p2'}) SET p.refunded = 5 RETURN p.id",
        {("purchase refunded", "0", "5")},
    ),
    "the total of a purchase": (
        "MATCH (p:Purchase {number: 'p2'}) SET p.total = 5 RETURN p.id",
        {("purchase total", "9900", "5")},
    ),
    "the event that makes a purchase": (
        "MATCH (p:Purchase {number: 'p2'}) REMOVE p.body RETURN p.id",
        {("purchase", "an event that makes it", "none")},
    ),
    "a purchase's place on the timeline": (
        "MATCH (i:Identifier)-[:MADE]->(p:Purchase {number: 'p2'}) REMOVE p.kind_key RETURN i.id",
        {("identifier purchases on the timeline", "2", "1")},
    ),
    "statements apart from their thing": (
        "MATCH (s:Statement)-[about:ABOUT]->(p:Purchase {number: 'p1'}) DELETE about RETURN DISTINCT p.id",
        {("statements apart from their thing", "0", "4")},
    ),
    "a friend too many": (
        "MATCH (r:Referral {code: 'ANA-1'}), (i:Identifier {value: 'dia'}) CREATE (r)-[:BROUGHT]->(i) RETURN r.id",
        {("referral brought", "1", "2")},
    ),
    "a parked acceptance whose code is there": (
        "MATCH (s:Statement)-[about:ABOUT]->(r:Referral {code: 'ANA-1'}) DELETE about RETURN r.code",
        {("acceptances parked although a referral has their code", "0", "1")},
    ),
    "a name": (
        "MATCH (c:Customer {name: 'Ben'}) SET c.name = 'Bob' RETURN c.id",
        {("customer name", "Ben", "Bob")},
    ),
    "a name's place in the order": (
        "MATCH (c:Customer {name: 'Ben'}) SET c.name_key = 'bob' RETURN c.id",
        {("customer name_key", "ben", "bob")},
    ),
    "the words a customer is found by": (
        "MATCH (c:Customer {name: 'Ben'}) SET c.search_text = 'bob' RETURN c.id",
        {("customer search_text", "ben ben@example.com", "bob")},
    ),
}


@pytest.mark.parametrize("kind", SPOILED)
async def test_what_was_spoiled_is_named(rich: Store, ask: AskCypher, kind: str) -> None:
    spoil, expected = SPOILED[kind]
    [where] = await ask(spoil)
    found = await examine(rich)
    assert expected <= {(each.what, each.expected, each.actual) for each in found if each.where == where}
    # What follows from it elsewhere may be named too, but nothing that has nothing to do with it.
    assert len(found) <= len(expected) + 4


async def test_what_still_waits_is_no_finding_until_what_it_waits_for_is_there(graph: Store, ask: AskCypher) -> None:
    await record(graph, [accept("1", 1, "LATE", user("ben")), status("2", 2, "p", "PAID")])
    assert await examine(graph) == []
    await record(graph, [invite("3", 3, user("ana"), "LATE"), purchase("4", 4, user("ana"), "p")])
    assert await examine(graph) == []
    await ask("MATCH (:Statement)-[about:ABOUT]->() DELETE about")
    assert {(each.what, each.actual) for each in await examine(graph)} == {
        ("acceptances parked although a referral has their code", "1"),
        ("statements apart from their thing", "1"),
    }


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_channels_of_a_purchase_stated_anew_are_as_the_doctor_counts_them(graph: Store, order: tuple[int, ...]) -> None:
    """The purchase moves from channel to channel; what is left behind must not depend on which statement came when."""
    stated = [purchase(str(n), n, user("ana"), "p", channel=channel) for n, channel in ((1, "app"), (2, "web"), (3, "store"))]
    for place in order:
        await record(graph, [stated[place]])
        assert await examine(graph) == []


async def test_what_has_lost_its_times_is_named_too(rich: Store, ask: AskCypher) -> None:
    await ask("MATCH (p:Purchase {number: 'p1'}) REMOVE p.at")
    await ask("MATCH (:Identifier {value: 'a-1'})-[use:USES]->() REMOVE use.first_at, use.touchpoints")
    found = {(each.what, each.actual) for each in await examine(rich)}
    assert {("purchase at", "None"), ("identifier uses web first_at", "None"), ("identifier uses web touchpoints", "0")} <= found


async def test_customers_of_many_identifiers_are_counted_on_every_page(graph: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "PAGE", 2)
    monkeypatch.setattr(findings, "HEAVY_PAGE", 3)
    names = [f"u{number}" for number in range(7)]
    events: list[Event] = [touchpoint(name, hour, user(name)) for hour, name in enumerate(names)]
    events += [purchase(f"{name}-p", hour, user(name), name, channel="web") for hour, name in enumerate(names)]
    events += [identify(f"{a}{b}", 0, ("user_id", a), ("user_id", b), traits={"name": b}) for a, b in pairwise(names)]
    events += [invite("i", 1, user("u0"), "CODE", friend=IdentifierKey("user_id", "z")), accept("a", 2, "CODE", user("z"))]
    await record(graph, events)
    assert await examine(graph) == []

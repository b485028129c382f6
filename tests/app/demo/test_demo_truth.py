"""What the generator says it planted, held against a count of the events that knows nothing of the generator."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import orjson
import pytest

from app.demo import Truth, generate, truth
from graph.events.inputs import (
    AcceptInput,
    CartInput,
    CaseInput,
    CustomerKey,
    Event,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseStatusInput,
    RefundInput,
    TouchpointInput,
)

WORLDS = [(1, 1), (40, 2), (2_000, 7), (6_000, 1)]


@dataclass
class Recount:
    """Everything of `Truth` that can be told from the events alone."""

    kinds: Counter[str] = field(default_factory=Counter)
    people: "nx.Graph[Any]" = field(default_factory=nx.Graph)
    advocates: dict[str, Any] = field(default_factory=dict)
    acceptances: list[AcceptInput] = field(default_factory=list)
    touchpoints: Counter[Any] = field(default_factory=Counter)
    purchases: dict[str, PurchaseInput] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    carts: set[str] = field(default_factory=set)
    cases: dict[str, bool] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    refunds: list[RefundInput] = field(default_factory=list)

    def take(self, event: Event) -> None:
        self.kinds[event.kind] += 1
        self._who(event)
        self._what(event)
        if customer := getattr(event, "customer", None):
            self.people.add_node(named(customer))
            self.touchpoints[named(customer)] += isinstance(event, TouchpointInput)

    def _who(self, event: Event) -> None:
        match event:
            case IdentifyInput():
                keys = [pair(key) for key in event.identifiers]
                self.people.add_nodes_from(keys)
                self.people.add_edges_from(pairwise(keys))
                if event.account:
                    self.people.add_node(pair(event.account))
            case InviteInput():
                self.advocates[event.code or ""] = named(event.advocate)
                if event.friend:
                    self.people.add_node(pair(event.friend))
            case AcceptInput():
                self.acceptances.append(event)

    def _what(self, event: Event) -> None:
        match event:
            case PurchaseInput():
                self.purchases[event.number] = event
            case PurchaseStatusInput(status="CANCELLED"):
                self.cancelled.add(event.purchase)
            case RefundInput():
                self.refunds.append(event)
            case CartInput():
                self.carts.add(event.cart)
            case CaseInput(complaint=bool(complaint)):
                self.cases[event.case] = complaint
            case CaseInput(closed_at=datetime()):
                self.closed.add(event.case)

    def owners(self) -> dict[Any, int]:
        """Each identifier's person: those joined by what they were identified with."""
        return {key: number for number, part in enumerate(nx.connected_components(self.people)) for key in part}

    def forest(self) -> tuple["nx.DiGraph[int]", "nx.DiGraph[int]"]:
        """Who brought in whom, by the earliest acceptance of each person: before and after rings are broken."""
        owners = self.owners()
        graph: nx.DiGraph[int] = nx.DiGraph()
        for event in sorted(self.acceptances, key=lambda each: (each.at, each.id)):
            advocate, friend = owners[self.advocates[event.code]], owners[named(event.friend)]
            if advocate != friend and not (friend in graph and graph.in_degree(friend)):
                graph.add_edge(advocate, friend, at=event.at)
        broken = graph.copy()
        for ring in nx.simple_cycles(graph):
            latest = max(zip(ring, [*ring[1:], ring[0]], strict=True), key=lambda edge: graph.edges[edge]["at"])
            broken.remove_edge(*latest)
        return graph, broken


def named(key: CustomerKey) -> tuple[str, str]:
    if key.email:
        return "email", key.email
    assert key.identifier
    return key.identifier.type, key.identifier.value


def pair(key: IdentifierKey) -> tuple[str, str]:
    return key.type, key.value


@pytest.fixture(scope="module", params=WORLDS, ids=str)
def both(request: pytest.FixtureRequest) -> tuple[Truth, Recount]:
    customers, seed = request.param
    recount = Recount()
    for event in generate(customers=customers, seed=seed):
        recount.take(event)
    return truth(customers=customers, seed=seed), recount


def test_events_people_and_identifiers(both: tuple[Truth, Recount]) -> None:
    told, recount = both
    assert told.events_by_kind == dict(recount.kinds)
    assert told.events == recount.kinds.total()
    assert told.identifiers == dict(Counter(type for type, _ in recount.people))
    assert told.graph_customers == nx.number_connected_components(recount.people)
    assert told.customers == told.graph_customers - told.accounts - told.invited_only - told.duplicates_similar


def test_money(both: tuple[Truth, Recount]) -> None:
    told, recount = both
    revenue: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    for number, purchase in recount.purchases.items():
        assert purchase.total
        assert purchase.total.amount == sum(item.total.amount for item in purchase.items if item.total)
        if number not in recount.cancelled:
            revenue[purchase.total.currency] += purchase.total.amount
    for refund in recount.refunds:
        refunded[refund.amount.currency] += refund.amount.amount
    whole = sum(refund.amount == recount.purchases[refund.purchase].total for refund in recount.refunds)
    assert (told.revenue, told.refunded) == (dict(revenue), dict(refunded))
    assert (told.orders, told.purchases_cancelled) == (len(recount.purchases) - len(recount.cancelled), len(recount.cancelled))
    assert (told.refunds_whole, told.refunds_partial) == (whole, len(recount.refunds) - whole)
    assert not {refund.purchase for refund in recount.refunds} & recount.cancelled


def test_carts_and_cases(both: tuple[Truth, Recount]) -> None:
    told, recount = both
    bought = {purchase.cart for purchase in recount.purchases.values() if purchase.cart}
    assert bought <= recount.carts
    assert (told.carts, told.carts_abandoned) == (len(recount.carts), len(recount.carts - bought))
    complaints = {case for case, complaint in recount.cases.items() if complaint}
    assert (told.cases, told.complaints) == (len(recount.cases), len(complaints))
    assert told.open_complaints == len(complaints - recount.closed)


def test_the_busiest_customer(both: tuple[Truth, Recount]) -> None:
    told, recount = both
    owners = recount.owners()
    counts: Counter[int] = Counter()
    for key, count in recount.touchpoints.items():
        counts[owners[key]] += count
    most = max(counts.values())
    assert told.busiest_customer_touchpoints == most == counts[owners[pair(told.busiest_customer)]]


def test_the_forest(both: tuple[Truth, Recount]) -> None:
    told, recount = both
    _, forest = recount.forest()
    owners = recount.owners()
    assert nx.is_directed_acyclic_graph(forest)
    friends = dict(forest.out_degree())
    chain = [owners[pair(key)] for key in told.referrals.chain]
    assert told.referrals.invited == len(recount.advocates)
    assert told.referrals.accepted == len(recount.acceptances)
    assert told.referrals.referred == forest.number_of_edges() == sum(told.referrals.by_depth[1:])
    assert told.referrals.advocates == sum(1 for count in friends.values() if count)
    assert told.referrals.roots == sum(1 for node, count in friends.items() if count and not forest.in_degree(node))
    assert told.referrals.longest_chain == (nx.dag_longest_path_length(forest, weight=None) if forest else 0)
    assert all(forest.has_edge(*step) for step in pairwise(chain))
    assert len(chain) == (told.referrals.longest_chain + 1 if chain else 0)
    if forest:
        assert told.referrals.largest_advocate_referred == max(friends.values())
        assert friends[owners[pair(told.referrals.largest_advocate)]] == max(friends.values())


def test_only_planted_rings_are_rings(both: tuple[Truth, Recount]) -> None:
    told, recount = both
    owners = recount.owners()
    graph, _ = recount.forest()
    found = {frozenset(ring) for ring in nx.simple_cycles(graph)}
    own = [event for event in recount.acceptances if owners[recount.advocates[event.code]] == owners[named(event.friend)]]
    planted = {frozenset(owners[pair(key)] for key in ring.members) for ring in told.rings}
    alone = {ring for ring in planted if len(ring) == 1}
    assert found == planted - alone
    assert {frozenset({owners[named(event.friend)]}) for event in own} == alone
    latest = {event.code: event.at for event in recount.acceptances}
    for ring in told.rings:
        codes = [f"R{key.value[1:]}" for key in ring.members[1:]]
        assert all(latest[code] < latest[ring.closing_code] for code in codes)
    losing = len(told.rings) + told.referrals.superseded
    assert told.referrals.accepted == told.referrals.referred + losing


def test_duplicates(both: tuple[Truth, Recount]) -> None:
    told, recount = both
    owners = recount.owners()
    for twin in told.duplicates:
        first, second = ({pair(key) for key in keys} for keys in (twin.first, twin.second))
        joined = owners[next(iter(first))] == owners[next(iter(second))]
        assert joined == (twin.rule != "similar")
        assert {type for type, _ in first & second} == ({twin.rule} if joined else set())
    kinds = Counter(twin.rule == "similar" for twin in told.duplicates)
    assert (told.duplicates_strong, told.duplicates_similar) == (kinds[False], kinds[True])


def test_a_world_of_some_size_has_all_that_is_promised() -> None:
    told = truth(customers=10_000, seed=1)
    assert 115_000 < told.events < 145_000
    assert sorted({len(ring.members) for ring in told.rings}) == [1, 2, 3, 4, 5, 6]
    assert told.referrals.longest_chain >= 12
    assert told.referrals.largest_advocate_referred >= 30
    assert told.duplicates_strong > 100
    assert told.duplicates_similar > 50
    assert set(told.revenue) == {"JPY", "USD", "GBP"}
    assert min(told.carts_abandoned, told.complaints, told.refunds_whole, told.refunds_partial, told.invited_only) > 50


def test_truth_json_says_the_same(tmp_path: Path) -> None:
    told = truth(customers=300, seed=2)
    told.write(tmp_path / "demo" / "truth.json")
    read = orjson.loads((tmp_path / "demo" / "truth.json").read_bytes())
    assert read["customers"] == 300
    assert read["now"] == "2026-10-01T00:00:00Z"
    assert read["referrals"]["longest_chain"] == told.referrals.longest_chain
    assert len(read["duplicates"]) == len(told.duplicates)
    assert read["rings"][0]["members"][0]["type"] == "user_id"

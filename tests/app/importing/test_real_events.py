"""The mappings of examples/ on the real files: every event that comes of them, against a count of the raw files."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TypeVar

import pytest

from graph.events.inputs import (
    AcceptInput,
    CartInput,
    CommunicationInput,
    CustomerKey,
    Event,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseStatusInput,
    ReviewInput,
    TouchpointInput,
)
from tests.app.importing.harness import EXAMPLES, Made, make
from tests.app.importing.recount import CompleteJourney, Olist, Otto, Vouching, cents, local
from tests.app.outside import SETS, real_data

E = TypeVar("E", bound=Event)


@pytest.fixture(scope="module")
def data() -> Path:
    return real_data()


def value(key: CustomerKey) -> str:
    assert key.identifier is not None
    return key.identifier.value


@pytest.fixture(scope="module")
def made(data: Path) -> dict[str, Made]:
    return {name: make(data / name, EXAMPLES / name / "mapping.toml") for name in SETS}


@pytest.fixture(scope="module")
def journey(data: Path) -> CompleteJourney:
    return CompleteJourney(data / "completejourney")


@pytest.fixture(scope="module")
def olist(data: Path) -> Olist:
    return Olist(data / "olist")


def of(made: Made, kind: type[E]) -> list[E]:
    return [event for event in made.events if isinstance(event, kind)]


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_rejected_and_ids_are_unique(made: dict[str, Made], name: str) -> None:
    assert made[name].rejects == []
    assert max(Counter(event.id for event in made[name].events).values()) == 1
    assert {event.source for event in made[name].events} == {name}


def test_completejourney_counts(made: dict[str, Made], journey: CompleteJourney) -> None:
    events = made["completejourney"]
    purchases = of(events, PurchaseInput)
    assert len(purchases) == len(journey.baskets) == 47_243
    assert sum(len(purchase.items) for purchase in purchases) == len(journey.lines) == 75_000
    assert sum(purchase.total.amount for purchase in purchases if purchase.total) == journey.sales == 23_393_524
    sent = of(events, CommunicationInput)
    assert len(sent) == len(journey.campaigns) == 6_589
    assert {event.status for event in sent} == {"SENT"}
    redeemed = of(events, TouchpointInput)
    assert len(redeemed) == len(journey.redemptions) == 2_102
    known = {value(event.customer) for part in (purchases, sent, redeemed) for event in part}
    known |= {event.identifiers[0].value for event in of(events, IdentifyInput)}
    assert known == journey.households
    assert len(known) == 2_379
    assert len(known - journey.shoppers) == 2


def test_completejourney_baskets_are_kept_as_stated(made: dict[str, Made], journey: CompleteJourney) -> None:
    for purchase in of(made["completejourney"], PurchaseInput):
        lines = journey.baskets[purchase.number]
        assert value(purchase.customer) == lines[0]["household_id"]
        assert f"{purchase.at:%Y-%m-%dT%H:%M:%SZ}" == lines[0]["transaction_timestamp"]
        for item, line in zip(purchase.items, lines, strict=True):
            product = journey.products.get(line["product_id"], {})
            assert item.sku == line["product_id"]
            assert str(item.quantity) == line["quantity"]
            assert item.total is not None and item.total.amount == cents(line["sales_value"])
            assert item.discount is not None
            assert item.discount.amount == sum(cents(line[f"{part}_disc"]) for part in ("retail", "coupon", "coupon_match"))
            assert item.unit_price is None
            assert item.title == (product.get("product_type") or None)
            assert item.category == tuple(name for part in ("department", "product_category") if (name := product.get(part)))


def test_completejourney_campaigns_start_in_the_stores_time_zone(made: dict[str, Made], journey: CompleteJourney) -> None:
    for event in of(made["completejourney"], CommunicationInput):
        assert event.campaign is not None
        start = journey.starts[event.campaign.removeprefix("campaign-")]
        assert f"{event.at:%Y-%m-%dT%H}" in (f"{start}T04", f"{start}T05")
    traits = {event.identifiers[0].value: event.traits for event in of(made["completejourney"], IdentifyInput)}
    assert len(traits) == len(journey.demographics) == 801
    for row in journey.demographics:
        found = traits[row["household_id"]]
        assert found is not None
        assert found["ageBand"] == row["age"]
        assert found.get("homeOwnership", "") == row["home_ownership"]
        assert found.get("maritalStatus", "") == row["marital_status"]


def test_olist_persons_and_orders(made: dict[str, Made], olist: Olist) -> None:
    events = made["olist"]
    people = [event for event in of(events, IdentifyInput) if event.identifiers[0].type == "customer_unique_id"]
    pairs = {(event.identifiers[0].value, event.identifiers[1].value) for event in people}
    assert pairs == {(row["customer_unique_id"], row["customer_id"]) for row in olist.customers}
    assert len(pairs) == 8_135
    assert len(olist.persons) == 8_016
    purchases = of(events, PurchaseInput)
    assert len(purchases) == len(olist.orders) == 8_135
    amounts = [item.total.amount for purchase in purchases for item in purchase.items if item.total]
    assert sum(amounts) == olist.item_value == 109_326_435
    assert sum(purchase.total.amount for purchase in purchases if purchase.total) == olist.item_value
    assert sum(purchase.total is None for purchase in purchases) == 775
    assert sum(len(purchase.items) for purchase in purchases) == len(olist.items) == 8_365


def test_olist_statuses_come_at_the_times_stated_and_end_as_stated(made: dict[str, Made], olist: Olist) -> None:
    steps: dict[str, list[PurchaseInput | PurchaseStatusInput]] = defaultdict(list)
    for event in made["olist"].events:
        if isinstance(event, PurchaseInput):
            steps[event.number].append(event)
        elif isinstance(event, PurchaseStatusInput):
            steps[event.purchase].append(event)
    columns = {
        "PAID": "order_approved_at",
        "SHIPPED": "order_delivered_carrier_date",
        "DELIVERED": "order_delivered_customer_date",
    }
    for order in olist.orders:
        history = sorted(steps[order["order_id"]], key=lambda event: (event.at, event.id))
        assert history[-1].status == Olist.status(order["order_status"])
        found = {(event.status, event.at) for event in history}
        assert ("PLACED", local(order["order_purchase_timestamp"])) in found
        for status, column in columns.items():
            if order[column]:
                assert (status, local(order[column])) in found


def test_olist_reviews_and_leads(made: dict[str, Made], olist: Olist) -> None:
    events = made["olist"]
    reviews = {event.id: event for event in of(events, ReviewInput)}
    assert len(reviews) == len(olist.reviews) == 8_225
    customers = {row["order_id"]: row["customer_id"] for row in olist.orders}
    for row in olist.reviews:
        review = reviews[f"review/{row['review_id']}/{row['order_id']}"]
        assert value(review.customer) == customers[row["order_id"]]
        assert (review.purchase, str(review.rating)) == (row["order_id"], row["review_score"])
        assert (review.title or "", review.text or "") == (row["review_comment_title"], row["review_comment_message"])
        assert review.at == local(row["review_answer_timestamp"])
    touchpoints = of(events, TouchpointInput)
    assert Counter(event.channel for event in touchpoints if event.type == "lead_qualified") == olist.origins
    assert sum(olist.origins.values()) == 8_000
    assert sum(event.type == "deal_won" for event in touchpoints) == len(olist.deals) == 842


def test_vouching_is_the_forest_of_first_vouches(made: dict[str, Made], data: Path) -> None:
    truth = Vouching(data / "debian-vouching")
    events = made["debian-vouching"]
    assert {event.identifiers[0].value for event in of(events, IdentifyInput)} == truth.members
    invites = {event.code: event for event in of(events, InviteInput)}
    accepts = of(events, AcceptInput)
    assert {value(event.friend): value(invites[event.code].advocate) for event in accepts} == truth.referrers
    assert len(invites) == len(accepts) == 831
    assert all(event.at == invites[event.code].at for event in accepts)
    assert (len(truth.members), len(truth.roots), truth.depth) == (905, 74, 9)


def test_otto_touchpoints_carts_and_orders(made: dict[str, Made], data: Path) -> None:
    truth = Otto(data / "otto" / "otto-20-sessions.jsonl")
    events = made["otto"]
    types = Counter(event.type for event in of(events, TouchpointInput))
    names = {"clicks": "product_viewed", "carts": "product_added", "orders": "product_ordered"}
    assert types == {names[name]: count for name, count in truth.types.items()}
    assert types.total() == 862
    last: dict[str, dict[str, list[str]]] = defaultdict(dict)
    carts = of(events, CartInput)
    for cart in sorted(carts, key=lambda event: (event.at, len(event.items))):
        last[value(cart.customer)][cart.cart] = [item.sku for item in cart.items]
    assert {session: list(found.values()) for session, found in last.items()} == {
        session: found for session, found in truth.carts.items() if found
    }
    assert len(carts) == truth.types["carts"] == 52
    purchases = of(events, PurchaseInput)
    assert {(value(event.customer), int(event.number.partition("-")[2])) for event in purchases} == truth.orders
    assert sum(len(event.items) for event in purchases) == truth.types["orders"] == 10
    assert {event.cart for event in purchases if event.cart} <= {event.cart for event in carts}
    assert all(item.total is None and item.unit_price is None for event in purchases for item in event.items)

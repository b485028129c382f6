"""Purchases and carts as they come back: amounts as stated, unknown ones as None, pages of carts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from graph.customers import HOT_SET, Facts, Profile, ProfileKey, load_profiles
from graph.doctor import Finding, examine, look
from graph.events import record
from graph.events.inputs import (
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CartInput,
    Event,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
)
from graph.events.limits import MAX_ITEMS
from graph.money import Money
from graph.purchases import Cart, Purchase, PurchaseItem, page_carts
from graph.store import Store
from graph.timeline import page_key
from tests.graph.conftest import AskCypher
from tests.graph.histories import SOURCE, at, by_email, identify

CARTS = 30


async def ann(store: Store) -> Profile:
    [profile] = await load_profiles(store, [ProfileKey.of("email", "ann@example.com")])
    assert profile is not None
    return profile


def purchase(
    number: str, *items: PurchaseItemInput, minutes: float = 1, total: Money | None = None, cart: str | None = None
) -> PurchaseInput:
    return PurchaseInput(
        id=f"p{number}",
        source=SOURCE,
        at=at(minutes),
        customer=by_email("ann"),
        number=number,
        items=items,
        total=total,
        coupon="SPRING",
        cart=cart,
    )


async def test_lines_are_kept_as_stated_and_in_their_order(graph: Store) -> None:
    items = (
        PurchaseItemInput(
            sku="b", quantity=Decimal("1.5"), unit_price=Money(199, "USD"), discount=Money(10, "USD"), total=Money(300, "USD")
        ),
        PurchaseItemInput(sku="a", quantity=Decimal(2)),
        PurchaseItemInput(sku="b", quantity=Decimal("0.000001"), total=Money(0, "USD")),
    )
    await record(graph, [purchase("1", *items, total=Money(1_234, "USD")), purchase("2", items[1], minutes=0)])
    priced, unpriced = (await ann(graph)).entries
    assert isinstance(priced, Purchase)
    assert isinstance(unpriced, Purchase)
    assert priced.items == (
        PurchaseItem(
            sku="b", quantity=Decimal("1.5"), unit_price=Money(199, "USD"), discount=Money(10, "USD"), total=Money(300, "USD")
        ),
        PurchaseItem(sku="a", quantity=Decimal(2)),
        PurchaseItem(sku="b", quantity=Decimal("0.000001"), total=Money(0, "USD")),
    )
    assert (priced.total, priced.coupon, priced.number, priced.source) == (Money(1_234, "USD"), "SPRING", "1", SOURCE)
    assert (unpriced.total, unpriced.items[0].total) == (None, None)


async def test_statuses_and_refunds(graph: Store) -> None:
    item = PurchaseItemInput(sku="a", quantity=Decimal(1), total=Money(1_000, "JPY"))
    await record(
        graph,
        [
            RefundInput(id="r", source=SOURCE, at=at(4), purchase="1", amount=Money(400, "JPY")),
            PurchaseStatusInput(id="s", source=SOURCE, at=at(2), purchase="1", status="PAID"),
            purchase("1", item),
        ],
    )
    [entry] = (await ann(graph)).entries
    assert isinstance(entry, Purchase)
    assert [(each.purchase_status, each.at) for each in entry.status_history] == [
        ("PLACED", at(1)),
        ("PAID", at(2)),
        ("PARTLY_REFUNDED", at(4)),
    ]
    assert (entry.purchase_status, entry.refunded) == ("PARTLY_REFUNDED", Money(400, "JPY"))
    facts = (await ann(graph)).facts
    assert (facts.revenue, facts.refunds) == ({"JPY": 1_000}, {"JPY": 400})


def status(id: str, minutes: float, status: str) -> PurchaseStatusInput:
    return PurchaseStatusInput(id=id, source=SOURCE, at=at(minutes), purchase="1", status=status)


def refund(id: str, minutes: float, amount: Money) -> RefundInput:
    return RefundInput(id=id, source=SOURCE, at=at(minutes), purchase="1", amount=amount)


async def told(store: Store, events: Sequence[Event]) -> tuple[Purchase, Facts]:
    """The purchase and the facts that follow from these events, told one by one in each order."""
    found = []
    for order in permutations(events):
        await store.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
        for event in order:
            assert (await record(store, [event])).rejected == ()
        profile = await ann(store)
        [entry] = profile.entries
        assert isinstance(entry, Purchase)
        found.append((entry, profile.facts))
        assert await examine(store) == []
    assert all(re.sub("pur_[0-9a-f]{32}", "", str(each)) == re.sub("pur_[0-9a-f]{32}", "", str(found[0])) for each in found)
    return found[0]


TEN_DOLLARS = PurchaseItemInput(sku="a", quantity=Decimal(1), total=Money(1_000, "USD"))


@pytest.mark.parametrize("amount", [1_000, 400])
@pytest.mark.parametrize("stated", [False, True])
async def test_who_cancels_and_pays_back_has_no_order(graph: Store, amount: int, stated: bool) -> None:
    events: list[Event] = [purchase("1", TEN_DOLLARS), status("s", 2, "CANCELLED"), refund("r", 3, Money(amount, "USD"))]
    if stated:
        events.append(status("t", 4, "REFUNDED"))
    entry, facts = await told(graph, events)
    assert [each.purchase_status for each in entry.status_history] == ["PLACED", "CANCELLED"]
    # Stated to be refunded it was paid back whole, whatever the refunds come to.
    assert (entry.purchase_status, entry.refunded) == ("CANCELLED", Money(1_000 if stated else amount, "USD"))
    assert (facts.purchases, facts.orders, facts.revenue, facts.refunds) == (1, 0, {}, {})
    assert (facts.first_purchase_at, facts.last_purchase_at) == (None, None)


async def test_a_cancelled_purchase_goes_on_when_somebody_says_so(graph: Store) -> None:
    events: list[Event] = [
        purchase("1", TEN_DOLLARS),
        status("s", 2, "CANCELLED"),
        refund("r", 3, Money(400, "USD")),
        status("t", 4, "PAID"),
    ]
    entry, facts = await told(graph, events)
    assert [each.purchase_status for each in entry.status_history] == ["PLACED", "CANCELLED", "PAID"]
    assert (facts.orders, facts.revenue, facts.refunds) == (1, {"USD": 1_000}, {"USD": 400})
    assert facts.first_purchase_at == facts.last_purchase_at == at(1)


async def test_a_wholly_refunded_purchase_is_an_order_and_no_longer_when_it_is_cancelled(graph: Store) -> None:
    events: list[Event] = [purchase("1", TEN_DOLLARS), refund("r", 2, Money(1_000, "USD"))]
    entry, facts = await told(graph, events)
    assert (entry.purchase_status, facts.orders, facts.refunds) == ("REFUNDED", 1, {"USD": 1_000})
    entry, facts = await told(graph, [*events, status("s", 3, "CANCELLED")])
    assert (entry.purchase_status, facts.orders, facts.refunds) == ("CANCELLED", 0, {})


async def test_refunds_count_in_the_currency_of_the_total(graph: Store) -> None:
    entry, facts = await told(graph, [purchase("1", TEN_DOLLARS), refund("r", 2, Money(1_000, "JPY"))])
    assert (entry.purchase_status, entry.refunded, facts.refunds) == ("PLACED", None, {})
    events: list[Event] = [purchase("1", TEN_DOLLARS), refund("r", 2, Money(1_000, "JPY")), refund("q", 3, Money(300, "USD"))]
    entry, facts = await told(graph, events)
    assert [(each.purchase_status, each.at) for each in entry.status_history] == [("PLACED", at(1)), ("PARTLY_REFUNDED", at(3))]
    assert (entry.refunded, facts.refunds) == (Money(300, "USD"), {"USD": 300})


async def test_refunds_of_a_purchase_without_a_total_count_in_the_currency_of_its_lines_or_of_the_first(graph: Store) -> None:
    priced = PurchaseItemInput(sku="a", quantity=Decimal(2), unit_price=Money(500, "USD"))
    unpriced = PurchaseItemInput(sku="a", quantity=Decimal(2))
    refunds: list[Event] = [refund("r", 2, Money(1_000, "JPY")), refund("q", 3, Money(300, "USD"))]
    entry, _ = await told(graph, [purchase("1", priced), *refunds])
    assert (entry.total, entry.refunded, entry.purchase_status) == (None, Money(300, "USD"), "PARTLY_REFUNDED")
    entry, _ = await told(graph, [purchase("1", unpriced), *refunds])
    assert (entry.total, entry.refunded, entry.purchase_status) == (None, Money(1_000, "JPY"), "PARTLY_REFUNDED")


async def test_what_was_paid_back_above_the_total_is_capped_and_named(graph: Store, ask: AskCypher) -> None:
    events: list[Event] = [purchase("1", TEN_DOLLARS), refund("r", 2, Money(1_200, "USD")), refund("q", 3, Money(50, "USD"))]
    entry, facts = await told(graph, events)
    assert (entry.purchase_status, entry.refunded, facts.refunds) == ("REFUNDED", Money(1_000, "USD"), {"USD": 1_000})
    assert await ask("MATCH (p:Purchase) RETURN p.refunded_above") == [250]
    assert await look(graph) == [Finding("purchase refunded", entry.id, "at most 1000 USD", "1250 USD", notice=True)]
    await ask("MATCH (p:Purchase) REMOVE p.refunded_above")
    assert [(each.what, each.actual) for each in await examine(graph)] == [("purchase refunded_above", "0")]


async def test_what_was_paid_back_in_another_currency_is_named(graph: Store, ask: AskCypher) -> None:
    events: list[Event] = [purchase("1", TEN_DOLLARS), refund("r", 2, Money(700, "JPY")), refund("q", 3, Money(300, "JPY"))]
    entry, _ = await told(graph, events)
    assert (entry.purchase_status, entry.refunded) == ("PLACED", None)
    assert await ask("MATCH (p:Purchase) RETURN p.refunds_elsewhere") == [["1000 JPY"]]
    assert await look(graph) == [Finding("purchase refunded", entry.id, "USD", "1000 JPY", notice=True)]


async def test_a_refund_without_a_currency_is_in_that_of_its_purchase(graph: Store) -> None:
    yen = PurchaseItemInput(sku="a", quantity=Decimal(1), total=Money(1_000, "JPY"))
    bare = BareRefundInput(id="r", source=SOURCE, at=at(2), purchase="1", amount=Decimal("3.5"))
    entry, facts = await told(graph, [purchase("1", TEN_DOLLARS), bare])
    assert (entry.purchase_status, entry.refunded, facts.refunds) == ("PARTLY_REFUNDED", Money(350, "USD"), {"USD": 350})
    entry, _ = await told(graph, [purchase("1", yen), replace(bare, amount=Decimal(1_000))])
    assert (entry.purchase_status, entry.refunded) == ("REFUNDED", Money(1_000, "JPY"))
    entry, _ = await told(graph, [purchase("1"), bare, refund("q", 3, Money(200, "EUR"))])
    assert (entry.total, entry.refunded) == (None, Money(550, "EUR"))
    entry, _ = await told(graph, [purchase("1"), bare])
    assert (entry.purchase_status, entry.refunded) == ("PLACED", None)


async def test_what_is_stated_to_be_refunded_was_paid_back_whole(graph: Store) -> None:
    events: list[Event] = [purchase("1", TEN_DOLLARS), refund("r", 2, Money(300, "USD")), status("s", 3, "REFUNDED")]
    entry, facts = await told(graph, events)
    assert (entry.purchase_status, entry.refunded, facts.refunds) == ("REFUNDED", Money(1_000, "USD"), {"USD": 1_000})
    entry, _ = await told(graph, [*events, refund("q", 4, Money(100, "USD"))])
    assert [each.purchase_status for each in entry.status_history] == ["PLACED", "PARTLY_REFUNDED", "REFUNDED"]
    entry, facts = await told(graph, [*events, status("t", 4, "PAID")])
    assert (entry.purchase_status, entry.refunded, facts.refunds) == ("PAID", Money(300, "USD"), {"USD": 300})


def change(id: str, minutes: float, **stated: Any) -> PurchaseChangeInput:
    return PurchaseChangeInput(id=id, source=SOURCE, at=at(minutes), customer=by_email("ann"), number="1", **stated)


async def test_what_a_change_does_not_state_stays_as_it_was(graph: Store) -> None:
    placed = replace(purchase("1", TEN_DOLLARS, cart="c"), channel="web", campaign="spring")
    events: list[Event] = [placed, status("s", 2, "SHIPPED"), change("u", 3)]
    entry, facts = await told(graph, events)
    assert (entry.total, entry.coupon, entry.channel, entry.campaign) == (Money(1_000, "USD"), "SPRING", "web", "spring")
    assert [item.sku for item in entry.items] == ["a"]
    assert [each.purchase_status for each in entry.status_history] == ["PLACED", "SHIPPED"]
    assert facts.revenue == {"USD": 1_000}
    eggs = PurchaseItemInput(sku="b", quantity=Decimal(2))
    entry, _ = await told(graph, [placed, change("u", 2, items=(eggs,), coupon="TEN"), change("v", 3, total=Money(900, "USD"))])
    assert ([item.sku for item in entry.items], entry.coupon, entry.total) == (["b"], "TEN", Money(900, "USD"))
    entry, _ = await told(graph, [placed, change("u", 2, items=(), status="PAID")])
    assert (entry.items, entry.purchase_status) == ((), "PAID")


async def test_a_change_of_a_purchase_that_nobody_told_of_makes_it(graph: Store) -> None:
    entry, facts = await told(graph, [change("u", 2, total=Money(900, "USD")), status("s", 3, "PAID")])
    assert [(each.purchase_status, each.at) for each in entry.status_history] == [("PLACED", at(2)), ("PAID", at(3))]
    assert (facts.orders, facts.revenue) == (1, {"USD": 900})


async def test_lines_in_several_currencies_come_to_nothing_that_can_be_told(graph: Store) -> None:
    dollars = PurchaseItemInput(sku="a", quantity=Decimal(2), unit_price=Money(1_050, "USD"))
    euros = PurchaseItemInput(sku="b", quantity=Decimal(1), unit_price=Money(300, "EUR"))
    await record(graph, [step("1", 1, dollars)])
    assert (await ann(graph)).carts[0].cart_total == Money(2_100, "USD")
    await record(graph, [step("2", 2, euros)])
    assert (await ann(graph)).carts[0].cart_total is None
    await record(graph, [step("3", 3, euros, removed=True)])
    assert (await ann(graph)).carts[0].cart_total == Money(2_100, "USD")


def step(id: str, minutes: float, item: PurchaseItemInput, *, removed: bool = False, who: str = "ann") -> CartChangeInput:
    return CartChangeInput(id=id, source=SOURCE, at=at(minutes), customer=by_email(who), cart="own", item=item, removed=removed)


def put_in(id: str, minutes: float, sku: str, **more: Any) -> CartChangeInput:
    return step(id, minutes, PurchaseItemInput(sku=sku, quantity=Decimal(1), unit_price=Money(100, "USD")), **more)


def end(id: str, minutes: float, number: str) -> CartEndInput:
    return CartEndInput(id=id, source=SOURCE, at=at(minutes), cart="own", purchase=number)


def seen(id: str, minutes: float, *items: PurchaseItemInput) -> CartInput:
    return CartInput(id=id, source=SOURCE, at=at(minutes), customer=by_email("ann"), cart="own", items=items)


async def own_cart(store: Store, events: Sequence[Event]) -> Cart:
    """The only cart that follows from these events, told one by one in some orders, each with the profile that is kept of it."""
    found = []
    for order in sorted(permutations(events), key=str)[::7]:
        await store.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
        known: Profile | None = None
        for event in order:
            outcome = await record(store, [event])
            assert outcome.rejected == ()
            [now] = await load_profiles(store, [ProfileKey.of("email", "ann@example.com")])
            assert now is None or now == known or outcome.touched[now.id] == now.version
            known = now
        assert known is not None
        [cart] = known.carts
        assert await page_carts(store, known.id, limit=5) == [cart]
        found.append(cart)
        assert await examine(store) == []
    assert all(each == found[0] for each in found)
    return found[0]


async def test_a_cart_that_a_purchase_ended_stays_as_it_was(graph: Store) -> None:
    events: list[Event] = [
        put_in("1", 1, "p1"),
        put_in("2", 2, "p2"),
        end("e", 900, "1"),
        purchase("1", TEN_DOLLARS, minutes=900),
    ]
    found = await own_cart(graph, [*events, seen("v", 901)])
    assert (found.opened_at, found.updated_at, found.cart_total) == (at(1), at(2), Money(200, "USD"))
    assert [item.sku for item in found.items] == ["p1", "p2"]
    assert found.purchase_id == (await ann(graph)).entries[0].id == found.became(after=timedelta(hours=1))


async def test_what_is_put_in_after_a_purchase_begins_the_cart_anew(graph: Store) -> None:
    events: list[Event] = [put_in("1", 1, "p1"), end("e", 3, "1"), purchase("1", TEN_DOLLARS, minutes=3)]
    found = await own_cart(graph, [*events, put_in("x", 4, "p2", removed=True), put_in("2", 5, "p9")])
    assert (found.opened_at, found.updated_at, found.cart_total) == (at(5), at(5), Money(100, "USD"))
    assert [item.sku for item in found.items] == ["p9"]
    assert (found.purchase_id, found.followed_by) == (None, None)


async def test_the_owner_of_a_cart_hears_of_a_purchase_of_another_that_ended_it(graph: Store) -> None:
    bob = replace(purchase("1", TEN_DOLLARS, minutes=3), customer=by_email("bob"))
    await record(graph, [put_in("1", 1, "p1"), end("e", 3, "1")])
    before = await ann(graph)
    assert (before.carts[0].purchase_id, before.carts[0].followed_by) == (None, None)
    outcome = await record(graph, [bob])
    after = await ann(graph)
    assert after.carts[0].purchase_id is not None and outcome.touched[after.id] == after.version > before.version


async def test_a_cart_keeps_no_more_lines_than_are_taken(graph: Store) -> None:
    await record(graph, [put_in(f"{number}", number, f"p{number}") for number in range(MAX_ITEMS + 2)])
    [found] = (await ann(graph)).carts
    assert (len(found.items), found.items[0].sku, found.items[-1].sku) == (MAX_ITEMS, "p2", f"p{MAX_ITEMS + 1}")
    assert found.cart_total == Money(100 * MAX_ITEMS, "USD")


def cart(number: int) -> CartInput:
    """Every third of them is opened at the same time as the one before, under another identifier."""
    item = PurchaseItemInput(sku=f"sku-{number}", quantity=Decimal(number + 1), total=Money(100 * number, "USD"))
    return CartInput(
        id=f"c{number}",
        source=SOURCE,
        at=at(number - (number % 3 == 0)),
        customer=by_email("ann"),
        cart=f"cart-{number}",
        items=(item,),
    )


@pytest.fixture
async def carts(graph: Store) -> list[Cart]:
    """All carts of a customer, newest first."""
    await record(graph, [identify("ann"), *(cart(number) for number in range(1, CARTS + 1))])
    profile = await ann(graph)
    found = await page_carts(graph, profile.id, limit=1_000)
    assert len(found) == profile.facts.carts == CARTS
    assert found == sorted(found, key=lambda each: (each.opened_at, each.id), reverse=True)
    assert list(profile.carts) == found[: HOT_SET + 1]
    return found


async def test_carts_page_by_page(graph: Store, carts: list[Cart]) -> None:
    profile = await ann(graph)
    walked: list[Cart] = []
    high = None
    while page := await page_carts(graph, profile.id, limit=4, high=high):
        walked += page
        high = page_key(page[-1].opened_at, page[-1].id)
    assert walked == carts
    low = page_key(carts[20].opened_at, carts[20].id)
    assert await page_carts(graph, profile.id, limit=100, low=low) == carts[:20]
    assert await page_carts(graph, "cus_unknown", limit=5) == []


async def test_a_cart_tells_what_it_became(graph: Store, carts: list[Cart]) -> None:
    item = PurchaseItemInput(sku="sku-7", quantity=Decimal(8), total=Money(700, "USD"))
    await record(graph, [purchase("7", item, minutes=100, cart="cart-7")])
    profile = await ann(graph)
    bought = [each for each in await page_carts(graph, profile.id, limit=100) if each.purchase_id is not None]
    assert [(each.purchase_id, each.items[0].sku) for each in bought] == [(profile.entries[0].id, "sku-7")]
    assert bought[0].cart_total == Money(700, "USD")

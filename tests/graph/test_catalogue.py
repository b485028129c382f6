"""Channels, campaigns and products, which events make by naming them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from itertools import permutations

import pytest

from graph.catalogue import (
    MOST_CHANNELS,
    find_product,
    list_channels,
    load_campaigns,
    load_channels,
    load_products,
    renew_products,
)
from graph.events import record
from graph.events.inputs import PurchaseInput, PurchaseItemInput, ReviewInput, TouchpointInput
from graph.money import Money
from graph.store import Store
from tests.graph.histories import SOURCE, at, by_email

ANN = by_email("ann")


@pytest.fixture
async def shop(graph: Store) -> Store:
    tea = PurchaseItemInput(sku="tea", title="緑茶", category=("Food", "Tea"), quantity=Decimal(2), unit_price=Money(450, "JPY"))
    cup = PurchaseItemInput(sku="cup", quantity=Decimal(1))
    outcome = await record(
        graph,
        [
            TouchpointInput(id="1", source=SOURCE, at=at(1), customer=ANN, channel="web", type="view", campaign="spring"),
            TouchpointInput(id="2", source=SOURCE, at=at(2), customer=ANN, channel="kiosk", type="view", campaign="autumn"),
            PurchaseInput(id="3", source=SOURCE, at=at(3), customer=ANN, number="1", items=(tea, cup), channel="app"),
            ReviewInput(id="4", source=SOURCE, at=at(4), customer=ANN, rating=4, sku="tea"),
            ReviewInput(id="5", source=SOURCE, at=at(5), customer=ANN, rating=5, sku="tea"),
        ],
    )
    assert outcome.accepted == 5
    return graph


async def test_channels_in_order_of_key(shop: Store) -> None:
    channels = await list_channels(shop)
    assert [each.key for each in channels] == ["app", "kiosk", "web"]
    assert [each.channel_kind for each in channels] == ["APP", "OTHER", "WEB"]
    assert all(each.id.startswith("chn_") and each.label for each in channels)


async def test_more_channels_than_are_listed_are_found_by_key_and_by_id(graph: Store) -> None:
    keys = [f"kiosk-{number:03}" for number in range(MOST_CHANNELS + 5)]
    seen = [TouchpointInput(id=key, source=SOURCE, at=at(1), customer=ANN, channel=key, type="view") for key in keys]
    assert (await record(graph, seen)).accepted == len(keys)
    assert [each.key for each in await list_channels(graph)] == keys[:MOST_CHANNELS]
    last, unknown, first = await load_channels(graph, keys=[keys[-1], "unknown", keys[0]])
    assert unknown is None
    assert last is not None
    assert first is not None
    assert (last.key, first.key) == (keys[-1], keys[0])
    assert await load_channels(graph, ids=[first.id, "chn_unknown", last.id], keys=[keys[-1]]) == [last, first, None, last]
    assert await load_channels(graph) == []


async def test_products_by_sku_and_by_id_in_order(shop: Store) -> None:
    tea, unknown, cup, again = await load_products(shop, skus=["tea", "unknown", "cup", "tea"])
    assert unknown is None
    assert tea is not None
    assert cup is not None
    assert again == tea
    assert (tea.title, tea.category, tea.price) == ("緑茶", ("Food", "Tea"), Money(450, "JPY"))
    assert (tea.rating_sum, tea.review_count) == (9, 2)
    assert (cup.title, cup.category, cup.price, cup.rating_sum, cup.review_count) == (None, (), None, 0, 0)
    assert await load_products(shop, ids=[cup.id, "prd_unknown"], skus=["tea"]) == [tea, cup, None]
    assert await load_products(shop) == []


@pytest.mark.parametrize(
    "event",
    [
        ReviewInput(id="6", source=SOURCE, at=at(6), customer=ANN, rating=1, sku="tea"),
        PurchaseInput(
            id="6", source=SOURCE, at=at(6), customer=ANN, number="2",
            items=(PurchaseItemInput(sku="tea", quantity=Decimal(1), title="Tea", category=("Tea",)),),
        ),
        PurchaseInput(
            id="6", source=SOURCE, at=at(6), customer=ANN, number="2",
            items=(PurchaseItemInput(sku="tea", quantity=Decimal(1), unit_price=Money(500, "JPY")),),
        ),
    ],
    ids=["review", "title", "price"],
)  # fmt: skip
async def test_what_was_not_written_to_is_not_read_anew(shop: Store, event: ReviewInput | PurchaseInput) -> None:
    tea, cup = await load_products(shop, skus=["tea", "cup"])
    known = {"tea": tea, "gone": None, "cup": cup, "lost": cup}
    same = await renew_products(shop, known)
    assert same == [tea, None, cup, None] and same[0] is tea and same[2] is cup
    await record(shop, [event])
    now = await renew_products(shop, known)
    assert now == [*await load_products(shop, skus=["tea"]), None, cup, None] and now[0] != tea and now[2] is cup


async def test_one_product(shop: Store) -> None:
    tea = await find_product(shop, sku="tea")
    assert tea is not None
    assert await find_product(shop, id=tea.id) == tea
    assert await find_product(shop, sku="unknown") is None
    assert await find_product(shop) is None


async def test_campaigns_by_key_and_by_id(shop: Store) -> None:
    spring, unknown, autumn = await load_campaigns(shop, keys=["spring", "unknown", "autumn"])
    assert unknown is None
    assert spring is not None
    assert autumn is not None
    assert (spring.key, spring.label) == ("spring", "spring")
    assert await load_campaigns(shop, ids=[autumn.id, spring.id]) == [autumn, spring]


def _sold(id: str, when: datetime, sku: str, **stated: object) -> PurchaseInput:
    item = PurchaseItemInput(sku=sku, quantity=Decimal(1), **stated)  # type: ignore[arg-type]
    return PurchaseInput(id=f"{sku}-{id}", source=SOURCE, at=when, customer=ANN, number=f"{sku}-{id}", items=(item,))


def _told_of(sku: str) -> list[PurchaseInput]:
    return [
        _sold("a", at(1), sku, title="Tea", unit_price=Money(450, "JPY")),
        _sold("b", at(2), sku, category=("Food", "Tea")),
        _sold("c", at(3), sku, title="Green tea", unit_price=Money(500, "JPY")),
        _sold("d", at(3), sku, unit_price=Money(4, "USD")),
    ]


async def test_a_product_is_what_the_newest_events_say_in_any_order(graph: Store) -> None:
    orders = list(permutations(range(4)))
    for position in range(4):
        batch = [_told_of(f"sku-{number}")[order[position]] for number, order in enumerate(orders)]
        assert (await record(graph, batch)).accepted == len(orders)
    products = await load_products(graph, skus=[f"sku-{number}" for number in range(len(orders))])
    assert {(each.title, each.category, each.price) for each in products if each} == {
        ("Green tea", ("Food", "Tea"), Money(4, "USD"))
    }


async def test_writers_at_once_leave_the_newest_price(graph: Store) -> None:
    changes = [_sold(str(minute), at(minute), "tea", unit_price=Money(minute, "JPY")) for minute in range(1, 17)]
    outcomes = await asyncio.gather(*(record(graph, [change]) for change in reversed(changes)))
    assert sum(outcome.accepted for outcome in outcomes) == len(changes)
    tea = await find_product(graph, sku="tea")
    assert tea is not None and tea.price == Money(16, "JPY")

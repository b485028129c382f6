"""Rows put together: look-ups, children, groups, nested lists, runs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from graph.events.inputs import CartInput, PurchaseInput, TouchpointInput
from graph.money import Money
from tests.app.importing.harness import Made, make_of

Importing = Callable[[str, dict[str, str | bytes]], Made]


@pytest.fixture
def importing(tmp_path: Path) -> Importing:
    return lambda mapping, files: make_of(tmp_path, mapping, files)


ORDERS = """
version = 1
source = "s"
[files.orders]
path = "orders.csv"
[files.items]
path = "items.csv"
[files.products]
path = "products.csv"
[[read]]
file = "orders"
  [read.children.items]
  file = "items"
  on = { id = "order" }
    [read.children.items.join.product]
    file = "products"
    on = "sku"
  [[read.events]]
  kind = "purchase"
  id = "{id}"
  at = "{at}"
  customer = { email = "{mail}" }
  number = "{id}"
  total = { sum = "total", of = "items", currency = "EUR" }
    [read.events.items]
    of = "items"
    sku = "{sku}"
    title = "{product.title}"
    quantity = "{quantity}"
    total = { column = "total", currency = "EUR" }
"""
ORDER_FILES: dict[str, str | bytes] = {
    "orders.csv": "id,at,mail\n1,2026-01-01T00:00:00Z,a@example.com\n2,2026-01-02T00:00:00+09:00,b@example.com\n"
    "3,2026-01-03T00:00Z,c@example.com\n",
    "items.csv": "order,sku,quantity,total\n2,x,1.5,10.00\n1,y,1,0.10\n2,y,2,0.20\n9,x,1,1\n1,none,1,\n",
    "products.csv": "sku,title\nx,Tea\ny,Cup\ny,Mug\n",
}


def test_children_look_ups_sums_and_orphans(importing: Importing) -> None:
    made = importing(ORDERS, ORDER_FILES)
    first, second, third = (event for event in made.events if isinstance(event, PurchaseInput))
    assert [(item.sku, item.title, item.total) for item in second.items] == [
        ("x", "Tea", Money(1000, "EUR")),
        ("y", "Cup", Money(20, "EUR")),
    ]
    assert second.items[0].quantity == Decimal("1.5")
    assert second.total == Money(1020, "EUR")
    assert [item.title for item in first.items] == ["Cup", None]
    assert first.total is None, "a line without an amount leaves the sum unknown"
    assert (third.items, third.total) == ((), None)
    assert made.rejects == [
        ("products.csv", 4, "sku", "'y' stands on an earlier line too, which counts"),
        ("items.csv", 5, "order", "no row of orders.csv has this id"),
    ]


def test_a_bad_child_is_named_where_it_stands(importing: Importing) -> None:
    files = ORDER_FILES | {"items.csv": "order,sku,quantity,total\n1,x,1,1\n1,y,many,1\n2,x,1,1.005\n3,x,1,1\n"}
    made = importing(ORDERS, files)
    assert [event.id for event in made.events] == ["3"]
    assert [reject[:3] for reject in made.rejects if reject[0] == "items.csv"] == [
        ("items.csv", 3, "quantity"),
        ("items.csv", 4, "total"),
    ]
    assert "1.005 has more than the 2 decimals of EUR; round it first" in made.rejects[-1][3]


GROUPED = """
version = 1
source = "s"
[files.lines]
path = "lines.csv"
[[read]]
file = "lines"
group_by = ["shop", "basket"]
{more}
  [[read.events]]
  kind = "purchase"
  id = "{{shop}}/{{basket}}"
  at = {{ column = "at", format = "epoch_s" }}
  customer = {{ phone = "{{phone}}" }}
  number = "{{shop}}/{{basket}}"
  coupon = "{{#lines}} lines"
  total = {{ sum = "amount", currency_column = "currency", unit = "minor" }}
    [read.events.items]
    sku = "{{sku}}"
    quantity = 1
"""
LINES = "shop,basket,sku,at,phone,amount,currency\n"


def test_lines_of_a_group_need_not_stand_together(importing: Importing) -> None:
    body = "a,1,x,0,1,150,USD\nb,1,x,1.5,2,9,JPY\na,1,y,99,3,50,USD\na,2,x,0,1,1,USD\n"
    made = importing(GROUPED.format(more=""), {"lines.csv": LINES + body})
    found = {event.id: event for event in made.events if isinstance(event, PurchaseInput)}
    assert found.keys() == {"a/1", "a/2", "b/1"}
    assert [item.sku for item in found["a/1"].items] == ["x", "y"]
    assert found["a/1"].total == Money(200, "USD")
    assert found["a/1"].coupon == "2 lines"
    assert found["a/1"].customer.phone == "1", "the group's first row speaks for it"
    assert found["b/1"].total == Money(9, "JPY")
    assert found["b/1"].at.microsecond == 500_000
    assert made.rejects == []


def test_contiguous_groups_are_not_sorted_and_may_span_chunks(importing: Importing) -> None:
    body = "".join(f"a,{number // 700:02},s{number},0,1,1,USD\n" for number in range(2_100))
    made = importing(GROUPED.format(more="contiguous = true"), {"lines.csv": LINES + body})
    assert [(event.id, len(event.items)) for event in made.events if isinstance(event, PurchaseInput)] == [
        ("a/00", 700),
        ("a/01", 700),
        ("a/02", 700),
    ]
    assert made.rejects == []


def test_currencies_are_not_added_and_groups_are_bounded(importing: Importing) -> None:
    made = importing(GROUPED.format(more=""), {"lines.csv": LINES + "a,1,x,0,1,1,USD\na,1,y,0,1,1,JPY\n"})
    assert made.events == []
    assert made.rejects == [("lines.csv", 2, "amount", "amounts in USD and JPY can't be added")]
    body = "".join("a,1,x,0,1,1,USD\n" for _ in range(10_001))
    made = importing(GROUPED.format(more=""), {"lines.csv": LINES + body})
    assert made.rejects == [("lines.csv", 10_002, "shop", "is one of more than 10000 rows of one group")]


NESTED = """
version = 1
source = "s"
[files.sessions]
path = "sessions.jsonl"
[[read]]
file = "sessions"
unnest = "events"
  [read.run]
  by = "session"
  ends_with = { column = "events.type", equals = "order" }
  keep = { column = "events.type", equals = "cart" }
  [[read.events]]
  kind = "touchpoint"
  id = "{session}-{#index}"
  at = { column = "events.ts", format = "epoch_ms" }
  customer = { type = "session", value = "{session}" }
  channel = "web"
  type = "{events.type}"
  [[read.events]]
  kind = "cart"
  id = "c{session}-{#index}"
  when = { column = "events.type", equals = "cart" }
  at = { column = "events.ts", format = "epoch_ms" }
  customer = { type = "session", value = "{session}" }
  cart = "{session}/{#run}/{#run.size}"
    [read.events.items]
    of = "run"
    sku = "{events.article}"
    quantity = 1
"""


def test_nested_lists_and_runs(importing: Importing) -> None:
    lines = (
        '{"session": 1, "events": [{"ts": 1000, "type": "cart", "article": "a"}, {"ts": 2000, "type": "cart", "article": "b"},'
        ' {"ts": 3000, "type": "order"}, {"ts": 3000, "type": "order"}, {"ts": 4001, "type": "cart", "article": "a"}]}\n'
        '{"session": 2, "events": "none"}\n{"session": 3, "events": []}\n'
        '{"session": 4, "events": [{"ts": "x", "type": "view"}, {"ts": 5000, "type": "view"}]}\n'
    )
    made = importing(NESTED, {"sessions.jsonl": lines})
    carts = [event for event in made.events if isinstance(event, CartInput)]
    assert [(cart.cart, [item.sku for item in cart.items]) for cart in carts] == [
        ("1/0/1", ["a"]),
        ("1/0/2", ["a", "b"]),
        ("1/1/1", ["a"]),
    ]
    touches = [event for event in made.events if isinstance(event, TouchpointInput)]
    assert [event.id for event in touches] == ["1-1", "1-2", "1-3", "1-4", "1-5", "4-2"]
    assert touches[4].at.microsecond == 1_000
    assert made.rejects == [
        ("sessions.jsonl", 2, "events", "is no list"),
        ("sessions.jsonl", 4, "events.ts", "'x' is no time of the form epoch_ms"),
    ]

"""What several write is held so that who holds it may write it again while others wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.store import Store, Transaction
from tests.graph.conftest import AskCypher
from tests.graph.test_events import keep
from tests.happenings import purchase, user

#: Nothing new, but for the counts.
CHANGES: dict[str, Any] = {
    **dict.fromkeys(("titled", "filed", "priced"), ""),
    **dict.fromkeys(("title", "category", "path", "price", "currency")),
    "rating_sum": 1,
    "review_count": 1,
}

#: What finds one to hold, the statement, what it is given for that one, and what shows how often it was done.
HELD = [
    ("MATCH (c:Customer) RETURN c.id", "customers/lock_customers", lambda id: {"rows": [[id, 1]]}, "Customer", "version"),
    ("MATCH (t:Purchase) RETURN t.thing_key", "events/lock_things", lambda key: {"keys": [key]}, "Purchase", None),
    (
        "MATCH (p:Product) RETURN p.sku",
        "catalogue/record_product_changes",
        lambda sku: {"rows": [CHANGES | {"sku": sku}]},
        "Product",
        "review_count",
    ),
]


@pytest.mark.parametrize(("found", "name", "given", "label", "counted"), HELD, ids=[each[1] for each in HELD])
async def test_who_waits_is_in_nobodys_way(
    graph: Store, ask: AskCypher, found: str, name: str, given: Any, label: str, counted: str | None
) -> None:
    """Neither the one that holds it and comes back to it, nor the one that waits, has to begin again; and it does wait."""
    await keep(graph, [purchase("p", 1, user("ann"), "p1")])
    (one,) = await ask(found)
    count = f"MATCH (n:{label}) RETURN n.{counted or 'id'}"
    (before,) = await ask(count)
    held, done = asyncio.Event(), list[str]()

    async def first(transaction: Transaction) -> None:
        await transaction.run(name, **given(one))
        held.set()
        await asyncio.sleep(0.5)
        await transaction.run(name, **given(one))
        await asyncio.sleep(0.1)
        done.append("first")

    async def second(transaction: Transaction) -> None:
        await held.wait()
        await transaction.run(name, **given(one))
        done.append("second")

    await asyncio.gather(*(graph.write(work, attempts=1) for work in (first, second)))
    assert done == ["first", "second"]
    (after,) = await ask(count)
    assert after == before + 3 if counted else after == before

"""The catalogue as events name it: channels, campaigns and products are created, and products described, as they are seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from graph import ids
from graph.events.inputs import CartChangeInput, CartInput, PurchaseChangeInput, PurchaseInput, PurchaseItemInput
from graph.events.kept import Kept
from graph.money import Money
from graph.store import Transaction
from graph.timeline import time_key

#: Kinds of the channels whose usual keys tell; all others are OTHER until somebody says what they are.
CHANNEL_KINDS = {
    "web": "WEB", "website": "WEB", "app": "APP", "mobile_app": "APP", "email": "EMAIL", "sms": "SMS", "push": "PUSH",
    "store": "STORE", "call_center": "CALL_CENTER", "social": "SOCIAL", "chat": "CHAT", "ad": "AD", "ads": "AD",
    "paid_search": "AD", "display": "AD", "marketplace": "MARKETPLACE", "event": "EVENT", "referral": "REFERRAL",
    "device": "DEVICE",
}  # fmt: skip


@dataclass(slots=True)
class _Product:
    """What is known of a product: each part as the newest event by (at, source, id) stated it.

    `titled`, `filed` and `priced` say which event that was, in a form whose alphabetical order is that of events; "" for none.
    """

    sku: str
    titled: str = ""
    filed: str = ""
    priced: str = ""
    title: str | None = None
    category: tuple[str, ...] = ()
    price: Money | None = None
    changed: bool = False
    rating_sum: int = 0
    review_count: int = 0

    def see(self, item: PurchaseItemInput, stated: str) -> None:
        if item.title is not None and stated > self.titled:
            self.title, self.titled, self.changed = item.title, stated, True
        if item.category and stated > self.filed:
            self.category, self.filed, self.changed = item.category, stated, True
        if item.unit_price is not None and stated > self.priced:
            self.price, self.priced, self.changed = item.unit_price, stated, True

    def row(self) -> dict[str, Any]:
        return {
            "sku": self.sku,
            "title": self.title,
            "titled": self.titled,
            "category": list(self.category),
            "path": " > ".join(self.category),
            "filed": self.filed,
            "price": None if self.price is None else self.price.amount,
            "currency": None if self.price is None else self.price.currency,
            "priced": self.priced,
            "rating_sum": self.rating_sum,
            "review_count": self.review_count,
        }


@dataclass(slots=True)
class Products:
    """The products that the events of one transaction name, to be written by what changes, for they are shared by all."""

    by_sku: dict[str, _Product]

    async def record(self, transaction: Transaction, ratings: Mapping[str, Sequence[int]]) -> None:
        """Write what was said of them, and `ratings`: the sum and the number of new ones by sku. Late, for it is contended."""
        for sku, (rating_sum, review_count) in ratings.items():
            product = self.by_sku[sku]
            product.rating_sum, product.review_count, product.changed = rating_sum, review_count, True
        # In one order for all, lest two transactions wait for each other.
        await _record(
            transaction, "product_changes", [product.row() for _, product in sorted(self.by_sku.items()) if product.changed]
        )


async def record_named(transaction: Transaction, kept: Iterable[Kept]) -> Products:
    """Create what the events name for the first time; returns the products, whose `record` has still to be called."""
    channels: set[str] = set()
    campaigns: set[str] = set()
    items: list[tuple[PurchaseItemInput, str]] = []
    skus: set[str] = set()
    for each in kept:
        event = each.event
        channels.add(getattr(event, "channel", None) or "")
        campaigns.add(getattr(event, "campaign", None) or "")
        skus.add(getattr(event, "sku", None) or "")
        if isinstance(event, (PurchaseInput, PurchaseChangeInput, CartInput)):
            stated = f"{time_key(event.at.astimezone(UTC))}/{each.key}"
            items.extend((item, stated) for item in event.items or ())
            skus.update(item.sku for item in event.items or ())
        elif isinstance(event, CartChangeInput) and event.item is not None:
            items.append((event.item, f"{time_key(event.at.astimezone(UTC))}/{each.key}"))
            skus.add(event.item.sku)
    for names in (channels, campaigns, skus):
        names.discard("")
    if not (channels or campaigns or skus):
        return Products({})
    known = (
        await transaction.run(
            "catalogue/find_known", channels=sorted(channels), campaigns=sorted(campaigns), products=sorted(skus)
        )
    )[0]
    await _record(transaction, "channels", [_channel(key) for key in sorted(channels - set(known["channels"]))])
    await _record(
        transaction,
        "campaigns",
        [{"key": key, "id": ids.mint("campaign")} for key in sorted(campaigns - set(known["campaigns"]))],
    )
    products = {sku: _Product(sku, *stated) for sku, *stated in known["products"]}
    new = sorted(skus - products.keys())
    await _record(transaction, "products", [{"sku": sku, "id": ids.mint("product")} for sku in new])
    products |= {sku: _Product(sku) for sku in new}
    for item, stated in items:
        products[item.sku].see(item, stated)
    return Products(products)


async def _record(transaction: Transaction, what: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        await transaction.run(f"catalogue/record_{what}", rows=rows)


def _channel(key: str) -> dict[str, Any]:
    kind = CHANNEL_KINDS.get(key.casefold().replace("-", "_").replace(" ", "_"), "OTHER")
    label = key.replace("_", " ").strip()
    return {"key": key, "id": ids.mint("channel"), "label": label[:1].upper() + label[1:], "channel_kind": kind}

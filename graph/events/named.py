"""The catalogue as events name it: channels, campaigns and products are created, and products described, as they are seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graph import ids
from graph.events.inputs import CartInput, PurchaseInput, PurchaseItemInput
from graph.events.kept import Kept, iso
from graph.store import Transaction

#: Kinds of the channels whose usual keys tell; all others are OTHER until somebody says what they are.
CHANNEL_KINDS = {
    "web": "WEB", "website": "WEB", "app": "APP", "mobile_app": "APP", "email": "EMAIL", "sms": "SMS", "push": "PUSH",
    "store": "STORE", "call_center": "CALL_CENTER", "social": "SOCIAL", "chat": "CHAT", "ad": "AD", "ads": "AD",
    "paid_search": "AD", "display": "AD", "marketplace": "MARKETPLACE", "event": "EVENT", "referral": "REFERRAL",
    "device": "DEVICE",
}  # fmt: skip


@dataclass(slots=True)
class _Product:
    """What is known of a product; times are milliseconds since 1970, None while nothing was stated."""

    sku: str
    title: str | None = None
    category: list[str] | None = None
    price: int | None = None
    currency: str | None = None
    described_at: int | None = None
    priced_at: int | None = None
    changed: bool = False

    def see(self, item: PurchaseItemInput, at: datetime) -> None:
        now = int(at.timestamp() * 1000)
        described = item.title is not None or bool(item.category)
        if described and (self.described_at is None or now >= self.described_at):
            title, category = item.title or self.title, list(item.category) or self.category
            self.changed |= (title, category) != (self.title, self.category)
            self.title, self.category, self.described_at = title, category, now
        price = item.unit_price
        if price is not None and (self.priced_at is None or now >= self.priced_at):
            self.changed |= (price.amount, price.currency) != (self.price, self.currency)
            self.price, self.currency, self.priced_at = price.amount, price.currency, now

    def row(self) -> dict[str, Any]:
        return {
            "sku": self.sku,
            "id": ids.mint("product"),
            "title": self.title,
            "category": self.category,
            "path": " > ".join(self.category) if self.category else None,
            "price": self.price,
            "currency": self.currency,
            "described_at": _moment(self.described_at),
            "priced_at": _moment(self.priced_at),
        }


async def record_named(transaction: Transaction, kept: Iterable[Kept]) -> None:
    """Create what the events name for the first time; of products write only those that change, for they are shared by all."""
    channels: set[str] = set()
    campaigns: set[str] = set()
    items: list[tuple[PurchaseItemInput, datetime]] = []
    skus: set[str] = set()
    for each in kept:
        event = each.event
        channels.add(getattr(event, "channel", None) or "")
        campaigns.add(getattr(event, "campaign", None) or "")
        skus.add(getattr(event, "sku", None) or "")
        if isinstance(event, (PurchaseInput, CartInput)):
            items.extend((item, event.at) for item in event.items)
            skus.update(item.sku for item in event.items)
    for names in (channels, campaigns, skus):
        names.discard("")
    if not (channels or campaigns or skus):
        return
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
    products = {row[0]: _Product(*row) for row in known["products"]}
    for sku in skus - products.keys():
        products[sku] = _Product(sku, changed=True)
    for item, at in items:
        products[item.sku].see(item, at)
    await _record(transaction, "products", [products[sku].row() for sku in sorted(products) if products[sku].changed])


async def _record(transaction: Transaction, what: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        await transaction.run(f"catalogue/record_{what}", rows=rows)


def _channel(key: str) -> dict[str, Any]:
    kind = CHANNEL_KINDS.get(key.casefold().replace("-", "_").replace(" ", "_"), "OTHER")
    label = key.replace("_", " ").strip()
    return {"key": key, "id": ids.mint("channel"), "label": label[:1].upper() + label[1:], "channel_kind": kind}


def _moment(milliseconds: int | None) -> Any:
    return None if milliseconds is None else iso(datetime.fromtimestamp(milliseconds / 1000, UTC))

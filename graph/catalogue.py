"""What events speak of: channels, campaigns and products. They are created when an event names them for the first time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from graph.money import Money
from graph.store import Reader

MOST_CHANNELS = 200


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A way to reach customers, or to be reached; `channel_kind` is a ChannelKind of the contract."""

    id: str
    key: str
    label: str
    channel_kind: str


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    key: str
    label: str


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """`price` is the last unit price that a source stated; `rating_sum` over `review_count` gives the average rating. `writes`:
    how often the record was written to."""

    id: str
    sku: str
    title: str | None = None
    category: tuple[str, ...] = ()
    price: Money | None = None
    rating_sum: int = 0
    review_count: int = 0
    writes: int = 0


class Products(msgspec.Struct, frozen=True, kw_only=True):
    """`unchanged`: skus of products that are as they were known."""

    products: tuple[Product, ...]
    unchanged: tuple[str, ...] = ()


async def list_channels(reader: Reader) -> list[Channel]:
    """The first MOST_CHANNELS channels in order of key: no more are listed, however many there are."""
    return await reader.many("catalogue/load_channels", Channel, keys=[], ids=[], first=MOST_CHANNELS)


async def load_channels(reader: Reader, *, keys: Sequence[str] = (), ids: Sequence[str] = ()) -> list[Channel | None]:
    """The channel of each key, then that of each id, in order; None where there is none."""
    found = await reader.many("catalogue/load_channels", Channel, keys=list(keys), ids=list(ids), first=0)
    by_key, by_id = {each.key: each for each in found}, {each.id: each for each in found}
    return [by_key.get(key) for key in keys] + [by_id.get(id) for id in ids]


async def load_campaigns(reader: Reader, *, keys: Sequence[str] = (), ids: Sequence[str] = ()) -> list[Campaign | None]:
    """The campaign of each key, then that of each id, in order; None where there is none."""
    found = await reader.many("catalogue/load_campaigns", Campaign, keys=list(keys), ids=list(ids))
    by_key, by_id = {each.key: each for each in found}, {each.id: each for each in found}
    return [by_key.get(key) for key in keys] + [by_id.get(id) for id in ids]


async def load_products(reader: Reader, *, skus: Sequence[str] = (), ids: Sequence[str] = ()) -> list[Product | None]:
    """The product of each sku, then that of each id, in order; None where there is none."""
    found = await _products(reader, skus=list(skus), ids=list(ids))
    by_sku, by_id = {each.sku: each for each in found.products}, {each.id: each for each in found.products}
    return [by_sku.get(sku) for sku in skus] + [by_id.get(id) for id in ids]


async def renew_products(reader: Reader, known: Mapping[str, Product | None]) -> list[Product | None]:
    """The product of each sku, in order, the known one itself where it wasn't written to since; None where there is none."""
    writes = [None if product is None else product.writes for product in known.values()]
    found = await _products(reader, skus=list(known), known=writes)
    by_sku = {each.sku: each for each in found.products} | {sku: known[sku] for sku in found.unchanged}
    return [by_sku.get(sku) for sku in known]


async def _products(
    reader: Reader, *, skus: list[str], known: list[int | None] | None = None, ids: list[str] | None = None
) -> Products:
    answered = await reader.one("catalogue/load_products", Products, skus=skus, known=known or [], ids=ids or [])
    return answered or Products(products=())


async def find_product(reader: Reader, *, sku: str | None = None, id: str | None = None) -> Product | None:
    """The product with this sku, or with this id."""
    found = await load_products(reader, skus=[] if sku is None else [sku], ids=[] if id is None else [id])
    return found[0] if found else None

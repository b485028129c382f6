"""What events speak of: channels, campaigns and products. They are created when an event names them for the first time."""

from __future__ import annotations

import msgspec

from graph.money import Money


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
    """`price` is the last unit price that a source stated; `rating_sum` over `review_count` gives the average rating."""

    id: str
    sku: str
    title: str | None = None
    category: tuple[str, ...] = ()
    price: Money | None = None
    rating_sum: int = 0
    review_count: int = 0

"""Channels, campaigns and products, and this process's copy of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
from strawberry import Parent

from graph import catalogue
from graph.store import Reader
from resolvers.context import Context, Info
from resolvers.errors import InvalidKey
from resolvers.fields import resolved
from resolvers.money import Money
from resolvers.nodes import Node, check_id

Record = TypeVar("Record")

FRESH_SECONDS = 1.0
COPY_SIZE = 10_000
LONGEST_KEY = 1_000


@strawberry.enum(description="What sort of way a channel is.")
class ChannelKind(Enum):
    WEB = "WEB"
    APP = "APP"
    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"
    STORE = "STORE"
    CALL_CENTER = "CALL_CENTER"
    SOCIAL = "SOCIAL"
    CHAT = "CHAT"
    AD = "AD"
    MARKETPLACE = "MARKETPLACE"
    EVENT = "EVENT"
    REFERRAL = "REFERRAL"
    DEVICE = "DEVICE"
    OTHER = "OTHER"


@strawberry.type(description="A way to reach customers, or to be reached by them.")
class Channel(Node):
    record = catalogue.Channel
    key: str = strawberry.field(description="What events call it.")
    label: str = strawberry.field(description="What people call it.")
    channel_kind: ChannelKind = strawberry.field(description="What sort of way it is.")


@strawberry.type(description="Something that messages and referrals are part of.")
class Campaign(Node):
    record = catalogue.Campaign
    key: str = strawberry.field(description="What events call it.")
    label: str = strawberry.field(description="What people call it.")


@strawberry.type(description="Something that is sold.")
class Product(Node):
    record = catalogue.Product
    sku: str = strawberry.field(description="What sources call it.")
    title: str | None = strawberry.field(description="Its name.")
    category: list[str] = strawberry.field(description="Where it belongs, the widest category first.")
    price: Money | None = strawberry.field(description="The last unit price that a source stated.")
    review_count: int = strawberry.field(description="How many reviews it has.")

    @resolved("The mean of all ratings, from 1 to 5; null without a review.")
    @staticmethod
    def average_rating(product: Parent[catalogue.Product]) -> float | None:
        return product.rating_sum / product.review_count if product.review_count else None


@strawberry.input(one_of=True, description="Names a product by exactly one of these.")
class ProductKey:
    id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="Its id.")
    sku: strawberry.Maybe[str] = strawberry.field(description="What sources call it.")


def find_channel(context: Context, key: str | None) -> Any:
    return None if key is None else context.channel(key)


def find_campaign(context: Context, key: str | None) -> Any:
    return None if key is None else context.campaign(key)


def find_product(context: Context, sku: str | None) -> Any:
    return None if sku is None else context.product(sku)


def list_channels(info: Info) -> list[Channel]:
    listed: Any = info.context.ask("channels", info.context.sources.catalogue.list_channels)
    return listed


def product(info: Info, by: ProductKey) -> Product | None:
    context = info.context
    if by.sku is not None:
        if not 1 <= len(by.sku.value) <= LONGEST_KEY:
            raise InvalidKey("by.sku")
        return find_product(context, by.sku.value)
    assert by.id is not None  # @oneOf
    product_id = check_id(by.id.value, "product")
    found: Any = context.ask(product_id, lambda: catalogue.load_products(context.reader, ids=[product_id]))
    return found[0]


class Copy(Generic[Record]):
    """Records by key, none older than FRESH_SECONDS; what isn't there is asked for each time."""

    def __init__(self, load: Callable[[list[str]], Awaitable[Sequence[Record | None]]]) -> None:
        self._load = load
        self._kept: OrderedDict[str, tuple[float, Record]] = OrderedDict()

    async def many(self, keys: list[str]) -> list[Record | None]:
        started = time.monotonic()
        found: dict[str, Record | None] = {}
        for key in keys:
            kept = self._kept.get(key)
            if kept is not None and started - kept[0] < FRESH_SECONDS:
                found[key] = kept[1]
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            for key, record in zip(missing, await self._load(missing), strict=True):
                found[key] = record
                if record is not None:
                    self._keep(key, started, record)
        return [found[key] for key in keys]

    def _keep(self, key: str, at: float, record: Record) -> None:
        self._kept[key] = (at, record)
        self._kept.move_to_end(key)
        if len(self._kept) > COPY_SIZE:
            self._kept.popitem(last=False)


class Copies:
    """The catalogue as this process last saw it: at most a second ago."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._listed: tuple[float, Sequence[catalogue.Channel]] | None = None
        self._channels = Copy(self._load_channels)
        self._campaigns = Copy(self._load_campaigns)
        self._products = Copy(self._load_products)

    async def list_channels(self) -> Sequence[catalogue.Channel]:
        now = time.monotonic()
        if self._listed is None or now - self._listed[0] >= FRESH_SECONDS:
            self._listed = now, await catalogue.list_channels(self._reader)
        return self._listed[1]

    async def channels(self, keys: list[str]) -> list[catalogue.Channel | None]:
        return await self._channels.many(keys)

    async def campaigns(self, keys: list[str]) -> list[catalogue.Campaign | None]:
        return await self._campaigns.many(keys)

    async def products(self, skus: list[str]) -> list[catalogue.Product | None]:
        return await self._products.many(skus)

    async def _load_channels(self, keys: list[str]) -> Sequence[catalogue.Channel | None]:
        # An event may have named it for the first time within this second: then the list lacks it too.
        self._listed = None
        return await catalogue.load_channels(self._reader, keys=keys)

    async def _load_campaigns(self, keys: list[str]) -> Sequence[catalogue.Campaign | None]:
        return await catalogue.load_campaigns(self._reader, keys=keys)

    async def _load_products(self, skus: list[str]) -> Sequence[catalogue.Product | None]:
        return await catalogue.load_products(self._reader, skus=skus)

"""Channels, campaigns and products."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry
from strawberry import Parent

from graph import catalogue
from resolvers.context import Context, Info
from resolvers.errors import InvalidKey
from resolvers.fields import resolved
from resolvers.money import Money
from resolvers.nodes import Node, check_id
from resolvers.requirements import needs_any
from resolvers.scopes import OWN, READING

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


@strawberry.type(description="A way to reach customers, or to be reached by them.", directives=[needs_any(*READING, OWN)])
class Channel(Node):
    record = catalogue.Channel
    key: str = strawberry.field(description="What events call it.")
    label: str = strawberry.field(description="What people call it.")
    channel_kind: ChannelKind = strawberry.field(description="What sort of way it is.")


@strawberry.type(description="Something that messages and referrals are part of.", directives=[needs_any(*READING, OWN)])
class Campaign(Node):
    record = catalogue.Campaign
    key: str = strawberry.field(description="What events call it.")
    label: str = strawberry.field(description="What people call it.")


@strawberry.type(description="Something that is sold.", directives=[needs_any(*READING, OWN)])
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

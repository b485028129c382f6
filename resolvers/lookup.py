"""Anything by its id."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from graph import catalogue, ids
from graph.customers import ProfileKey
from resolvers.catalogue import Campaign, Channel, Product
from resolvers.context import Context, Info
from resolvers.customers import Customer
from resolvers.errors import TooMany
from resolvers.nodes import Node, check_id
from resolvers.timeline import entry_of

_ENTRIES = ("touchpoint", "purchase", "review", "survey_response", "case", "communication", "referral")


async def node(info: Info, id: strawberry.ID) -> Node | None:
    return await find_node(info.context, id)


async def nodes(info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
    most = info.context.rules.limits.ids
    if len(ids) > most:
        raise TooMany.ids(most, len(ids))
    info.context.budget.spend(len(ids))
    # An exception as an item becomes an error with the item's path; the other items stay.
    found: list[Any] = await asyncio.gather(*(find_node(info.context, each) for each in ids), return_exceptions=True)
    return list(found)


async def find_node(context: Context, node_id: str) -> Node | None:
    """What has this id, or None; raises InvalidId where no node can have it."""
    return await _FINDERS[check_id(node_id, *_KINDS)[:3]](context, node_id)


async def _customer(context: Context, node_id: str) -> Node | None:
    profile = await context.customers.load(ProfileKey(id=node_id))
    return None if profile is None else Customer.of(profile, context)


async def _entry(context: Context, node_id: str) -> Node | None:
    owned = await context.entries.load(node_id)
    return None if owned is None else entry_of(owned.entry, owned.customer_id)


async def _channel(context: Context, node_id: str) -> Node | None:
    found = await catalogue.load_channels(context.reader, ids=[node_id])
    return None if found[0] is None else Channel.of(found[0])


async def _campaign(context: Context, node_id: str) -> Node | None:
    found = await catalogue.load_campaigns(context.reader, ids=[node_id])
    return None if found[0] is None else Campaign.of(found[0])


async def _product(context: Context, node_id: str) -> Node | None:
    found = await catalogue.load_products(context.reader, ids=[node_id])
    return None if found[0] is None else Product.of(found[0])


_KINDS = ("customer", "channel", "campaign", "product", *_ENTRIES)
_FINDERS: dict[str, Callable[[Context, str], Awaitable[Node | None]]] = {
    ids.PREFIXES["customer"]: _customer,
    ids.PREFIXES["channel"]: _channel,
    ids.PREFIXES["campaign"]: _campaign,
    ids.PREFIXES["product"]: _product,
    **{ids.PREFIXES[kind]: _entry for kind in _ENTRIES},
}

"""Anything by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import strawberry

from graph import catalogue, ids
from graph.customers import ProfileKey
from resolvers.context import Context, Info
from resolvers.errors import TooMany
from resolvers.fields import all_of
from resolvers.identity.merges import load_merge
from resolvers.nodes import Node, check_id

_ENTRIES = ("touchpoint", "purchase", "review", "survey_response", "case", "communication", "referral")


def node(info: Info, id: strawberry.ID) -> Node | None:
    return find_node(info.context, id)


def nodes(info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
    most = info.context.sources.documents.limits.ids
    if len(ids) > most:
        raise TooMany.ids(len(ids), most)
    info.context.budget.spend(len(ids))
    return all_of(partial(find_node, info.context, each) for each in ids)


def find_node(context: Context, node_id: str) -> Any:
    """What has this id, or None; raises InvalidId where no node can have it."""
    found = _FINDERS[check_id(node_id, *_KINDS)[:3]](context, node_id)
    return found if context.sees(found) else None


def _customer(context: Context, node_id: str) -> Any:
    key = ProfileKey(id=node_id)
    return context.customer(key) if context.principal.customer is None else context.own_by(key)


def _entry(context: Context, node_id: str) -> Any:
    return context.entry(node_id)


def _catalogued(load: Callable[..., Awaitable[Sequence[Any]]]) -> Callable[[Context, str], Any]:
    def find(context: Context, node_id: str) -> Any:
        return context.ask(node_id, lambda: load(context.reader, ids=[node_id]))[0]

    return find


_KINDS = ("customer", "channel", "campaign", "product", "merge", *_ENTRIES)
_FINDERS: dict[str, Callable[[Context, str], Any]] = {
    ids.PREFIXES["customer"]: _customer,
    ids.PREFIXES["channel"]: _catalogued(catalogue.load_channels),
    ids.PREFIXES["campaign"]: _catalogued(catalogue.load_campaigns),
    ids.PREFIXES["product"]: _catalogued(catalogue.load_products),
    ids.PREFIXES["merge"]: load_merge,
    **{ids.PREFIXES[kind]: _entry for kind in _ENTRIES},
}

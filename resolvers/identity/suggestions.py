"""Likely duplicates, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import strawberry
from strawberry import Parent

from graph.identity import suggestions as records
from graph.identity.suggestions import page_suggestions
from resolvers.connections import Connection, Listing, Window, connect, forwards
from resolvers.context import Info
from resolvers.entries import LazyCustomer, find_customer
from resolvers.fields import all_of, at_most, resolved
from resolvers.requirements import needs
from resolvers.scopes import PROFILE


@strawberry.type(description="Customers who may be one person.", directives=[needs(PROFILE)])
class MergeSuggestion:
    id: strawberry.ID = strawberry.field(description="Always the same for the same customers.")
    score: float = strawberry.field(description="How likely it is, up to 1.")
    reasons: list[str] = strawberry.field(description="In what they are alike.", directives=[at_most(3)])

    @resolved("Who they are.", size=at_most(2))
    @staticmethod
    def customers(found: Parent[records.MergeSuggestion], info: Info) -> list[LazyCustomer]:
        return all_of(partial(find_customer, info.context, id) for id in found.customers)


def merge_suggestions(info: Info, first: int | None = None, after: str | None = None) -> Connection[MergeSuggestion]:
    context = info.context

    def fetch(wanted: Window, /) -> Sequence[records.MergeSuggestion]:
        return context.ask(
            ("suggestions", wanted), lambda: page_suggestions(context.reader, limit=wanted.size, after=wanted.after)
        )

    listing = Listing("Query.mergeSuggestions", forwards(fetch), _key, lambda: None)
    found: Connection[MergeSuggestion] = connect(context, listing, first=first, after=after)
    return found


def _key(suggestion: records.MergeSuggestion) -> str:
    return suggestion.order_key

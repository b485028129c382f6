"""Which customers: the one that a key names, all in an order, or those that a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import orjson
import strawberry

from graph import customers as records
from graph.customers import CustomerRow, ProfileKey, count_customers, page_customers, search_customers
from graph.customers.lists import MOST_FOUND
from graph.customers.places import load_places
from graph.store import Reader
from resolvers.access import View
from resolvers.connections import Connection, Listing, Window, connect
from resolvers.context import Context, Info
from resolvers.customers import Customer
from resolvers.entries import find_customer
from resolvers.errors import Forbidden, InvalidKey, InvalidOrder, InvalidSearch
from resolvers.identity import IdentifierInput
from resolvers.masks import opaque
from resolvers.nodes import check_id
from resolvers.scopes import PERSONAL

LONGEST_KEY = 1_000
LONGEST_SEARCH = 200


@strawberry.input(one_of=True, description="Names a customer by exactly one of these.")
class CustomerKey:
    id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="Any id the customer was ever given.")
    email: strawberry.Maybe[str] = strawberry.field(description="An e-mail address; capitals make no difference.")
    phone: strawberry.Maybe[str] = strawberry.field(description="A phone number; punctuation makes no difference.")
    identifier: strawberry.Maybe[IdentifierInput] = strawberry.field(description="Any identifier, by type and value.")


@strawberry.enum(description="The order of a list of customers; equals by id.")
class CustomerOrder(Enum):
    RELEVANCE = "RELEVANCE"
    LAST_SEEN_DESC = "LAST_SEEN_DESC"
    FIRST_SEEN_DESC = "FIRST_SEEN_DESC"
    REVENUE_DESC = "REVENUE_DESC"
    NAME_ASC = "NAME_ASC"


def customer(info: Info, by: CustomerKey) -> Customer | None:
    context, key = info.context, asked_key(info.context, by)
    return context.customer(key) if context.principal.customer is None else context.own_by(key)  # type: ignore[return-value]


def me(info: Info) -> Customer | None:
    return info.context.own  # type: ignore[return-value]


def customers(
    info: Info,
    search: str | None = None,
    order_by: CustomerOrder | None = CustomerOrder.LAST_SEEN_DESC,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[Customer]:
    context = info.context
    order = order_by or CustomerOrder.LAST_SEEN_DESC
    if PERSONAL not in context.principal.scopes:
        # Whoever may not read names could find them out by asking who is found, or who comes first.
        if search is not None:
            raise Forbidden.oracle("search", PERSONAL)
        if order is CustomerOrder.NAME_ASC:
            raise Forbidden.oracle("orderBy NAME_ASC", PERSONAL)
    listing = everyone(context, order) if search is None else found(context, search, order)
    found_customer: Any = connect(
        context, listing, lambda row: find_customer(context, row.id), first=first, after=after, last=last, before=before
    )
    return found_customer


def asked_key(context: Context, key: CustomerKey, argument: str = "by") -> ProfileKey:
    """`profile_key` of what somebody looks up; raises Forbidden for personal data that it may not see."""
    found = profile_key(key, argument)
    if context.principal.view is View.MASKED and not opaque(found):
        raise Forbidden.oracle(argument, PERSONAL)
    return found


def profile_key(key: CustomerKey, argument: str) -> ProfileKey:
    """The key as the graph takes it, and which argument it was given as; raises InvalidId or InvalidKey."""
    if key.id is not None:
        return ProfileKey(id=check_id(key.id.value, "customer"))
    if key.email is not None:
        return ProfileKey.of("email", _checked(f"{argument}.email", key.email.value))
    if key.phone is not None:
        return ProfileKey.of("phone", _checked(f"{argument}.phone", key.phone.value))
    assert key.identifier is not None  # @oneOf
    named = key.identifier.value
    return ProfileKey.of(
        _checked(f"{argument}.identifier.type", named.type), _checked(f"{argument}.identifier.value", named.value)
    )


def _checked(field: str, value: str) -> str:
    if not value.strip() or len(value) > LONGEST_KEY:
        raise InvalidKey(field)
    return value


def row_key(row: CustomerRow) -> str:
    return orjson.dumps([row.key, row.id]).decode()


def _row(key: str | None) -> CustomerRow | None:
    if key is None:
        return None
    place, customer_id = orjson.loads(key)
    return CustomerRow(id=customer_id, key=place)


def _place(row: CustomerRow) -> tuple[str | int | float, str]:
    return row.key, row.id


def everyone(context: Context, order: CustomerOrder) -> Listing[CustomerRow]:
    """All customers in an order that an index has."""
    if order is CustomerOrder.RELEVANCE:
        raise InvalidOrder.relevance()
    by = records.CustomerOrder[order.name]

    def fetch(wanted: Window, /) -> Sequence[CustomerRow]:
        return context.ask(
            (by, wanted),
            lambda: page_customers(
                context.reader,
                by,
                limit=wanted.size,
                after=_row(wanted.after),
                before=_row(wanted.before),
                backwards=wanted.backwards,
            ),
        )

    def count() -> int:
        return context.ask("count of customers", lambda: count_customers(context.reader))

    return Listing(f"Query.customers by {order.name}", fetch, row_key, count)


def found(context: Context, search: str, order: CustomerOrder) -> Listing[CustomerRow]:
    """At most MOST_FOUND customers that a search finds, the best matches of all, in an order."""
    if len(search) > LONGEST_SEARCH:
        raise InvalidSearch(len(search), LONGEST_SEARCH)
    falling = order is not CustomerOrder.NAME_ASC
    rows = sorted(context.ask((search, order), lambda: _search(context.reader, search, order)), key=_place, reverse=falling)

    def fetch(wanted: Window, /) -> Sequence[CustomerRow]:
        after, before = _row(wanted.after), _row(wanted.before)
        low, high = (before, after) if falling else (after, before)
        inner = [
            row for row in rows if (low is None or _place(row) >= _place(low)) and (high is None or _place(row) <= _place(high))
        ]
        return inner[-wanted.size :] if wanted.backwards else inner[: wanted.size]

    def count() -> int | None:
        return len(rows) if len(rows) < MOST_FOUND else None

    return Listing(f"Query.customers found, by {order.name}", fetch, row_key, count)


async def _search(reader: Reader, search: str, order: CustomerOrder) -> Sequence[CustomerRow]:
    rows: Sequence[CustomerRow] = await search_customers(reader, search, limit=MOST_FOUND)
    if order is not CustomerOrder.RELEVANCE:
        rows = await load_places(reader, [row.id for row in rows], records.CustomerOrder[order.name])
    return rows

"""Who is one person, as people decide it: merges by hand, and their undoing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from graph.customers import ProfileKey
from graph.errors import InvalidEvent, StoreUnavailable
from graph.events import inputs
from graph.events.inputs import Event
from graph.identity.merges import find_merge_by_event, load_merges, load_sides
from resolvers.context import Context, Info, load_customer
from resolvers.customers import Customer
from resolvers.directory import CustomerKey, asked_key
from resolvers.fields import about
from resolvers.identity.merges import Merge
from resolvers.nodes import check_id
from resolvers.requirements import needs_nothing_more
from resolvers.writing import Stamp, UserError, customer_key, recorded


@strawberry.type(description="A merge that was made or undone.", directives=[needs_nothing_more()])
class MergePayload:
    merge: Merge | None = strawberry.field(description="The merge as it is now.")
    kept: Customer | None = strawberry.field(description="The customer that was kept, as it is now.")
    restored: Customer | None = strawberry.field(description="The other one, where the merge was undone.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was done; empty on success.", directives=[about(5)])

    @classmethod
    def refused(cls, *errors: UserError) -> MergePayload:
        return cls(merge=None, kept=None, restored=None, user_errors=list(errors))


async def merge_customers(
    info: Info, keep: CustomerKey, absorb: CustomerKey, reason: str, idempotency_key: str | None = None
) -> MergePayload:
    context = info.context
    kept, absorbed = asked_key(context, keep, "keep"), asked_key(context, absorb, "absorb")

    def event(stamp: Stamp) -> Event:
        actor = context.actor.id
        return inputs.MergeInput(
            **stamp.event, keep=customer_key(kept), absorb=customer_key(absorbed), reason=reason, actor=actor
        )

    return await _decided(context, "mergeCustomers", idempotency_key, [kept, absorbed, reason], event)


async def undo_merge(
    info: Info, id: strawberry.ID, reason: str, keep_apart: bool | None = False, idempotency_key: str | None = None
) -> MergePayload:
    context, merge = info.context, check_id(id, "merge")

    def event(stamp: Stamp) -> Event:
        actor = context.actor.id
        return inputs.UndoMergeInput(**stamp.event, merge=merge, reason=reason, actor=actor, keep_apart=bool(keep_apart))

    return await _decided(context, "undoMerge", idempotency_key, [merge, reason, bool(keep_apart)], event, merge="id")


async def _decided(
    context: Context, operation: str, key: str | None, body: Any, event: Callable[[Stamp], Event], **arguments: str
) -> MergePayload:
    try:
        stamp = Stamp.of(context, operation, key, body)
        outcome = await recorded(context, [event(stamp)], stamp.request)
    except InvalidEvent as error:
        return MergePayload.refused(UserError.of(error))
    except StoreUnavailable as error:
        return MergePayload.refused(UserError.later(error))
    context.forget()
    if outcome.rejected:
        return MergePayload.refused(*(UserError.rejected(each, **arguments) for each in outcome.rejected))
    return await _payload(context, stamp)


async def _payload(context: Context, stamp: Stamp) -> MergePayload:
    id = await find_merge_by_event(context.reader, stamp.key)
    assert id is not None
    (merge,) = await load_merges(context.reader, [id])
    assert merge is not None
    found: Any = merge
    # What evidence joined is taken apart by its sides, whoever has the name of both from now on.
    ours, theirs = (merge.kept_id, merge.absorbed_id) if merge.actor else await load_sides(context.reader, id)
    kept: Any = await _customer(context, ours)
    restored: Any = None if merge.undone_at is None else await _customer(context, theirs)
    return MergePayload(merge=found, kept=kept, restored=restored, user_errors=[])


def _customer(context: Context, id: str) -> Awaitable[Any]:
    return load_customer(context, ProfileKey(id=id))

"""Codes, invitations, acceptances and reviews, as clients write them one at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import strawberry

from graph.customers import ProfileKey
from graph.errors import InvalidEvent, StoreUnavailable
from graph.events import inputs
from graph.events.inputs import Event
from graph.referrals.codes import AcceptanceGround, find_acceptance_ground, find_by_event, find_code_by_event
from graph.timeline import OwnedEntry
from resolvers.context import Context, Info
from resolvers.directory import CustomerKey, asked_key
from resolvers.errors import Forbidden
from resolvers.fields import about
from resolvers.identity import IdentifierInput
from resolvers.nodes import check_id
from resolvers.referrals.types import Referral, ReferralCode
from resolvers.requirements import needs_nothing_more
from resolvers.writing import Stamp, UserError, UserErrorCode, customer_key, recorded


@strawberry.type(description="A referral that was made or changed.", directives=[needs_nothing_more()])
class ReferralPayload:
    referral: Referral | None = strawberry.field(description="The referral as it is now.")
    user_errors: list[UserError] = strawberry.field(
        description="Why it is not as it was asked for; empty on success.", directives=[about(5)]
    )


@strawberry.type(description="A code that was made.", directives=[needs_nothing_more()])
class ReferralCodePayload:
    referral_code: ReferralCode | None = strawberry.field(description="The code.")
    user_errors: list[UserError] = strawberry.field(description="Why there is none; empty on success.", directives=[about(5)])


@strawberry.input(description="An advocate invites a friend.")
class InviteReferralInput:
    advocate: CustomerKey = strawberry.field(description="Who invites.")
    friend: IdentifierInput | None = strawberry.field(default=None, description="Who is invited, where that is known.")
    channel: str | None = strawberry.field(default=None, description="The key of the channel.")
    campaign: str | None = strawberry.field(default=None, description="The key of the campaign.")
    at: datetime | None = strawberry.field(default=None, description="When; now, where nothing is said.")


async def create_referral_code(
    info: Info,
    advocate: CustomerKey,
    campaign: str | None = None,
    channel: str | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> ReferralCodePayload:
    context = info.context
    key = _whose(context, advocate, "advocate")

    async def write() -> ReferralCodePayload:
        stamp = Stamp.of(context, "createReferralCode", idempotency_key, [key, campaign, channel, expires_at])
        event = inputs.ReferralCodeInput(
            **stamp.event, advocate=customer_key(key), campaign=campaign, channel=channel, expires_at=expires_at
        )
        errors = await _recorded(context, event, stamp, customer="advocate")
        code: Any = None if errors else await find_code_by_event(context.reader, stamp.key)
        return ReferralCodePayload(referral_code=code, user_errors=errors)

    return await _answered(write, lambda errors: ReferralCodePayload(referral_code=None, user_errors=errors))


async def invite_referral(info: Info, input: InviteReferralInput, idempotency_key: str | None = None) -> ReferralPayload:
    context = info.context
    key = _whose(context, input.advocate, "input.advocate")
    friend = None if input.friend is None else inputs.IdentifierKey(input.friend.type, input.friend.value)

    async def write() -> ReferralPayload:
        _check_now(context, input.at)
        if friend is not None and await _same(context, key, ProfileKey.of(friend.type, friend.value)):
            text = "input.friend: is the advocate; nobody refers themselves, so name somebody else"
            return _refused([UserError(code=UserErrorCode.SELF_REFERRAL, message=text, path=["input", "friend"])])
        body = [key, friend, input.channel, input.campaign]
        stamp = Stamp.of(context, "inviteReferral", idempotency_key, body, input.at)
        event = inputs.InviteInput(
            **stamp.event, advocate=customer_key(key), friend=friend, channel=input.channel, campaign=input.campaign
        )
        errors = await _recorded(context, event, stamp, "input", customer="advocate")
        return await _payload(context, stamp, errors)

    return await _answered(write, _refused)


async def accept_referral(
    info: Info, code: str, friend: CustomerKey, at: datetime | None = None, idempotency_key: str | None = None
) -> ReferralPayload:
    context = info.context
    key = _whose(context, friend, "friend")

    async def write() -> ReferralPayload:
        _check_now(context, at)
        stamp = Stamp.of(context, "acceptReferral", idempotency_key, [key, code], at)
        meant, ground = await _ground(context, code.strip(), key)
        event = inputs.AcceptInput(**stamp.event, code=meant, friend=customer_key(key))
        # What was asked before has an answer already, by which the friend is no new one any more.
        asked_before = stamp.request is not None and await find_by_event(context.reader, stamp.key) is not None
        if not asked_before:
            obstacle = _obstacle(context, ground, stamp.at)
            if obstacle is not None:
                return _refused([obstacle])
        errors = await _recorded(context, event, stamp, customer="friend")
        payload = await _payload(context, stamp, errors)
        found: Any = payload.referral
        if not asked_before and not payload.user_errors and found is not None and found.entry.referral_status == "REJECTED":
            why = "code: a review said no to this invitation; review it again, or accept another one"
            payload.user_errors = [UserError(code=UserErrorCode.BLOCKED, message=why, path=["code"])]
        return payload

    return await _answered(write, _refused)


async def review_referral(
    info: Info, id: strawberry.ID, approve: bool, reason: str, idempotency_key: str | None = None
) -> ReferralPayload:
    context, referral = info.context, check_id(id, "referral")

    async def write() -> ReferralPayload:
        stamp = Stamp.of(context, "reviewReferral", idempotency_key, [referral, approve, reason])
        event = inputs.ReferralReviewInput(**stamp.event, referral=referral, approve=approve, reason=reason)
        errors = await _recorded(context, event, stamp, referral="id")
        return ReferralPayload(referral=None if errors else await _loaded(context, referral), user_errors=errors)

    return await _answered(write, _refused)


async def _answered(write: Callable[[], Awaitable[Any]], refused: Callable[[list[UserError]], Any]) -> Any:
    try:
        return await write()
    except InvalidEvent as error:
        return refused([UserError.of(error)])
    except StoreUnavailable as error:
        return refused([UserError.later(error)])


def _refused(errors: list[UserError]) -> ReferralPayload:
    return ReferralPayload(referral=None, user_errors=errors)


def _whose(context: Context, key: CustomerKey, argument: str) -> ProfileKey:
    """Whom a key names; raises Forbidden where that isn't for whoever asks to say, or to find out."""
    found = asked_key(context, key, argument)
    if context.principal.customer is not None and context.own_by(found) is None:
        raise Forbidden.others()
    return found


async def _same(context: Context, one: ProfileKey, other: ProfileKey) -> bool:
    """Whether two keys name one customer, as far as anybody knows."""
    await context.loads.load([("customer", one), ("customer", other)])
    first, second = context.customer(one), context.customer(other)
    return first is not None and second is not None and first.id == second.id


def _check_now(context: Context, at: datetime | None) -> None:
    """Customers' own tokens tell what happens now: the earliest acceptance counts."""
    if at is not None and context.principal.customer is not None:
        raise InvalidEvent("at", "is not for a customer's own token to say; leave it out", code="FORBIDDEN")


async def _ground(context: Context, code: str, friend: ProfileKey) -> tuple[str, AcceptanceGround]:
    """The code that is meant, and what has to be known of it: codes made here are capitals, however people type them."""
    ground = await find_acceptance_ground(context.reader, code, friend)
    if ground.advocate is None and code != code.upper():
        other = await find_acceptance_ground(context.reader, code.upper(), friend)
        if other.advocate is not None:
            return code.upper(), other
    return code, ground


def _obstacle(context: Context, ground: AcceptanceGround, at: datetime) -> UserError | None:
    """Why a friend can't accept with a code."""

    def error(code: UserErrorCode, path: str, message: str) -> UserError:
        return UserError(code=code, message=f"{path}: {message}", path=[path])

    if ground.advocate is None:
        return error(UserErrorCode.NOT_FOUND, "code", "is no code that anybody was given; ask the advocate for theirs")
    if ground.advocate_erased:
        return error(UserErrorCode.ERASED, "code", "is that of a customer who was erased")
    if ground.expires_at is not None and at >= ground.expires_at:
        return error(UserErrorCode.EXPIRED, "code", f"ran out at {ground.expires_at:%Y-%m-%dT%H:%M:%SZ}")
    if ground.friend == ground.advocate:
        return error(UserErrorCode.SELF_REFERRAL, "friend", "is whose code it is; nobody refers themselves")
    if ground.referred:
        return error(
            UserErrorCode.DUPLICATE, "friend", "was brought in already, and can be only once; their own referral says by whom"
        )
    if ground.ring_closed:
        # It stays the earliest acceptance, so that none after it can count.
        why = "accepted before, which closed a ring, and counts until a review rejects it; reject that referral first"
        return error(UserErrorCode.BLOCKED, "friend", why)
    if ground.rejected:
        return error(UserErrorCode.BLOCKED, "friend", "accepted before, and a review said no; review that referral again instead")
    if ground.above:
        return error(UserErrorCode.CYCLE, "friend", "brought in, be it through others, whose code it is")
    if ground.orders and not context.rules.old_customers:
        return error(UserErrorCode.BLOCKED, "friend", "is a customer already, who has bought something")
    return None


async def _recorded(context: Context, event: Event, stamp: Stamp, *prefix: str, **arguments: str) -> list[UserError]:
    """Keep an event; `arguments`: which argument has the customer, or the referral, that the door speaks of."""
    outcome = await recorded(context, [event], stamp.request)
    context.forget()
    return [UserError.rejected(each, *prefix, **arguments) for each in outcome.rejected]


async def _payload(context: Context, stamp: Stamp, errors: list[UserError]) -> ReferralPayload:
    id = None if errors else await find_by_event(context.reader, stamp.key)
    if id is None:
        return _refused(errors)
    referral: Any = await _loaded(context, id)
    lost = _LOST.get((referral.entry.referral_status, referral.entry.ended_reason))
    if lost is not None:
        # Somebody else was there first, between the look and the write.
        errors = [UserError(code=lost, message=f"friend: {_WHY[lost]}", path=["friend"])]
    return ReferralPayload(referral=referral, user_errors=errors)


async def _loaded(context: Context, id: str) -> Any:
    await context.loads.load([("entry", id)])
    found: OwnedEntry | None = context.entry(id)
    return found


_LOST = {
    ("SUPERSEDED", "SUPERSEDED"): UserErrorCode.DUPLICATE,
    ("REJECTED", "CYCLE"): UserErrorCode.CYCLE,
    ("REJECTED", "SELF_REFERRAL"): UserErrorCode.SELF_REFERRAL,
    ("EXPIRED", "EXPIRED"): UserErrorCode.EXPIRED,
}
_WHY = {
    UserErrorCode.DUPLICATE: "accepted somebody else's invitation before",
    UserErrorCode.CYCLE: "brought in meanwhile, be it through others, whose code it is",
    UserErrorCode.SELF_REFERRAL: "turns out to be whose code it is",
    UserErrorCode.EXPIRED: "came after the code had run out",
}

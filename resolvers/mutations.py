"""What can be written, and what is said to it: payloads with userErrors, and first answers to requests that come again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import available_timezones

import strawberry
from strawberry.scalars import JSON

from graph.customers import ProfileKey
from graph.errors import InvalidEvent, StoreUnavailable
from graph.events import Rejection
from graph.events.forms import EXAMPLES, is_one
from graph.events.inputs import Event, IdentifierKey, IdentifyInput
from resolvers.access import View
from resolvers.context import Context, Info, load_customer
from resolvers.customers import Customer
from resolvers.events import EventInput, Stated
from resolvers.fields import about, one_for_each
from resolvers.identity import IdentifierInput
from resolvers.identity.mutations import MergePayload, merge_customers, undo_merge
from resolvers.masks import opaque
from resolvers.referrals.mutations import (
    ReferralCodePayload,
    ReferralPayload,
    accept_referral,
    create_referral_code,
    invite_referral,
    review_referral,
)
from resolvers.requirements import needs, needs_any, needs_nothing_more
from resolvers.scopes import CONFIG, CUSTOMERS, EVENTS, IDENTITY, OWN
from resolvers.writing import UserError, UserErrorCode, in_the_contracts_words, may_speak_for, recorded, request_of

MOST_EVENTS = 1_000


@strawberry.type(description="An event that was not kept; its neighbours were.", directives=[needs_nothing_more()])
class RejectedEvent:
    index: int = strawberry.field(description="Its place in the call, from 0.")
    code: UserErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people: what is wrong, and what to send instead.")

    @classmethod
    def of(cls, rejection: Rejection) -> RejectedEvent:
        return cls(index=rejection.index, code=UserErrorCode[rejection.code], message=in_the_contracts_words(rejection.message))


@strawberry.type(description="What became of the events of a call.", directives=[needs_nothing_more()])
class RecordEventsPayload:
    accepted: int = strawberry.field(description="Events that are kept now and were not before.")
    duplicates: int = strawberry.field(description="Events that were kept already.")
    rejected: list[RejectedEvent] = strawberry.field(description="Events that were not kept.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was kept; empty otherwise.", directives=[about(5)])

    @classmethod
    def refused(cls, *errors: UserError) -> RecordEventsPayload:
        return cls(accepted=0, duplicates=0, rejected=[], user_errors=list(errors))


@strawberry.type(description="A customer that was changed.", directives=[needs_nothing_more()])
class CustomerPayload:
    customer: Customer | None = strawberry.field(
        description="The customer as it is now; null to those without pii:read who named it by nothing but personal data."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Why nothing was changed; empty on success.", directives=[about(5)]
    )


@strawberry.input(description="A postal address.")
class AddressInput:
    kind: str = strawberry.field(description="What it is used for: home, billing, shipping.")
    line1: str | None = strawberry.field(default=None, description="The first line.")
    line2: str | None = strawberry.field(default=None, description="The second line.")
    city: str | None = strawberry.field(default=None, description="The city.")
    region: str | None = strawberry.field(default=None, description="The state, prefecture or county.")
    postal_code: str | None = strawberry.field(default=None, description="The postal code.")
    country: str | None = strawberry.field(default=None, description="ISO 3166-1 alpha-2.")

    def trait(self) -> dict[str, str]:
        """As a source states it in a trait."""
        values = {
            "kind": self.kind,
            "line1": self.line1,
            "line2": self.line2,
            "city": self.city,
            "region": self.region,
            "postalCode": self.postal_code,
            "country": self.country,
        }
        return {name: value for name, value in values.items() if value is not None}


@strawberry.input(
    description="What is known of a customer now. What is left out stays as it is; null removes it, an empty text does not."
)
class UpsertCustomerInput:
    identifiers: list[IdentifierInput] = strawberry.field(description="At most 20; they are joined to one customer.")
    source: str = strawberry.field(description="The system that says so.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name as it is written.")
    given_name: str | None = strawberry.field(default=strawberry.UNSET, description="The given name.")
    family_name: str | None = strawberry.field(default=strawberry.UNSET, description="The family name.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="The address to write to.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="The number to call.")
    birth_date: date | None = strawberry.field(default=strawberry.UNSET, description="The day of birth.")
    gender: str | None = strawberry.field(default=strawberry.UNSET, description="As the customer states it.")
    locale: str | None = strawberry.field(default=strawberry.UNSET, description="BCP 47, such as ja-JP.")
    time_zone: str | None = strawberry.field(default=strawberry.UNSET, description="IANA, such as Asia/Tokyo.")
    country: str | None = strawberry.field(default=strawberry.UNSET, description="ISO 3166-1 alpha-2.")
    addresses: list[AddressInput] | None = strawberry.field(default=strawberry.UNSET, description="All of them.")
    traits: JSON | None = strawberry.field(default=None, description="An object with anything else.")
    account: IdentifierInput | None = strawberry.field(default=None, description="The organization the customer belongs to.")


#: Fields of UpsertCustomerInput that are traits, with the names that these have.
_TRAITS = {
    "name": "name", "given_name": "givenName", "family_name": "familyName", "email": "email", "phone": "phone",
    "birth_date": "birthDate", "gender": "gender", "locale": "locale", "time_zone": "timeZone", "country": "country",
    "addresses": "addresses",
}  # fmt: skip


async def record_events(info: Info, events: list[EventInput], idempotency_key: str | None = None) -> RecordEventsPayload:
    if len(events) > MOST_EVENTS:
        message = f"holds {len(events):,} events; send at most {MOST_EVENTS:,} in one call"
        return RecordEventsPayload.refused(UserError.of(InvalidEvent("events", message, code="TOO_LARGE")))
    typed: list[Event] = []
    places: list[int] = []
    rejected: list[Rejection] = []
    stated: list[Stated] = events  # type: ignore[assignment]
    for index, given in enumerate(stated):
        if isinstance(given, InvalidEvent):
            rejected.append(Rejection(index, given.code, str(given)))
        elif not may_speak_for(info.context, given.source):
            rejected.append(
                Rejection(index, "FORBIDDEN", f"source: is not {info.context.principal.source}, for which your key is")
            )
        else:
            typed.append(given)
            places.append(index)
    try:
        request = request_of("recordEvents", idempotency_key, [typed, [(each.index, each.message) for each in rejected]])
        outcome = await recorded(info.context, typed, request)
    except InvalidEvent as error:
        return RecordEventsPayload.refused(UserError.of(error))
    except StoreUnavailable as error:
        return RecordEventsPayload.refused(UserError.later(error))
    info.context.forget()
    rejected += [Rejection(places[each.index], each.code, each.message) for each in outcome.rejected]
    return RecordEventsPayload(
        accepted=outcome.accepted,
        duplicates=outcome.duplicates,
        rejected=[RejectedEvent.of(each) for each in sorted(rejected, key=lambda each: each.index)],
        user_errors=[],
    )


async def upsert_customer(info: Info, input: UpsertCustomerInput, idempotency_key: str | None = None) -> CustomerPayload:
    context = info.context
    try:
        if not may_speak_for(context, input.source):
            message = f"is not {context.principal.source}, for which your key is"
            raise InvalidEvent("source", message, code="FORBIDDEN")
        event = _identified(context, input)
        body = [event.source, event.identifiers, event.traits, event.account]
        outcome = await recorded(context, [event], request_of("upsertCustomer", idempotency_key, body))
    except InvalidEvent as error:
        prefix = () if error.path == "idempotencyKey" else ("input",)
        return CustomerPayload(customer=None, user_errors=[UserError.of(error, *prefix)])
    except StoreUnavailable as error:
        return CustomerPayload(customer=None, user_errors=[UserError.later(error)])
    if outcome.rejected:
        return CustomerPayload(customer=None, user_errors=[_of_the_input(each) for each in outcome.rejected])
    context.forget()
    named = [ProfileKey.of(each.type, each.value) for each in input.identifiers]
    if context.principal.view is View.MASKED:
        # Whoever may not look up personal data isn't told by having it written whose it is.
        named = [each for each in named if opaque(each)]
    profile: Any = await load_customer(context, named[0]) if named else None
    return CustomerPayload(customer=profile, user_errors=[])


def _identified(context: Context, given: UpsertCustomerInput) -> IdentifyInput:
    stated: Any = given.traits
    if not isinstance(stated, (dict, type(None))):
        raise InvalidEvent("traits", "must be an object")
    traits = dict(stated or {})
    for field, name in _TRAITS.items():
        value = getattr(given, field)
        if value is not strawberry.UNSET:
            _check_format(name, value)
            traits[name] = _trait(value)
    if given.birth_date and given.birth_date > context.now().date():
        raise InvalidEvent("birthDate", f"lies in the future ({given.birth_date})")
    for number, address in enumerate(given.addresses or []):
        _check_format("country", address.country, f"addresses.{number}.country")
    return IdentifyInput(
        id=uuid4().hex,
        source=given.source,
        at=context.now(),
        identifiers=tuple(IdentifierKey(each.type, each.value) for each in given.identifiers),
        traits=traits,
        account=None if given.account is None else IdentifierKey(given.account.type, given.account.value),
    )


def _check_format(name: str, value: Any, path: str = "") -> None:
    """Raise InvalidEvent where a text is none of those that its field is for. An empty one says that there is none."""
    known, problem = _FORMATS.get(name, (None, ""))
    if known is not None and value and not known(value):
        raise InvalidEvent(path or name, problem)


def _is_time_zone(value: str) -> bool:
    known = available_timezones()
    # A machine without a database of them knows none.
    return value in known or not known


_FORMATS: dict[str, tuple[Callable[[str], object], str]] = {
    "email": (partial(is_one, "email"), EXAMPLES["email"]),
    "phone": (partial(is_one, "phone"), EXAMPLES["phone"]),
    "locale": (re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*").fullmatch, "is no BCP 47 tag, such as ja-JP"),
    "timeZone": (_is_time_zone, "is no IANA time zone, such as Asia/Tokyo"),
    "country": (re.compile(r"[A-Za-z]{2}").fullmatch, "is no ISO 3166-1 alpha-2 code, such as JP"),
}


def _trait(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [address.trait() for address in value]
    return value


def _of_the_input(rejection: Rejection) -> UserError:
    message = in_the_contracts_words(rejection.message)
    path, _, reason = message.partition(": ")
    names = path.split(".")
    if names[0] == "traits" and len(names) == 2 and names[1] in _TRAITS.values():
        # Stated as a field of its own.
        names, message = names[1:], f"{names[1]}: {reason}"
    return UserError(code=UserErrorCode[rejection.code], message=message, path=["input", *names])


@strawberry.type(description="Everything that can be written. What is acknowledged is committed.")
class Mutation:
    record_events: RecordEventsPayload = strawberry.mutation(
        resolver=record_events,
        directives=[one_for_each("events", of="rejected"), needs(EVENTS)],
        description=(
            "Up to 1,000 events in one call; each is kept whole, or refused with its index and reason. Acknowledged means "
            "committed to the graph. Variables that don't fit these types refuse the whole call, with the path of each misfit, "
            "and nothing is written; faults of meaning are refused one by one."
        ),
    )
    upsert_customer: CustomerPayload = strawberry.mutation(
        resolver=upsert_customer,
        directives=[needs(CUSTOMERS)],
        description="What is known of a customer now; one never heard of is created.",
    )
    create_referral_code: ReferralCodePayload = strawberry.mutation(
        resolver=create_referral_code,
        directives=[needs_any(EVENTS, OWN)],
        description="A standing code for an advocate: any number of friends accept with it.",
    )
    invite_referral: ReferralPayload = strawberry.mutation(
        resolver=invite_referral,
        directives=[needs_any(EVENTS, OWN)],
        description="An advocate invites a friend, who accepts with the code of this invitation.",
    )
    accept_referral: ReferralPayload = strawberry.mutation(
        resolver=accept_referral,
        directives=[needs_any(EVENTS, OWN)],
        description=(
            "A friend accepts. Nothing is kept where the code is unknown or ran out, and where the friend is its owner, was "
            "brought in already, brought its owner in, or has bought something before (the settings say whether that matters)."
        ),
    )
    review_referral: ReferralPayload = strawberry.mutation(
        resolver=review_referral,
        directives=[needs(CONFIG)],
        description="Let a referral go on, or reject it: then its friend counts as brought in by the next who did, or by nobody.",
    )
    merge_customers: MergePayload = strawberry.mutation(
        resolver=merge_customers,
        directives=[needs(IDENTITY)],
        description=(
            "Say that two customers are one, which goes by the id of the one to keep; all ids go on to name it. It can be "
            "undone. What it would do, and what stands against it, tells mergePreview."
        ),
    )
    undo_merge: MergePayload = strawberry.mutation(
        resolver=undo_merge,
        directives=[needs(IDENTITY)],
        description=(
            "Take a merge back: each of the two has what was filed under its identifiers, also what came meanwhile. BLOCKED "
            "where other evidence says that they are one, unless they are to be kept apart, whatever evidence says. What "
            "evidence joined is always kept apart: it would be joined again."
        ),
    )

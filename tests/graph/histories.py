"""What happened to one customer, made up by chance but the same for each seed, with times that clash."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from graph.events.inputs import (
    AcceptInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    CustomerKey,
    Event,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseItemInput,
    ReviewInput,
    SurveyResponseInput,
    TouchpointInput,
)
from graph.money import Money

START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = "test"

CHANNELS = ("web", "app", "store")
TYPES = ("page_view", "search", "call")


def at(minutes: float) -> datetime:
    """That many minutes into the story."""
    return START + timedelta(minutes=minutes)


def by_email(name: str) -> CustomerKey:
    return CustomerKey(email=f"{name}@example.com")


def identify(who: str, /, *, minutes: float = 0, **traits: object) -> IdentifyInput:
    """`who` has a user id, a mail address and a device."""
    keys = (IdentifierKey("user_id", who), IdentifierKey("email", f"{who}@example.com"), IdentifierKey("device", f"{who}-phone"))
    return IdentifyInput(
        id=f"{who}-{minutes}-identify", source=SOURCE, at=at(minutes), identifiers=keys, traits=dict(traits) or None
    )


def history(name: str, *, events: int, seed: int) -> list[Event]:
    """An identify event, and as many others of all kinds under each of the customer's identifiers."""
    chance = random.Random(seed)
    keys = (
        CustomerKey(identifier=IdentifierKey("user_id", name)),
        by_email(name),
        CustomerKey(identifier=IdentifierKey("device", f"{name}-phone")),
    )
    made: list[Event] = [identify(name, name=name.title())]
    for number in range(events):
        make = chance.choices(_MAKERS, _WEIGHTS)[0]
        # Few different times: what is to be told apart by id alone must be met often.
        when = at(chance.randrange(events) // 3)
        made.append(make(f"{name}-{number}", when, chance.choice(keys), chance))
    return made


def _touchpoint(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    return TouchpointInput(
        id=id, source=SOURCE, at=when, customer=customer, channel=chance.choice(CHANNELS), type=chance.choice(TYPES)
    )


def _purchase(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    price = Money(chance.randrange(1, 5_000), chance.choice(("USD", "JPY")))
    item = PurchaseItemInput(sku=f"sku-{chance.randrange(5)}", quantity=Decimal(1), total=price)
    status = chance.choice(("PLACED", "PAID", "CANCELLED"))
    return PurchaseInput(
        id=id, source=SOURCE, at=when, customer=customer, number=id, items=(item,), channel=chance.choice(CHANNELS), status=status
    )


def _review(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    return ReviewInput(id=id, source=SOURCE, at=when, customer=customer, rating=chance.randrange(1, 6), sku="sku-1")


def _survey(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    kind = chance.choice(("NPS", "CSAT"))
    return SurveyResponseInput(id=id, source=SOURCE, at=when, customer=customer, survey="s", survey_kind=kind, score=3)


def _case(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    closed = when + timedelta(hours=1) if chance.random() < 0.5 else None
    return CaseInput(id=id, source=SOURCE, at=when, customer=customer, case=id, closed_at=closed)


def _communication(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    status = chance.choice(("SENT", "OPENED", "CLICKED"))
    return CommunicationInput(
        id=id, source=SOURCE, at=when, customer=customer, message=id, channel="email", purpose="marketing", status=status
    )


def _invite(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    return InviteInput(id=id, source=SOURCE, at=when, advocate=customer)


_MAKERS: tuple[Callable[[str, datetime, CustomerKey, random.Random], Event], ...] = (
    _touchpoint, _purchase, _review, _survey, _case, _communication, _invite,
)  # fmt: skip
_WEIGHTS = (8, 4, 2, 1, 1, 2, 1)


def invited(names: Sequence[str]) -> Iterator[Event]:
    """Each of these invites the next one, who accepts; each has a cart, too."""
    for number, (advocate, friend) in enumerate(pairwise(names)):
        code, when = f"{advocate}-code", at(number)
        named = IdentifierKey("email", f"{friend}@example.com")
        yield InviteInput(id=f"invite-{number}", source=SOURCE, at=when, advocate=by_email(advocate), friend=named, code=code)
        yield AcceptInput(id=f"accept-{number}", source=SOURCE, at=when, code=code, friend=by_email(friend))
        item = PurchaseItemInput(sku=f"sku-{number}", quantity=Decimal("1.5"), total=Money(1_999, "USD"))
        yield CartInput(id=f"cart-{number}", source=SOURCE, at=at(number), customer=by_email(advocate), cart=code, items=(item,))

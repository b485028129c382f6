"""What happened to one customer, made up by chance but the same for each seed, with times that clash."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from graph.events.inputs import (
    AcceptInput,
    BareRefundInput,
    CartChangeInput,
    CartEndInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    CustomerKey,
    Event,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseChangeInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
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


def shared(names: Sequence[str], *, events: int, seed: int) -> list[Event]:
    """As many events about a few purchases, carts, cases and messages, each of which names any of these people."""
    chance = random.Random(seed)
    made: list[Event] = []
    for number in range(events):
        make = chance.choice(_SHARED_MAKERS)
        event = make(f"s-{number}", at(chance.randrange(events) // 2), by_email(chance.choice(names)), chance)
        named = next(name for name in ("number", "cart", "purchase", "case", "message") if hasattr(event, name))
        thing: dict[str, Any] = {named: f"shared-{chance.randrange(2)}"}
        made.append(replace(event, **thing))
    return made


def _cart(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    item = PurchaseItemInput(sku=f"sku-{chance.randrange(5)}", quantity=Decimal(1), total=Money(chance.randrange(500), "USD"))
    return CartInput(id=id, source=SOURCE, at=when, customer=customer, cart=id, items=(item,))


def _status(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    return PurchaseStatusInput(
        id=id, source=SOURCE, at=when, purchase=id, status=chance.choice(("PAID", "CANCELLED", "REFUNDED"))
    )


def _refund(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    amount = Money(chance.randrange(1, 2_000), chance.choice(("USD", "JPY")))
    return RefundInput(id=id, source=SOURCE, at=when, purchase=id, amount=amount)


def _bare_refund(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    return BareRefundInput(id=id, source=SOURCE, at=when, purchase=id, amount=Decimal(chance.randrange(1, 20)))


def _purchase_change(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    total = Money(chance.randrange(1, 5_000), "USD") if chance.random() < 0.5 else None
    channel, status = chance.choice((None, *CHANNELS)), chance.choice((None, "SHIPPED", "REFUNDED"))
    return PurchaseChangeInput(
        id=id, source=SOURCE, at=when, customer=customer, number=id, channel=channel, status=status, total=total
    )


def _cart_change(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    item = PurchaseItemInput(sku=f"sku-{chance.randrange(3)}", quantity=Decimal(1), unit_price=Money(100, "USD"))
    removed = chance.random() < 0.3
    return CartChangeInput(id=id, source=SOURCE, at=when, customer=customer, cart=id, item=item, removed=removed)


def _cart_end(id: str, when: datetime, customer: CustomerKey, chance: random.Random) -> Event:
    return CartEndInput(id=id, source=SOURCE, at=when, cart=id, purchase=f"shared-{chance.randrange(2)}")


_SHARED_MAKERS = (
    _purchase, _purchase_change, _status, _refund, _bare_refund, _cart, _cart_change, _cart_end, _case, _communication,
)  # fmt: skip

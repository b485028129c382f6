"""Short ways to write events in tests: hours since 2026-01-01 for times, user ids for customers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from graph.events.inputs import (
    AcceptInput,
    CartInput,
    CaseInput,
    CommunicationInput,
    ConsentInput,
    CustomerKey,
    IdentifierKey,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseItemInput,
    PurchaseStatusInput,
    RefundInput,
    ReviewInput,
    TouchpointInput,
)
from graph.money import Money


def at(hours: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


def user(name: str) -> CustomerKey:
    return CustomerKey(identifier=IdentifierKey("user_id", name))


def identify(id: str, hours: float, *identifiers: tuple[str, str], traits: dict[str, Any] | None = None) -> IdentifyInput:
    named = tuple(IdentifierKey(*identifier) for identifier in identifiers)
    return IdentifyInput(id=id, source="test", at=at(hours), identifiers=named, traits=traits)


def touchpoint(id: str, hours: float, customer: CustomerKey, *, channel: str = "web", **more: Any) -> TouchpointInput:
    return TouchpointInput(id=id, source="test", at=at(hours), customer=customer, channel=channel, type="page_view", **more)


def item(sku: str, total: str, *, quantity: str = "1") -> PurchaseItemInput:
    return PurchaseItemInput(sku=sku, quantity=Decimal(quantity), total=Money.of(total, "USD"))


def purchase(id: str, hours: float, customer: CustomerKey, number: str, total: str = "10", **more: Any) -> PurchaseInput:
    more.setdefault("items", (item(f"sku-{number}", total),))
    return PurchaseInput(
        id=id, source="test", at=at(hours), customer=customer, number=number, total=Money.of(total, "USD"), **more
    )


def status(id: str, hours: float, number: str, status: str) -> PurchaseStatusInput:
    return PurchaseStatusInput(id=id, source="test", at=at(hours), purchase=number, status=status)


def refund(id: str, hours: float, number: str, amount: str) -> RefundInput:
    return RefundInput(id=id, source="test", at=at(hours), purchase=number, amount=Money.of(amount, "USD"))


def cart(id: str, hours: float, customer: CustomerKey, name: str, *skus: str, step: str | None = None) -> CartInput:
    items = tuple(item(sku, "5") for sku in skus)
    return CartInput(id=id, source="test", at=at(hours), customer=customer, cart=name, items=items, checkout_step=step)


def review(id: str, hours: float, customer: CustomerKey, rating: int, sku: str | None = None, **more: Any) -> ReviewInput:
    return ReviewInput(id=id, source="test", at=at(hours), customer=customer, rating=rating, sku=sku, **more)


def case(id: str, hours: float, customer: CustomerKey, name: str, **more: Any) -> CaseInput:
    return CaseInput(id=id, source="test", at=at(hours), customer=customer, case=name, **more)


def consent(id: str, hours: float, customer: CustomerKey, purpose: str, status: str) -> ConsentInput:
    return ConsentInput(id=id, source="test", at=at(hours), customer=customer, purpose=purpose, status=status)


def message(id: str, hours: float, customer: CustomerKey, name: str, status: str, **more: Any) -> CommunicationInput:
    return CommunicationInput(
        id=id,
        source="test",
        at=at(hours),
        customer=customer,
        message=name,
        channel="email",
        purpose="marketing",
        status=status,
        **more,
    )


def invite(id: str, hours: float, advocate: CustomerKey, code: str, **more: Any) -> InviteInput:
    return InviteInput(id=id, source="test", at=at(hours), advocate=advocate, code=code, **more)


def accept(id: str, hours: float, code: str, friend: CustomerKey) -> AcceptInput:
    return AcceptInput(id=id, source="test", at=at(hours), code=code, friend=friend)

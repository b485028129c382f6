"""Carts, some of them left; purchases, and what becomes of them."""

from __future__ import annotations

from app.demo import voices
from app.demo.catalogue import Product, liked, line
from app.demo.clock import moment
from app.demo.tale import Tale
from graph.events.inputs import CartInput, CustomerKey, PurchaseInput, PurchaseItemInput, PurchaseStatusInput, RefundInput
from graph.money import Money

SOURCE = "shop"
_LEFT_AT = ("cart", "address", "payment")
_REASONS = ("damaged", "wrong size", "late", "changed mind", "not as described")


def fill_cart(tale: Tale, second: int, *, key: CustomerKey, channel: str, first: Product) -> None:
    """A cart on the web or in the app at `second`, with `first` in it; most known customers go on and buy it, six in ten
    of them so fast that no source told of the cart itself.
    """
    lines = _lines(tale, first)
    total = _sum(lines)
    buys = tale.person.known and tale.draw() < 0.5 + 0.32 * tale.person.content
    u = tale.draw()
    cart = f"C{tale.tag}-{len(tale.out)}" if not buys or u < 0.4 else None
    if cart:
        tale.out.append(
            CartInput(
                id=tale.next_id(), source=SOURCE, at=moment(second), customer=key, cart=cart, channel=channel, items=lines,
                total=total, checkout_step=None if buys else _LEFT_AT[int(u * 3)],
            )
        )  # fmt: skip
        tale.ledger.cart(abandoned=not buys)
    if buys:
        _buy(tale, second + 60, key=key, channel=channel, lines=lines, total=total, cart=cart)


def buy_in_store(tale: Tale, second: int, *, key: CustomerKey) -> None:
    """A purchase at a till: paid and taken home at once."""
    lines = _lines(tale, None)
    number = _purchase(tale, second, key=key, channel="store", lines=lines, total=_sum(lines), status="DELIVERED", cart=None)
    _afterwards(tale, second, number=number, lines=lines, total=_sum(lines))


def _lines(tale: Tale, first: Product | None) -> tuple[PurchaseItemInput, ...]:
    draw, person = tale.draw, tale.person
    u = draw()
    lines = []
    for _ in range(1 + int(u * u * u * 5)):
        v, w = draw(), draw()
        product = first or liked(v, favourite=person.favourite)
        first = None
        quantity = 1 if w < 0.8 else 2 if w < 0.94 else 3
        percent = 15 if int(w * 1_000) % 10 == 0 else 0
        lines.append(line(product, currency=person.country.currency, quantity=quantity, discount_percent=percent))
    return tuple(lines)


def _sum(lines: tuple[PurchaseItemInput, ...]) -> Money:
    if len(lines) == 1 and lines[0].total:
        return lines[0].total
    totals = [item.total for item in lines if item.total]
    return Money(sum(total.amount for total in totals), totals[0].currency)


def _buy(
    tale: Tale,
    second: int,
    *,
    key: CustomerKey,
    channel: str,
    lines: tuple[PurchaseItemInput, ...],
    total: Money,
    cart: str | None,
) -> None:
    number = _purchase(tale, second, key=key, channel=channel, lines=lines, total=total, status="PAID", cart=cart)
    u = tale.draw()
    if u < 0.04:
        cancelled = tale.later(second, days=0.8)
        if cancelled and _status(tale, cancelled, number=number, status="CANCELLED"):
            tale.ledger.cancelled(total)
            return
    if u < 0.3 and (shipped := tale.later(second, days=1.5)):
        _status(tale, shipped, number=number, status="SHIPPED")
    delivered = tale.later(second + 172_800, days=4)
    if delivered and (u < 0.6 or _status(tale, delivered, number=number, status="DELIVERED")):
        _afterwards(tale, delivered, number=number, lines=lines, total=total)


def _purchase(
    tale: Tale,
    second: int,
    *,
    key: CustomerKey,
    channel: str,
    lines: tuple[PurchaseItemInput, ...],
    total: Money,
    status: str,
    cart: str | None,
) -> str:
    number = f"P{tale.tag}-{len(tale.out)}"
    u = tale.draw()
    tale.out.append(
        PurchaseInput(
            id=tale.next_id(), source=SOURCE, at=moment(second), customer=key, number=number, items=lines, channel=channel,
            status=status, total=total, cart=cart, coupon="WELCOME10" if u < 0.06 else None,
            campaign="season-sale" if u > 0.9 else None,
        )
    )  # fmt: skip
    tale.ledger.purchase(total)
    return number


def _status(tale: Tale, second: int, *, number: str, status: str) -> bool:
    tale.out.append(PurchaseStatusInput(id=tale.next_id(), source=SOURCE, at=moment(second), purchase=number, status=status))
    return True


def _afterwards(tale: Tale, second: int, *, number: str, lines: tuple[PurchaseItemInput, ...], total: Money) -> None:
    """What follows once the goods are there: money back, a review, a survey, a case."""
    u = tale.draw()
    back = tale.later(second, days=15) if u < 0.07 else None
    if back:
        _refund(tale, back, number=number, total=total, whole=u < 0.03)
    voices.write_voices(tale, second, number=number, lines=lines)


def _refund(tale: Tale, second: int, *, number: str, total: Money, whole: bool) -> None:
    amount = total if whole else Money(max(1, total.amount * 2 // 5), total.currency)
    reason = _REASONS[int(tale.draw() * len(_REASONS))]
    tale.out.append(
        RefundInput(id=tale.next_id(), source=SOURCE, at=moment(second), purchase=number, amount=amount, reason=reason)
    )
    tale.ledger.refund(amount, whole=whole)

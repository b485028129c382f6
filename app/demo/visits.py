"""Visits: when a customer comes, by which channel, and what it looks at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from app.demo import orders
from app.demo.catalogue import Product, liked
from app.demo.clock import DAY, NOW, SEASON, START, shopping_time
from app.demo.dice import pareto
from app.demo.people import choose
from app.demo.tale import Tale
from graph.events.inputs import CustomerKey, TouchpointInput

MOST_VISITS = 160
# Nothing begins in the last two hours, so that every cart that was left has been left for an hour at least.
_LAST_START = NOW - 7_200


class Step(NamedTuple):
    """One touchpoint of a visit: `dwell` is the longest stay in seconds, `shows` whether a product is looked at,
    `campaigns` what it may have come from.
    """

    channel: str
    type: str
    url: str | None
    shows: bool
    dwell: int
    campaigns: tuple[str, ...] = ()


_ADS = ("ad-brand", "ad-season", "ad-retarget")
_MAILS = ("newsletter", "cart-reminder", "season-sale")
_POSTS = ("social-stories", "social-spring")

WEB = (
    Step("web", "page_view", "/", False, 60),
    Step("web", "page_view", "/collections/new", False, 120),
    Step("web", "product_viewed", None, True, 240),
    Step("web", "product_viewed", None, True, 300),
    Step("web", "page_view", "/search", False, 45),
    Step("web", "product_viewed", None, True, 240),
    Step("web", "page_view", "/journal", False, 400),
)
APP = (
    Step("app", "app_opened", None, False, 20),
    Step("app", "product_viewed", None, True, 180),
    Step("app", "screen_view", "/favourites", False, 90),
    Step("app", "product_viewed", None, True, 200),
    Step("app", "screen_view", "/search", False, 40),
)
BUYING = {
    "web": (
        Step("web", "product_added", "/cart", True, 60),
        Step("web", "checkout_started", "/checkout", False, 180),
    ),
    "app": (
        Step("app", "product_added", "/cart", True, 40),
        Step("app", "checkout_started", "/checkout", False, 120),
    ),
}
ENTRIES = (
    Step("ad", "ad_clicked", "/landing/season", False, 15, _ADS),
    Step("ad", "ad_clicked", "/landing/brand", False, 15, _ADS),
    Step("email", "email_clicked", "/landing/newsletter", False, 20, _MAILS),
    Step("email", "email_clicked", "/landing/newsletter", False, 20, _MAILS),
    Step("social", "post_clicked", "/landing/social", False, 15, _POSTS),
    Step("social", "post_clicked", "/landing/video", False, 30, _POSTS),
    Step("push", "push_opened", None, False, 5, ("app-drop",)),
    Step("sms", "sms_clicked", "/landing/sms", False, 10, ("sms-flash",)),
)
INVITED = Step("referral", "referral_landing", "/landing/friends", False, 40, ("friends",))
ALONE = (
    Step("store", "store_visit", None, False, 2_400),
    Step("store", "store_visit", None, False, 2_400),
    Step("call_center", "call", None, False, 900),
    Step("chat", "chat_started", "/help", False, 600),
    Step("marketplace", "listing_viewed", None, True, 120),
    Step("event", "event_attended", None, False, 7_200),
)


def write_visits(tale: Tale, *, invited: bool) -> int:
    """All visits of a customer, with what is bought on them; returns the second at which the first one ended."""
    first_end = tale.joined
    for number, start in enumerate(_starts(tale)):
        end = _visit(tale, start, number=number, invited=invited)
        if not number:
            first_end = end
    return first_end


def _starts(tale: Tale) -> list[int]:
    """When visits begin, the first one at joining. Three in ten come for a month only, others lapse after a while, the less
    content the sooner; one in eight lapses and comes back.
    """
    draw = tale.draw
    content = tale.person.content
    count = pareto(draw(), least=0.5 + 0.26 * content, most=MOST_VISITS)
    room = _LAST_START - tale.joined
    u = draw()
    span = min(room, 30 * DAY) if u < 0.3 else room
    if 0.3 <= u < 0.8 - 0.35 * content:
        span = int(room * (0.1 + 0.6 * draw()))
    returns = u > 0.88
    return [tale.joined, *sorted(_one_start(tale, span, returns) for _ in range(count - 1))]


def _one_start(tale: Tale, span: int, returns: bool) -> int:
    draw = tale.draw
    x = draw()
    start = tale.joined + int(span * x)
    # In a quiet season a visit is often put off to another day.
    if draw() * 0.8 > SEASON[(start - START) // DAY]:
        x = draw()
    if returns:
        x *= 0.6
        x = x + 0.4 if x > 0.3 else x
    start = tale.joined + int(span * x)
    at_leisure = shopping_time(start, offset=tale.person.country.offset, u=draw())
    return at_leisure if tale.joined + 7_200 < at_leisure < _LAST_START else start


def _visit(tale: Tale, start: int, *, number: int, invited: bool) -> int:
    draw, person = tale.draw, tale.person
    u = draw()
    if number and u < 0.16 and person.known:
        step = choose(ALONE, u * 6.25)
        key = person.store if step.channel == "store" else person.site
        end, _ = _touch(tale, (step,), key=key, start=start, session=None)
        if step.channel == "store" and draw() < 0.6:
            orders.buy_in_store(tale, end, key=key)
        return end
    body, channel = (APP, "app") if draw() < 0.33 else (WEB, "web")
    steps = body[: 1 + int(draw() * draw() * 9)]
    if number == 0 and invited:
        steps = (INVITED, *steps)
    elif u > 0.72:
        steps = (choose(ENTRIES, (u - 0.72) * 3.5), *steps)
    shops = draw()
    wants = shops < 0.18 + 0.32 * person.content
    if wants:
        steps = (*steps, *BUYING[channel][: 1 + (shops < 0.36)])
    key = person.site if number else person.visitor
    end, added = _touch(tale, steps, key=key, start=start, session=f"s{tale.tag}-{number}")
    if wants and added:
        orders.fill_cart(tale, end, key=key, channel=channel, first=added)
    return end


def _touch(
    tale: Tale, steps: tuple[Step, ...], *, key: CustomerKey, start: int, session: str | None
) -> tuple[int, Product | None]:
    """Writes the steps one after the other; returns the second at which the last one ended, and the product seen last."""
    draw, out, tag, favourite = tale.draw, tale.out, tale.tag, tale.person.favourite
    # Half of all events are made here, so names are looked up once.
    fromtimestamp = datetime.fromtimestamp
    second, product = start, None
    for channel, kind, url, shows, dwell, campaigns in steps:
        spent = 1 + int(draw() * dwell)
        sku = None
        if shows:
            product = liked(draw(), favourite=favourite)
            sku = product.sku
            url = url or product.url
        campaign = choose(campaigns, draw()) if campaigns else None
        out.append(
            TouchpointInput(
                id=f"{tag}-{len(out)}", source="site", at=fromtimestamp(second, UTC), customer=key, channel=channel, type=kind,
                campaign=campaign, session=session, duration_seconds=spent, url=url, sku=sku,
            )
        )  # fmt: skip
        second += spent
    tale.ledger.touchpoints(tale.person.index, len(steps))
    return second, product

"""The load: writers that send until they are answered, readers that know how much was acknowledged before they asked.

Each event of a customer counts one touchpoint or one purchase of 1.00. A reader must find at least what was acknowledged before
it asked, and at most what was sent before it was answered; and a profile's parts must agree.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2

from tests.write_key import WRITE_KEY

RECORD = """mutation ($events: [EventInput!]!, $key: String) {
  recordEvents(events: $events, idempotencyKey: $key) {
    accepted duplicates rejected { code message } userErrors { code message } } }"""
READ = """query ($by: CustomerKey!) { customer(by: $by) {
  touchpoints { totalCount } purchases { totalCount } value { orders revenue { amount } }
  channels { touchpoints purchases } } }"""
AT = "2026-01-01T00:00:00Z"
PURCHASES = 4
"""One event of so many is a purchase."""


@dataclass(slots=True)
class Book:
    """What is known of one customer: numbers of events."""

    sent: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    kept: dict[str, list[Planned]] = field(default_factory=lambda: {"graphql": [], "segment": []})


@dataclass(slots=True)
class Ledger:
    customers: int
    books: dict[str, Book] = field(init=False)
    answered: int = 0
    sent_again: int = 0
    reads: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.books = {f"customer {number}": Book() for number in range(self.customers)}

    @property
    def acknowledged(self) -> int:
        return sum(book.acknowledged.total() for book in self.books.values())

    def wrong(self, message: str) -> None:
        self.violations.append(message)


@dataclass(frozen=True, slots=True)
class Planned:
    """An event that is to be sent: of whom, of which kind, the how many-th of these."""

    customer: str
    kind: str
    number: int

    @property
    def id(self) -> str:
        return f"{self.customer} {self.kind} {self.number}"

    def parts(self, door: str) -> int:
        """How many events the door makes of it: an order that names no cart also ends the own one of whoever placed it."""
        return 2 if (door, self.kind) == ("segment", "purchase") else 1

    def graphql(self) -> dict[str, Any]:
        who = {"identifier": {"type": "user_id", "value": self.customer}}
        common = {"id": self.id, "source": "torture", "at": AT, "customer": who, "channel": "web"}
        if self.kind == "touchpoint":
            return {"touchpoint": {**common, "type": "page_view"}}
        amount = {"amount": "1.00", "currency": "USD"}
        item = {"sku": f"sku {self.number % 7}", "quantity": "1", "total": amount}
        return {"purchase": {**common, "number": self.id, "items": [item], "total": amount}}

    def segment(self) -> dict[str, Any]:
        common = {"type": "track", "messageId": self.id, "userId": self.customer, "timestamp": AT}
        if self.kind == "touchpoint":
            return {**common, "event": "Torture Seen", "context": {"channel": "web"}}
        product = {"sku": f"sku {self.number % 7}", "quantity": 1, "price": 1}
        order = {"order_id": self.id, "total": 1, "currency": "USD", "products": [product]}
        return {**common, "event": "Order Completed", "properties": order, "context": {"channel": "web"}}


@dataclass(slots=True)
class Load:
    """Writers and readers over the addresses of the services."""

    ledger: Ledger
    addresses: list[str]
    http: httpx2.AsyncClient
    random: random.Random
    stopping: bool = False

    async def write(self) -> None:
        """Send events until told to stop; then return once all of them are acknowledged."""
        requests = 0
        while not self.stopping:
            requests += 1
            events = [self._planned() for _ in range(self.random.choice((1, 1, 2, 10)))]
            if self.random.random() < 0.5:
                key = f"{id(asyncio.current_task())}-{requests}" if self.random.random() < 0.2 else None
                await self._until_answered("graphql", events, partial(self._graphql, key=key))
            else:
                await self._until_answered("segment", events, self._segment)

    def _planned(self) -> Planned:
        # A few customers are written to by all writers at once.
        crowd = list(self.ledger.books)
        customer = self.random.choice(crowd[:3] if self.random.random() < 0.3 else crowd)
        kind = "purchase" if self.random.randrange(PURCHASES) == 0 else "touchpoint"
        sent = self.ledger.books[customer].sent
        sent[kind] += 1
        return Planned(customer, kind, sent[kind])

    async def _until_answered(self, door: str, events: list[Planned], send: Callable[[list[Planned]], Any]) -> None:
        # Now and then something is among them that is kept already.
        kept = self.ledger.books[events[0].customer].kept[door]
        before = [self.random.choice(kept)] if kept and self.random.random() < 0.2 else []
        delay, times = 0.05, 0
        while True:
            times += 1
            try:
                answer = await send(events + before)
            except httpx2.HTTPError:
                answer = None
            except ValueError as error:
                self.ledger.wrong(f"an answer is no JSON: {error}")
                answer = None
            if answer is not None:
                break
            self.ledger.sent_again += 1
            await asyncio.sleep(delay * (0.5 + self.random.random()))
            delay = min(1.0, delay * 1.5)
        accepted, duplicates = answer
        new, old = (sum(event.parts(door) for event in each) for each in (events, before))
        if accepted + duplicates != new + old:
            self.ledger.wrong(f"{new + old} events were sent, and {accepted} + {duplicates} answered for")
        if times == 1 and accepted < new:
            self.ledger.wrong(f"of {new} new events {accepted} were accepted the first time they were sent")
        if accepted > new:
            self.ledger.wrong(f"{accepted} events were accepted where {new} were new: something was kept twice")
        self.ledger.answered += 1
        for event in events:
            book = self.ledger.books[event.customer]
            book.acknowledged[event.kind] += 1
            book.kept[door] = [*book.kept[door][-20:], event]

    async def _graphql(self, events: list[Planned], *, key: str | None) -> tuple[int, int] | None:
        body = {"query": RECORD, "variables": {"events": [event.graphql() for event in events], "key": key}}
        response = await self.http.post(f"{self._address()}/graphql", json=body)
        given = response.json()
        if "errors" in given:
            codes = {error["extensions"]["code"] for error in given["errors"]}
            if codes != {"UNAVAILABLE"}:
                self.ledger.wrong(f"recordEvents failed by {sorted(codes)}: {given['errors'][0]['message']}")
            return None
        found = given["data"]["recordEvents"]
        if {error["code"] for error in found["userErrors"]} == {"UNAVAILABLE"}:
            return None
        if found["userErrors"] or found["rejected"]:
            self.ledger.wrong(f"recordEvents refused {found['userErrors'] or found['rejected'][:3]}")
        return found["accepted"], found["duplicates"]

    async def _segment(self, events: list[Planned]) -> tuple[int, int] | None:
        body = {"batch": [event.segment() for event in events]}
        authorization = "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
        response = await self.http.post(f"{self._address()}/v1/batch", json=body, headers={"authorization": authorization})
        if response.status_code in (429, 503):
            return None
        given = response.json()
        if response.status_code != 200 or given["rejected"]:
            self.ledger.wrong(f"/v1/batch answered {response.status_code}: {str(given)[:300]}")
        return given.get("accepted", 0), given.get("duplicates", 0)

    async def read(self) -> None:
        """Read until told to stop."""
        while not self.stopping:
            await self.read_one(self.random.choice(list(self.ledger.books)), self._address())

    async def read_one(self, customer: str, address: str) -> str | None:
        """Read one customer's profile, and compare; where it came from, None when it was not answered."""
        book = self.ledger.books[customer]
        least = Counter(book.acknowledged)
        by = {"identifier": {"type": "user_id", "value": customer}}
        try:
            response = await self.http.post(
                f"{address}/graphql", json={"query": READ, "variables": {"by": by}}, headers={"x-c360-explain": "cache"}
            )
            given = response.json()
        except httpx2.HTTPError:
            self.ledger.reads["unanswered"] += 1
            await asyncio.sleep(0.1)
            return None
        if "errors" in given:
            codes = {error["extensions"]["code"] for error in given["errors"]}
            if codes != {"UNAVAILABLE"}:
                self.ledger.wrong(f"a read failed by {sorted(codes)}: {given['errors'][0]['message']}")
            self.ledger.reads["unavailable"] += 1
            await asyncio.sleep(0.1)
            return None
        status: str = given["extensions"]["cache"]
        self.ledger.reads[status] += 1
        self._compare(customer, least, given["data"]["customer"])
        return status

    def _compare(self, customer: str, least: Counter[str], found: dict[str, Any] | None) -> None:
        most = self.ledger.books[customer].sent
        counts = {
            "touchpoint": found["touchpoints"]["totalCount"] if found else 0,
            "purchase": found["purchases"]["totalCount"] if found else 0,
        }
        for kind, count in counts.items():
            if count < least[kind]:
                self.ledger.wrong(f"{customer} had {least[kind]} {kind}s acknowledged, and was read with {count}")
            if count > most[kind]:
                self.ledger.wrong(f"{customer} was sent {most[kind]} {kind}s, and was read with {count}")
        if not found:
            return
        revenue = float(found["value"]["revenue"]["amount"]) if found["value"]["revenue"] else 0.0
        used = [
            (each["touchpoints"], each["purchases"]) for each in found["channels"] if each["touchpoints"] or each["purchases"]
        ]
        parts = (found["value"]["orders"], revenue, sum(each[0] for each in used), sum(each[1] for each in used))
        if parts != (counts["purchase"], float(counts["purchase"]), counts["touchpoint"], counts["purchase"]):
            self.ledger.wrong(f"a profile of {customer} does not agree with itself: {counts} and {parts}")

    def _address(self) -> str:
        return self.random.choice(self.addresses)

"""What one transaction adds to counts and sums: deltas, new less old, by identifier, channel, currency and product."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graph.events.kept import iso
from graph.store import Transaction

COUNTS = (
    "touchpoints",
    "purchases",
    "orders",
    "reviews",
    "survey_responses",
    "cases",
    "communications",
    "referrals",
    "carts",
)


@dataclass(slots=True)
class _Span:
    """Counts of one identifier, the first time it was named, and the last time it was seen, if it was."""

    counts: dict[str, int]
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, what: str | None, at: datetime | None, by: int, seen: bool) -> None:
        if what is not None:
            self.counts[what] += by
        if at is None:
            return
        if self.first_at is None or at < self.first_at:
            self.first_at = at
        if seen and (self.last_at is None or at > self.last_at):
            self.last_at = at


_NOTHING = _Span(dict.fromkeys(COUNTS, 0))


@dataclass(slots=True)
class Deltas:
    """Collected while the rows of a transaction are made, written at its end."""

    identifiers: dict[str, _Span] = field(default_factory=dict)
    uses: dict[tuple[str, str], _Span] = field(default_factory=dict)
    revenue: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    ratings: dict[str, list[int]] = field(default_factory=dict)
    purchase_times: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    def count(self, identifier: str, what: str | None, at: datetime | None, *, by: int = 1, seen: bool = True) -> None:
        """Something happened to an identifier: `what` is one of COUNTS or None.

        `seen` False: it was only named, by what somebody else did; that tells nothing of when the customer was last seen.
        `at` None: what is filed under it changes, and nobody named it.
        """
        span = self.identifiers.get(identifier)
        if span is None:
            span = self.identifiers[identifier] = _Span(dict.fromkeys(COUNTS, 0))
        span.add(what, at, by, seen)

    def use(self, identifier: str, channel: str, at: datetime, *, touchpoints: int = 0, purchases: int = 0) -> None:
        """An identifier used a channel."""
        use = self.uses.get((identifier, channel))
        if use is None:
            use = self.uses[identifier, channel] = _Span({"touchpoints": 0, "purchases": 0})
        use.add("touchpoints", at, touchpoints, True)
        use.counts["purchases"] += purchases

    def pay(self, identifier: str, currency: str, *, revenue: int, refunds: int) -> None:
        """Change the sums of an identifier in one currency by minor units."""
        if revenue or refunds:
            sums = self.revenue.setdefault((identifier, currency), [0, 0])
            sums[0] += revenue
            sums[1] += refunds

    def rate(self, sku: str, rating: int) -> None:
        sums = self.ratings.setdefault(sku, [0, 0])
        sums[0] += rating
        sums[1] += 1

    def opening(self, identifier: str, at: datetime) -> dict[str, Any]:
        """The facts that a new identifier, first named at `at`, begins with; they are then not added to it once more."""
        self.opened.add(identifier)
        span = self.identifiers.get(identifier) or _NOTHING
        first_at = at if span.first_at is None else min(at, span.first_at)
        return {"first_at": iso(first_at), "last_at": iso(span.last_at), **span.counts}

    def use_rows(self) -> list[dict[str, Any]]:
        # By channel, for where few have used one yet an edge to it holds it: in one order for all.
        return [_use_row(key, span) for key, span in sorted(self.uses.items(), key=lambda use: (use[0][1], use[0][0]))]

    async def record(
        self, transaction: Transaction, owners: dict[str, str], weights: dict[str, float], *, also: set[str]
    ) -> None:
        """Write all but uses and ratings, and fold it into the customers: `owners` of identifiers, and `also` those merged."""
        run = transaction.run
        rows = [
            {"id": id, "first_at": iso(span.first_at), "last_at": iso(span.last_at), **span.counts}
            for id, span in sorted(self.identifiers.items())
            if id not in self.opened
        ]
        if rows:
            await run("events/record_identifier_facts", rows=rows)
        if self.revenue:
            sums = [
                {"id": id, "currency": currency, "revenue": revenue, "refunds": refunds}
                for (id, currency), (revenue, refunds) in sorted(self.revenue.items())
            ]
            await run("events/record_identifier_revenue", rows=sums)
        if self.purchase_times:
            await run("purchases/record_purchase_times", ids=sorted(self.purchase_times))
        # An identifier that an event only names has its first facts from its opening, and its customer must have them too.
        customers = {owners[id] for id in self.identifiers.keys() | self.opened} | also
        if customers:
            await run("customers/record_facts", ids=sorted(customers))
        paid = {owners[id] for id, _ in self.revenue} | also
        if paid:
            await run("customers/record_revenue", ids=sorted(paid), weights=weights)


def _use_row(key: tuple[str, str], span: _Span) -> dict[str, Any]:
    return {
        "identifier": key[0],
        "channel": key[1],
        "first_at": iso(span.first_at),
        "last_at": iso(span.last_at),
        **span.counts,
    }

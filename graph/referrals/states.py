"""How far a referral has come: a pure function of what was said of it, its place in the forest, and what the friend bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

STANDING, RING_CLOSED = "REFERRED", "RING_CLOSED"
"""The place of a customer's candidate in the forest. Acceptances that are nobody's candidate have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a referral qualifies: by the friend's first purchase within `days` days of the acceptance that was not cancelled and
    comes to at least `least`, in minor units of each currency. `least` None: any purchase; a currency that isn't in it: none.
    `open_days`: how long an invitation may be accepted; None: for ever."""

    days: int = 90
    least: Mapping[str, int] | None = None
    open_days: int | None = None

    def until(self, accepted_at: datetime) -> datetime:
        """The first moment at which it is too late for a purchase."""
        return accepted_at + timedelta(days=self.days)


ANY_PURCHASE = Rule()
"""Where nobody says what a purchase must be."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """As the referral keeps it; times are texts as Neo4j writes them. `qualified_by`: the id of the purchase."""

    status: str
    ended_at: str | None = None
    ended_reason: str | None = None
    qualified_at: str | None = None
    qualified_by: str | None = None


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """That a friend accepted, with all that decides what becomes of it.

    `friend`, `advocate`: customers; `order`: `at`, the time of acceptance, in microseconds; `lapsed_at`: when the code had run
    out before, if it had; `flagged`: whether it is suspicious; `approved`: what the last review said, if there was one;
    `place`: in the forest; `state`: as kept.
    """

    friend: str
    advocate: str
    referral: str
    order: int
    at: str
    lapsed_at: str | None
    flagged: bool
    approved: bool | None
    reviewed_at: str | None
    review_reason: str | None
    place: str | None
    state: State

    @property
    def suspended(self) -> bool:
        """Whether somebody has to look at it: who said yes beforehand didn't know who would accept."""
        if not self.flagged:
            return False
        return not self.approved or self.reviewed_at is None or _time(self.reviewed_at) < _time(self.at)

    @property
    def counts(self) -> bool:
        """Whether it can bring its friend in at all."""
        return self.lapsed_at is None and self.approved is not False


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """The purchase by which a referral qualified. Amounts in minor units; `refunded_at`: the last time money was paid back."""

    referral: str
    id: str
    at: str
    purchase_status: str
    total: int | None
    refunded: int | None
    currency: str | None
    refunded_at: str | None

    def reversed(self, rule: Rule) -> bool:
        """Whether what is left of it would not have been enough."""
        if self.purchase_status == "REFUNDED":
            return True
        if not self.refunded or self.total is None:
            return False
        left = self.total - self.refunded
        least = 1 if rule.least is None or self.currency is None else max(1, rule.least.get(self.currency, 1))
        return left < least


def state_of(acceptance: Acceptance, conversion: Conversion | None, rule: Rule) -> State:
    """What has become of an acceptance; `conversion`: the purchase that qualifies it, if it brought its friend in."""
    at = acceptance.at
    if acceptance.advocate == acceptance.friend:
        return State(status="REJECTED", ended_at=at, ended_reason="SELF_REFERRAL")
    if acceptance.lapsed_at is not None:
        return State(status="EXPIRED", ended_at=acceptance.lapsed_at, ended_reason="EXPIRED")
    if acceptance.approved is False:
        return State(status="REJECTED", ended_at=acceptance.reviewed_at, ended_reason=acceptance.review_reason)
    if acceptance.place is None:
        return State(status="SUPERSEDED", ended_at=at, ended_reason="SUPERSEDED")
    if acceptance.place == RING_CLOSED:
        return State(status="REJECTED", ended_at=at, ended_reason="CYCLE")
    if conversion is None:
        return State(status="IN_REVIEW" if acceptance.suspended else "ACCEPTED")
    if conversion.reversed(rule):
        return State(
            status="REVERSED",
            ended_at=conversion.refunded_at or conversion.at,
            ended_reason="REFUNDED",
            qualified_at=conversion.at,
            qualified_by=conversion.id,
        )
    return State(
        status="IN_REVIEW" if acceptance.suspended else "QUALIFIED", qualified_at=conversion.at, qualified_by=conversion.id
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""The generator's own books: what was planted, written down while it is being planted."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import InitVar, dataclass, field

from graph.money import Money


@dataclass(slots=True)
class Ledger:
    """Counts of a demo world, kept in whole numbers and two compact arrays (eight bytes a customer).

    Amounts are minor units by currency. `orders` and `revenue` leave cancelled purchases out, and are before refunds.
    `begun` customers have begun so far; `depths` and `directs` are steps down from the root and friends brought in, by
    customer; `rings` and `twins` hold the first members of rings and the customers with a second set of identifiers.
    """

    customers: InitVar[int]
    depths: array[int] = field(init=False)
    directs: array[int] = field(init=False)
    kinds: Counter[str] = field(default_factory=Counter)
    identifiers: Counter[str] = field(default_factory=Counter)
    begun: int = 0
    known: int = 0
    orders: int = 0
    purchases_cancelled: int = 0
    revenue: Counter[str] = field(default_factory=Counter)
    refunded: Counter[str] = field(default_factory=Counter)
    refunds_whole: int = 0
    refunds_partial: int = 0
    carts: int = 0
    carts_abandoned: int = 0
    cases: int = 0
    complaints: int = 0
    open_complaints: int = 0
    invitations: int = 0
    acceptances: int = 0
    superseded: int = 0
    invited_only: int = 0
    rings: list[int] = field(default_factory=list)
    twins: array[int] = field(default_factory=lambda: array("I"))
    strong: int = 0
    similar: int = 0
    busiest: int = 0
    most_touchpoints: int = 0
    _touchpoints_so_far: int = 0

    def __post_init__(self, customers: int) -> None:
        self.depths = array("I", bytes(4 * customers))
        self.directs = array("I", bytes(4 * customers))

    def customer(self, index: int, *, advocate: int, known: bool) -> None:
        """Customer `index` begins; `advocate` is who brought it in, or -1, and always has a smaller index."""
        self.known += known
        self.begun, self._touchpoints_so_far = index + 1, 0
        if advocate >= 0:
            self.depths[index] = self.depths[advocate] + 1
            self.directs[advocate] += 1

    def touchpoints(self, index: int, count: int) -> None:
        """`count` more touchpoints of the customer that was begun last."""
        self._touchpoints_so_far += count
        if self._touchpoints_so_far > self.most_touchpoints:
            self.busiest, self.most_touchpoints = index, self._touchpoints_so_far

    def cart(self, *, abandoned: bool) -> None:
        self.carts += 1
        self.carts_abandoned += abandoned

    def purchase(self, total: Money) -> None:
        self.orders += 1
        self.revenue[total.currency] += total.amount

    def cancelled(self, total: Money) -> None:
        """A purchase already written down was cancelled."""
        self.orders -= 1
        self.purchases_cancelled += 1
        self.revenue[total.currency] -= total.amount

    def refund(self, amount: Money, *, whole: bool) -> None:
        self.refunded[amount.currency] += amount.amount
        self.refunds_whole += whole
        self.refunds_partial += not whole

    def case(self, *, complaint: bool) -> None:
        self.cases += 1
        self.complaints += complaint
        self.open_complaints += complaint

    def case_closed(self, *, complaint: bool) -> None:
        self.open_complaints -= complaint

    def twin(self, index: int, *, strong: bool) -> None:
        """The customer has a second set of identifiers."""
        self.twins.append(index)
        self.strong += strong
        self.similar += not strong

    def ring(self, index: int) -> None:
        """A ring was closed whose first member is `index`."""
        self.rings.append(index)

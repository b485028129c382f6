"""One customer's story while it is being written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.demo.clock import DAY, NOW
from app.demo.ledger import Ledger
from app.demo.people import Person
from graph.events.inputs import Event


@dataclass(frozen=True, slots=True)
class Tale:
    """`out` takes the events in the order of writing; an event's id is `tag` and its place in `out`. `draw` gives the
    customer's chances in [0, 1), `joined` is the second it first appears, and `ledger` hears of whatever is planted.
    """

    person: Person
    joined: int
    draw: Callable[[], float]
    ledger: Ledger
    tag: str
    out: list[Event]

    def next_id(self) -> str:
        return f"{self.tag}-{len(self.out)}"

    def later(self, second: int, *, days: float) -> int | None:
        """A second at most `days` after another, or None when that lies in the story's future."""
        found = second + 1_800 + int(self.draw() * days * DAY)
        return found if found < NOW else None

"""Demo data: a made-up shop and its customers, the same ones every time for the same size and seed.

`generate` gives the events, `load_demo` records them, `write_events` writes them as lines of JSON, and `truth` says what
was planted. Nothing depends on the day, the machine, the order of a hash or the Python version.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.demo.errors import BadSize, DemoError, DemoRefused
from app.demo.load import DemoSummary, Recorder, load_demo
from app.demo.signups import Duplicate
from app.demo.story import World
from app.demo.truth import Referrals, Ring, Truth, truth
from app.demo.wire import write_events
from graph.events.inputs import Event

__all__ = [
    "BadSize",
    "DemoError",
    "DemoRefused",
    "DemoSummary",
    "Duplicate",
    "Recorder",
    "Referrals",
    "Ring",
    "Truth",
    "generate",
    "load_demo",
    "truth",
    "write_events",
]


def generate(*, customers: int, seed: int) -> Iterator[Event]:
    """Every event of a demo world, about 13 for each customer; customers in the order they join, each one's events in the
    order of time. Memory doesn't grow with the number of customers but for eight bytes each. Raises BadSize.
    """
    return World.of(customers=customers, seed=seed).events()

"""How a command runs work on millions of events."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

#: Objects made between two looks for cycles, instead of Python's 700: bulk work makes hardly any, and looking for them goes
#: through all events that are under way again and again, which took a fifth of an import's time.
MADE_BETWEEN = 50_000


def seldom_collected() -> None:
    """Leave what is loaded by now out of the search for cycles, and search seldom, for the rest of the process."""
    gc.freeze()
    gc.set_threshold(MADE_BETWEEN, 5, 2)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` gives, run on uvloop and seldom interrupted by the garbage collector."""
    import uvloop

    seldom_collected()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)

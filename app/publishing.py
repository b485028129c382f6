"""After the commit: dropping from the cache what changed, and emptying the outbox."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from app.epochs import Epochs
from graph import answers, outbox
from graph.errors import StoreUnavailable
from graph.store import Store

RELAY_SECONDS = 1.0
"""How often rows are looked for that a process left behind when it ended between its commit and its publishing."""

LEFT_SECONDS = 1.0
"""From when on that is likely: a row that is younger is left to whoever committed it, who is about to publish it."""

RELAY_ROWS = 100

SWEEP_TURNS = 600
"""Every so many relays old answers are swept away, so many at a time: SWEPT."""

SWEPT = 5_000

FORGET_SECONDS = 0.05
"""How long published rows gather before they are deleted together."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Publisher:
    """Publishes what transactions of this process changed, at once, and what others left behind, every second."""

    store: Store
    epochs: Epochs
    keep_answers: timedelta
    _receipts: list[str] = field(default_factory=list)
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, touched: Mapping[str, int], receipt: str) -> None:
        """Return once no process reads from the cache what these customers were; row and receipt are forgotten soon.

        Raises StoreUnavailable where that can't be had; then the row stays.
        """
        await self.epochs.settle(touched)
        self._receipts.append(receipt)
        self._some.set()

    async def relay(self) -> None:
        """Publish all that waits in the outbox now, whoever committed it. Raises StoreUnavailable."""
        await self._publish_for_others(waited=-math.inf)

    async def look(self) -> None:
        """Publish what was left behind in the outbox. Raises StoreUnavailable."""
        await self._publish_for_others(waited=LEFT_SECONDS)

    async def _publish_for_others(self, *, waited: float) -> None:
        full = True
        # What others add meanwhile isn't waited for.
        while full:
            found = await outbox.waiting(self.store, limit=RELAY_ROWS)
            rows = [row for row in found if row.age >= waited]
            if rows:
                await self.epochs.settle(newest(rows))
                await outbox.forget(self.store, (row.receipt for row in rows))
            full = len(rows) == RELAY_ROWS

    async def catch_up(self) -> None:
        """`look`, which is tried again later where it fails."""
        try:
            await self.look()
        except StoreUnavailable as error:
            logger.warning("the outbox waits: %s", error)
        except Exception:
            # Whoever relays goes on for ever: what can't be published now is tried again.
            logger.exception("the outbox waits")

    async def flush(self) -> None:
        """Forget what is published. Rows that can't be deleted now are found and published again by a relay."""
        receipts, self._receipts = self._receipts, []
        try:
            await outbox.forget_told(self.store, receipts)
        except StoreUnavailable as error:
            logger.warning("published rows stay in the outbox: %s", error)
            self._receipts += receipts
        except asyncio.CancelledError:
            # The last flush of a process that ends does what this one was kept from.
            self._receipts += receipts
            raise
        except Exception:
            # Whoever flushes goes on for ever as well.
            logger.exception("published rows stay in the outbox")

    async def run(self) -> None:
        """Relay and flush until cancelled; then flush once more."""
        relaying = asyncio.create_task(self._relay_for_ever())
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(FORGET_SECONDS)
                self._some.clear()
                await self.flush()
        finally:
            relaying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await relaying
            await self.flush()

    async def _relay_for_ever(self) -> None:
        for turn in count():
            await self.catch_up()
            if turn % SWEEP_TURNS == 0:
                await self._sweep()
            await asyncio.sleep(RELAY_SECONDS)

    async def _sweep(self) -> None:
        """Forget answers that are too old to be asked for again."""
        try:
            while await answers.forget_old(self.store, before=datetime.now(UTC) - self.keep_answers, limit=SWEPT) == SWEPT:
                pass
        except StoreUnavailable as error:
            logger.warning("old answers stay: %s", error)
        except Exception:
            logger.exception("old answers stay")


def newest(rows: Iterable[outbox.Row]) -> dict[str, int]:
    """The highest version of each customer."""
    return dict(sorted(each for row in rows for each in row.touched.items()))

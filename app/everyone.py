"""Hearing of every customer that changes, whoever that is: what one must who watches more customers than can be named."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

MOST = 1_000
"""Changed customers that are kept until somebody asks. Where there are more it is only known that some were missed."""

SEEN = 10_000
"""Customers of whom it is known which version was heard of last: what a process publishes late others publish for it as well."""

GATHER_SECONDS = 0.1
"""How long changes gather, so that one question about them is asked instead of many."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`customers`: who changed; `missed`: others may have changed as well; `trusted`: whether all who change next will be."""

    customers: tuple[str, ...]
    missed: bool
    trusted: bool


@dataclass(eq=False, slots=True)
class Everyone:
    """Who changed since that was asked last. However many those are, it takes no more memory."""

    trusted: bool = False
    _changed: dict[str, None] = field(default_factory=dict)
    _missed: bool = False
    _seen: dict[str, int] = field(default_factory=dict)
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, trusted: bool) -> None:
        """Forget what was heard before."""
        self._changed, self._missed, self.trusted = {}, False, trusted

    def tell(self, customer: str, version: int) -> None:
        """This customer changed, and has this version now. That of a change before may come later, with word of others in it."""
        if self._seen.pop(customer, None) != version:
            self._changed[customer] = None
            if len(self._changed) > MOST:
                self.miss()
            self.wake()
        self._seen[customer] = version
        if len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]

    def miss(self) -> None:
        """Customers changed of whom nothing was heard."""
        self._changed.clear()
        self._missed = True
        self.wake()

    def trust(self, trusted: bool) -> None:
        """Whether all who change from now on are told of."""
        if trusted is not self.trusted:
            self.trusted = trusted
            self.wake()

    def wake(self) -> None:
        """Have `next` return, though nobody changed."""
        self._some.set()

    async def next(self, seconds: float | None) -> Heard:
        """Wait until there is news, or for so many seconds, and then for what comes together with it."""
        try:
            async with asyncio.timeout(seconds):
                await self._some.wait()
        except TimeoutError:
            pass
        await asyncio.sleep(GATHER_SECONDS)
        self._some.clear()
        heard = Heard(tuple(self._changed), self._missed, self.trusted)
        self._changed, self._missed = {}, False
        return heard

"""Which profiles are worth keeping: those that are missed again soon.

To keep a profile costs about as much as to load what one request asks of it, and most customers are asked about once in a long
while. So the first miss of a customer loads what is asked and no more; one that follows within a minute or two loads the whole
profile, and keeps it. Caches know this as a doorkeeper: https://arxiv.org/abs/1512.00727, section 3.4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from time import monotonic

SECONDS, MOST = 60.0, 20_000
"""How long a generation lasts, and how many keys it has: a key is remembered for one to two generations."""


class Admission:
    """The keys missed lately, by their hashes; `at_once` admits every one."""

    def __init__(self, *, at_once: bool = False, clock: Callable[[], float] = monotonic) -> None:
        self._at_once = at_once
        self._clock = clock
        self._begun = clock()
        self._missed: set[int] = set()
        self._before: set[int] = set()

    def admits(self, key: Hashable) -> bool:
        """Whether a profile that is missed under this key is to be kept."""
        if self._at_once:
            return True
        self._turn()
        name = hash(key)
        return name in self._missed or name in self._before

    def note(self, keys: Iterable[Hashable]) -> None:
        """These were missed, and have been loaded. Not before: who asks at once shares the load, and didn't come back."""
        self._missed.update(map(hash, keys))

    def _turn(self) -> None:
        now = self._clock()
        age = now - self._begun
        if age >= SECONDS or len(self._missed) >= MOST:
            self._before = set() if age >= 2 * SECONDS else self._missed
            self._missed = set()
            self._begun = now

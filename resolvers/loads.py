"""What one request knows, and how it learns more."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from graph.customers import EVERYTHING
from graph.timeline import load_entries
from resolvers.sources import Sources

#: Statements of one request at a time: a request with many lists must not take every connection there is.
AT_A_TIME = 8

#: What is loaded by keys, and how many keys at once.
_BATCHED = {"customer": 100, "entry": 100, "channel": 1_000, "campaign": 1_000, "product": 1_000}

Need = tuple[Any, ...]


class Loads:
    """What one request knows, and how it learns more: each thing once, together with all that is needed in the same moment.

    A need is a kind and a key, or for a question to the graph a name of its own and the function that asks it.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        #: Of the profiles that this request reads.
        self.parts = EVERYTHING
        #: Whether the same would be answered later, if everything that is known were still so.
        self.lasting = True
        self._gate: asyncio.Semaphore | None = None
        self.known: dict[str, dict[Any, Any]] = {
            "customer": {},
            "entry": {},
            "channel": {},
            "campaign": {},
            "product": {},
            "asked": {},
        }
        self._coming: dict[tuple[str, Any], asyncio.Future[None]] = {}
        self._next: list[Need] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, needs: Sequence[Need]) -> None:
        """Return once these are known, be it that they can't be had."""
        if len(needs) == 1:
            await asyncio.shield(self._future(needs[0]))
        else:
            await asyncio.wait([self._future(need) for need in needs])

    async def load_now(self, needs: Sequence[Need]) -> None:
        """`load` for the only one who asks: nothing is to be waited for that others may need as well."""
        if len(needs) == 1 and needs[0][0] != "asked":
            await self._batch(needs[0][0], [needs[0][1]])
            return
        works = list(self._works({need[:2]: need for need in needs}.values()))
        if len(works) == 1:
            await works[0]
        else:
            await asyncio.gather(*works)

    def _future(self, need: Need) -> asyncio.Future[None]:
        name = need[:2]
        future = self._coming.get(name)
        if future is None:
            loop = asyncio.get_running_loop()
            future = self._coming[name] = loop.create_future()
            if not self._next:
                # After everything else that this turn of the loop has to say.
                loop.call_soon(self._start)
            self._next.append(need)
        return future

    def _start(self) -> None:
        needs, self._next = self._next, []
        for work in self._works(needs):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _works(self, needs: Iterable[Need]) -> Iterator[Coroutine[Any, Any, None]]:
        batches: dict[str, list[Any]] = {}
        for need in needs:
            if need[0] == "asked":
                yield self._ask(need)
            else:
                batches.setdefault(need[0], []).append(need[1])
        for kind, keys in batches.items():
            size = _BATCHED[kind]
            for start in range(0, len(keys), size):
                yield self._batch(kind, keys[start : start + size])

    async def _batch(self, kind: str, keys: list[Any]) -> None:
        try:
            found: Sequence[Any] = await self._load(kind, keys)
        except Exception as error:
            found = [Failed.by(error)] * len(keys)
        for key, value in zip(keys, found, strict=True):
            self._learn(kind, key, value)

    async def _load(self, kind: str, keys: list[Any]) -> Sequence[Any]:
        sources = self._sources
        match kind:
            case "customer":
                return await sources.profiles.load(keys, self.parts)
            case "entry":
                return await load_entries(sources.reader, keys)
            case "channel":
                return await sources.catalogue.channels(keys)
            case "campaign":
                return await sources.catalogue.campaigns(keys)
            case _:
                return await sources.catalogue.products(keys)

    async def _ask(self, need: Need) -> None:
        if self._gate is None:
            self._gate = asyncio.Semaphore(AT_A_TIME)
        try:
            async with self._gate:
                found = await need[2]()
        except Exception as error:
            found = Failed.by(error)
        self._learn("asked", need[1], found)

    def _learn(self, kind: str, key: Any, value: Any) -> None:
        self.known[kind][key] = value
        future = self._coming.pop((kind, key), None)
        if future is not None and not future.done():
            future.set_result(None)

    def forget(self) -> None:
        """Ask again from now on."""
        for known in self.known.values():
            known.clear()

    def forget_all_but_failures(self) -> None:
        """Ask again for what could be had: what takes long to fail isn't tried twice."""
        for known in self.known.values():
            for key in [key for key, value in known.items() if type(value) is not Failed]:
                del known[key]

    def close(self) -> None:
        """Drop what is still being asked when the request has ended early."""
        for task in self._tasks:
            task.cancel()


@dataclass(frozen=True, slots=True)
class Failed:
    """What could not be loaded, and why. Each time it is raised it begins with the trace of the first."""

    error: Exception
    trace: TracebackType | None

    @classmethod
    def by(cls, error: Exception) -> Failed:
        return cls(error, error.__traceback__)

    def again(self) -> Exception:
        return self.error.with_traceback(self.trace)

"""`python -m benchmarks.asked serve`: the service, which writes down what it asks of Neo4j for a request: each statement that
reads, with its parameters, in the file that C360_BENCHMARK_ASKED names.

So what the bare driver is to run for comparison stands nowhere twice, and is always what the service asks now.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from app.cli import main
from app.settings import Settings
from benchmarks.contenders import service
from benchmarks.load import Connection, connected
from graph.statements import Statement
from graph.store import Store

VARIABLE = "C360_BENCHMARK_ASKED"

BY_ITSELF = ("cache/", "catalogue/", "keys/", "outbox/")
"""What a process asks now and then, whoever asks it."""

TIMES = 3
"""How often a request is sent before it counts what is asked for it: the second miss fills the cache."""


class Asked(NamedTuple):
    """A statement by its name, and its parameters."""

    statement: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """A service that tells what it asks."""

    connection: Connection
    path: Path

    async def asked(self, request: bytes) -> tuple[Any, list[Asked]]:
        """The answer to a request, and what the service asks for it once all it keeps is kept."""
        for _ in range(TIMES):
            await self.connection.ask(request)
        begin = self.path.stat().st_size
        answer = await self.connection.ask(request)
        return answer, [each for each in self._since(begin) if not each.statement.startswith(BY_ITSELF)]

    def _since(self, begin: int) -> list[Asked]:
        found = []
        with self.path.open("rb") as file:
            file.seek(begin)
            while file.peek(1):
                found.append(Asked(*pickle.load(file)))
        return found


@asynccontextmanager
async def telling(settings: Settings, folder: Path) -> AsyncIterator[Telling]:
    """Such a service for the length of the block."""
    path = folder / "asked"
    path.touch()
    async with service(settings, "benchmarks.asked", **{VARIABLE: str(path)}) as (port, _), connected(port) as connection:
        yield Telling(connection, path)


def _write_down(path: Path) -> None:
    """Has every store of this process write down what it asks."""
    ask = Store._ask

    async def told(self: Store, asked: Statement, parameters: dict[str, Any], limit: float) -> list[Any]:
        with path.open("ab") as file:
            # In one go: whoever reads it meanwhile finds whole entries only.
            file.write(pickle.dumps((asked.name, parameters)))
        return await ask(self, asked, parameters, limit)

    Store._ask = told  # type: ignore[method-assign]


if __name__ == "__main__":
    _write_down(Path(os.environ[VARIABLE]))
    main()

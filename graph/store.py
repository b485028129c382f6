"""The one module that knows the Neo4j driver: connections, transactions, and rows turned into records."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import Any, Protocol, TypeVar

import msgspec
import neo4j
from neo4j import AsyncGraphDatabase, AsyncTransaction, Query, RoutingControl
from neo4j.exceptions import (
    ConstraintError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from graph.errors import CommitUnheard, GaveUp, Outgrown, StoreUnavailable
from graph.statements import Statement, long_statements, statement

Record = TypeVar("Record")
Result = TypeVar("Result")

ACQUISITION_TIMEOUT = 5.0  # seconds; the driver's own default is a minute
CONNECTION_POOL = 64
#: Seconds for a statement that this process has no answer to yet: the server may have to plan it, which takes a cold one seconds.
FIRST_TIMEOUT = 10.0
#: Seconds that the server grants a write: up to 5,000 events, by some forty statements that a cold server has yet to plan.
WRITE_TIMEOUT = 60.0
#: Seconds for imports, examinations and migrations, which nobody waits for at the other end of a request.
PATIENCE = 600.0
#: Seconds that the server has, past its own limit, to say that it gave up. Without a word by then the connection is dropped.
GRACE = 0.5
#: What Neo4j calls the memory of one transaction, in errors too.
ONE_TRANSACTION = "db.memory.transaction.max"
CONFLICT_ATTEMPTS = 30
MOST_PATIENT = 4  # times the delay, after many conflicts
CONFLICT_DELAY = (0.005, 0.020)  # seconds, with jitter: the driver's first delay is a whole second


Ask = Callable[..., Awaitable[Sequence[Any]]]
"""Runs a statement, in a transaction or out of one, by its name and its parameters, and gives the first column."""

Observe = Callable[[str, float, bool], None]
"""Called after each statement with its name, the seconds it took, and whether it failed."""


class Conflict(Exception):
    """Raised inside a transaction that found its ground shifted: it rolls back and starts again."""


class Reader(Protocol):
    """Whatever can ask questions: the store itself, or a transaction."""

    async def one(self, name: str, record: type[Record], /, **parameters: Any) -> Record | None: ...

    async def many(self, name: str, record: type[Record], /, **parameters: Any) -> list[Record]: ...


def asking(reader: Reader) -> Ask:
    """Runs statements that collect all they find in one row, which is a list of maps, out of any transaction."""

    async def ask(name: str, **parameters: Any) -> list[Any]:
        return [await reader.one(name, list[dict[str, Any]], **parameters) or []]

    return ask


class _Asked(dict[str, Any]):
    """Parameters of a statement. The driver writes out whatever it sends, for a log that nobody keeps: that took as long as
    sending it, and would show personal data."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


class Store:
    """One Neo4j database. `timeout` is the limit of a read in seconds, there and here; writes have WRITE_TIMEOUT.

    A statement that has had no answer yet since Neo4j could be reached has FIRST_TIMEOUT: Neo4j may be planning it. So has one
    that was given up the last time, as its plan may be gone, but for one caller at a time. The first of them goes on for
    FIRST_TIMEOUT though its caller goes away: a plan that is cut short is begun again by the next caller, and may never be made.
    """

    def __init__(self, driver: neo4j.AsyncDriver, *, database: str, timeout: float, observe: Observe | None = None) -> None:
        self._driver = driver
        self._database = database
        self._timeout = timeout
        self._observe = observe
        self._answered: set[str] = set()
        #: Statements that were planned beforehand since Neo4j could be reached; one at a time is.
        self._planned: set[str] = set()
        self._planning = asyncio.Lock()
        #: Statements that were given up the last time, those that go on whoever waits, and what they do.
        self._given_up: set[str] = set()
        self._trying: set[str] = set()
        self._trials: set[asyncio.Task[list[Any]]] = set()

    @classmethod
    async def connect(
        cls,
        uri: str,
        *,
        user: str | None = None,
        password: str | None = None,
        database: str = "neo4j",
        timeout: float = 10.0,
        observe: Observe | None = None,
    ) -> Store:
        """A store for `uri`; nothing is sent before the first statement or `verify`."""
        driver = AsyncGraphDatabase.driver(
            uri,
            auth=(user, password) if user and password else None,
            connection_acquisition_timeout=ACQUISITION_TIMEOUT,
            connection_timeout=ACQUISITION_TIMEOUT,
            max_connection_pool_size=CONNECTION_POOL,
            max_transaction_retry_time=0,
            notifications_min_severity="OFF",
        )
        return cls(driver, database=database, timeout=timeout, observe=observe)

    def patient(self) -> Store:
        """The same database with long limits, for bulk work. It has the same connections, and isn't closed by itself."""
        store = Store(self._driver, database=self._database, timeout=PATIENCE, observe=self._observe)
        store._trials = self._trials
        return store

    async def verify(self) -> None:
        """Return once Neo4j answers a query; raises StoreUnavailable when it doesn't."""
        with _Translated():
            async with asyncio.timeout(FIRST_TIMEOUT):
                await self._driver.verify_connectivity()
                await self._driver.execute_query("RETURN 1", database_=self._database, routing_=RoutingControl.READ)

    async def close(self) -> None:
        for trial in self._trials:
            trial.cancel()
        await asyncio.gather(*self._trials, return_exceptions=True)
        await self._driver.close()

    async def one(self, name: str, record: type[Record], /, **parameters: Any) -> Record | None:
        """The row of a `one` statement as `record`, or None where there is no row."""
        rows = await self._read(statement(name), parameters)
        return msgspec.convert(rows[0], record) if rows else None

    async def many(self, name: str, record: type[Record], /, **parameters: Any) -> list[Record]:
        """All rows of a `many` statement as a list of `record`."""
        return msgspec.convert(await self._read(statement(name), parameters), list[record])  # type: ignore[valid-type]

    async def _read(self, asked: Statement, parameters: dict[str, Any]) -> list[Any]:
        asked.check(frozenset(parameters))
        name, first = asked.name, max(self._timeout, FIRST_TIMEOUT)
        known = name in self._answered
        if (known and name not in self._given_up) or name in self._trying:
            return await self._ask(asked, parameters, self._timeout if known else first)
        self._trying.add(name)
        trial = asyncio.create_task(self._ask(asked, parameters, first))
        self._trials.add(trial)
        trial.add_done_callback(partial(self._tried, name))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            return await asyncio.shield(trial)
        except asyncio.CancelledError:
            loop.call_at(begun + FIRST_TIMEOUT, trial.cancel)
            raise

    def _tried(self, name: str, trial: asyncio.Task[list[Any]]) -> None:
        self._trying.discard(name)
        self._trials.discard(trial)
        if not trial.cancelled():
            # Whoever asked may have gone away.
            trial.exception()

    async def _ask(self, asked: Statement, parameters: dict[str, Any], limit: float) -> list[Any]:
        try:
            with _Timed(asked.name, self._observe), _Translated():
                async with asyncio.timeout(limit + GRACE):
                    # Auto-commit: one round trip where an explicit read transaction needs two.
                    async with self._driver.session(database=self._database, default_access_mode=neo4j.READ_ACCESS) as session:
                        result = await session.run(Query(asked.text, timeout=limit), asked=_Asked(parameters))
                        rows = [row[0] async for row in result]
        except StoreUnavailable as error:
            if isinstance(error.__cause__, (ServiceUnavailable, SessionExpired, ConnectionError)):
                # Whoever answers next may have started since, and has all plans still to make.
                self._answered.clear()
                self._planned.clear()
            self._given_up.add(asked.name)
            raise
        except asyncio.CancelledError:
            self._given_up.add(asked.name)
            raise
        self._answered.add(asked.name)
        self._given_up.discard(asked.name)
        return rows

    async def write(self, work: Callable[[Transaction], Awaitable[Result]], *, attempts: int = CONFLICT_ATTEMPTS) -> Result:
        """Run `work` in one transaction and commit. Conflicts roll back and run it again, `attempts` times in all.

        Raises StoreUnavailable: GaveUp where a smaller transaction may pass, Outgrown where only such a one may, CommitUnheard
        where it may have been committed.
        """
        for attempt in range(attempts):
            try:
                return await self._write_once(work)
            except (TransientError, ConstraintError, Conflict) as error:
                # What needs more memory than one transaction may have needs it the next time too; that of all comes and goes.
                if "MemoryPool" in (getattr(error, "code", None) or ""):
                    raise (Outgrown() if ONE_TRANSACTION in str(error) else GaveUp(str(error))) from error
                if attempt == attempts - 1:
                    raise GaveUp.crowded(attempts, error) from error
                # The longer it takes the more are in the way.
                await asyncio.sleep(random.uniform(*CONFLICT_DELAY) * min(1 + attempt / 4, MOST_PATIENT))
            except (DriverError, Neo4jError) as error:
                raise _translated(error) from error
        raise AssertionError("unreachable")

    async def _write_once(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        limit, committing = max(self._timeout, WRITE_TIMEOUT), False
        try:
            async with (
                asyncio.timeout(limit + GRACE),
                self._driver.session(database=self._database, default_access_mode=neo4j.WRITE_ACCESS) as session,
                await session.begin_transaction(timeout=limit) as transaction,
            ):
                result = await work(Transaction(transaction, self._observe))
                committing = True
                await transaction.commit()
                return result
        except (ServiceUnavailable, SessionExpired, OSError) as error:
            if committing:
                # Whether it was heard nobody can tell; whoever left a receipt in the transaction can look.
                raise CommitUnheard(str(error)) from error
            if isinstance(error, TimeoutError):
                raise _translated(error) from error
            raise

    async def plan(self, at_least: int) -> None:
        """Have Neo4j plan the statements of so many characters and more, the longest first, but for those that were planned since
        it could be reached; raises StoreUnavailable.

        A cold server takes up to six seconds for one of them, which is more than a request has. Those of a thousand take half a
        minute of one core the first time, and a quarter of a second where they have their plans.
        """
        for each in long_statements(at_least):
            # Whoever asks for fewer meanwhile waits for those alone.
            async with self._planning:
                if each.name not in self._planned:
                    with _Translated():
                        async with asyncio.timeout(PATIENCE), self.explain(each.text, asked={}):
                            self._planned.add(each.name)

    async def apply(self, text: str) -> None:
        """Run one schema command of a migration, in a transaction of its own."""
        with _Translated():
            async with self._driver.session(database=self._database) as session:
                await (await session.run(Query(text, timeout=PATIENCE))).consume()

    @asynccontextmanager
    async def explain(self, text: str, **parameters: Any) -> AsyncIterator[neo4j.ResultSummary]:
        """The summary of EXPLAIN: the plan, and the notifications that list the parameters the text wants and isn't given. The
        plan is that of whoever runs the same text with parameters of the same types."""
        async with self._driver.session(
            database=self._database, default_access_mode=neo4j.WRITE_ACCESS, notifications_min_severity="INFORMATION"
        ) as session:
            yield await (await session.run(Query("EXPLAIN " + text, timeout=PATIENCE), parameters)).consume()


class Transaction:
    """Statements that are committed together, or not at all."""

    def __init__(self, transaction: AsyncTransaction, observe: Observe | None = None) -> None:
        self._transaction = transaction
        self._observe = observe

    async def one(self, name: str, record: type[Record], /, **parameters: Any) -> Record | None:
        rows = await self.run(name, **parameters)
        return msgspec.convert(rows[0], record) if rows else None

    async def many(self, name: str, record: type[Record], /, **parameters: Any) -> list[Record]:
        return msgspec.convert(await self.run(name, **parameters), list[record])  # type: ignore[valid-type]

    async def run(self, name: str, /, **parameters: Any) -> list[Any]:
        """The first column of each row, as the driver gives it."""
        asked = statement(name)
        asked.check(frozenset(parameters))
        given = _Asked(parameters)
        with _Timed(name, self._observe):
            result = await self._transaction.run(asked.text, asked=given)
            rows = [row[0] async for row in result]
        # The driver's transaction and its results refer to each other and to these: megabytes, until the next search for cycles.
        given.clear()
        return rows


class _Timed:
    """Tells whoever observes how long the statement of the block took."""

    __slots__ = ("_begun", "_name", "_observe")

    def __init__(self, name: str, observe: Observe | None) -> None:
        self._name = name
        self._observe = observe

    def __enter__(self) -> None:
        self._begun = perf_counter()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._observe is not None:
            self._observe(self._name, perf_counter() - self._begun, error is not None)


class _Translated:
    """Errors of the driver and of the server become StoreUnavailable; what a statement did wrong stays as it is."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (DriverError, Neo4jError, TimeoutError)):
            raise _translated(error) from error


def _translated(error: DriverError | Neo4jError | TimeoutError) -> Exception:
    """A statement that is wrong, or that the server can't carry out, is a fault of ours; all else lies between it and us."""
    code = (isinstance(error, Neo4jError) and error.code) or ""
    wrong = code.startswith(("Neo.ClientError.Statement.", "Neo.ClientError.Schema.", "Neo.DatabaseError.Statement."))
    return error if wrong else StoreUnavailable(str(error) or "it did not answer in time")

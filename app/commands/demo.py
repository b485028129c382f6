"""`c360 demo`: from nothing to a service that answers about demo customers."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.bulk import run
from app.commands.recorded import recorded
from app.commands.terminal import Steps, bar, errors
from app.settings import Settings

if TYPE_CHECKING:
    from app.local.stack import Programs
    from graph.events import Outcome
    from graph.events.inputs import Event

INTERRUPTED = 130

Customers = Annotated[int, typer.Option("--customers", help="How many customers to make.", min=1)]
Seed = Annotated[int, typer.Option("--seed", help="The same seed makes the same customers.", min=0)]
Out = Annotated[Path | None, typer.Option("--out", help="Where truth.json goes: what was planted.")]
Serve = Annotated[bool, typer.Option("--serve/--no-serve", help="Serve when the data is loaded.")]


def demo(*, customers: Customers = 1000, seed: Seed = 1, out: Out = None, serve: Serve = True) -> None:
    """Start Neo4j and Redis, load demo customers, and serve them until Ctrl-C.

    Servers that run already are used: those of NEO4J_URI and REDIS_URL, or of `c360 up`.
    The second time the data is still there, and the service answers within seconds.
    """
    from app.local.process import check_port

    settings = _with_rates(Settings.from_env())
    if serve:
        check_port(settings.port, wanted_by="c360 demo", setting="C360_PORT", host=settings.host)
    shown = _Demo(settings=settings, steps=Steps(), customers=customers, seed=seed, out=out, serve=serve)
    shown.find()
    try:
        run(shown.run())
    except asyncio.CancelledError:
        errors.print("Stopped. The data stays; `c360 demo` goes on from here.")
        if not shown.served:
            raise typer.Exit(INTERRUPTED) from None


def _with_rates(settings: Settings) -> Settings:
    """The demo's customers pay in three currencies; without rates of the user's own, made-up ones let their sums be seen."""
    if settings.currency_rates or settings.reporting_currency != "USD":
        return settings
    return replace(settings, currency_rates=MappingProxyType({"GBP": Decimal("1.27"), "JPY": Decimal("0.0067")}))


@dataclass(slots=True, kw_only=True)
class _Demo:
    settings: Settings
    steps: Steps
    customers: int
    seed: int
    out: Path | None
    serve: bool
    found: "Programs | None" = None
    local: bool = False
    served: bool = False

    def find(self) -> None:
        """Finds, or fetches, what a local stack runs on; nothing when Neo4j is somewhere already."""
        from app.local import stack

        if self.settings.neo4j_uri or stack.connection(self.settings):
            return
        with self.steps.step("Find Java, Redis and Neo4j"), bar("Fetching Neo4j", in_bytes=True) as show:
            self.found = stack.prepare(self.settings, on_bytes=show)

    async def run(self) -> None:
        from app.commands.web import cancelled_by_signals
        from app.local import stack

        with cancelled_by_signals():
            async with AsyncExitStack() as running:
                if self.found:
                    with self.steps.step("Start Neo4j and Redis"):
                        await running.enter_async_context(stack.attached(self.settings, self.found))
                self.local = self.settings.neo4j_uri is None
                self.settings = stack.located(self.settings)
                await self._migrate()
                await self._load()
                if self.serve:
                    await self._serve()
                else:
                    self.steps.print()

    async def _make_archive(self) -> None:
        """While nobody waits for anything: the next start will be quicker for it."""
        from app.local import archive

        if self.found:
            await archive.make(self.settings, java=self.found.java, jars=self.found.jars)

    async def _migrate(self) -> None:
        from app.commands.data import migrated

        with self.steps.step("Apply the migrations"):
            await migrated(self.settings)

    async def _load(self) -> None:
        from app.demo import load_demo

        mark, loaded = self.settings.home / "demo.loaded", f"{self.customers} customers, seed {self.seed}\n"
        # Only of the local data can a file beside it say what is in it.
        known = self.local and mark.exists() and mark.read_text() == loaded
        if known and self.out is None:
            return
        step = "Write what was planted" if known else f"Load {self.customers:,} demo customers"
        with self.steps.step(step), recorded(self.settings, "demo") as wrote, bar("Loading") as show:
            await load_demo(
                self.settings,
                customers=self.customers,
                seed=self.seed,
                out=self.out,
                on_progress=show,
                record=_known_already if known else None,
            )
            wrote(0 if known else self.customers)
        if self.local:
            mark.write_text(loaded)

    async def _key(self) -> tuple[str, Path]:
        """A key that may do everything, and the file that keeps it: the one of the last time, while it is good."""
        from app.commands.store import opened
        from graph import keys
        from resolvers.scopes import SCOPES

        file, now = self.settings.home / "demo.key", datetime.now(UTC)
        async with opened(self.settings) as store:
            if file.exists():
                text = file.read_text().strip()
                public = keys.public_part(text)
                found = None if public is None else (await keys.load(store, [public])).get(public)
                if found is not None and found.opens(text) and not found.ended(now) and set(SCOPES) <= set(found.scopes):
                    return text, file
            made = await keys.create(store, name="demo", scopes=SCOPES, now=now)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(made.text + "\n")
        return made.text, file

    async def _serve(self) -> None:
        from app import logs
        from app.commands.trying import first_customer, what_to_try
        from app.commands.web import serving
        from app.server import create_app

        logs.configure(self.settings, least="warning")
        async with AsyncExitStack() as stack:
            # A Neo4j that has just been started has its plans to make.
            with self.steps.step("Start the service"):
                ended = await stack.enter_async_context(serving(create_app(self.settings), self.settings))
            self.served = True
            with self.steps.step("Answer the first query"):
                key, file = await self._key()
                customer = await first_customer(self.settings, key)
            self.steps.print()
            errors.print(what_to_try(self.settings, customer, key, file), markup=False, soft_wrap=True)
            making = asyncio.create_task(self._make_archive())
            # Waiting, unlike awaiting, leaves the server alone when this command is cancelled: it is to end in good order.
            try:
                await asyncio.wait([ended])
            finally:
                making.cancel()
                await asyncio.wait([making])


async def _known_already(events: "Sequence[Event]") -> "Outcome":
    """Stands in for the write door when the graph has the events."""
    from graph.events import Outcome

    return Outcome(accepted=0, duplicates=len(events), rejected=(), touched={})

"""`c360 deadletters`: what could not be kept."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.bulk import run
from app.commands.terminal import Json, errors, print_json, print_table
from app.settings import Settings
from graph.errors import StoreUnavailable

if TYPE_CHECKING:
    from graph.deadletters import DeadLetter

STILL_REFUSED = 1

deadletters = typer.Typer(
    no_args_is_help=True,
    help="What sources sent and could not be kept: list it, try it again, drop it.",
    epilog="Example: c360 deadletters list",
)

Ids = Annotated[list[str] | None, typer.Argument(help="Some of them by id; all where none is named.")]
Limit = Annotated[int, typer.Option("--limit", help="At most so many.", min=1, max=100_000)]


@deadletters.command("list", epilog="Example: c360 deadletters list --limit 20 --json")
def list_(*, limit: Limit = 50, json: Json = False) -> None:
    """Show what could not be kept, and why, the oldest first. With --json also what was sent, which may be personal data."""
    found, number = run(_listed(_settings(), limit))
    if json:
        print_json({"count": number, "letters": [_shown(letter) for letter in found]})
        return
    rows = [(each.id, each.source, each.call, each.code, each.message, each.times) for each in found]
    print_table(f"{number:,} dead letters", ("id", "source", "call", "code", "reason", "times"), rows)


@deadletters.command(epilog="Example: c360 deadletters retry")
def retry(ids: Ids = None, *, json: Json = False) -> None:
    """Send them through the door again. What is kept now leaves the list; exit code 1 when something stays."""
    kept, refused, missing = run(_retried(_settings(), ids))
    _check_found(missing)
    if json:
        print_json({"kept": kept, "refused": refused})
    else:
        errors.print(f"{kept:,} kept, {refused:,} still refused")
    if refused:
        raise typer.Exit(STILL_REFUSED)


@deadletters.command(epilog="Example: c360 deadletters drop dlt_0199...")
def drop(ids: Annotated[list[str], typer.Argument(help="Which, by id.")]) -> None:
    """Delete them for good."""
    _check_found(run(_dropped(_settings(), ids)))


def _check_found(missing: list[str]) -> None:
    if missing:
        errors.print(f"no dead letter is called {', '.join(missing)}: c360 deadletters list shows all", markup=False)
        raise typer.Exit(STILL_REFUSED)


def _settings() -> Settings:
    from app.local.stack import located

    return located(Settings.from_env())


def _shown(letter: "DeadLetter") -> dict[str, object]:
    import msgspec

    return dict(msgspec.to_builtins(letter))


async def _listed(settings: Settings, limit: int) -> "tuple[list[DeadLetter], int]":
    from app.commands.store import opened
    from graph import deadletters as letters

    async with opened(settings) as store:
        return await letters.page(store, limit=limit), await letters.count(store)


async def _retried(settings: Settings, ids: list[str] | None) -> tuple[int, int, list[str]]:
    """How many were kept, how many not, and which of `ids` there are none of."""
    from app.segment.again import still_refused
    from app.services import open_services
    from graph import deadletters as letters
    from resolvers.operations import masked

    kept = refused = 0
    missing = set(ids or ())
    after = ""
    async with open_services(settings) as services:
        await services.ready()
        while page := await letters.page(services.store, after=after):
            after = page[-1].id
            for letter in page:
                if ids and letter.id not in ids:
                    continue
                missing.discard(letter.id)
                try:
                    refusal = await still_refused(services, letter)
                except StoreUnavailable:
                    raise
                except Exception as error:
                    refusal = masked(error, where=letter.id)["message"]
                if refusal is None:
                    await letters.forget(services.store, [letter.id])
                    kept += 1
                else:
                    refused += 1
    return kept, refused, sorted(missing)


async def _dropped(settings: Settings, ids: list[str]) -> list[str]:
    """Which of `ids` there are none of."""
    from app.commands.store import opened
    from graph import deadletters as letters

    async with opened(settings) as store:
        return sorted(set(ids) - set(await letters.forget(store, ids)))

"""`c360 deadletters`: what could not be kept."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.bulk import run
from app.commands.terminal import Json, errors, print_json, print_table
from app.settings import Settings

if TYPE_CHECKING:
    from graph.deadletters import DeadLetter

STILL_REFUSED = 1

deadletters = typer.Typer(no_args_is_help=True, help="What sources sent and could not be kept: list it, try it again, drop it.")

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
    kept, refused = run(_retried(_settings(), ids))
    if json:
        print_json({"kept": kept, "refused": refused})
    else:
        errors.print(f"{kept:,} kept, {refused:,} still refused")
    if refused:
        raise typer.Exit(STILL_REFUSED)


@deadletters.command(epilog="Example: c360 deadletters drop dlt_0199...")
def drop(ids: Annotated[list[str], typer.Argument(help="Which, by id.")]) -> None:
    """Delete them for good."""
    run(_dropped(_settings(), ids))


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


async def _retried(settings: Settings, ids: list[str] | None) -> tuple[int, int]:
    from app.segment.again import still_refused
    from app.services import open_services
    from graph import deadletters as letters

    kept = refused = 0
    after = ""
    async with open_services(settings) as services:
        await services.ready()
        while page := await letters.page(services.store, after=after):
            after = page[-1].id
            for letter in page:
                if ids and letter.id not in ids:
                    continue
                if await still_refused(services, letter) is None:
                    await letters.forget(services.store, [letter.id])
                    kept += 1
                else:
                    refused += 1
    return kept, refused


async def _dropped(settings: Settings, ids: list[str]) -> None:
    from app.commands.store import opened
    from graph import deadletters as letters

    async with opened(settings) as store:
        await letters.forget(store, ids)

"""`c360 deadletters`: what could not be kept."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.bulk import run
from app.commands.recorded import record_reading, recorded
from app.commands.terminal import Json, errors, print_json, printable
from app.settings import Settings
from graph.errors import StoreUnavailable

if TYPE_CHECKING:
    from app.segment.refusals import Refusal
    from app.services import Services
    from graph.deadletters import DeadLetter

STILL_REFUSED = 1
WRONG_USAGE = 2

deadletters = typer.Typer(
    no_args_is_help=True,
    help="What sources sent and could not be kept: list it, try it again, drop it.",
    epilog="Example: c360 deadletters list",
)

Ids = Annotated[list[str] | None, typer.Argument(help="Some of them by id.")]
Source = Annotated[str | None, typer.Option("--source", help="Only those of this source.")]
First = Annotated[int, typer.Option("--first", "--limit", help="At most so many.", min=1, max=100_000)]
After = Annotated[str, typer.Option("--after", help="Those behind the one with this id.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this the command only says how many they are.")]


@deadletters.command("list", epilog="Example: c360 deadletters list --source shop --first 20 --json")
def list_(*, first: First = 50, after: After = "", all: All = False, source: Source = None, json: Json = False) -> None:
    """Show what could not be kept, and why, the oldest first. With --json also what was sent, which may be personal data."""
    settings = _settings()
    if json:
        record_reading(settings, "deadletters list")
    found, more, number = run(_listed(settings, None if all else first, after, source))
    if json:
        print_json({"count": number, "more": more, "letters": [_shown(letter) for letter in found]})
        return
    errors.print(f"{number:,} dead letters")
    for each in found:
        # As it is, whatever the width: ids are there to be copied.
        said = printable(f"{each.source}  {each.call}  {each.code}  {_times(each)}")
        sys.stdout.write(f"{each.id}  {said}\n    {printable(each.message)}\n")
    if more:
        errors.print(f"there are more: --after {found[-1].id}, or --all", soft_wrap=True)


@deadletters.command(epilog="Example: c360 deadletters retry")
def retry(ids: Ids = None, *, source: Source = None, json: Json = False) -> None:
    """Send them through the door again, all where none is named. What is kept now leaves the list; of what stays it says why,
    and the exit code is 1."""
    settings = _settings()
    with recorded(settings, "deadletters retry") as wrote:
        kept, refused, missing = run(_retried(settings, ids, source))
        wrote(kept)
    _check_found(missing)
    if json:
        letters = [{"id": id, "code": refusal.code, "message": refusal.message} for id, refusal in refused]
        print_json({"kept": kept, "refused": len(refused), "letters": letters})
    else:
        for id, refusal in refused:
            sys.stdout.write(f"{id}  {refusal.code}\n    {printable(refusal.message)}\n")
        errors.print(f"{kept:,} kept, {len(refused):,} still refused")
    if refused:
        raise typer.Exit(STILL_REFUSED)


@deadletters.command(epilog="Example: c360 deadletters drop --source shop --yes")
def drop(ids: Ids = None, *, source: Source = None, all: All = False, yes: Yes = False) -> None:
    """Delete them for good: those with these ids, those of a source, or all. The last two need --yes."""
    if (bool(ids), source is not None, all).count(True) != 1:
        errors.print("name some by their ids, or a --source, or --all of them")
        raise typer.Exit(WRONG_USAGE)
    settings = _settings()
    if not ids and not yes:
        errors.print(f"{run(_counted(settings, source)):,} dead letters would be gone for good; say --yes to drop them")
        raise typer.Exit(WRONG_USAGE)
    with recorded(settings, "deadletters drop") as wrote:
        if ids:
            missing = run(_dropped(settings, ids))
            wrote(len(ids) - len(missing))
        else:
            number = run(_all_dropped(settings, source))
            wrote(number)
    if ids:
        _check_found(missing)
    else:
        errors.print(f"{number:,} dropped")


def _check_found(missing: list[str]) -> None:
    if missing:
        errors.print(
            f"no dead letter is called {', '.join(missing)}: c360 deadletters list shows all", markup=False, soft_wrap=True
        )
        raise typer.Exit(STILL_REFUSED)


def _settings() -> Settings:
    from app.local.stack import located

    return located(Settings.from_env())


def _shown(letter: "DeadLetter") -> dict[str, object]:
    import msgspec

    return dict(msgspec.to_builtins(letter))


def _times(letter: "DeadLetter") -> str:
    first = f"{letter.first_at:%Y-%m-%dT%H:%M:%SZ}"
    return first if letter.times == 1 else f"{first}, {letter.times:,} times until {letter.last_at:%Y-%m-%dT%H:%M:%SZ}"


async def _listed(settings: Settings, first: int | None, after: str, source: str | None) -> "tuple[list[DeadLetter], bool, int]":
    """Letters, whether there are more behind them, and how many there are in all."""
    from app.commands.store import opened
    from graph import deadletters as letters

    found: list[DeadLetter] = []
    async with opened(settings) as store:
        number = await letters.count(store, source=source)
        async for page in letters.pages(store, after=after, source=source):
            found += page
            if first is not None and len(found) > first:
                break
    return found[:first], first is not None and len(found) > first, number


async def _retried(
    settings: Settings, ids: list[str] | None, source: str | None
) -> "tuple[int, list[tuple[str, Refusal]], list[str]]":
    """How many were kept, why the others were not, and which of `ids` there are none of."""
    from app.services import open_services
    from graph import deadletters as letters

    kept = 0
    refused: list[tuple[str, Refusal]] = []
    missing = set(ids or ())
    async with open_services(settings) as services:
        await services.ready()
        async for page in letters.pages(services.store, source=source):
            for letter in page:
                if ids and letter.id not in ids:
                    continue
                missing.discard(letter.id)
                refusal = await _tried(services, letter)
                if refusal is None:
                    await letters.forget(services.store, [letter.id])
                    kept += 1
                else:
                    await letters.restate(services.store, letter.id, code=refusal.code, message=refusal.message)
                    refused.append((letter.id, refusal))
    return kept, refused, sorted(missing)


async def _tried(services: "Services", letter: "DeadLetter") -> "Refusal | None":
    from app.segment.again import still_refused
    from app.segment.refusals import Refusal
    from resolvers.faults import masked

    try:
        return await still_refused(services, letter)
    except StoreUnavailable:
        raise
    except Exception as error:
        return Refusal("INTERNAL", masked(error, where=letter.id)["message"])


async def _dropped(settings: Settings, ids: list[str]) -> list[str]:
    """Which of `ids` there are none of."""
    from app.commands.store import opened
    from graph import deadletters as letters

    async with opened(settings) as store:
        return sorted(set(ids) - set(await letters.forget(store, ids)))


async def _all_dropped(settings: Settings, source: str | None) -> int:
    """How many there were, of `source` or of all."""
    from app.commands.store import opened
    from graph import deadletters as letters

    number = 0
    async with opened(settings) as store:
        async for page in letters.pages(store, source=source):
            number += len(await letters.forget(store, [each.id for each in page]))
    return number


async def _counted(settings: Settings, source: str | None) -> int:
    from app.commands.store import opened
    from graph import deadletters as letters

    async with opened(settings) as store:
        return await letters.count(store, source=source)

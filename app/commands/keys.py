"""`c360 keys`: who may come in."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.bulk import run
from app.commands.recorded import recorded
from app.commands.terminal import Json, errors, print_json, printable
from app.settings import Settings
from resolvers.scopes import EVENTS, SCOPES

if TYPE_CHECKING:
    from graph.keys import Key, NewKey

WRONG_USAGE = 2

keys = typer.Typer(
    no_args_is_help=True,
    help="API keys: make them, list them, replace them, end them.",
    epilog="Example: c360 keys create website --scope profile:read --scope offer:read",
)

Name = Annotated[str, typer.Argument(help="What it is for, in your words.")]
Id = Annotated[str, typer.Argument(help="The key's public part, c360_ and twelve digits.")]
Scopes = Annotated[list[str], typer.Option("--scope", help=f"What it may do: {', '.join(SCOPES)}; or all.")]
Source = Annotated[str | None, typer.Option("--source", help="The only source whose events it may send; /v1 wants one.")]
Lasting = Annotated[str | None, typer.Option("--expires-in", help="For how long it is good, as 90d, 12h or 30m.")]
Overlap = Annotated[str, typer.Option("--overlap", help="For how long the old one is good yet, as 7d.")]


@keys.command(epilog="Example: c360 keys create shop --scope event:write --source shop --expires-in 365d")
def create(name: Name, *, scope: Scopes, source: Source = None, expires_in: Lasting = None, json: Json = False) -> None:
    """Make a key, and print it: it is shown once, and only a hash of it is kept."""
    from graph.keys import LONGEST_NAME

    scopes = list(SCOPES) if scope == ["all"] else list(dict.fromkeys(scope))
    unknown = [each for each in scopes if each not in SCOPES]
    if unknown:
        _refuse(f"there is no scope {unknown[0]!r}; there are {', '.join(SCOPES)}")
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        _refuse(f"a name has 1 to {LONGEST_NAME} characters")
    if source is not None and EVENTS not in scopes:
        _refuse(f"a key that sends events for a source needs --scope {EVENTS}")
    settings, lasting = _settings(), _span(expires_in)
    with recorded(settings, "keys create") as wrote:
        made = run(_created(settings, name.strip(), scopes, source, lasting))
        wrote(1)
    _show(made, json=json)


@keys.command("list", epilog="Example: c360 keys list --json")
def list_(*, json: Json = False) -> None:
    """Show all keys, ended ones too: who they are for, what they may do, and when they were last used."""
    found, now = run(_listed(_settings())), datetime.now(UTC)
    if json:
        print_json({"keys": [_shown(each) for each in found]})
        return
    errors.print(f"{len(found):,} keys")
    for each in found:
        # As it is, whatever the width: ids are there to be copied.
        sys.stdout.write(
            f"{each.id}  {printable(each.name)}  {_state(each, now)}\n    {' '.join(each.scopes)}{_of(each.source)}\n"
        )


@keys.command(epilog="Example: c360 keys rotate c360_0123456789ab --overlap 7d")
def rotate(key_id: Id, *, overlap: Overlap = "1d", json: Json = False) -> None:
    """Make a key that may do what another one may, and print it; the old one ends after the overlap."""
    span = _span(overlap)
    assert span is not None
    settings = _settings()
    with recorded(settings, f"keys rotate {key_id[:20]}") as wrote:
        made = run(_rotated(settings, key_id, span))
        wrote(1)
    _show(made, json=json)


@keys.command(epilog="Example: c360 keys revoke c360_0123456789ab")
def revoke(key_id: Id) -> None:
    """End a key now: a second later nobody comes in by it anywhere."""
    settings = _settings()
    with recorded(settings, f"keys revoke {key_id[:20]}") as wrote:
        ended = run(_revoked(settings, key_id))
        wrote(1)
    errors.print(f"{ended.id} ({ended.name}) has ended", markup=False)


def _refuse(message: str) -> None:
    errors.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(WRONG_USAGE)


def _span(text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if found is None:
        errors.print(f"{text!r} is no time such as 90d, 12h or 30m", markup=False)
        raise typer.Exit(WRONG_USAGE)
    number, unit = int(found[1]), found[2]
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[unit]: number})


def _show(made: "NewKey", *, json: bool) -> None:
    if json:
        print_json({**_shown(made.key), "key": made.text})
        return
    errors.print("It is shown this once:", markup=False)
    sys.stdout.write(f"{made.text}\n")


def _shown(key: "Key") -> dict[str, object]:
    import msgspec

    return {name: value for name, value in msgspec.to_builtins(key).items() if name != "hash"}


def _state(key: "Key", now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%dT%H:%M:%SZ}"
    if key.ended(now):
        return f"expired {key.expires_at:%Y-%m-%dT%H:%M:%SZ}"
    used = "never used" if key.last_used_at is None else f"used {key.last_used_at:%Y-%m-%dT%H:%M:%SZ}"
    return used if key.expires_at is None else f"{used}, expires {key.expires_at:%Y-%m-%dT%H:%M:%SZ}"


def _of(source: str | None) -> str:
    return "" if source is None else f" of {source}"


def _settings() -> Settings:
    from app.local.stack import located

    return located(Settings.from_env())


async def _created(settings: Settings, name: str, scopes: list[str], source: str | None, lasting: timedelta | None) -> "NewKey":
    from app.commands.store import opened
    from graph import keys as stored
    from graph.migrations import migrate

    async with opened(settings) as store:
        await migrate(store)
        return await stored.create(store, name=name, scopes=scopes, source=source, now=datetime.now(UTC), lasting=lasting)


async def _listed(settings: Settings) -> "list[Key]":
    from app.commands.store import opened
    from graph import keys as stored

    async with opened(settings) as store:
        return [each async for page in stored.pages(store) for each in page]


async def _rotated(settings: Settings, key_id: str, overlap: timedelta) -> "NewKey":
    from app.commands.store import opened
    from graph import keys as stored

    async with opened(settings) as store:
        return await stored.rotate(store, key_id, now=datetime.now(UTC), overlap=overlap)


async def _revoked(settings: Settings, key_id: str) -> "Key":
    from app.commands.store import opened
    from graph import keys as stored

    async with opened(settings) as store:
        return await stored.revoke(store, key_id, now=datetime.now(UTC))

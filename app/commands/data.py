"""`c360 migrate` and `c360 import`."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.store import opened
from app.commands.terminal import Json, bar, errors, print_json, print_table
from app.settings import Settings

SOME_REJECTED = 4

Data = Annotated[Path, typer.Argument(help="A file, or the folder the mapping's files are in.", exists=True)]
Mapping = Annotated[Path, typer.Option("--mapping", help="Which column is what; see examples/.", dir_okay=False)]
Rejects = Annotated[Path | None, typer.Option("--rejects", help="Where refused rows go, with the reason.")]


def migrate(*, json: Json = False) -> None:
    """Apply the migrations that the database lacks."""
    from app.local.stack import located

    applied = asyncio.run(migrated(located(Settings.from_env())))
    if json:
        print_json({"applied": applied})
    else:
        errors.print("\n".join(f"applied {name}" for name in applied) or "Nothing to apply.")


async def migrated(settings: Settings) -> list[str]:
    """The names of the migrations it applied to the database of `settings`."""
    from graph.migrations import migrate

    async with opened(settings) as store:
        return await migrate(store)


def import_(data: Data, *, mapping: Mapping, rejects: Rejects = None, json: Json = False) -> None:
    """Import a CSV, CSV.gz, JSONL or Parquet file as a mapping describes it. Running it again changes nothing.

    A row that can't be used stops nothing: it goes to the rejects file, and the exit code is 4.
    """
    from app.importing import import_path
    from app.local.stack import located

    settings = located(Settings.from_env())
    with bar("Importing", in_bytes=True) as show:
        summary = asyncio.run(
            import_path(
                settings, data, mapping, rejects=rejects, on_progress=lambda so_far: show(so_far.bytes_read, so_far.bytes_total)
            )
        )
    if json:
        print_json(asdict(summary))
    else:
        print_table("Imported", ("kind", "events"), sorted(summary.by_kind.items()))
        errors.print(
            f"{summary.read:,} rows read, {summary.accepted:,} events accepted, {summary.duplicates:,} known already, "
            f"{summary.rejected:,} rejected, in {summary.seconds:.1f} s"
        )
        if summary.rejected:
            errors.print(f"The rejected rows, each with its reason: {summary.rejects_path}")
    if summary.rejected:
        raise typer.Exit(SOME_REJECTED)

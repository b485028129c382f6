"""`c360 migrate` and `c360 import`."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.bulk import run
from app.commands.recorded import recorded
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

    if rejects is not None:
        _spare(data, mapping, rejects)
    settings = located(Settings.from_env())
    with recorded(settings, "import") as wrote, bar("Importing", in_bytes=True) as show:
        summary = run(
            import_path(
                settings, data, mapping, rejects=rejects, on_progress=lambda so_far: show(so_far.bytes_read, so_far.bytes_total)
            )
        )
        wrote(summary.accepted)
    if rejects is not None and not summary.rejected:
        # Those of an earlier import: they would say of this one what isn't so.
        rejects.unlink(missing_ok=True)
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


def _spare(data: Path, mapping: Path, rejects: Path) -> None:
    """Raises BadParameter when the rejects would take the place of the mapping or of a file that it reads."""
    from app.importing.files import locate
    from app.importing.mapping import load_mapping

    if not rejects.exists():
        return
    for path in (mapping, *locate(data, load_mapping(mapping)).values()):
        if path.samefile(rejects):
            what = "the mapping" if path == mapping else "a file that is imported"
            raise typer.BadParameter(f"{rejects} is {what}: name another file for the rejects", param_hint="--rejects")

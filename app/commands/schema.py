"""`c360 schema`: the public contract, as the code has it."""

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.commands.terminal import errors

Check = Annotated[
    bool, typer.Option("--check", help="Print nothing but the differences from the file; exit code 1 if there are any.")
]
File = Annotated[Path, typer.Option("--file", help="The file that --check compares with.", dir_okay=False)]


def schema(*, check: Check = False, file: File = Path("schema.graphql")) -> None:
    """Print the GraphQL schema, or compare it with the committed file."""
    from resolvers.schema import schema as built

    text = built.as_str().rstrip() + "\n"
    if not check:
        sys.stdout.write(text)
        return
    committed = file.read_text() if file.exists() else ""
    changes = list(difflib.unified_diff(committed.splitlines(True), text.splitlines(True), str(file), "the code"))
    sys.stdout.writelines(changes)
    if changes:
        errors.print(f"{file} differs from the code: run `c360 schema > {file}` and look at what changes for clients")
        raise typer.Exit(1)

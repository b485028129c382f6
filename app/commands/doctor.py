"""`c360 doctor`: whether what is stored is what should be."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from app.commands.store import opened
from app.commands.terminal import Json, errors, print_json, print_table
from app.settings import Settings

if TYPE_CHECKING:
    from graph.doctor import Finding


def doctor(*, json: Json = False) -> None:
    """Check that Neo4j and Redis answer, that all migrations are applied, and that every stored fact is right.

    Exit code 1 when something is found, 3 when Neo4j is not reachable.
    """
    from app.local.stack import located

    found = asyncio.run(_examine(located(Settings.from_env())))
    if json:
        print_json({"findings": [asdict(finding) for finding in found]})
    elif found:
        rows = [(finding.what, finding.where, str(finding.expected), str(finding.actual)) for finding in found]
        print_table("Findings", ("what", "where", "expected", "actual"), rows)
    else:
        errors.print("Nothing found: all is as it should be.")
    if found:
        raise typer.Exit(1)


async def _examine(settings: Settings) -> "list[Finding]":
    from graph.doctor import examine

    async with opened(settings) as store:
        return await examine(store)

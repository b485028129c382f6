"""`c360 suggest`: likely duplicates among all customers."""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from app.commands.store import opened
from app.commands.terminal import Json, errors, print_json
from app.settings import Settings

if TYPE_CHECKING:
    from graph.identity.likeness import Suggestion


def suggest(*, json: Json = False) -> None:
    """Find customers who may be one person, for people to look at (the query mergeSuggestions); nothing is merged.

    What was found before is replaced. Run it as often as that is worth a look at every customer: a million take a few minutes.
    Exit code 3 when Neo4j is not reachable.
    """
    from app.local.stack import located

    found = asyncio.run(_suggest(located(Settings.from_env())))
    if json:
        print_json({"suggestions": msgspec.to_builtins(found)})
    else:
        errors.print(f"{len(found):,} pairs of customers may be one person: see the query mergeSuggestions.")


async def _suggest(settings: Settings) -> "list[Suggestion]":
    from graph.identity.suggestions import renew_suggestions

    async with opened(settings) as store:
        return await renew_suggestions(store)

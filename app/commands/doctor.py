"""`c360 doctor`: whether what is there, and what is stored, is what should be."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from app.commands.store import opened
from app.commands.terminal import Json, errors, print_json, print_table
from app.settings import Settings

if TYPE_CHECKING:
    from graph.doctor import Finding
    from graph.store import Store

OLDEST_NEO4J = (5, 26)


def doctor(*, json: Json = False) -> None:
    """Check that Neo4j and Redis answer, that all migrations are applied, and that every stored fact is right.

    Exit code 1 when something is found, 3 when Neo4j is not reachable. Notices are no findings: what they name is kept as it was
    stated, and counts as far as it can.
    """
    from app.local.stack import located

    seen = asyncio.run(_examine(located(Settings.from_env())))
    found, notices = [each for each in seen if not each.notice], [each for each in seen if each.notice]
    if json:
        print_json({"findings": [asdict(each) for each in found], "notices": [asdict(each) for each in notices]})
    else:
        for title, listed in (("Findings", found), ("Notices", notices)):
            if listed:
                rows = [(each.what, each.where, str(each.expected), str(each.actual)) for each in listed]
                print_table(title, ("what", "where", "expected", "actual"), rows)
        if not found:
            errors.print("Nothing found: all is as it should be.")
    if found:
        raise typer.Exit(1)


async def _examine(settings: Settings) -> "list[Finding]":
    from app.services import identity_rules_of, referral_rule, suspicions
    from graph.doctor import look

    async with opened(settings) as store:
        around = [finding async for finding in _version(store, settings)]
        around += [finding async for finding in _redis(settings)]
        unmigrated = [finding async for finding in _migrations(store)]
        # What an older schema holds can't be judged by the rules of the newer one.
        rules = (referral_rule(settings), suspicions(settings), identity_rules_of(settings))
        return [*around, *(unmigrated or await look(store, *rules))]


async def _version(store: "Store", settings: Settings) -> "AsyncIterator[Finding]":
    from graph.doctor import Finding

    async with store.explain("RETURN 1") as summary:
        agent = str(summary.server.agent)
    number = re.search(r"(\d+)\.(\d+)", agent)
    if not number or (int(number[1]), int(number[2])) < OLDEST_NEO4J:
        oldest = ".".join(map(str, OLDEST_NEO4J))
        yield Finding("Neo4j's version", str(settings.neo4j_uri), f"{oldest} or newer", agent)


async def _redis(settings: Settings) -> "AsyncIterator[Finding]":
    from app.cache.profiles import Cache
    from graph.doctor import Finding

    if settings.redis_url is None:
        return
    cache = Cache.connect(
        settings.redis_url, timeout_seconds=settings.redis_timeout_ms / 1000, ttl_seconds=settings.cache_ttl_seconds
    )
    try:
        if not await cache.ping():
            address = urlsplit(settings.redis_url)
            yield Finding("Redis", f"{address.hostname}:{address.port or 6379}", "an answer", "none")
    finally:
        await cache.close()


async def _migrations(store: "Store") -> "AsyncIterator[Finding]":
    from graph.doctor import Finding
    from graph.migrations import AppliedMigration, migrations

    applied = {each.name: each.checksum for each in await store.many("migrations/find_migrations", AppliedMigration)}
    for migration in migrations():
        if migration.name not in applied:
            yield Finding("migration", migration.name, "applied", "missing: run `c360 migrate`")
        elif applied[migration.name] != migration.checksum:
            yield Finding("migration", migration.name, "unchanged", "changed after it was applied")

"""`c360 up`, `down` and `status`: the local Neo4j and Redis."""

import asyncio
from typing import Annotated

import typer

from app.commands.terminal import Json, bar, errors, print_json, print_table
from app.settings import Settings

Quick = Annotated[bool, typer.Option("--quick", help="Start sooner with less memory; slower under load. Not for measurements.")]


def up(*, quick: Quick = False, json: Json = False) -> None:
    """Start a local Neo4j and Redis, to run until `c360 down`.

    Their data lies in the folder C360_HOME. The first time, Neo4j is fetched (128 MB).
    """
    from app.local import stack

    settings = Settings.from_env()
    if (found := stack.connection(settings)) is None:
        with bar("Fetching Neo4j", in_bytes=True) as show:
            programs = stack.prepare(settings, on_bytes=show)
        with errors.status("Starting Neo4j and Redis"):
            found = asyncio.run(stack.up(settings, programs, quick=quick))
    if json:
        print_json({"neo4j_uri": found.neo4j_uri, "connection": settings.home / "connection.json"})
    else:
        print_table("Running", ("server", "address"), _addresses(settings))
        errors.print("Stop them with: c360 down")


def down(*, json: Json = False) -> None:
    """Stop the local Neo4j and Redis. Their data stays."""
    from app.local import stack

    with errors.status("Stopping Neo4j and Redis"):
        stopped = asyncio.run(stack.down(Settings.from_env()))
    if json:
        print_json({"stopped": stopped})
    else:
        errors.print("Stopped." if stopped else "Nothing was running.")


def status(*, json: Json = False) -> None:
    """Say whether the local Neo4j and Redis run. Exit code 3 when they don't."""
    from app.local import stack

    settings = Settings.from_env()
    found = stack.status(settings)
    pids = {"neo4j": found.neo4j, "redis": found.redis, "owner": found.owner}
    if json:
        print_json({"running": found.running, **pids})
    else:
        rows = [(server, address, str(pids[server] or "not running")) for server, address in _addresses(settings)]
        print_table("Running" if found.running else "Not running", ("server", "address", "process"), rows)
    if not found.running:
        raise typer.Exit(3)


def _addresses(settings: Settings) -> list[tuple[str, str]]:
    return [
        ("neo4j", f"bolt://127.0.0.1:{settings.local_bolt_port}"),
        ("redis", f"redis://127.0.0.1:{settings.local_redis_port}"),
    ]

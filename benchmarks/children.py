"""Processes of our own beside the benchmark: the real commands, with settings in their environment."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from app.settings import Settings
from app.settings_variables import VARIABLES
from resolvers.scopes import SCOPES

TOP = Path(__file__).parents[1]
KILL_AFTER_SECONDS = 30.0


def environment(settings: Settings | None = None, **more: str) -> dict[str, str]:
    """Our environment without the settings in it, but with those of servers that run; whoever asks may do everything."""
    ours = {variable for variable, _ in VARIABLES.values()} - {"JAVA_HOME", "C360_CACHE_HOME", "C360_MAVEN_MIRROR"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    if settings is not None:
        assert settings.neo4j_uri is not None and settings.redis_url is not None
        kept |= {
            "C360_HOME": str(settings.home),
            "NEO4J_URI": settings.neo4j_uri,
            "NEO4J_USER": settings.neo4j_user,
            "NEO4J_PASSWORD": settings.neo4j_password,
            "REDIS_URL": settings.redis_url,
            "C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS": f"{settings.neo4j_transaction_timeout_seconds:g}",
            "C360_REQUEST_TIMEOUT_SECONDS": f"{settings.request_timeout_seconds:g}",
            "C360_ANONYMOUS_SCOPES": ",".join(SCOPES),
            "C360_LIMIT_RATE": "0",
        }
    return kept | more


@asynccontextmanager
async def started(module: str, *arguments: str, env: Mapping[str, str], piped: bool = False) -> AsyncIterator[Process]:
    """`python -m module arguments` for the length of the block; see `running`."""
    async with running(sys.executable, "-m", module, *arguments, env=env, piped=piped) as process:
        yield process


@asynccontextmanager
async def running(*command: str, env: Mapping[str, str], piped: bool = False, cwd: Path = TOP) -> AsyncIterator[Process]:
    """A command for the length of the block; then it is ended as Ctrl-C would, if it still runs.

    Its output is dropped, or with `piped` can be read, and must be.
    """
    output = PIPE if piped else DEVNULL
    # A session of its own: Ctrl-C reaches us, and we end it in good order.
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env,
        stdin=DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        await _end(process)


async def done(module: str, *arguments: str, env: Mapping[str, str]) -> bytes:
    """What `python -m module arguments` prints when it has ended; raises RuntimeError with its last lines when it fails."""
    async with started(module, *arguments, env=env, piped=True) as process:
        output, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {process.returncode}: {said.decode()[-2_000:]}")
    return output


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        # What it still prints is read, lest it waits for a reader for ever.
        await asyncio.wait_for(process.communicate(), KILL_AFTER_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()

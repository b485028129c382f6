"""How the service is put on the web, by `c360 serve` and by `c360 demo` alike."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from app.errors import AppError
from app.patience import patient
from app.settings import Settings

GRACE_SECONDS = 3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves it: logging as app/logs.py says, and no accesses, for the paths of GET hold variables."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=patient(settings.request_timeout_seconds),
        ws="websockets-sansio",
        ws_max_size=max(settings.limit_body, settings.limit_events_body),
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@asynccontextmanager
async def serving(app: ASGIApp, settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """The service for the length of the block. Raises AppError when it can't start.

    What is given is done when the service has ended by itself.
    """
    server = _Beside(configuration(app, settings))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                await task
                raise AppError("the service did not start: see the lines above")
            await asyncio.sleep(0.02)
        yield task
    finally:
        server.should_exit = True
        await task


@contextmanager
def cancelled_by_signals() -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP cancel the current task once: what runs after that, cleaning up, isn't disturbed."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def cancel() -> None:
        if not task.cancelling():
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, cancel)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


class _Beside(uvicorn.Server):
    """A server that leaves the signals to the command it runs in, which has more to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

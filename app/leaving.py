"""A request that takes too long is given up, and a client that goes away takes the work on its request with it."""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive

LOOK_AFTER = 0.05
"""Seconds before anyone looks whether the client is still there: most answers are out by then, and cost no task."""


class WhileConnected:
    """A block that is cancelled, and raises ClientDisconnect when the client closes its connection, or TimeoutError after so
    many seconds, which are more than LOOK_AFTER.

    The request's body must have been read: `receive` then says nothing but that.
    """

    def __init__(self, receive: Receive, *, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._end: type[Exception] | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(LOOK_AFTER, self._look)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        # As asyncio.timeout does: somebody else may have cancelled the task, too.
        if self._end is not None and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise self._end from error

    def _look(self) -> None:
        self._watcher = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        try:
            async with asyncio.timeout(self._seconds - LOOK_AFTER):
                # The body of a GET is empty, and is still to be heard of.
                while (await self._receive())["type"] != "http.disconnect":
                    pass
            self._end = ClientDisconnect
        except TimeoutError:
            self._end = TimeoutError
        self._task.cancel()

"""uvicorn's HTTP protocol, with an end to its patience: whoever sends a request byte by byte, or doesn't take the answer, would
keep the connection, and what is held for it, for as long as they like.
"""

from __future__ import annotations

import asyncio

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from resolvers.errors import plain


class Patient(HttpToolsProtocol):
    """A request has to arrive within so many `seconds`, or a little more, and something of an answer be taken in as many."""

    seconds: float

    #: Since when a request is to arrive: the first, or one that has begun.
    _since: float | None = None
    _begun = False
    #: Bytes of answers that were still to be taken when this was looked at last.
    _left = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._next_look.cancel()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = True
        self._since = self.loop.time()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._since = None

    def _look_later(self) -> None:
        self._next_look = self.loop.call_later(self.seconds / 2, self._look)

    def _look(self) -> None:
        if self not in self.connections:
            # It speaks another protocol by now: a WebSocket's.
            return
        left = self.transport.get_write_buffer_size()
        if left >= self._left > 0:
            self.transport.abort()
            return
        self._left = left
        if self._since is not None and self.flow.read_paused:
            # What has come of it waits for the request before, and the rest for us.
            self._since = self.loop.time()
        elif self._since is not None and self.loop.time() - self._since >= self.seconds:
            self._give_up()
        self._look_later()

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        answering = cycle is not None and cycle.response_started and not cycle.response_complete
        if self._begun and not answering:
            self.transport.write(_refusal(self.seconds))
        self.transport.close()


def patient(seconds: float) -> type[HttpToolsProtocol]:
    """The protocol with that much patience."""
    return type("Patient", (Patient,), {"seconds": seconds})


def _refusal(seconds: float) -> bytes:
    message = f"The request did not arrive within {seconds:g} seconds; send it at once."
    body = orjson.dumps({"errors": [plain(message, "REQUEST_TIMEOUT")]})
    head = ("HTTP/1.1 408 Request Timeout", "content-type: application/json", f"content-length: {len(body)}", "connection: close")
    return "\r\n".join([*head, "", ""]).encode() + body

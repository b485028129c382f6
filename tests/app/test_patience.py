"""Answers that nobody takes, by uvicorn over real sockets that hold little."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.commands.web import configuration
from app.settings import Settings

SIZE = 8_000_000
ROOM = 20_000
PATIENCE = 0.5


async def much(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with many bytes at once."""
    if scope["type"] == "lifespan":
        for state in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{state}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % SIZE)]})
    await send({"type": "http.response.body", "body": b"x" * SIZE})


def narrow() -> socket.socket:
    made = socket.socket()
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        made.setsockopt(socket.SOL_SOCKET, option, ROOM)
    return made


@asynccontextmanager
async def asked() -> AsyncIterator[tuple[uvicorn.Server, asyncio.StreamReader]]:
    """The server, and the beginning of its answer."""
    listening = narrow()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(configuration(much, replace(Settings(), request_timeout_seconds=PATIENCE)))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    client = narrow()
    client.connect(listening.getsockname())
    reader, writer = await asyncio.open_connection(sock=client, limit=ROOM)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    yield server, reader
    writer.close()
    server.should_exit = True
    await serving


async def test_an_answer_that_nobody_takes_is_dropped() -> None:
    async with asked() as (server, reader):
        async with asyncio.timeout(60):
            while server.server_state.connections:
                await asyncio.sleep(0.05)
        with suppress(ConnectionResetError):
            assert len(await reader.read()) < SIZE / 2


@pytest.mark.parametrize("pause", [0.0, PATIENCE / 4])
async def test_an_answer_that_is_taken_slowly_is_whole(pause: float) -> None:
    async with asked() as (_, reader):
        await reader.readuntil(b"\r\n\r\n")
        taken = 0
        while taken < SIZE:
            taken += len(await reader.readexactly(min(SIZE // 20, SIZE - taken)))
            await asyncio.sleep(pause)
        assert taken == SIZE

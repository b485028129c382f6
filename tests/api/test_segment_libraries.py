"""Segment's own libraries, unchanged, delivering to the service; also past a server that fails at first."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.commands.web import serving
from app.local.process import free_port
from app.settings import Settings
from tests.api.conftest import Api
from tests.write_key import WRITE_KEY

pytestmark = pytest.mark.usefixtures("graph")

ASK = """{ customer(by: {email: "ana@example.com"}) {
  name touchpoints(first: 100) { nodes { type } } purchases(first: 9) { nodes { number total { amount } } } } }"""


class Troubled:
    """A server before the service that answers 500, then 429, and then hands on what it gets."""

    def __init__(self, target: str) -> None:
        self.answers = [(500, {}), (429, {"retry-after": "1"})]
        self.heard: list[int] = []
        self._target = target

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        if self.answers:
            status, headers = self.answers.pop(0)
            self.heard.append(status)
            return Response(status_code=status, headers=headers)
        kept = {
            name: value
            for name, value in request.headers.items()
            if name in ("authorization", "content-type", "content-encoding")
        }
        async with httpx2.AsyncClient(base_url=self._target, timeout=20) as http:
            answer = await http.post(request.url.path, content=body, headers=kept)
        self.heard.append(answer.status_code)
        return Response(answer.content, status_code=answer.status_code)


@asynccontextmanager
async def troubled(service: str) -> AsyncIterator[tuple[str, Troubled]]:
    server = Troubled(service)
    settings = Settings(port=free_port(), currency_rates={}, cursor_secret=b"not needed here")
    async with serving(Starlette(routes=[Route("/{path:path}", server.answer, methods=["POST"])]), settings):
        yield f"http://127.0.0.1:{settings.port}", server


@pytest.mark.parametrize("trouble", [False, True], ids=["at once", "after 500 and 429"])
@pytest.mark.parametrize("language", ["python", "node"])
async def test_a_library_delivers(api: Api, service: str, libraries: Path, language: str, trouble: bool) -> None:
    program = libraries / ("deliver.py" if language == "python" else "deliver.mjs")
    async with troubled(service) as (host, server):
        client = await asyncio.create_subprocess_exec(
            libraries / "bin" / language, program, host if trouble else service, WRITE_KEY, stderr=subprocess.PIPE
        )
        _, said = await asyncio.wait_for(client.communicate(), 120)
    assert client.returncode == 0, said.decode()
    ana = (await api.data(ASK))["customer"]
    assert ana["name"] == "Ana Ruiz"
    assert len(ana["touchpoints"]["nodes"]) == 42
    assert ana["purchases"]["nodes"] == [{"number": "1", "total": {"amount": "19.99"}}]
    if trouble:
        assert server.heard[:2] == [500, 429] and set(server.heard[2:]) == {200}

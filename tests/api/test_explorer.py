"""The explorer: our own files, nothing from elsewhere, and examples that run."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import httpx2
import pytest

from app.explorer import STATIC
from tests.api.conftest import Api, Tell

SOURCE = STATIC.parent / "source"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_served_was_built_from_what_is_here() -> None:
    record = json.loads((STATIC / "build.json").read_text())
    advice = "run `npm ci && npm run build` in app/explorer/source"
    assert record["sources"] == {name: sha256(SOURCE / name) for name in record["sources"]}, advice
    assert record["built"] == {name: sha256(STATIC / name) for name in record["built"]}, advice


async def test_a_browser_gets_the_page_and_all_it_needs_from_here(api: Api) -> None:
    page = await api.http.get("/graphql?query=%7B__typename%7D", headers=BROWSER)
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    files = [address for address in needed if not address.startswith("data:")]
    assert files and all(address.startswith("/explorer/") for address in files)
    for address in files:
        assert (await api.http.get(address)).status_code == 200
    assert (await api.http.get("/explorer/../server.py")).status_code == 404
    assert "http" not in (STATIC / "explorer.css").read_text().replace("http://www.w3.org", "")


async def test_the_bundle_is_modest(api: Api) -> None:
    size = 0
    async with api.http.stream("GET", "/explorer/explorer.js", headers={"accept-encoding": "gzip"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        async for chunk in response.aiter_raw():
            size += len(chunk)
    assert size < 600_000


def examples() -> list[str]:
    text = (SOURCE / "examples.js").read_text(encoding="utf-8")
    return [query for name, query in re.findall(r"const (\w+) = `([^`]+)`", text) if "{" in query]


@pytest.mark.parametrize("query", examples())
async def test_its_examples_run(api: Api, told: Tell, query: str) -> None:
    assert await api.data(query, **({"email": "someone@example.com"} if "$email" in query else {}))


async def test_it_can_be_left_out(api_settings: object) -> None:
    from dataclasses import replace

    from app.commands.web import serving
    from app.local.process import free_port
    from app.server import create_app
    from app.settings import Settings

    assert isinstance(api_settings, Settings)
    without = replace(api_settings, port=free_port(), graphiql=False)
    async with (
        serving(create_app(without), without),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{without.port}") as http,
    ):
        assert (await http.get("/explorer/explorer.js")).status_code == 404
        assert (await http.get("/graphql", headers=BROWSER)).headers["content-type"].startswith("application/json")

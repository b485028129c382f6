"""GraphQL over HTTP, as the audits of the reference implementation for Node.js see it: whatever is a MUST, a SHOULD or a MAY."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2

from tests.api.conftest import node


async def test_every_audit_passes(service: str, libraries: Path) -> None:
    results = await node(libraries, "audits.mjs", f"{service}/graphql")
    assert len(results) == 61
    failed = [f"{each['id']} {each['name']}: {each.get('reason')}" for each in results if each["status"] != "ok"]
    assert failed == []


async def test_a_post_without_a_body_is_not_given_the_answer_of_the_request_before_it(service: str) -> None:
    json = {"content-type": "application/json"}
    async with httpx2.AsyncClient(base_url=service, limits=httpx2.Limits(max_connections=1), timeout=20) as http:
        for _ in range(3):
            assert (await http.post("/graphql", json={"query": "{ __typename }"})).json() == {"data": {"__typename": "Query"}}
            empty = await http.post("/graphql", headers=json)
            assert empty.status_code == 400 and empty.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
            chunked = await http.post("/graphql", headers=json, content=_nothing())
            assert chunked.status_code == 400 and "data" not in chunked.json()


async def _nothing() -> AsyncIterator[bytes]:
    # Of an unknown length, so that it goes out in chunks.
    yield b""

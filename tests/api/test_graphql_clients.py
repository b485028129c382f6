"""Clients that we didn't write, unchanged, with queries that they persist, and with documents that are trusted."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.settings import Settings
from graph.events.inputs import IdentifyInput
from tests.api.conftest import Tell, another, at, email, node

WHO = "oki@example.com"
TRUSTED = "query Name($email: String!) { customer(by: {email: $email}) { id name __typename } }"


@pytest.fixture(autouse=True)
async def oki(told: Tell) -> None:
    await told(IdentifyInput(id="1", source="s", at=at(0), identifiers=(email(WHO),), traits={"name": "沖"}))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_apollo_client_sends_a_text_once_and_its_hash_from_then_on(
    api_settings: Settings, libraries: Path, method: str
) -> None:
    async with another(api_settings) as address:
        first = await node(libraries, "apollo.mjs", f"{address}/graphql", method, WHO)
        second = await node(libraries, "apollo.mjs", f"{address}/graphql", method, WHO)
    assert first["names"] == second["names"] == ["沖", "沖"]
    assert first["sent"] == [[method, False], ["POST", True], [method, False]]
    assert second["sent"] == [[method, False], [method, False]]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_urql_sends_a_text_once_and_its_hash_from_then_on(api_settings: Settings, libraries: Path, method: str) -> None:
    async with another(api_settings) as address:
        first = await node(libraries, "urql.mjs", f"{address}/graphql", method, WHO)
        second = await node(libraries, "urql.mjs", f"{address}/graphql", method, WHO)
    assert first["names"] == second["names"] == ["沖", "沖"]
    assert [text for _, text in first["sent"]] == [False, True, False]
    assert second["sent"] == [[method, False], [method, False]]


@pytest.mark.parametrize("program", ["apollo.mjs", "urql.mjs"])
async def test_where_nothing_can_be_persisted_clients_send_the_text(
    api_settings: Settings, libraries: Path, program: str
) -> None:
    async with another(api_settings, persisted=False) as address:
        found = await node(libraries, program, f"{address}/graphql", "POST", WHO)
    assert found["names"] == ["沖", "沖"]
    assert [text for _, text in found["sent"]] == [False, True, True]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("program", ["apollo.mjs", "urql.mjs"])
async def test_clients_name_trusted_documents_by_their_ids(
    api_settings: Settings, libraries: Path, tmp_path: Path, program: str, method: str
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(orjson.dumps({"name-1": TRUSTED}))
    async with another(api_settings, trusted_documents="strict", trusted_manifest=manifest) as address:
        found = await node(libraries, program, f"{address}/graphql", method, WHO, "name-1")
    assert found == {"names": ["沖", "沖"], "sent": [[method, False], [method, False]]}

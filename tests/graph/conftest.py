"""What tests of the graph share: a way to ask the graph directly, past the functions under test."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

import neo4j
import pytest

from graph.store import Store
from tests.conftest import Stack


class AskCypher(Protocol):
    """Runs any Cypher text in a transaction of its own and gives the first column."""

    async def __call__(self, text: str, /, **parameters: Any) -> list[Any]: ...


@pytest.fixture(scope="session")
async def driver(stack: Stack) -> AsyncIterator[neo4j.AsyncDriver]:
    auth = (stack.neo4j_user, stack.neo4j_password)
    async with neo4j.AsyncGraphDatabase.driver(stack.neo4j_uri, auth=auth, notifications_min_severity="OFF") as driver:
        yield driver


@pytest.fixture
def ask(driver: neo4j.AsyncDriver, graph: Store) -> AskCypher:
    async def run(text: str, /, **parameters: Any) -> list[Any]:
        found = await driver.execute_query(text, parameters, database_="neo4j")
        return [record[0] for record in found.records]

    return run

"""The connection to Neo4j that a command uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from graph.store import Store


@asynccontextmanager
async def opened(settings: Settings) -> "AsyncIterator[Store]":
    """A patient store that answers, for the length of the block; `settings` say where. Raises StoreUnavailable."""
    from graph.store import Store

    assert settings.neo4j_uri is not None
    store = await Store.connect(
        settings.neo4j_uri,
        user=settings.neo4j_user,
        password=settings.neo4j_password,
        database=settings.neo4j_database,
        timeout=settings.neo4j_transaction_timeout_seconds,
    )
    try:
        await store.verify()
        yield store.patient()
    finally:
        await store.close()

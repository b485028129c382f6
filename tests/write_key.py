"""The key by which tests send events to /v1 as the source `shop`."""

from __future__ import annotations

from datetime import UTC, datetime

from graph import keys
from graph.keys import Key
from graph.store import Store
from resolvers.scopes import EVENTS

PUBLIC = "c360_0123456789ab"
WRITE_KEY = f"{PUBLIC}_{'0123456789' * 4}"


async def keep(store: Store, *, source: str = "shop") -> None:
    """Have the graph know the key; its migrations are applied."""
    key = Key(
        id=PUBLIC,
        hash=keys.hash_of(WRITE_KEY),
        name="tests",
        scopes=(EVENTS,),
        source=source,
        created_at=datetime.now(UTC),
        expires_at=None,
        revoked_at=None,
        last_used_at=None,
    )
    await keys.record(store, key)

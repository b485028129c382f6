"""API keys: who may come in, by what they hold.

A key is a text, `c360_<public>_<secret>`. The graph has its public part, by which people name it, and a SHA-256 of the whole:
the secret has 160 random bits, which nobody guesses however fast the hash. A node, `KeyRing`, counts changes, so that a process
learns of all of them by one look.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from graph.errors import UnknownKey
from graph.store import Store, Transaction

PREFIX = "c360_"

_FORM = re.compile(PREFIX + r"[0-9a-f]{12}_[0-9a-f]{40}")

LONGEST_NAME = 200


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key. `id`: its public part; `source`: the only one for which it may send events, None for any."""

    id: str
    hash: str
    name: str
    scopes: tuple[str, ...]
    source: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def ended(self, now: datetime) -> bool:
        """Whether it is good no more."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)

    def opens(self, text: str) -> bool:
        """Whether `text` is this key."""
        return hmac.compare_digest(self.hash, hash_of(text))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is handed out, which can't be seen again."""

    key: Key
    text: str = field(repr=False)


def public_part(text: str) -> str | None:
    """The id of the key that a text is, by its form; None where it can be none."""
    return text.rpartition("_")[0] if _FORM.fullmatch(text) else None


async def create(
    store: Store,
    *,
    name: str,
    scopes: Sequence[str],
    source: str | None = None,
    now: datetime,
    lasting: timedelta | None = None,
) -> NewKey:
    """Make a key and keep it. Raises StoreUnavailable."""
    made = _made(name=name, scopes=scopes, source=source, now=now, lasting=lasting)
    await record(store, made.key)
    return made


async def record(store: Store, key: Key) -> None:
    """Keep a key. Raises StoreUnavailable."""
    await store.write(lambda transaction: _record(transaction, key))


async def rotate(store: Store, key_id: str, *, now: datetime, overlap: timedelta) -> NewKey:
    """A key that may do what another one may, which is good for `overlap` yet. Raises UnknownKey and StoreUnavailable."""
    found = (await load(store, [key_id])).get(key_id)
    if found is None or found.ended(now):
        raise UnknownKey(key_id)
    lasting = None if found.expires_at is None else found.expires_at - found.created_at
    made = _made(name=found.name, scopes=found.scopes, source=found.source, now=now, lasting=lasting)

    async def replace(transaction: Transaction) -> None:
        await _record(transaction, made.key)
        await _end(transaction, key_id, expires_at=now + overlap)

    await store.write(replace)
    return made


async def revoke(store: Store, key_id: str, *, now: datetime) -> Key:
    """A key is good no more: within a second, in all processes. Raises UnknownKey and StoreUnavailable."""
    return await store.write(lambda transaction: _end(transaction, key_id, revoked_at=now))


async def load(store: Store, key_ids: Sequence[str]) -> dict[str, Key]:
    """Keys by id, those that there are. Raises StoreUnavailable."""
    return {each.id: each for each in await store.many("keys/load_keys", Key, ids=list(key_ids))}


async def pages(store: Store) -> AsyncIterator[list[Key]]:
    """All keys, in the order of their ids."""
    after = ""
    while found := await store.many("keys/page_keys", Key, after=after, limit=500):
        yield found
        after = found[-1].id


async def version(store: Store) -> int:
    """How often keys have changed. Raises StoreUnavailable."""
    return await store.one("keys/find_ring", int) or 0


async def used(store: Store, uses: Mapping[str, datetime]) -> None:
    """Keep when keys were last used. Raises StoreUnavailable."""
    rows = [{"id": id, "at": at.isoformat()} for id, at in sorted(uses.items())]
    if rows:
        await store.write(lambda transaction: transaction.run("keys/record_key_uses", rows=rows))


def _made(*, name: str, scopes: Sequence[str], source: str | None, now: datetime, lasting: timedelta | None) -> NewKey:
    public = f"{PREFIX}{secrets.token_hex(6)}"
    text = f"{public}_{secrets.token_hex(20)}"
    key = Key(
        id=public,
        hash=hash_of(text),
        name=name,
        scopes=tuple(scopes),
        source=source,
        created_at=now,
        expires_at=None if lasting is None else now + lasting,
        revoked_at=None,
        last_used_at=None,
    )
    return NewKey(key, text)


async def _record(transaction: Transaction, key: Key) -> None:
    await transaction.run("keys/record_keys", rows=[msgspec.to_builtins(key)])


async def _end(
    transaction: Transaction, key_id: str, *, revoked_at: datetime | None = None, expires_at: datetime | None = None
) -> Key:
    found = await transaction.one(
        "keys/record_key_ends",
        list[Key],
        ids=[key_id],
        revoked_at=None if revoked_at is None else revoked_at.isoformat(),
        expires_at=None if expires_at is None else expires_at.isoformat(),
    )
    if not found:
        raise UnknownKey(key_id)
    return found[0]


def hash_of(text: str) -> str:
    """What is kept of a key."""
    return sha256(text.encode()).hexdigest()

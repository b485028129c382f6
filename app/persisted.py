"""Texts of queries that clients know by their SHA-256 and send once: Apollo's automatic persisted queries.

What is found here saves a client the sending, and nothing else hangs on it: without Redis each process learns them by itself.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from typing import Protocol

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Shelf(Protocol):
    """Where all processes find them; see app.cache. It answers soon, and with nothing where Redis doesn't."""

    async def find_document(self, digest: str, *, ttl_seconds: int) -> str | None: ...

    async def keep_document(self, digest: str, text: str, *, ttl_seconds: int) -> None: ...


class PersistedQueries:
    """The least used are forgotten when there are more than `room` bytes of them; the shelf forgets them after `ttl_seconds`."""

    def __init__(self, shelf: Shelf | None, *, room: int, ttl_seconds: int) -> None:
        self._shelf = shelf
        self._room = room
        self._ttl = ttl_seconds
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0

    async def find(self, digest: str) -> str | None:
        """The text with this SHA-256, in lower-case hexadecimal digits; None where nobody has sent it lately."""
        text = self._texts.get(digest)
        if text is not None:
            self._texts.move_to_end(digest)
            return text
        if self._shelf is None or not _DIGEST.fullmatch(digest):
            return None
        text = await self._shelf.find_document(digest, ttl_seconds=self._ttl)
        # Whoever else writes to that Redis must not choose what a hash means here.
        if text is None or digest_of(text) != digest:
            return None
        self._hold(digest, text)
        return text

    async def keep(self, text: str) -> None:
        """Remember a text, here and for the other processes."""
        digest = digest_of(text)
        self._hold(digest, text)
        if self._shelf is not None:
            await self._shelf.keep_document(digest, text, ttl_seconds=self._ttl)

    def _hold(self, digest: str, text: str) -> None:
        if digest not in self._texts:
            self._bytes += _size(text)
        self._texts[digest] = text
        self._texts.move_to_end(digest)
        while self._bytes > self._room:
            _, forgotten = self._texts.popitem(last=False)
            self._bytes -= _size(forgotten)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _size(text: str) -> int:
    return len(text.encode())

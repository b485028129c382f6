"""From the credentials of a request to who asks."""

from __future__ import annotations

import time
from collections import OrderedDict

from app.access.errors import Unauthenticated
from app.access.keys import Keys
from app.access.tokens import FRESH, Tokens
from graph.keys import PREFIX, Key
from resolvers.access import Principal

ROOM = 20_000
"""Credentials that a process remembers."""

FOR_EVER = float("inf")


class Access:
    """Tells who asks. `anonymous`: who comes without credentials; None: nobody may. `tokens` None: there are none."""

    def __init__(self, keys: Keys, tokens: Tokens | None, anonymous: Principal | None) -> None:
        self.keys = keys
        self._tokens = tokens
        self._anonymous = anonymous
        #: By the header itself: a hash would take a thirtieth of a cached answer, and hide from those who read the memory of a
        #: service what stands there anyway.
        self._known: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._generation = -1

    def at_hand(self, authorization: bytes | None) -> Principal | None:
        """Who asks, where that is known; None: `principal` has to find out."""
        if authorization is None:
            return self._anonymous
        if not self.keys.believed or self.keys.generation != self._generation:
            return None
        found = self._known.get(authorization)
        if found is None or found[1] <= time.time():
            return None
        principal = found[0]
        self.keys.note(principal.id)
        return principal

    async def principal(self, authorization: bytes | None) -> Principal:
        """Who asks, by the header of that name; raises Unauthenticated, and StoreUnavailable where nobody can tell now."""
        if authorization is None:
            if self._anonymous is None:
                raise Unauthenticated.missing()
            return self._anonymous
        kind, _, text = authorization.decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            raise Unauthenticated.malformed()
        return await self.of_text(text.strip(), authorization)

    async def of_text(self, text: str, remembered_as: bytes | None = None) -> Principal:
        """Who asks by a key or a token, for `at_hand` to know by these bytes; raises Unauthenticated and StoreUnavailable."""
        generation = self.keys.generation
        if text.startswith(PREFIX):
            key = await self.keys.find(text)
            if key is None:
                raise Unauthenticated.unknown()
            self.keys.note(key.id)
            principal, until = principal_of(key), FOR_EVER if key.expires_at is None else key.expires_at.timestamp()
        elif self._tokens is not None:
            principal, until = await self._tokens.read(text)
            # Its issuer may have withdrawn the key that signed it.
            until = min(until, time.time() + FRESH)
        else:
            raise Unauthenticated.unknown()
        if remembered_as is not None and generation == self.keys.generation:
            self._remember(remembered_as, principal, until)
        return principal

    def _remember(self, authorization: bytes, principal: Principal, until: float) -> None:
        if self._generation != self.keys.generation:
            self._known.clear()
            self._generation = self.keys.generation
        self._known[authorization] = principal, until
        if len(self._known) > ROOM:
            self._known.popitem(last=False)


def principal_of(key: Key) -> Principal:
    """Who has a key."""
    return Principal(id=key.id, scopes=frozenset(key.scopes), source=key.source)

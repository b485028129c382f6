"""Bearer tokens: JWTs that an issuer signed, whose public keys stand in a JWKS (RFC 7519, RFC 7517).

What a token must be is pinned by settings: who issued it, for whom, and by which algorithms. What it says of itself is believed
after that, and not before.
"""

from __future__ import annotations

import asyncio
import logging
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from app.access.errors import Unauthenticated
from app.audit import digest, shown
from graph.customers import ProfileKey
from resolvers.access import Principal
from resolvers.scopes import OWN, SCOPES

LONGEST = 16_000
"""Characters of a token."""

LARGEST_SET = 1_000_000
"""Bytes of a JWKS."""

FETCH_SECONDS = 5.0

FRESH = 300.0
"""Seconds after which keys are fetched again."""

OLDEST = 86_400.0
"""Seconds for which keys are used that can't be fetched again."""

SOON = 10.0
"""Seconds between two fetches for keys that are not in the set: anybody can ask for those."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What tokens must be. `jwks`: an address, or a file; `customers`: the type of the identifier that the subject of a
    customer's own token is, None where customers have none."""

    issuer: str
    audience: str
    jwks: str
    algorithms: tuple[str, ...]
    leeway: float
    customers: str | None


class KeySet:
    """The issuer's public keys. When they can't be fetched those that are known are used, for a day."""

    def __init__(self, jwks: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._jwks = jwks
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, kid: str) -> PyJWK | None:
        """The key with an id; None where the issuer has none."""
        now = self._clock()
        if kid not in self._keys or now - self._fetched > FRESH:
            async with self._fetching:
                # Somebody may have done so meanwhile.
                now = self._clock()
                if now - self._tried > SOON and (kid not in self._keys or now - self._fetched > FRESH):
                    self._tried = now
                    await self._fetch()
        return self._keys.get(kid) if now - self._fetched < OLDEST else None

    async def _fetch(self) -> None:
        try:
            data = await asyncio.to_thread(_read, self._jwks)
            found = PyJWKSet.from_json(data.decode())
        except (OSError, ValueError, PyJWTError) as error:
            logger.warning("the keys of tokens can't be fetched: %s", type(error).__name__)
            return
        self._keys = {key.key_id: key for key in found.keys if key.key_id is not None}
        self._fetched = self._clock()


class Tokens:
    """Reads tokens."""

    def __init__(self, rules: Rules, keys: KeySet | None = None) -> None:
        self._rules = rules
        self._keys = keys or KeySet(rules.jwks)

    async def read(self, text: str) -> tuple[Principal, float]:
        """Whose token this is, and until when, in seconds of the epoch; raises Unauthenticated."""
        if len(text) > LONGEST:
            raise Unauthenticated.unknown()
        try:
            header = jwt.get_unverified_header(text)
            kid = header.get("kid")
            if not isinstance(kid, str) or header.get("alg") not in self._rules.algorithms:
                raise Unauthenticated.unknown()
            key = await self._keys.find(kid)
            if key is None:
                raise Unauthenticated.unknown()
            claims = jwt.decode(
                text,
                key,
                algorithms=list(self._rules.algorithms),
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=self._rules.leeway,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (PyJWTError, ValueError, ArithmeticError, RecursionError):
            raise Unauthenticated.unknown() from None
        return self._principal(claims), float(claims["exp"]) + self._rules.leeway

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        subject, scopes = claims["sub"], _scopes(claims)
        if OWN not in scopes:
            return Principal(id=f"token:{shown(subject)}", scopes=scopes)
        if self._rules.customers is None:
            raise Unauthenticated.unknown()
        # Whatever else it says: of others a customer sees nothing.
        customer = ProfileKey.of(self._rules.customers, subject)
        if customer.value not in (subject, subject.lower()):
            # The issuer tells apart whom we would take for one.
            raise Unauthenticated.unknown()
        return Principal(id=f"customer:{digest(subject)}", scopes=frozenset({OWN}), customer=customer)


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """What a token may do: in the claim `scope`, a text (RFC 8693), or a list as some issuers send it in `scp`."""
    said: list[Any] = []
    for name in ("scope", "scp"):
        value = claims.get(name)
        said += value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(each for each in said if isinstance(each, str)) & {*SCOPES, OWN}


def _read(jwks: str) -> bytes:
    if "://" not in jwks:
        return Path(jwks).read_bytes()
    with urllib.request.urlopen(jwks, timeout=FETCH_SECONDS) as reply:  # noqa: S310 -- https, or this machine: settings see to it
        data: bytes = reply.read(LARGEST_SET + 1)
    if len(data) > LARGEST_SET:
        raise ValueError("too large")
    return data

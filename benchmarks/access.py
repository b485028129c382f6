"""What it costs to know who asks: the cached profile by keys and by tokens, with scopes, quotas and the audit trail on, against a
service that asks nobody and records nothing; both up at once, asked in turn."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwt.algorithms import OKPAlgorithm

from app.settings import Settings
from benchmarks.contenders import customer_ids, service
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.hotpath import MEGABYTE, sent_in_turn
from benchmarks.operations import PROFILE
from benchmarks.traffic import Answered, Subjects, Traffic
from benchmarks.usage import resident_bytes
from graph import keys
from graph.store import Store
from resolvers.scopes import PERSONAL, REFERRAL
from resolvers.scopes import PROFILE as PROFILE_SCOPE

ISSUER, AUDIENCE = "https://issuer.example", "customer360"

OPEN = {"C360_AUDIT": "false"}
"""Whoever asks may do everything, and nobody looks."""

GUARDED = {"C360_ANONYMOUS_SCOPES": "", "C360_LIMIT_RATE": "100000000", "C360_LIMIT_BURST": "1000000000"}
"""Quotas are taken from, and never used up."""

KEPT = at_least(0.9)
SAME = at_most(1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSize:
    """`hot` customers are asked about, with so many `keys` and `tokens` in turn. Two ways take `turns` of `seconds` each in a
    round: a machine that others share is faster now and slower then, and so it is for both. Memory is watched over `requests`,
    after a tenth of them."""

    rounds: int = 7
    turns: int = 80
    seconds: float = 0.1
    connections: int = 16
    hot: int = 2_000
    keys: int = 1_000
    tokens: int = 10_000
    requests: int = 300_000


@dataclass(frozen=True, slots=True)
class Way:
    """Where to ask, and the file of what requests are authorized by, if they are."""

    port: int
    authorizations: str = ""


async def access_figures(settings: Settings, folder: Path, size: AccessSize) -> list[Figure]:
    """Measures all of it on a graph that has customers."""
    folder.mkdir(parents=True)
    issued = await _issued(settings, folder, size)
    ids = (await customer_ids(settings))[: size.hot]
    subjects = folder / "profile.json"
    subjects.write_bytes(msgspec.json.encode(Subjects(operations=[PROFILE], ids=ids)))
    guarded = {**GUARDED, "C360_AUDIT_FOLDER": str(folder / "audit"), **_tokens(folder)}
    async with service(settings, **OPEN) as (open_port, _), service(settings, **guarded) as (port, pid):
        free, one, keys, tokens = Way(open_port), *(Way(port, file) for file in issued.values())
        for way in (free, one, keys, tokens):
            # Each key and token is met once: what it takes to make sure of one is not what is measured.
            await _answered(_plan(way, subjects, size, requests=max(size.keys, size.tokens)))
        figures = [_kept(await _in_turn(one, free, subjects, size), size)]
        for number, name, way in ((size.keys, "keys", keys), (size.tokens, "tokens", tokens)):
            figures.append(_same(await _in_turn(way, one, subjects, size), f"{number:,} {name}"))
        held = []
        for _ in range(10):
            await _answered(_plan(tokens, subjects, size, requests=size.requests // 10))
            held.append(resident_bytes(pid))
    return [*figures, _memory(held, size)]


def _kept(found: list[list[Answered]], size: AccessSize) -> Figure:
    return Figure(
        case=f"Cached profile with a key, scopes, quota and audit trail, {size.connections} connections",
        value=median(ours.rate for ours, _ in found),
        unit="requests/s",
        against="nobody is asked, nothing recorded",
        reference=median(other.rate for _, other in found),
        ratio=median(ours.rate / other.rate for ours, other in found),
        target=KEPT,
    )


def _same(found: list[list[Answered]], what: str) -> Figure:
    return Figure(
        case=f"Cached profile with {what} in turn, p50",
        value=median(ours.p50 for ours, _ in found),
        unit="ms",
        against="one key",
        reference=median(other.p50 for _, other in found),
        ratio=median(ours.p50 / other.p50 for ours, other in found),
        target=SAME,
    )


def _memory(held: list[int], size: AccessSize) -> Figure:
    return Figure(
        case=f"Memory of one process over {size.requests:,} requests with {size.tokens:,} tokens in turn",
        value=max(held[1:]) / MEGABYTE,
        unit="MB",
        against=f"after {size.requests // 10:,}",
        reference=held[0] / MEGABYTE,
        target=SAME,
    )


async def _in_turn(ours: Way, other: Way, subjects: Path, size: AccessSize) -> list[list[Answered]]:
    """What two ways gave in each round."""
    plans = [_plan(way, subjects, size, seconds=size.seconds) for way in (ours, other)]
    return [await _answered(*plans, turns=size.turns) for _ in range(size.rounds)]


async def _answered(*plans: Traffic, turns: int = 1) -> list[Answered]:
    answered = await sent_in_turn(*plans, rounds=turns)
    for each in answered:
        assert not each.failed, each.failure
    return answered


def _plan(way: Way, subjects: Path, size: AccessSize, **until: Any) -> Traffic:
    return Traffic(ports=[way.port], file=str(subjects), connections=size.connections, authorizations=way.authorizations, **until)


async def _issued(settings: Settings, folder: Path, size: AccessSize) -> dict[str, str]:
    """Files of what requests are authorized by."""
    scopes = [PROFILE_SCOPE, PERSONAL, REFERRAL]
    async with _store(settings) as store:
        made = [await keys.create(store, name="benchmark", scopes=scopes, now=datetime.now(UTC)) for _ in range(size.keys)]
    private = ed25519.Ed25519PrivateKey.generate()
    (folder / "jwks.json").write_text(
        json.dumps({"keys": [{**json.loads(OKPAlgorithm.to_jwk(private.public_key())), "kid": "1"}]})
    )
    end = int(time.time()) + 86_400
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": end, "scope": " ".join(scopes)}
    tokens = [
        jwt.encode({**claims, "sub": f"service {number}"}, private, algorithm="EdDSA", headers={"kid": "1"})
        for number in range(size.tokens)
    ]
    random.shuffle(tokens)
    files = {}
    for name, texts in (("one key", [made[0].text]), ("keys", [each.text for each in made]), ("tokens", tokens)):
        path = folder / f"{name}.json"
        path.write_bytes(msgspec.json.encode([f"Bearer {text}" for text in texts]))
        files[name] = str(path)
    return files


def _tokens(folder: Path) -> dict[str, str]:
    return {"C360_JWT_ISSUER": ISSUER, "C360_JWT_AUDIENCE": AUDIENCE, "C360_JWT_JWKS": str(folder / "jwks.json")}


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    assert settings.neo4j_uri is not None
    store = await Store.connect(settings.neo4j_uri, user=settings.neo4j_user, password=settings.neo4j_password)
    try:
        yield store
    finally:
        await store.close()

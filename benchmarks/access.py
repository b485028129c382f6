"""What it costs to know who asks: the cached profile by keys and by tokens, with scopes, quotas and the audit trail on, against a
service that asks nobody and records nothing; both up at once, asked in turn."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwt.algorithms import OKPAlgorithm

from app.settings import Settings
from benchmarks.contenders import customer_ids, service
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.hotpath import AHEAD_SECONDS, MEGABYTE, sent
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
    """`hot` customers are asked about, with so many `keys` and `tokens` in turn; `seconds` of each way in a round. Memory is
    watched over `requests`, after a tenth of them."""

    rounds: int = 15
    seconds: float = 2.0
    connections: int = 16
    hot: int = 2_000
    keys: int = 1_000
    tokens: int = 10_000
    requests: int = 300_000


async def access_figures(settings: Settings, folder: Path, size: AccessSize) -> list[Figure]:
    """Measures all of it on a graph that has customers."""
    folder.mkdir(parents=True)
    issued = await _issued(settings, folder, size)
    ids = (await customer_ids(settings))[: size.hot]
    subjects = folder / "profile.json"
    subjects.write_bytes(msgspec.json.encode(Subjects(operations=[PROFILE], ids=ids)))
    guarded = {**GUARDED, "C360_AUDIT_FOLDER": str(folder / "audit"), **_tokens(folder)}
    async with service(settings, **OPEN) as (open_port, _), service(settings, **guarded) as (port, pid):
        found: dict[str, list[Answered]] = defaultdict(list)
        ways = {"nobody is asked": (open_port, ""), **{name: (port, file) for name, file in issued.items()}}
        for number in range(-1, size.rounds):
            turned = list(ways)[number % len(ways) :] + list(ways)[: number % len(ways)]
            for name in turned:
                where, file = ways[name]
                if number < 0:
                    # Each key and token is met once: what it takes to make sure of one is not what is measured.
                    await _asked(where, subjects, file, size, requests=max(size.keys, size.tokens))
                else:
                    await _asked(where, subjects, file, size, seconds=AHEAD_SECONDS)
                    found[name].append(await _asked(where, subjects, file, size, seconds=size.seconds))
        held = [await _held(port, pid, subjects, issued["tokens"], size) for _ in range(10)]
    return [*_figures(found, size), _memory(held, size)]


def _figures(found: dict[str, list[Answered]], size: AccessSize) -> list[Figure]:
    free, one = found["nobody is asked"], found["one key"]
    ratios = [ours.rate / other.rate for ours, other in zip(one, free, strict=True)]
    figures = [
        Figure(
            case=f"Cached profile with a key, scopes, quota and audit trail, {size.connections} connections",
            value=median(each.rate for each in one),
            unit="requests/s",
            against="nobody is asked, nothing recorded",
            reference=median(each.rate for each in free),
            ratio=median(ratios),
            target=KEPT,
        )
    ]
    for name, number in (("keys", size.keys), ("tokens", size.tokens)):
        figures.append(
            Figure(
                case=f"Cached profile with {number:,} {name} in turn, p50",
                value=median(each.p50 for each in found[name]),
                unit="ms",
                against="one key",
                reference=median(each.p50 for each in one),
                ratio=median(ours.p50 / other.p50 for ours, other in zip(found[name], one, strict=True)),
                target=SAME,
            )
        )
    return figures


def _memory(held: list[int], size: AccessSize) -> Figure:
    return Figure(
        case=f"Memory of one process over {size.requests:,} requests with {size.tokens:,} tokens in turn",
        value=max(held[1:]) / MEGABYTE,
        unit="MB",
        against=f"after {size.requests // 10:,}",
        reference=held[0] / MEGABYTE,
        target=SAME,
    )


async def _held(port: int, pid: int, subjects: Path, file: str, size: AccessSize) -> int:
    await _asked(port, subjects, file, size, requests=size.requests // 10)
    return resident_bytes(pid)


async def _asked(
    port: int, subjects: Path, authorizations: str, size: AccessSize, *, seconds: float = 3_600.0, requests: int = 10**9
) -> Answered:
    plan = Traffic(
        ports=[port],
        file=str(subjects),
        connections=size.connections,
        seconds=seconds,
        requests=requests,
        authorizations=authorizations,
    )
    answered = await sent(plan)
    assert not answered.failed, answered.failure
    return answered


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

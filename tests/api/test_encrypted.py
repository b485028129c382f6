"""Neo4j and Redis behind TLS, each with a user of its own: what docs/security.md says of production."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from redis.asyncio import Redis

from app.cache.wire import Unanswered, Wire
from app.counters import Counters
from app.settings import Settings
from graph.errors import StoreUnavailable
from graph.store import Store
from tests.api.conftest import Tell, another
from tests.conftest import Stack
from tests.graph.histories import identify

SECURITY = Path(__file__).resolve().parents[2] / "docs" / "security.md"
PROFILE = '{ customer(by: {identifier: {type: "user_id", value: "ana"}}) { name } }'


@dataclass(frozen=True, slots=True)
class Issuer:
    """One whom somebody trusts to say whose a key is: `certificate` is its own, `server` a key and certificate of 127.0.0.1."""

    certificate: Path
    server: Path

    @classmethod
    def made(cls, folder: Path, name: str) -> Issuer:
        own, own_key = _certificate(name, None)
        server, server_key = _certificate("127.0.0.1", (own, own_key))
        issuer = cls(folder / f"{name}.pem", folder / f"{name}-server.pem")
        issuer.certificate.write_bytes(own.public_bytes(Encoding.PEM))
        key = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        issuer.server.write_bytes(server.public_bytes(Encoding.PEM) + key)
        return issuer


def _certificate(
    name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
    return builder.sign(key if issuer is None else issuer[1], hashes.SHA256()), key


@asynccontextmanager
async def behind_tls(port: int, issuer: Issuer) -> AsyncIterator[int]:
    """A port that hands on to another one of this machine what comes to it by TLS, and nothing else."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issuer.server)

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(hand_on(reader, there_writer), hand_on(there_reader, writer))
        except OSError:
            pass
        finally:
            there_writer.close()
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
async def encrypted(
    api_settings: Settings, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Settings]:
    """Settings by which a service reaches the session's servers: by TLS only, and Redis as the user of the documentation."""
    issuer = Issuer.made(tmp_path, "trusted")
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.certificate))
    found = re.search(r"^(ACL SETUSER .*)$", SECURITY.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    rule = found[1].replace("SECRET", "customer360-secret").split()
    bolt, redis = urlsplit(stack.neo4j_uri).port, urlsplit(stack.redis_url).port
    assert bolt is not None and redis is not None
    async with (
        Redis.from_url(stack.redis_url) as opened,
        behind_tls(bolt, issuer) as bolt_tls,
        behind_tls(redis, issuer) as redis_tls,
    ):
        admin: Any = opened
        await admin.execute_command(*rule)
        yield replace(
            api_settings,
            neo4j_uri=f"bolt+s://127.0.0.1:{bolt_tls}",
            redis_url=f"rediss://{rule[2]}:customer360-secret@127.0.0.1:{redis_tls}",
        )
        await admin.execute_command("ACL", "DELUSER", rule[2])


async def test_the_service_is_whole_behind_tls_and_with_a_user_that_may_no_more_than_it_needs(
    encrypted: Settings, told: Tell
) -> None:
    await told(identify("ana", minutes=1, name="Ana"))
    async with another(encrypted, limit_rate=1_000) as address, httpx2.AsyncClient(base_url=address, timeout=30) as http:

        async def asked() -> tuple[str, str]:
            body = (await http.post("/graphql", json={"query": PROFILE}, headers={"x-c360-explain": "cache"})).json()
            return body["data"]["customer"]["name"], body["extensions"]["cache"]

        async with asyncio.timeout(60):
            while await asked() != ("Ana", "hit"):
                await asyncio.sleep(0.1)
        named = '{identifiers: [{type: "user_id", value: "ana"}], source: "crm", name: "Ana B."}'
        change = f"mutation {{ upsertCustomer(input: {named}) {{ userErrors {{ code }} }} }}"
        assert (await http.post("/graphql", json={"query": change})).json()["data"]["upsertCustomer"] == {"userErrors": []}
        async with asyncio.timeout(60):
            while await asked() != ("Ana B.", "hit"):
                await asyncio.sleep(0.1)
        # A document by its hash, and a stream of changes, go by Redis too.
        digest = "0" * 64
        persisted = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
        unknown = (await http.post("/graphql", json={"extensions": persisted})).json()["errors"][0]
        assert unknown["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        metrics = (await http.get("/metrics")).text
        assert "c360_cache_open 1.0" in metrics
        failures = re.findall(r'^c360_redis_failures_total\{reason="error"\} (\S+)$', metrics, re.MULTILINE)
        assert [float(each) for each in failures] in ([], [0.0])


async def test_a_server_that_nobody_vouches_for_is_told_nothing(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, other = Issuer.made(tmp_path, "trusted"), Issuer.made(tmp_path, "other")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    bolt, redis = urlsplit(stack.neo4j_uri).port, urlsplit(stack.redis_url).port
    assert bolt is not None and redis is not None
    async with behind_tls(bolt, other) as bolt_tls, behind_tls(redis, other) as redis_tls:
        store = await Store.connect(f"bolt+s://127.0.0.1:{bolt_tls}", user=stack.neo4j_user, password=stack.neo4j_password)
        with pytest.raises(StoreUnavailable):
            await store.verify()
        await store.close()
        wire = Wire.connect(
            stack.redis_url.replace("redis://", "rediss://").replace(str(redis), str(redis_tls)),
            timeout_seconds=5,
            counters=Counters(),
        )
        with pytest.raises(Unanswered):
            await wire.run(("PING",))
        await wire.close()


async def test_the_user_of_redis_reads_no_keys_but_ours(encrypted: Settings, stack: Stack) -> None:
    assert encrypted.redis_url is not None
    async with Redis.from_url(stack.redis_url) as admin:
        await admin.set("somebody-elses", "1")
    wire = Wire.connect(encrypted.redis_url, timeout_seconds=5, counters=Counters())
    for command in (("GET", "somebody-elses"), ("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("ACL", "LIST")):
        with pytest.raises(Unanswered, match=r"(?i)permission"):
            await wire.run(command)
    await wire.close()

"""Bearer tokens: what is believed of them, and what is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from app.access import Access, Unauthenticated
from app.access.tokens import FRESH, OLDEST, SOON, KeySet, Rules, Tokens
from graph.customers import ProfileKey
from resolvers.scopes import OWN

ISSUER, AUDIENCE = "https://issuer.example", "customer360"
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def jwks(**keys: Any) -> str:
    made = []
    for kid, key in keys.items():
        algorithm: Any = {"RSAPublicKey": RSAAlgorithm, "ECPublicKey": ECAlgorithm}.get(type(key).__name__, OKPAlgorithm)
        made.append({**json.loads(algorithm.to_jwk(key)), "kid": kid, "use": "sig"})
    return json.dumps({"keys": made})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(jwks(rsa=RSA.public_key(), ec=EC.public_key(), ed=ED.public_key()))
    return path


@pytest.fixture
def rules(file: Path) -> Rules:
    return Rules(
        issuer=ISSUER,
        audience=AUDIENCE,
        jwks=str(file),
        algorithms=("RS256", "ES256", "EdDSA"),
        leeway=30,
        customers="user_id",
    )


def signed(key: Any = RSA, *, kid: str | None = "rsa", algorithm: str = "RS256", headers: Any = None, **claims: Any) -> str:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "service", "exp": now + 60, "iat": now, "scope": "profile:read", **claims}
    said = {name: value for name, value in said.items() if value is not None}
    more = {**({} if kid is None else {"kid": kid}), **(headers or {})}
    return jwt.encode(said, key, algorithm=algorithm, headers=more)


@pytest.mark.parametrize(("key", "kid", "algorithm"), [(RSA, "rsa", "RS256"), (EC, "ec", "ES256"), (ED, "ed", "EdDSA")])
async def test_a_token_of_the_issuer_says_who_asks(rules: Rules, key: Any, kid: str, algorithm: str) -> None:
    principal, until = await Tokens(rules).read(signed(key, kid=kid, algorithm=algorithm, scope="profile:read pii:read else"))
    assert principal.id == "token:service"
    assert principal.scopes == {"profile:read", "pii:read"} and principal.customer is None
    assert 80 < until - time.time() < 91


async def test_a_subject_that_names_a_person_is_kept_as_a_digest(rules: Rules) -> None:
    found = [(await Tokens(rules).read(signed(sub=sub)))[0].id for sub in ("ana@example.com", "ben@example.com", "x" * 300)]
    assert len({*found}) == 3 and not [each for each in found if "@" in each or len(each) > 30]


async def test_customers_are_told_apart(rules: Rules) -> None:
    ana, ben = [(await Tokens(rules).read(signed(sub=sub, scope="self")))[0].id for sub in ("ana", "ben")]
    assert ana != ben and "ana" not in ana


async def test_scopes_may_be_a_list(rules: Rules) -> None:
    principal, _ = await Tokens(rules).read(signed(scope=None, scp=["offer:read", 1, "x"]))
    assert principal.scopes == {"offer:read"}


async def test_a_customers_own_token_may_nothing_else(rules: Rules) -> None:
    principal, _ = await Tokens(rules).read(signed(sub="ana", scope="self profile:read pii:read"))
    assert principal.scopes == {OWN} and principal.customer == ProfileKey.of("user_id", "ana")
    with pytest.raises(Unauthenticated):
        await Tokens(replace(rules, customers=None)).read(signed(sub="ana", scope="self profile:read"))


def unsigned(algorithm: str, **claims: Any) -> str:
    parts = [{"alg": algorithm, "kid": "rsa", "typ": "JWT"}, {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 2**31, **claims}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)


def by_the_public_key() -> str:
    """Signed by HMAC, with what everybody knows as its secret."""
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = unsigned("HS256")
    tag = hmac.new(public, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"


ATTACKS: dict[str, Callable[[], str]] = {
    "unsigned": lambda: unsigned("none") + ".",
    "unsigned, in capitals": lambda: unsigned("NoNe") + ".",
    "HMAC by the public key": by_the_public_key,
    "an algorithm that isn't wanted": lambda: signed(algorithm="RS512"),
    "an algorithm of another key": lambda: signed(EC, kid="rsa", algorithm="ES256"),
    "another key by the same name": lambda: signed(OTHER),
    "a key nobody knows": lambda: signed(kid="other"),
    "no name of a key": lambda: signed(kid=None),
    "a key it brings along": lambda: signed(OTHER, headers={"jwk": json.loads(RSAAlgorithm.to_jwk(OTHER.public_key()))}),
    "a path as the name of a key": lambda: signed(kid="../../etc/passwd"),
    "expired": lambda: signed(exp=int(time.time()) - 31),
    "without an end": lambda: signed(exp=None),
    "not yet": lambda: signed(nbf=int(time.time()) + 31),
    "issued in the future": lambda: signed(iat=int(time.time()) + 3_600),
    "another audience": lambda: signed(aud="other"),
    "no audience": lambda: signed(aud=None),
    "another issuer": lambda: signed(iss="https://issuer.example.evil"),
    "no issuer": lambda: signed(iss=None),
    "no subject": lambda: signed(sub=None),
    "an end that is no number": lambda: signed(exp="soon"),
    "a megabyte": lambda: signed(more="x" * 1_000_000),
    "a megabyte of dots": lambda: "." * 1_000_000,
    "nothing between dots": lambda: "..",
    "no text": lambda: "\0\ud800",
    "changed": lambda: signed()[:-8] + "AAAAAAAA",
    "claims changed": lambda: ".".join(
        [signed().split(".")[0], unsigned("RS256", scope="pii:read").split(".")[1], signed().split(".")[2]]
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_other_token_is_believed(rules: Rules, attack: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await Tokens(rules).read(ATTACKS[attack]())
    # Whoever tries learns nothing of how near it was.
    assert str(refused.value) == str(Unauthenticated.unknown())


async def test_clocks_may_differ_a_little(rules: Rules) -> None:
    await Tokens(rules).read(signed(exp=int(time.time()) - 20))
    await Tokens(rules).read(signed(nbf=int(time.time()) + 20))


async def test_new_keys_are_fetched_when_they_are_used_but_not_for_everybody_who_asks(rules: Rules, file: Path) -> None:
    now = [1_000.0]
    tokens = Tokens(rules, KeySet(str(file), clock=lambda: now[0]))
    await tokens.read(signed())
    file.write_text(jwks(new=OTHER.public_key()))
    with pytest.raises(Unauthenticated):
        await tokens.read(signed(OTHER, kid="new"))
    now[0] += SOON + 1
    await tokens.read(signed(OTHER, kid="new"))
    # The old one is gone with the set it stood in.
    with pytest.raises(Unauthenticated):
        await tokens.read(signed())


async def test_keys_that_cant_be_fetched_again_are_still_used(rules: Rules, file: Path) -> None:
    now = [1_000.0]
    tokens = Tokens(rules, KeySet(str(file), clock=lambda: now[0]))
    await tokens.read(signed())
    file.write_text("none")
    now[0] += 1_000
    await tokens.read(signed())
    file.unlink()
    now[0] += 1_000
    await tokens.read(signed())


async def test_an_accepted_token_is_looked_at_again_for_its_key_may_be_withdrawn(
    rules: Rules, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Looked:
        believed, generation = True, 0

        def note(self, key_id: str) -> None: ...

    now, looked = [1_000.0], Looked()
    access = Access(looked, Tokens(rules, KeySet(str(file), lambda: now[0])), None)  # type: ignore[arg-type]
    authorization = f"Bearer {signed(exp=int(time.time()) + 10**9)}".encode()
    assert access.at_hand(authorization) is None
    assert await access.principal(authorization) == access.at_hand(authorization)
    file.write_text(jwks(other=OTHER.public_key()))
    later = time.time() + FRESH + 1
    monkeypatch.setattr("app.access.principals.time.time", lambda: later)
    now[0] += FRESH + 1
    assert access.at_hand(authorization) is None
    with pytest.raises(Unauthenticated):
        await access.principal(authorization)


async def test_keys_that_cant_be_fetched_for_a_day_are_none(rules: Rules, file: Path) -> None:
    now = [1_000.0]
    tokens = Tokens(rules, KeySet(str(file), lambda: now[0]))
    await tokens.read(signed())
    file.unlink()
    now[0] += OLDEST - 1
    await tokens.read(signed())
    now[0] += 2
    with pytest.raises(Unauthenticated):
        await tokens.read(signed())


async def test_subjects_that_we_would_take_for_one_are_no_customers(rules: Rules) -> None:
    await Tokens(rules).read(signed(sub="ana", scope="self"))
    for subject in (" ana", "\uff41na", "ana\n"):
        with pytest.raises(Unauthenticated):
            await Tokens(rules).read(signed(sub=subject, scope="self"))

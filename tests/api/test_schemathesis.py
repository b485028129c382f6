"""Whatever schemathesis makes up from the schema is answered, or refused in good order: https://schemathesis.readthedocs.io."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from typing import Any

import hypothesis
import schemathesis
from hypothesis import strategies as st

from tests.api.conftest import Tell
from tests.graph.histories import history

CASES = int(os.environ.get("C360_CASES", "60"))
"""How many in all; `make fuzz` asks for more."""


async def test_what_is_made_up_from_the_schema_is_no_error_of_ours(service: str, told: Tell) -> None:
    _register()
    await told(*history("ana", events=20, seed=1))
    seen = await asyncio.to_thread(_asked, f"{service}/graphql")
    assert sum(seen.values()) >= CASES and seen["data"], seen


def _register() -> None:
    """Tell schemathesis of our scalars."""
    nodes: Any = schemathesis.graphql.nodes
    decimals = st.decimals(-(10**6), 10**6, places=2).map(str) | st.sampled_from(["", "NaN", "1e400", "12.345678"])
    schemathesis.graphql.scalar("Decimal", decimals.map(nodes.String))
    schemathesis.graphql.scalar("CurrencyCode", st.sampled_from(["EUR", "JPY", "USD", "usd", "ZZZ", "🪙"]).map(nodes.String))
    schemathesis.graphql.scalar("JSON", (st.text(max_size=20).map(nodes.String) | st.integers().map(nodes.Int)))


def _asked(url: str) -> Counter[str]:
    schema = schemathesis.graphql.from_url(url)
    operations: Any = schema.get_all_operations()
    strategies = [found.ok().as_strategy() for found in operations]
    seen: Counter[str] = Counter()

    @hypothesis.settings(
        max_examples=CASES, database=None, derandomize=CASES <= 100, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(st.one_of(strategies))
    def check(case: schemathesis.Case[Any]) -> None:
        response = case.call()
        hypothesis.note(str(case.body))
        assert response.status_code < 500
        assert "INTERNAL" not in response.text
        seen["data" if json.loads(response.text).get("data") else "errors"] += 1

    check()
    return seen

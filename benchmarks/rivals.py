"""What the peer is asked of the referral network: nested as many levels as the tree has, for it translates no path of any length,
and our own statement through `@cypher`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.asked import Asked
from benchmarks.forest_world import Truth
from benchmarks.questions import chain_of, summary_of
from benchmarks.traffic import Operation
from graph.statements import statement

NESTED = {"up": "referrersConnection", "down": "friendsConnection"}
STEM = "referrals/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """How the peer answers a question. `id`: whom it is asked about; `counted`: of how many customers the answer tells, where one
    can see that, and `expected` how many there are."""

    question: str
    way: str
    operation: Operation
    id: str
    counted: Callable[[Any], int]
    expected: int


def nested(truth: Truth) -> list[Rival]:
    """The chains and networks that it can be asked for by their levels."""
    found = []
    for length, chain in truth.chains.items():
        found.append(_nested(chain_of(length), "up", length, chain.tip, length))
    for name, network in truth.networks.items():
        found.append(_nested(summary_of(name), "down", len(network.customers), network.root, network.size))
    return found


@dataclass(frozen=True, slots=True)
class Through:
    """A rival that runs our own statement, and the field that the peer must have for it."""

    rival: Rival
    field: str
    statement: Mapping[str, str]


def through_cypher(other: Rival, asked: Sequence[Asked]) -> Through | None:
    """What another rival answers, by the first of our statements that is about that customer; None where there is none."""
    question, id = other.question, other.id
    about = next((each for each in asked if each.statement.startswith(STEM) and _about(each, id)), None)
    if about is None:
        return None
    text = statement(about.statement).text
    # One customer, one row: its only column is the last that the text names.
    column = re.findall(r"\bAS (\w+)\s*$", text)[0]
    values = {name: _literal(value, id) for name, value in about.parameters.items()}
    field = re.sub(r"\W+", "_", question.lower())
    operation = Operation("Ours", f"query Ours($id: ID!) {{ {field}(id: $id) }}")
    rival = Rival(
        question=question, way="our statement", operation=operation, id=id, counted=lambda data: bool(data[field]), expected=True
    )
    written = re.sub(r"\$asked\.(\w+)", lambda found: values[found[1]], text)
    return Through(rival, field, {"statement": written, "column": column})


def _nested(question: str, way: str, levels: int, id: str, size: int) -> Rival:
    field, selected = NESTED[way], ""
    for _ in range(levels):
        selected = f"{field} {{ edges {{ properties {{ referral }} node {{ id name {selected} }} }} }}"
    query = f"query Nested($id: ID!) {{ customers(where: {{id: {{eq: $id}}}}) {{ id name {selected} }} }}"

    def counted(data: Any) -> int:
        return _below(data["customers"][0], field)

    operation = Operation("Nested", query)
    return Rival(question=question, way="translated", operation=operation, id=id, counted=counted, expected=size)


def _below(customer: Any, field: str) -> int:
    total, level = 0, [customer]
    while level := [edge["node"] for each in level if field in each for edge in each[field]["edges"]]:
        total += len(level)
    return total


def _about(asked: Asked, id: str) -> bool:
    return any(value in (id, [id]) for value in asked.parameters.values())


def _literal(value: Any, id: str) -> str:
    """A parameter as Cypher; whom a question is about as the variable."""
    if value == id:
        return "$id"
    if isinstance(value, list):
        return f"[{', '.join(_literal(each, id) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'`{name}`: {_literal(each, id)}' for name, each in value.items())}}}"
    return json.dumps(value)

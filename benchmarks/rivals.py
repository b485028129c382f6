"""What the peer is asked of the referral network: nested as many levels as the tree has, for it translates no path of any length,
and our own statement through `@cypher`. The service is asked for no more than the peer's answer holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.asked import Asked
from benchmarks.planted import Truth
from benchmarks.queries import CHAIN, CHAIN_OF_IDS, NETWORK
from benchmarks.questions import chain_of, summary_of
from benchmarks.traffic import Operation
from graph.statements import statement

STEM = "referrals/"

_UPWARDS = "referrersConnection {{ edges {{ properties {{ referral }} node {{ id name {} }} }} }}"
_DOWNWARDS = "friends {{ id {} }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """How the peer answers a question. `id`: whom it is asked about; `ours`: what the service is asked instead of `operation`;
    `counted`: of how many customers the answer tells, where one can see that, and `expected` how many there are."""

    question: str
    way: str
    id: str
    ours: Operation
    operation: Operation
    counted: Callable[[Any], int]
    expected: int


def nested(truth: Truth) -> list[Rival]:
    """The chains and networks that it can be asked for by their levels."""
    chains = [
        _nested(chain_of(length), CHAIN, _UPWARDS, length, chain.tip, expected=length) for length, chain in truth.chains.items()
    ]
    networks = [
        _nested(summary_of(name), NETWORK, _DOWNWARDS, len(each.customers), each.root, expected=each.size)
        for name, each in truth.networks.items()
    ]
    return [*chains, *networks]


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
    rival = Rival(
        question=question,
        way="our statement",
        id=id,
        # It has ids, and no names.
        ours=_named(CHAIN_OF_IDS) if other.ours.query == CHAIN else other.ours,
        operation=_named(f"query Ours($id: ID!) {{ {field}(id: $id) }}"),
        counted=lambda data: bool(data[field]),
        expected=True,
    )
    written = re.sub(r"\$asked\.(\w+)", lambda found: values[found[1]], text)
    return Through(rival, field, {"statement": written, "column": column})


def _nested(question: str, ours: str, level: str, levels: int, id: str, *, expected: int) -> Rival:
    selected = ""
    for _ in range(levels):
        selected = level.format(selected)
    return Rival(
        question=question,
        way="translated",
        id=id,
        ours=_named(ours),
        operation=_named(f"query Nested($id: ID!) {{ customers(where: {{id: {{eq: $id}}}}) {{ id {selected} }} }}"),
        counted=lambda data: _customers(data) - 1,
        expected=expected,
    )


def _customers(found: Any) -> int:
    """Objects with an id, however deep."""
    if isinstance(found, list):
        return sum(map(_customers, found))
    return ("id" in found) + sum(map(_customers, found.values())) if isinstance(found, dict) else 0


def _named(query: str) -> Operation:
    return Operation(query.split("(", 1)[0].removeprefix("query "), query)


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

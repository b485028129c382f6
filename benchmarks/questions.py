"""What is asked of the referral network: each question with its query, about whom it is asked, and what the answer has to say.

A question that asks for what the schema doesn't have is left out, and asked as soon as it has it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import msgspec
from graphql import GraphQLSchema, build_schema, parse, validate

from benchmarks.children import TOP
from benchmarks.forest import CELEBRITY, CHAINS, SMALL
from benchmarks.forest_world import LAST_MONTH
from benchmarks.load import posted
from benchmarks.planted import Network, Truth
from benchmarks.queries import ADVOCATES, CHAIN, CODES, EXTENDED, LOOKUP, MEMBERS, NETWORK, PATH, PROGRAM, REFERRED

PAGE, LONG_PAGE = 20, 100
ORDERS = {"CONVERTED": "converted", "NETWORK_SIZE": "networkSize", "NETWORK_REVENUE": "networkRevenue"}
"""Of advocates, with the field that each goes by."""

GENERATIONS, DECAY = 6, 0.5
"""Of the extended value."""


class Asking(NamedTuple):
    """One request of a question: its variables, and what its answer has to say."""

    variables: Mapping[str, Any]
    expected: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`said`: what is compared of the data of an answer, by `same`, with what is expected. Several askings take turns."""

    name: str
    query: str
    askings: Sequence[Asking]
    said: Callable[[Any], Any]
    same: Callable[[Any, Any], bool] = operator.eq

    def request(self, asking: Asking) -> bytes:
        return posted(msgspec.json.encode({"query": self.query, "variables": asking.variables}))

    def check(self, asking: Asking, answer: Any) -> None:
        """Raises AssertionError where an answer is wrong."""
        assert "errors" not in answer, (self.name, answer["errors"][:3])
        said = self.said(answer["data"])
        assert self.same(said, asking.expected), f"{self.name}: {said!r} is not {asking.expected!r}"


def there(query: str) -> bool:
    """Whether the schema has what a query asks for."""
    return not validate(_schema(), parse(query))


@cache
def _schema() -> GraphQLSchema:
    return build_schema((TOP / "schema.graphql").read_text())


def questions(truth: Truth, cursors: Mapping[str, Sequence[str]]) -> Iterator[Question]:
    """All of them. `cursors`: of each network, those of every LONG_PAGE-th member."""
    starts = [Asking({"id": pair.start}, pair.start) for pair in truth.strangers]
    yield Question(name="Lookup by id", query=LOOKUP, askings=starts, said=lambda data: data["customer"]["id"])
    for length in CHAINS:
        if chain := truth.chains.get(length):
            yield Question(
                name=chain_of(length), query=CHAIN, askings=[Asking({"id": chain.tip}, (length, chain.steps))], said=_chain
            )
    for name, pairs in (("strangers", truth.strangers), ("relatives", truth.relatives)):
        paths = [Asking({"start": pair.start, "end": pair.end}, pair.length) for pair in pairs]
        yield Question(name=f"Path between {name}", query=PATH, askings=paths, said=_path)
    for name, network in truth.networks.items():
        yield from _of_network(name, network, cursors.get(name, ()))
    yield from _of_all(truth)


def chain_of(length: int) -> str:
    return f"Chain of {length}"


def summary_of(name: str) -> str:
    return f"Summary of the {name} network"


def page_of(name: str, which: str) -> str:
    return f"Members of the {name} network, {which} page"


def advocates_by(order: str, when: str) -> str:
    return f"Top 100 advocates by {order.lower().replace('_', ' ')}, {when}"


def _of_network(name: str, network: Network, cursors: Sequence[str]) -> Iterator[Question]:
    root = {"id": network.root}
    yield Question(name=summary_of(name), query=NETWORK, askings=[Asking(root, network)], said=_network, same=_as_planted)
    depths = [depth for depth, customers in enumerate(network.customers, 1) for _ in range(customers)]
    if name != SMALL:
        for which, place in (("first", 0), ("middle", len(cursors) // 2), ("last", len(cursors))):
            begin = place * LONG_PAGE
            variables = {**root, "first": PAGE, "after": cursors[place - 1] if place else None}
            asking = Asking(variables, depths[begin : begin + PAGE])
            yield Question(name=page_of(name, which), query=MEMBERS, askings=[asking], said=_depths)
    if name == CELEBRITY:
        latest = Asking(root, min(PAGE, network.customers[0]))
        yield Question(name="Latest referrals of the celebrity", query=REFERRED, askings=[latest], said=_referred)
        yield Question(name="Codes of the celebrity", query=CODES, askings=[Asking(root, PAGE)], said=_codes)
    worth = sum(cents * DECAY**depth for depth, cents in enumerate(network.cents[:GENERATIONS], 1)) / 100
    extended = Asking({**root, "generations": GENERATIONS, "decay": DECAY}, worth)
    yield Question(name=f"Extended value, {name} network", query=EXTENDED, askings=[extended], said=_extended, same=_close)


def _of_all(truth: Truth) -> Iterator[Question]:
    month = dict(zip(("from", "to"), (each.isoformat() for each in LAST_MONTH), strict=True))
    for order, most in truth.most.items():
        ever, lately = Asking({"orderBy": order}, most), Asking({"orderBy": order, "period": month}, 1)
        field = ORDERS[order]
        yield Question(
            name=advocates_by(order, "ever"),
            query=ADVOCATES,
            askings=[ever],
            said=lambda data, field=field: _whole(data["advocates"]["nodes"][0][field]),  # type: ignore[misc]
        )
        yield Question(
            name=advocates_by(order, "last month"),
            query=ADVOCATES,
            askings=[lately],
            said=lambda data: data["advocates"]["nodes"][0]["rank"],
        )
    whole = (truth.referrals, truth.referrals, truth.converted, truth.longest)
    yield Question(name="Referral program", query=PROGRAM, askings=[Asking({}, whole)], said=_program)


def _chain(data: Any) -> Any:
    found = data["customer"]["referral"]["chain"]
    return None if found["truncated"] else (found["length"], [step["customer"]["id"] for step in found["steps"]])


def _path(data: Any) -> Any:
    path = data["referralPath"]["path"]
    return None if path is None else path["length"]


def _referred(data: Any) -> Any:
    return len(data["customer"]["referral"]["referred"]["nodes"])


def _codes(data: Any) -> Any:
    return len(data["customer"]["referral"]["codes"]["nodes"])


def _network(data: Any) -> Any:
    return data["customer"]["referral"]["network"]


def _as_planted(found: Any, network: Network) -> bool:
    generations = found["generations"]
    return (
        not found["truncated"]
        and (found["size"], found["depth"], found["converted"]) == (network.size, len(generations), sum(network.converted))
        and _whole(found["revenue"]) == sum(network.cents)
        and [each["customers"] for each in generations] == network.customers
        and [each["converted"] for each in generations] == network.converted
        and [_whole(each["revenue"]) for each in generations] == network.cents
    )


def _depths(data: Any) -> Any:
    return [edge["node"]["depth"] for edge in members(data)["edges"]]


def members(data: Any) -> Any:
    return data["customer"]["referral"]["network"]["members"]


def _extended(data: Any) -> Any:
    found = data["customer"]["value"]["extendedValue"]
    return math.nan if found["truncated"] else _whole(found["network"]) / 100


def _close(said: float, expected: float) -> bool:
    """To a cent for each generation that was rounded."""
    return math.isclose(said, expected, abs_tol=0.01 * GENERATIONS)


def _program(data: Any) -> Any:
    found = data["referralProgram"]
    return found["invited"], found["accepted"], found["qualified"], found["longestChain"]


def _whole(said: Any) -> int:
    """A number as it is, money in cents; nothing is none."""
    if said is None or isinstance(said, int):
        return said or 0
    return round(float(said["amount"]) * 100)

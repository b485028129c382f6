"""The profile of one customer by graph.customers.load_profiles, against the bare driver running the very same statement."""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

from neo4j import READ_ACCESS

from app.settings import Settings
from benchmarks.figures import Figure, at_most
from benchmarks.servers import bare_driver, opened
from benchmarks.timing import in_turn
from graph.customers import EVERYTHING, Parts, ProfileKey, load_profiles
from graph.statements import statement

Record = TypeVar("Record")

_IDS = "MATCH (c:Customer) WHERE rand() < $share RETURN c.id"
_COUNT = "MATCH (:Customer) RETURN count(*)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTimes:
    """Medians in milliseconds."""

    ours: float
    bare: float

    def figure(self, customers: int) -> Figure:
        return Figure(
            case=f"Profile by load_profiles, {customers:,} customers, p50",
            value=self.ours,
            unit="ms",
            against="bare driver",
            reference=self.bare,
            target=at_most(1.25),
        )


class _Asked:
    """A reader that has nothing, but remembers what it was asked."""

    def __init__(self) -> None:
        self.name = ""
        self.parameters: dict[str, Any] = {}

    async def one(self, name: str, record: type[Record], /, **parameters: Any) -> Record | None:
        self.name, self.parameters = name, parameters
        return None

    async def many(self, name: str, record: type[Record], /, **parameters: Any) -> list[Record]:
        # Whether somebody is there whom the first question didn't find.
        return []


async def asked_of_graph(id: str, parts: Parts = EVERYTHING) -> tuple[str, dict[str, Any]]:
    """The statement by which `load_profiles` asks for a customer, and its parameters, all of them in the one map `asked`."""
    asked = _Asked()
    await load_profiles(asked, [ProfileKey(id=id)], parts=parts)
    return statement(asked.name).text, asked.parameters


async def some_ids(settings: Settings, count: int) -> list[str]:
    """`count` random customers; the same ones more than once when there are fewer."""
    async with bare_driver(settings) as driver:
        there = (await driver.execute_query(_COUNT)).records[0].value()
        share = min(1.0, 10 * count / there)
        ids = [row.value() for row in (await driver.execute_query(_IDS, share=share)).records]
    return random.sample(ids, count) if len(ids) >= count else random.choices(ids, k=count)


async def profile_times(settings: Settings, *, calls: int, warm_up: int) -> ProfileTimes:
    """Loads `calls` profiles, one by one, after `warm_up` more; each also bare: the same text and parameters, in a session
    that is there already, by auto-commit, the record taken as it comes.
    """
    ids = await some_ids(settings, calls + warm_up)
    text, others = await asked_of_graph(ids[0])
    parameters = {id: others | {"keys": [{**others["keys"][0], "id": id}]} for id in ids}
    async with (
        opened(settings) as store,
        bare_driver(settings) as driver,
        driver.session(default_access_mode=READ_ACCESS) as session,
    ):

        async def ours(id: str) -> None:
            assert (await load_profiles(store, [ProfileKey(id=id)]))[0] is not None

        async def bare(id: str) -> None:
            assert [row async for row in await session.run(text, asked=parameters[id])]

        found = await in_turn({"ours": ours, "bare": bare}, ids, warm_up=warm_up)
    return ProfileTimes(ours=median(found["ours"]), bare=median(found["bare"]))


def growth_figures(found: dict[int, ProfileTimes]) -> list[Figure]:
    """The largest size's time against the smallest's, where there are two."""
    least, most = min(found), max(found)
    if least == most:
        return []
    return [
        Figure(
            case=f"Profile by load_profiles, {most:,} customers, p50",
            value=found[most].ours,
            unit="ms",
            against=f"{least:,} customers",
            reference=found[least].ours,
            target=at_most(1.25),
        )
    ]

"""Each question asked beforehand: what the answer says is right, and what the service asks of Neo4j for it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from app.settings import Settings
from benchmarks.asked import Asked, Telling, telling
from benchmarks.load import Connection
from benchmarks.planted import Network, Truth
from benchmarks.queries import MEMBERS
from benchmarks.questions import LONG_PAGE, Asking, Question, members, questions, there


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question, and for each of its askings what the service asks of Neo4j."""

    question: Question
    asked: Sequence[Sequence[Asked]]

    @property
    def statements(self) -> int:
        """How many there usually are: the first asking may find less in Redis than those after it."""
        return median_low(len(each) for each in self.asked)


async def prepare(settings: Settings, folder: Path, truth: Truth, say: Callable[[str], None]) -> list[Prepared]:
    """Every question that the schema knows, asked once of each that it is asked about: what the answers say is right."""
    folder.mkdir(parents=True)
    async with telling(settings, folder) as teller:
        cursors = {}
        if there(MEMBERS):
            cursors = {name: await _walk(teller.connection, network) for name, network in truth.networks.items()}
        every = list(questions(truth, cursors))
        for question in every:
            if not there(question.query):
                say(f"not in the schema, and left out: {question.name}")
        return [await _prepared(teller, question) for question in every if there(question.query)]


async def _prepared(teller: Telling, question: Question) -> Prepared:
    found = []
    for asking in question.askings:
        answer, asked = await teller.asked(question.request(asking))
        question.check(asking, answer)
        found.append(asked)
    return Prepared(question, found)


async def _walk(connection: Connection, network: Network) -> list[str]:
    """The cursors at the ends of all pages but the last. Raises AssertionError unless everybody is on one of them."""
    cursors: list[str] = []
    seen: list[str] = []
    every = Question(name="All members", query=MEMBERS, askings=(), said=members)
    while True:
        variables = {"id": network.root, "first": LONG_PAGE, "after": cursors[-1] if cursors else None}
        answer = await connection.ask(every.request(Asking(variables, None)))
        assert "errors" not in answer, answer["errors"][:3]
        page = members(answer["data"])
        seen += [edge["node"]["customer"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursors.append(page["pageInfo"]["endCursor"])
    assert len(seen) == len(set(seen)) == network.size, f"{len(seen):,} members, {len(set(seen)):,} of them different"
    return cursors

"""Histories by chance of what happens to a few people, of merges, vetoes and their undoing, held against a small model of them.

A hundred histories are told side by side, each among people of its own, so that one look at the graph tells of all of them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from graph.doctor import examine
from graph.events import record
from graph.events.inputs import Event, MergeInput, RefundInput, UndoMergeInput
from graph.money import Money
from graph.store import Store
from tests.graph.conftest import AskCypher
from tests.graph.merge_model import RULES, Merge, Model, Name
from tests.happenings import accept, at, consent, identify, invite, purchase, touchpoint, user

HISTORIES, TOGETHER = int(os.environ.get("C360_MERGES", 100)), 100
PEOPLE, ADDRESSES = 5, 3
#: Histories whose events go into one call.
IN_ONE = 10


@dataclass(slots=True)
class History:
    """`coming`: what happens, in the order in which it is told; `merges`: those that it has heard of, by id."""

    seed: int
    chance: random.Random
    model: Model = field(default_factory=Model)
    coming: list[Event] = field(default_factory=list)
    merges: dict[str, Merge] = field(default_factory=dict)
    decided: int = 0

    @classmethod
    def of(cls, seed: int) -> History:
        self = cls(seed, random.Random(seed))
        chance = self.chance
        for number in range(chance.randint(6, 22)):
            id, hours, kind = f"{seed}/{number}", chance.randrange(60) + number / 100, chance.random()
            one, other = (f"{seed}.{each}" for each in chance.sample(range(PEOPLE), 2))
            if kind < 0.25:
                self.coming.append(identify(id, hours, ("user_id", one), ("email", self._address())))
            elif kind < 0.3:
                self.coming.append(identify(id, hours, ("user_id", one), ("user_id", other)))
            elif kind < 0.6:
                self.coming += [invite(id, hours, user(one), id), accept(f"{id}a", hours + 0.5, id, user(other))]
            elif kind < 0.68:
                self.coming.append(touchpoint(id, hours, user(one)))
            elif kind < 0.76:
                given = chance.choice(("GRANTED", "DENIED", "WITHDRAWN"))
                self.coming.append(consent(id, hours, user(one), chance.choice(("offers", "surveys")), given))
            else:
                self.coming.append(purchase(id, hours, user(one), id, "10"))
                self.coming += [
                    RefundInput(id=f"{id}r{each}", source="test", at=at(hours + 1), purchase=id, amount=Money(100, "USD"))
                    for each in range(chance.randint(0, 2))
                ]
        chance.shuffle(self.coming)
        return self

    def _address(self) -> str:
        return f"{self.seed}.{self.chance.randrange(ADDRESSES)}@example.com"

    def next(self) -> list[tuple[Event, str | None]]:
        """What is told next, each with the code by which it is to be refused: what happened comes before what is decided."""
        told = [self.coming.pop() for _ in range(min(self.chance.randint(0, 4), len(self.coming)))]
        for event in told:
            self.model.tell(event)
        made = [self._decision() for _ in range(self.chance.choice((0, 0, 1, 1, 2)))]
        return [*((event, None) for event in told), *(each for each in made if each is not None)]

    def _decision(self) -> tuple[Event, str | None] | None:
        self.decided += 1
        id, hours = f"{self.seed}/d{self.decided}", 100 + self.chance.randrange(100)
        if self.merges and self.chance.random() < 0.5:
            return self.undo(self.chance.choice(list(self.merges.values())), keep_apart=self.chance.random() < 0.3)
        keep, absorb = self.chance.sample([("user_id", f"{self.seed}.{each}") for each in range(PEOPLE)], 2)
        event = MergeInput(
            id=id, source="desk", at=at(hours), keep=user(keep[1]), absorb=user(absorb[1]), reason="one", actor="ops"
        )
        return event, self.model.merge(event, keep, absorb)

    def undo(self, merge: Merge, *, keep_apart: bool = False) -> tuple[Event, str | None]:
        self.decided += 1
        event = UndoMergeInput(
            id=f"{self.seed}/u{self.decided}", source="desk", at=at(300), merge=merge.id, reason="two", actor="ops",
            keep_apart=keep_apart,
        )  # fmt: skip
        return event, self.model.undo(event, merge)


async def tell(graph: Store, told: list[tuple[Event, str | None]]) -> None:
    outcome = await record(graph, [event for event, _ in told], identity_rules=RULES)
    refused = {told[each.index][0].id: each.code for each in outcome.rejected}
    assert refused == {event.id: code for event, code in told if code is not None}, outcome.rejected


async def look(ask: AskCypher, histories: Iterable[History]) -> None:
    """Compare all that is kept with what the models say, and hear of merges."""
    by_seed = {history.seed: history for history in histories}
    names = {id: (type, value) for id, type, value in await ask("MATCH (i:Identifier) RETURN [i.id, i.type, i.value]")}
    namesakes = dict(await ask("MATCH (i:Identifier) RETURN [i.customer_id, i.id]"))
    found: dict[int, dict[Name, Any]] = {seed: {} for seed in by_seed}
    for id, identifiers, touchpoints, purchases, revenue, refunds, consents, brought in await ask(
        """MATCH (c:Customer)
        RETURN [c.id, COLLECT { MATCH (c)-[:IDENTIFIED_BY]->(i) RETURN i.id }, c.touchpoints, c.purchases,
          coalesce(c.revenue_USD, 0), coalesce(c.refunds_USD, 0),
          COLLECT { MATCH (c)-[:IDENTIFIED_BY]->()-[:GAVE]->(g:Consent) RETURN g.purpose + ' ' + g.consent_status },
          head(COLLECT { MATCH (a:Customer)-[:REFERRED]->(c) RETURN a.id })]"""
    ):
        name = names[namesakes[id]]
        did = {"touchpoints": touchpoints, "purchases": purchases, "revenue": revenue, "refunds": refunds, **Counter(consents)}
        group, advocate = frozenset(names[each] for each in identifiers), brought and names[namesakes[brought]]
        found[_seed(name)][name] = group, {what: number for what, number in did.items() if number}, advocate
    for seed, history in by_seed.items():
        assert found[seed] == history.model.customers(), seed
    for id, event, link, ours, theirs, undone in await ask(
        """MATCH (m:Merge) RETURN [m.id, m.key, m.link, m.kept_identifiers, m.absorbed_identifiers,
          m.undone_at IS NOT NULL]"""
    ):
        one, other = (names[each] for each in link or (ours[0], theirs[0]))
        sides = frozenset(names[each] for each in ours), frozenset(names[each] for each in theirs)
        by_hand = None if event is None else event.partition("\x1f")[2]
        history = by_seed[_seed(one)]
        history.merges[id] = Merge(id, by_hand, sides, (one, other))
        if by_hand is None and id not in history.model.done:
            groups, _ = history.model.groups()
            if {groups[each] for each in sides[0]}.isdisjoint(groups[each] for each in sides[1]):
                # Evidence that came later parted what evidence had joined.
                history.model.done.add(id)
        assert undone == (id in history.model.done), id


def _seed(name: Name) -> int:
    return int(name[1].partition(".")[0])


@pytest.mark.parametrize("start", range(0, HISTORIES, TOGETHER))
async def test_histories_come_to_what_the_model_says(graph: Store, ask: AskCypher, start: int) -> None:
    """And once every merge by hand is undone, to what they had come to if nobody had ever merged anybody."""
    histories = [History.of(seed) for seed in range(start, min(start + TOGETHER, HISTORIES))]
    for turn in range(400):
        waiting = [history for history in histories if history.coming]
        if not waiting and turn > 8:
            break
        for first in range(0, len(waiting or histories), IN_ONE):
            told = [each for history in (waiting or histories)[first : first + IN_ONE] for each in history.next()]
            await tell(graph, told)
        await look(ask, histories)
    assert await examine(graph, identity_rules=RULES) == []
    left = histories
    while left:
        before = sum(len(history.model.by_hand) for history in left)
        for history in left:
            standing = [merge for merge in history.merges.values() if merge.link in history.model.by_hand]
            history.chance.shuffle(standing)
            for merge in standing:
                await tell(graph, [history.undo(merge)])
        left = [history for history in left if history.model.by_hand]
        if sum(len(history.model.by_hand) for history in left) == before:
            break
    await look(ask, histories)
    assert await examine(graph, identity_rules=RULES) == []
    undone = 0
    for history in histories:
        if not history.model.by_hand and not history.model.vetoes:
            untouched = Model()
            for event in history.model.told:
                untouched.tell(event)
            assert history.model.customers() == untouched.customers()
            undone += bool(history.model.done)
    assert undone > len(histories) / 10

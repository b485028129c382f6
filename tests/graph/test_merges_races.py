"""Merges beside merges, undos, acceptances and all else: by several processes at once, and each overtaking the other."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from graph.customers import ProfileKey, load_profiles
from graph.doctor import examine
from graph.events import record
from graph.events.inputs import Event, ReferralCodeInput
from graph.events.kept import Kept
from graph.events.referring import code_of
from graph.identity.merges import trace_evidence
from graph.store import Store
from tests.conftest import Stack
from tests.graph.conftest import AskCypher
from tests.graph.merge_writer import PEOPLE
from tests.graph.test_identity_resolution import kept
from tests.graph.test_merges import FREE, brought, merge, standing, told, undo
from tests.graph.test_races import Overtaken, overtaken
from tests.happenings import accept, at, identify, invite, purchase, touchpoint, user

__all__ = ["overtaken"]


async def test_several_processes_merge_and_take_back_at_once(graph: Store, ask: AskCypher, stack: Stack) -> None:
    """Nothing is lost, nothing refused but for a reason of its own, and all that is kept follows from what was told."""
    people: list[Event] = [identify(f"p{number}", number, ("user_id", f"p{number}")) for number in range(PEOPLE)]
    people += [invite(f"i{number}", 0, user(f"p{number}"), f"code-p{number}") for number in range(PEOPLE)]
    assert not (await record(graph, people)).rejected
    address, pipe = (stack.neo4j_uri, stack.neo4j_user, stack.neo4j_password), asyncio.subprocess.PIPE
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.graph.merge_writer", *address, name, str(seed), "60", stdin=pipe, stdout=pipe
        )
        for seed, name in enumerate("abc")
    ]
    for writer in writers:
        assert writer.stdout is not None and await writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
    told_of, refused = Counter[str](), Counter[str]()
    for writer in writers:
        kinds, codes = json.loads((await writer.communicate())[0])
        told_of.update(kinds)
        refused.update(codes)
    # Whoever names one customer twice, or takes back what other evidence says.
    assert refused.keys() <= {"INVALID", "BLOCKED"}
    assert told_of.total() + refused.total() == 180 and told_of["merge"] > 5 and told_of["undo_merge"] > 3
    assert await examine(graph) == []
    counted = await ask("MATCH (c:Customer) RETURN [sum(c.purchases), sum(c.touchpoints)]")
    assert counted == [[told_of["purchase"], told_of["touchpoint"]]]
    assert len(await ask("MATCH (m:Merge:Event) RETURN m.id")) == told_of["merge"]


@pytest.mark.parametrize(
    "calls",
    [
        [[merge("m1", user("ann"), user("ben"))], [merge("m2", user("ben"), user("cho"), 101)]],
        [
            [merge("m1", user("ann"), user("ben"))],
            [merge("m2", user("ann"), user("cho"), 101)],
            [purchase("p", 3, user("ben"), "n")],
        ],
        [[merge("m1", user("ann"), user("cho"))], brought(1, "ann", "cho", 1)],
        [[merge("m1", user("ann"), user("cho"))], brought(1, "ben", "ann", 1), brought(2, "cho", "ben", 2)],
        [[merge("m1", user("ann"), user("ben"))], [identify("x", 3, ("user_id", "ben"), ("email", "e@example.com"))]],
    ],
)
async def test_whoever_overtakes_whom(graph: Store, ask: AskCypher, overtaken: Overtaken, calls: list[list[Event]]) -> None:
    """Merges of which each is the newer one wherever they meet: the same customers come of them."""
    seen: list[Any] = []
    for order in permutations(calls):
        await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
        await told(
            graph, *(identify(name, number, ("user_id", name)) for number, name in enumerate(("ann", "ben", "cho"))), rules=FREE
        )
        await overtaken(*order)
        assert not [outcome.rejected for outcome in overtaken.outcomes if outcome.rejected]
        assert await examine(graph) == []
        groups = {frozenset(name for _, name in group) for group in (await kept(ask)).values()}
        facts = sorted(map(str, await ask("MATCH (c:Customer) RETURN [c.purchases, c.referrals]")))
        forest = await ask("MATCH (:Customer)-[r:REFERRED]->(:Customer) RETURN count(r)")
        seen.append((groups, facts, forest))
    assert all(each == seen[0] for each in seen)


async def test_an_undo_overtakes_what_is_told_of_the_two(graph: Store, ask: AskCypher, overtaken: Overtaken) -> None:
    code = ReferralCodeInput(id="code", source="test", at=at(0), advocate=user("ann"))
    for order in permutations(range(3)):
        await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
        await told(graph, *(identify(name, 1, ("user_id", name)) for name in ("ann", "ben", "cho")), code, rules=FREE)
        await told(graph, merge("m", user("ann"), user("ben")), rules=FREE)
        (id,) = await standing(ask)
        calls: list[list[Event]] = [
            [undo("u", id)],
            [accept("a", 2, code_of(Kept.of(0, code)), user("ben"))],
            [purchase("p", 3, user("ben"), "n")],
        ]
        await overtaken(*(calls[number] for number in order))
        assert await examine(graph) == []
        assert await ask("MATCH (c:Customer)-[:IDENTIFIED_BY]->(:Identifier {value: 'ben'}) RETURN [c.purchases, c.orders]") == [
            [1, 1]
        ]
        assert await ask("MATCH (a:Customer)-[:REFERRED]->(b:Customer) RETURN count(*)") == [1]


async def test_readers_see_what_was_before_or_what_is_after(graph: Store, ask: AskCypher) -> None:
    told_of = [identify(name, 1, ("user_id", name), ("email", f"{name}@example.com")) for name in ("ann", "ben")]
    visits = [touchpoint(f"t{number}", 2 + number, user("ann" if number < 3 else "ben")) for number in range(7)]
    await told(graph, *told_of, *visits, rules=FREE)
    enough = asyncio.Event()
    seen: Counter[tuple[int, int, int]] = Counter()

    async def read() -> None:
        while not enough.is_set():
            for each in await load_profiles(graph, [ProfileKey.of("user_id", name) for name in ("ann", "ben")]):
                assert each is not None
                seen[len(each.identifiers), each.facts.touchpoints, len(each.entries)] += 1
            way = await trace_evidence(graph, ("user_id", "ben"), ("email", "ben@example.com"), FREE)
            assert way is not None and len(way) == 1

    readers = [asyncio.create_task(read()) for _ in range(3)]
    for number in range(12):
        assert not (await told(graph, merge(f"m{number}", user("ann"), user("ben"), 100 + number), rules=FREE)).rejected
        await asyncio.sleep(0.05)
        (id,) = await standing(ask)
        assert not (await told(graph, undo(f"u{number}", id, 200 + number), rules=FREE)).rejected
        await asyncio.sleep(0.05)
    enough.set()
    await asyncio.gather(*readers)
    assert seen.keys() == {(2, 3, 3), (2, 4, 4), (4, 7, 7)}

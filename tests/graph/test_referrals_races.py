"""Referrals of which several writers speak at once: whoever overtakes whom, what becomes of them is the same."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from itertools import permutations

import pytest

from graph.customers import ProfileKey, load_profiles
from graph.doctor import examine
from graph.events import record
from graph.events.inputs import Event
from graph.referrals import ANY_PURCHASE
from graph.store import Store
from tests import happenings
from tests.conftest import Stack
from tests.graph.test_races import Overtaken, overtaken
from tests.graph.test_referrals_life import CODE, accept, buy, invite, made_by, refund, review, standing, told
from tests.happenings import identify, user

__all__ = ["overtaken"]

BROUGHT: list[Event] = [invite(), accept()]
ONE = identify("m", 3, ("user_id", "ben"), ("user_id", "benjamin"))


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        ([invite()], [[accept()], [buy("1", 2, 3_000)]]),
        ([], [[invite()], [accept()], [buy("1", 2, 3_000)]]),
        (BROUGHT, [[buy("1", 2, 3_000)], [buy("2", 3, 3_000)]]),
        ([*BROUGHT, buy("1", 2, 3_000)], [[buy("2", 1.5, 3_000)], [refund("1", 4, 3_000)]]),
        (BROUGHT, [[buy("1", 2, 3_000)], [refund("1", 4, 3_000)]]),
        (BROUGHT, [[buy("1", 2, 3_000, friend="benjamin")], [ONE]]),
        (BROUGHT, [[buy("1", 2, 3_000)], [invite("early", 0, "cho"), accept("early", 0.5)]]),
        ([buy("1", 2, 3_000)], [[standing()], [accept(CODE, 1)], [accept(CODE, 1, "cho")]]),
    ],
)
async def test_what_becomes_of_a_referral_depends_on_no_order(
    graph: Store, overtaken: Overtaken, before: list[Event], calls: list[Sequence[Event]]
) -> None:
    seen = set()
    for order in permutations(calls):
        await graph.apply("MATCH (n) WHERE NOT n:Migration DETACH DELETE n")
        if before:
            await told(graph, before, rule=ANY_PURCHASE)
        await overtaken(*order)
        assert await examine(graph, ANY_PURCHASE) == []
        made = [*await made_by(graph, "ana")]
        seen.add(tuple((each.referral_status, each.qualified_at, each.ended_at, each.accepted_at) for each in made))
    assert len(seen) == 1


@pytest.mark.parametrize("approve", [False, True])
async def test_a_review_overtakes_what_it_is_about(graph: Store, overtaken: Overtaken, approve: bool) -> None:
    await told(graph, [invite(), invite("other", 0, "cho")], rule=ANY_PURCHASE)
    (made,) = await made_by(graph, "ana")
    verdict = [review("no", 7, made.id, approve=approve)]
    await overtaken(verdict, [accept()], [accept("other", 2)], [buy("1", 3, 3_000)])
    assert await examine(graph, ANY_PURCHASE) == []
    (mine,), (theirs,) = await made_by(graph, "ana"), await made_by(graph, "cho")
    expected = ("QUALIFIED", "SUPERSEDED") if approve else ("REJECTED", "QUALIFIED")
    assert (mine.referral_status, theirs.referral_status) == expected


async def test_of_two_reviews_the_newest_counts(graph: Store, overtaken: Overtaken) -> None:
    await told(graph, BROUGHT, rule=ANY_PURCHASE)
    (made,) = await made_by(graph, "ana")
    await overtaken([review("yes", 8, made.id, approve=True)], [review("no", 7, made.id, approve=False)])
    assert (await made_by(graph, "ana"))[0].referral_status == "ACCEPTED"
    assert await examine(graph, ANY_PURCHASE) == []


async def test_several_processes_close_no_ring(graph: Store, stack: Stack) -> None:
    """Three hundred and more acceptances that would close rings of one to six, by processes that begin at the same moment, each
    of which has a part of every ring."""
    rings = [(f"{length}-{number}", length) for length in range(1, 7) for number in range(16)]
    parts: list[list[tuple[str, str, float]]] = [[] for _ in range(3)]
    invitations: list[Event] = []
    for number, (ring, length) in enumerate(rings):
        for step in range(length):
            code = f"{ring}-{step}"
            invitations.append(happenings.invite(f"i-{code}", 0, user(f"{ring}.{step}"), code))
            parts[(number + step) % 3].append((code, f"{ring}.{(step + 1) % length}", 1 + step / 10))
    for start in range(0, len(invitations), 200):
        assert (await record(graph, invitations[start : start + 200])).rejected == ()
    address = (stack.neo4j_uri, stack.neo4j_user, stack.neo4j_password)
    pipe = asyncio.subprocess.PIPE
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.graph.ring_writer", *address, stdin=pipe, stdout=pipe)
        for _ in parts
    ]
    for writer, part in zip(writers, parts, strict=True):
        assert writer.stdin is not None
        writer.stdin.write(json.dumps(part).encode() + b"\n")
    for writer in writers:
        assert writer.stdout is not None and await writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
    # None of them was refused for somebody else's sake.
    assert [int((await writer.communicate())[0]) for writer in writers] == [len(part) for part in parts]
    assert await examine(graph) == []
    for ring, length in rings:
        found = await load_profiles(graph, [ProfileKey.of("user_id", f"{ring}.{step}") for step in range(length)])
        brought = [each is not None and each.referred_by is not None for each in found]
        # The last one to accept, by the time that it says, was the one to close it.
        assert brought == [False, *[True] * (length - 1)], ring

"""Referrals of which several writers speak at once: whoever overtakes whom, what becomes of them is the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from graph.doctor import examine
from graph.events.inputs import Event
from graph.referrals import ANY_PURCHASE
from graph.store import Store
from tests.graph.test_races import Overtaken, overtaken
from tests.graph.test_referrals_life import CODE, accept, buy, invite, made_by, refund, review, standing, told
from tests.happenings import identify

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

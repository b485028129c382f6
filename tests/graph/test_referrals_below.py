"""Down the forest: where those who changed stand below a root, what went astray, and what is counted there."""

from __future__ import annotations

import pytest

from graph.events.inputs import ReferralReviewInput
from graph.referrals.below import Extent, Standing, count_below, find_below
from graph.store import Store
from tests.graph.test_referrals_life import accept, invite, made_by, told
from tests.graph.test_referrals_tracing import brings, ids
from tests.happenings import at, identify, touchpoint, user

pytestmark = pytest.mark.usefixtures("graph")


async def standings(store: Store, asked: list[str], *roots: str) -> dict[str, Standing]:
    return {each.asked: each for each in await find_below(store, asked, roots)}


async def test_those_below_a_root_come_with_their_ways_and_no_others(graph: Store) -> None:
    await told(graph, [*brings("ana", "ben"), *brings("ben", "cho"), *brings("cho", "dan"), *brings("gus", "hal")])
    ana, ben, cho, dan, gus, hal = everyone = await ids(graph, "ana", "ben", "cho", "dan", "gus", "hal")
    found = await find_below(graph, [*reversed(everyone), "cus_" + "0" * 32], [ben])
    assert [each.customer for each in found] == [ben, cho, dan]
    assert [each.way for each in found] == [(ben,), (cho, ben), (dan, cho, ben)]
    (of_dan,) = await made_by(graph, "cho")
    assert found[-1].steps[0].referral == of_dan.id
    assert not any(each.astray for each in found)
    # Up to the highest of several.
    assert (await standings(graph, [dan], cho, ana, gus))[dan].way == (dan, cho, ben, ana)
    assert (await standings(graph, everyone, ana, gus)).keys() == set(everyone)
    assert await find_below(graph, [hal], [ana]) == []


async def test_who_went_is_found_by_what_was_accepted(graph: Store) -> None:
    await told(graph, [*brings("ana", "ben"), *brings("ben", "cho"), *brings("gus", "hal", 9)])
    ana, ben, cho, gus, hal = await ids(graph, "ana", "ben", "cho", "gus", "hal")
    (of_cho,) = await made_by(graph, "ben")
    review = ReferralReviewInput(id="r", source="s", at=at(5), referral=of_cho.id, approve=False, reason="fraud")
    # Before it came true, and an acceptance that comes too late.
    late = [invite("late", 10, "gus"), accept("late", 11, "ben")]
    assert not (await standings(graph, [ben, cho], ana))[cho].astray
    await told(graph, [review, *late])
    found = await standings(graph, [ben, cho], ana)
    assert found.keys() == {ben, cho}
    assert [(each.customer, each.referral) for each in found[cho].astray] == [(ben, of_cho.id)]
    # Of an advocate that didn't change it says nothing: that was long ago.
    assert (await standings(graph, [cho], ana)) == {}
    found = await standings(graph, [gus, ben], gus)
    (of_ben,) = [each for each in await made_by(graph, "gus") if each.code == "late"]
    assert [(each.customer, each.referral) for each in found[ben].astray] == [(gus, of_ben.id)]
    assert found[gus].astray == () and hal not in found


async def test_who_becomes_the_advocate_went_as_well_and_only_then(graph: Store) -> None:
    await told(graph, [*brings("ana", "ben"), identify("i", 0, ("user_id", "ana"), ("email", "ana@example.com"))])
    ana, ben = await ids(graph, "ana", "ben")
    (referral,) = await made_by(graph, "ana")
    await told(graph, [identify("m", 3, ("user_id", "ben"), ("email", "ana@example.com"))])
    kept = (await ids(graph, "ana"))[0]
    absorbed = ben if kept == ana else ana
    found = await standings(graph, [kept, absorbed], kept)
    assert found[absorbed].customer == kept and found[kept].astray == ()
    assert [(each.customer, each.referral) for each in found[absorbed].astray] == [(kept, referral.id)]


async def test_what_is_below_is_counted_to_a_depth_and_no_further_than_asked(graph: Store) -> None:
    await told(graph, [*brings("ana", "ben"), *brings("ben", "cho"), *brings("ben", "dan"), *brings("gus", "hal")])
    (ana,) = await ids(graph, "ana")
    whole = await count_below(graph, ana, 1_000, cap=100)
    assert whole is not None and (whole.root, whole.members, whole.whole) == (ana, 3, True)
    near = await count_below(graph, ana, 1, cap=100)
    assert near is not None and (near.members, near.whole) == (1, True) and near.versions < whole.versions
    some = await count_below(graph, ana, 1_000, cap=2)
    assert some is not None and (some.members, some.whole) == (2, False)
    assert await count_below(graph, "cus_" + "0" * 32, 1, cap=2) is None
    alone = await count_below(graph, (await ids(graph, "hal"))[0], 9, cap=9)
    assert alone is not None and (alone.members, alone.versions, alone.whole) == (0, 0, True)
    await told(graph, [touchpoint("t", 9, user("cho"))])
    assert await count_below(graph, ana, 1, cap=100) == near
    later = await count_below(graph, ana, 2, cap=100)
    assert later == Extent(root=ana, members=3, versions=whole.versions + 1, whole=True)
    await told(graph, [touchpoint("u", 9, user("hal")), touchpoint("v", 9, user("ana"))])
    assert await count_below(graph, ana, 2, cap=100) == later

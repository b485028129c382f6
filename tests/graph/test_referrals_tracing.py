"""Up the forest: chains of any length, and the way between two customers, against networkx."""

from __future__ import annotations

import random
from functools import partial

import networkx as nx
import pytest

from graph.events import record
from graph.events.inputs import Event
from graph.referrals.tracing import LONGEST, Chain, Step, find_way, load_chains, trace_upstream, way_between
from graph.store import Store
from tests.graph.test_referrals_life import accept, invite, made_by, profile, told
from tests.happenings import identify

pytestmark = pytest.mark.usefixtures("graph")


def brings(advocate: str, friend: str, hours: float = 0) -> list[Event]:
    code = f"{advocate}>{friend}"
    return [invite(code, hours, advocate), accept(code, hours + 0.5, friend)]


async def ids(store: Store, *names: str) -> list[str]:
    return [(await profile(store, name)).id for name in names]


async def test_the_referrer_comes_first_and_the_root_last(graph: Store) -> None:
    await told(graph, [*brings("ana", "ben"), *brings("ben", "cho"), *brings("cho", "dan"), *brings("ana", "eve")])
    ana, ben, cho, dan = await ids(graph, "ana", "ben", "cho", "dan")
    chains = await trace_upstream(graph, [dan, ana, "cus_" + "0" * 32])
    assert chains.keys() == {dan, ana}
    assert [step.customer for step in chains[dan].steps] == [cho, ben, ana]
    referrals = [(await made_by(graph, name))[0].id for name in ("cho", "ben")]
    assert [step.referral for step in chains[dan].steps][:2] == referrals
    assert (chains[dan].root, chains[dan].truncated) == (ana, False)
    assert (chains[ana].steps, chains[ana].root) == ((), ana)


async def test_ids_of_customers_merged_away_are_traced(graph: Store) -> None:
    await told(graph, [*brings("ana", "ben"), identify("i", 0, ("user_id", "benjamin"))])
    (absorbed,) = await ids(graph, "benjamin")
    await told(graph, [identify("m", 3, ("user_id", "ben"), ("user_id", "benjamin"))])
    ana, ben = await ids(graph, "ana", "ben")
    assert (await trace_upstream(graph, [absorbed]))[absorbed] == Chain(
        asked=absorbed, customer=ben, steps=((await trace_upstream(graph, [ben]))[ben]).steps, truncated=False
    )
    assert (await find_way(partial(load_chains, graph), absorbed, ana))[0] is not None


async def test_a_longer_chain_says_so_and_goes_on_from_its_end(graph: Store) -> None:
    events = [event for number in range(LONGEST + 1) for event in brings(f"u{number}", f"u{number + 1}", number / 1_000)]
    for start in range(0, len(events), 500):
        assert (await record(graph, events[start : start + 500])).rejected == ()
    first, second, last = await ids(graph, "u0", "u1", f"u{LONGEST + 1}")
    chain = (await trace_upstream(graph, [last]))[last]
    assert (len(chain.steps), chain.root, chain.truncated) == (LONGEST, second, True)
    rest = (await trace_upstream(graph, [chain.root]))[chain.root]
    assert (len(rest.steps), rest.root, rest.truncated) == (1, first, False)
    whole = (await trace_upstream(graph, [second, first]))[second]
    assert way_between(chain, whole)[0] is not None
    # Whether there is a way past the thousandth step nobody knows.
    (other,) = await ids(graph, f"u{LONGEST}")
    stranger = Chain(asked="cus_x", customer="cus_x", steps=(), truncated=False)
    assert other and way_between(chain, stranger) == (None, True)


@pytest.mark.parametrize("seed", range(20))
def test_the_way_between_two_is_the_one_there_is(seed: int) -> None:
    chance = random.Random(seed)
    above: dict[int, int] = {}
    for number in range(1, 60):
        if chance.random() < 0.9:
            above[number] = chance.randrange(number)
    forest: nx.Graph[str] = nx.Graph((str(low), str(high)) for low, high in above.items())
    forest.add_nodes_from(map(str, range(60)))

    def chain(number: int) -> Chain:
        steps, at = [], number
        while at in above:
            steps.append(Step(str(above[at]), f"ref_{at}"))
            at = above[at]
        return Chain(asked=str(number), customer=str(number), steps=tuple(steps), truncated=False)

    for start in range(0, 60, 3):
        for end in range(60):
            way, truncated = way_between(chain(start), chain(end))
            assert not truncated
            if way is None:
                assert not nx.has_path(forest, str(start), str(end))
                continue
            assert [link.customer for link in way.links] == nx.shortest_path(forest, str(start), str(end))
            for before, link in zip(way.links, way.links[1:], strict=False):
                low = before if link.up else link
                assert link.referral == f"ref_{low.customer}"
                assert above[int(low.customer)] == int((link if link.up else before).customer)
            ups = [bool(link.up) for link in way.links[1:]]
            assert ups == sorted(ups, reverse=True) and way.common == way.links[sum(ups)].customer


async def test_nobody_is_linked_to_who_isn_t_there(graph: Store) -> None:
    await told(graph, brings("ana", "ben"))
    (ana,) = await ids(graph, "ana")
    with pytest.raises(LookupError, match="cus_0"):
        await find_way(partial(load_chains, graph), ana, "cus_0")

"""Subscriptions to referral networks: what other processes write below an advocate is told over both protocols."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import websockets
from gql import GraphQLRequest
from gql.transport.exceptions import TransportQueryError

from app.everyone import GATHER_SECONDS
from app.server import sources_of
from app.services import Services
from graph.customers.places import load_quintiles
from graph.events.inputs import Event, IdentifierKey, IdentifyInput, ReferralReviewInput
from resolvers.access import Actor, Principal
from resolvers.operations import Answer, answers
from resolvers.scopes import PERSONAL, PROFILE, REFERRAL
from resolvers.value import QuintileCopy
from tests.api.conftest import Api, Tell, at
from tests.api.test_changes import events, session
from tests.api.whoever import WHOEVER, own, without
from tests.conftest import Stack
from tests.happenings import accept, invite, touchpoint, user

ASK = """subscription ($root: CustomerKey!, $depth: Int) { referralNetworkChanged(root: $root, maxDepth: $depth) {
  resync path referral { code referralStatus friend { name } }
  member { depth referrerId customer { id name } referral { code } } } }"""

#: Who brought whom in. Zed is changed until a subscription is in force, as neither protocol acknowledges one.
FOREST = [("ana", "ben"), ("ben", "cho"), ("cho", "dan"), ("ana", "zed"), ("gus", "hal")]
NAMES = sorted({name for pair in FOREST for name in pair})
ANA = {"identifier": {"type": "user_id", "value": "ana"}}


def brings(advocate: str, friend: str, hours: float) -> list[Event]:
    code = f"{advocate}>{friend}"
    return [invite(f"i-{code}", hours, user(advocate), code), accept(f"a-{code}", hours + 0.5, code, user(friend))]


@dataclass(slots=True)
class World:
    """The forest, and ways to change it."""

    api: Api
    told: Tell
    _number: int = 0
    _names: dict[str, str] = field(default_factory=dict)

    async def touch(self, *names: str) -> None:
        self._number += 1
        await self.told(*(touchpoint(f"{name} {self._number}", 100 + self._number, user(name)) for name in names))

    async def named(self, path: Iterable[str]) -> list[str]:
        """Whose ids these are."""
        for id in path:
            if id not in self._names:
                data = await self.api.data("query ($id: ID!) { customer(by: {id: $id}) { name } }", id=id)
                self._names[id] = data["customer"]["name"]
        return [self._names[id] for id in path]

    async def rejected(self, advocate: str, friend: str) -> None:
        query = """query ($by: CustomerKey!) { customer(by: $by) { referral { referred { nodes { id code } } } } }"""
        data = await self.api.data(query, by={"identifier": {"type": "user_id", "value": advocate}})
        made = {each["code"]: each["id"] for each in data["customer"]["referral"]["referred"]["nodes"]}
        id = made[f"{advocate}>{friend}"]
        await self.told(ReferralReviewInput(id=f"r-{id}", source="s", at=at(9), referral=id, approve=False, reason="fraud"))


@pytest.fixture
async def world(api: Api, told: Tell) -> World:
    people: list[Event] = [
        IdentifyInput(id=name, source="crm", at=at(0), identifiers=(IdentifierKey("user_id", name),), traits={"name": name})
        for name in NAMES
    ]
    await told(*people, *(event for hours, pair in enumerate(FOREST) for event in brings(*pair, hours)))
    return World(api, told)


Change = dict[str, Any]


class Heard:
    """What a subscription says, one after the other."""

    def __init__(self, answers: AsyncIterator[Any]) -> None:
        self._answers = answers
        self._next: asyncio.Task[Any] | None = None

    async def any(self, seconds: float = 60) -> Change:
        """The next message of all, which is waited for again where this is given up."""
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._answers))
        answer = await asyncio.wait_for(asyncio.shield(self._next), seconds)
        self._next = None
        found: Change = answer["referralNetworkChanged"]
        return found

    async def soon(self, seconds: float = 1.5) -> Change | None:
        """The next message, if it doesn't take long."""
        try:
            return await self.any(seconds)
        except TimeoutError:
            return None

    async def next(self) -> Change:
        """The next change, but for what brought the subscription in force, and for what a busy machine makes of the feed."""
        while (change := await self.any())["resync"] or (change["member"] and change["member"]["customer"]["name"] == "zed"):
            pass
        return change

    async def in_force(self, world: World) -> None:
        heard = asyncio.ensure_future(self.any())
        for _ in range(20):
            await world.touch("zed")
            if (await asyncio.wait([heard], timeout=3.0))[0]:
                heard.result()
                return
        raise AssertionError("nothing was told")

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)


@asynccontextmanager
async def by_socket(api: Api, service: str, variables: dict[str, Any]) -> AsyncIterator[Heard]:
    async with session(service) as opened:
        heard = Heard(opened.subscribe(GraphQLRequest(ASK, variable_values=variables)))
        yield heard
        await heard.close()


@asynccontextmanager
async def by_stream(api: Api, service: str, variables: dict[str, Any]) -> AsyncIterator[Heard]:
    asked, accepts = {"query": ASK, "variables": variables}, {"accept": "text/event-stream"}

    async def data(found: AsyncIterator[tuple[str, Any]]) -> AsyncIterator[Any]:
        async for _, payload in found:
            assert "errors" not in payload, payload
            yield payload["data"]

    async with api.http.stream("POST", "/graphql", json=asked, headers=accepts) as response:
        heard = Heard(data(events(response)))
        yield heard
        await heard.close()


PROTOCOLS: list[Callable[..., Any]] = [by_socket, by_stream]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_another_process_writes_below_the_root_is_told(
    api: Api, service: str, world: World, protocol: Callable[..., Any]
) -> None:
    async with protocol(api, service, {"root": ANA}) as heard:
        await heard.in_force(world)
        path = ["ana"]
        for depth, name in enumerate(["ben", "cho", "dan"], 1):
            await world.touch(name)
            change = await heard.next()
            path.append(name)
            assert await world.named(change["path"]) == path
            member = change["member"]
            assert (member["depth"], member["customer"]["name"]) == (depth, name)
            assert member["customer"]["id"] == change["path"][-1] and member["referrerId"] == change["path"][-2]
            code = f"{path[-2]}>{name}"
            assert member["referral"] == {"code": code}
            assert change["referral"] == {"code": code, "referralStatus": "ACCEPTED", "friend": {"name": name}}
        # Somebody new, by one who was touched as well.
        await world.told(*brings("dan", "fay", 50))
        found = {(change["member"]["customer"]["name"] or "fay"): change for change in [await heard.next(), await heard.next()]}
        assert found.keys() == {"dan", "fay"} and found["fay"]["member"]["depth"] == 4
        assert found["fay"]["path"][:-1] == found["dan"]["path"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_nothing_is_told_of_others_nor_of_those_further_down(
    api: Api, service: str, world: World, protocol: Callable[..., Any]
) -> None:
    async with protocol(api, service, {"root": ANA, "depth": 2}) as heard:
        await heard.in_force(world)
        await world.touch("gus", "hal", "ana", "dan")
        await world.told(*brings("gus", "ike", 50), *brings("dan", "fay", 50), invite("i", 60, user("ana"), "nobody"))
        await asyncio.sleep(0.5)
        await world.touch("cho")
        assert await world.named((await heard.next())["path"]) == ["ana", "ben", "cho"]
        # Who would be the third is told of no more than the one who is.
        await world.rejected("cho", "dan")
        assert (await heard.next())["referral"]["code"] == "ben>cho"
        await world.touch("ben")
        assert (await heard.next())["referral"]["code"] == "ana>ben"


async def test_who_leaves_is_told_by_the_referral_that_brings_them_in_no_more(api: Api, service: str, world: World) -> None:
    async with by_socket(api, service, {"root": ANA}) as heard:
        await heard.in_force(world)
        await world.rejected("cho", "dan")
        found = {change["referral"]["code"]: change for change in [await heard.next(), await heard.next()]}
        assert found.keys() == {"ben>cho", "cho>dan"}
        left = found["cho>dan"]
        assert left["referral"] == {"code": "cho>dan", "referralStatus": "REJECTED", "friend": {"name": "dan"}}
        assert (await world.named(left["path"]), left["member"]["customer"]["name"]) == (["ana", "ben", "cho"], "cho")
        # From the root itself, with all who are below.
        await world.rejected("ana", "ben")
        left = await heard.next()
        assert (left["referral"]["code"], left["member"], left["resync"]) == ("ana>ben", None, False)
        assert await world.named(left["path"]) == ["ana"]
        await world.touch("ben", "cho", "dan")
        # One who was brought in before by somebody else never comes.
        await world.told(*brings("ana", "hal", 50))
        # What ended is told again where friend and advocate happen to change at once.
        while (change := await heard.next())["referral"]["code"] == "ana>ben":
            pass
        assert change["referral"] == {"code": "ana>hal", "referralStatus": "SUPERSEDED", "friend": {"name": "hal"}}
        assert (await world.named(change["path"]), change["member"]) == (["ana"], None)


async def test_a_member_that_becomes_somebody_else_s_leaves_as_well(api: Api, service: str, world: World) -> None:
    """Of two that turn out to be one, the referral that was accepted first counts."""
    await world.told(*brings("gus", "kim", 0.1), *brings("ana", "lou", 60), *brings("lou", "mia", 61))
    async with by_socket(api, service, {"root": ANA}) as heard:
        await heard.in_force(world)
        both = (IdentifierKey("user_id", "lou"), IdentifierKey("email", "k@example.com"))
        await world.told(IdentifyInput(id="m1", source="s", at=at(1), identifiers=both))
        assert (await heard.next())["referral"]["code"] == "ana>lou"
        both = (IdentifierKey("user_id", "kim"), IdentifierKey("email", "k@example.com"))
        await world.told(IdentifyInput(id="m2", source="s", at=at(2), identifiers=both))
        left = await heard.next()
        assert (left["referral"]["code"], left["referral"]["referralStatus"]) == ("ana>lou", "SUPERSEDED")
        assert (await world.named(left["path"]), left["member"]) == (["ana"], None)
        await world.touch("mia", "lou", "kim", "ben")
        assert await world.named((await heard.next())["path"]) == ["ana", "ben"]


async def test_a_root_that_becomes_another_customer_is_followed(api: Api, service: str, world: World) -> None:
    async with by_socket(api, service, {"root": ANA}) as heard:
        await heard.in_force(world)
        for number, name in enumerate(["ana", "gus"]):
            both = (IdentifierKey("user_id", name), IdentifierKey("email", "one@example.com"))
            await world.told(IdentifyInput(id=f"m{number}", source="s", at=at(number), identifiers=both))
        await asyncio.sleep(0.5)
        for name in ("hal", "ben"):
            await world.touch(name)
            # That both have another advocate now may be told before.
            while (change := await heard.next())["member"]["customer"]["name"] != name:
                pass
            assert change["member"]["depth"] == 1 and change["path"][-1] == change["member"]["customer"]["id"]


async def test_what_can_not_be_watched(api: Api, service: str, world: World) -> None:
    async with session(service) as opened:

        async def refused(code: str, **variables: Any) -> None:
            with pytest.raises(TransportQueryError, match=code):
                await anext(opened.subscribe(GraphQLRequest(ASK, variable_values=variables)))

        await refused("NOT_FOUND", root={"id": "cus_" + "0" * 32})
        await refused("NOT_FOUND", root={"email": "nobody@example.com"})
        await refused("INVALID_ID", root={"id": "x"})
        for depth in (0, -1, 1_001, 2**31 - 1):
            await refused("INVALID_DEPTH", root=ANA, depth=depth)
            # Nor is it looked up whether there is such a customer.
            await refused("INVALID_DEPTH", root={"id": "cus_" + "0" * 32}, depth=depth)
    assert await api.codes(ASK, root=ANA) == ["SUBSCRIPTION_WITHOUT_STREAM"]


async def test_without_redis_one_is_told_to_read_again(api: Api, service: str, world: World, stack: Stack) -> None:
    async with by_socket(api, service, {"root": ANA, "depth": 2}) as heard:
        await heard.in_force(world)

        async def until_resync() -> None:
            while not (change := await heard.any())["resync"]:
                pass
            assert change == {"resync": True, "path": [], "referral": None, "member": None}

        await stack.stop_redis()
        try:
            await until_resync()
            await world.touch("ben")
            await until_resync()
            while await heard.soon():
                pass
            await world.touch("gus", "dan")
            assert not await heard.soon()
        finally:
            await stack.start_redis()
        # When the cache is open again they are told by name as before.
        for _ in range(60):
            await world.touch("cho")
            change = await heard.any()
            if not change["resync"]:
                break
        assert await world.named(change["path"]) == ["ana", "ben", "cho"]


LARGE = """subscription ($root: CustomerKey!) { referralNetworkChanged(root: $root) {
  resync path referral { code advocate { %s } } } }"""


@pytest.mark.usefixtures("cached")
async def test_a_client_that_does_not_read_is_told_to_read_again(
    service: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.network_watches.MOST_WAITING", 20)
    friends = [f"f{number}" for number in range(40)]
    await world.told(*(event for friend in friends for event in brings("ana", friend, 20)))
    # Long answers, so that what lies between server and client holds but a few of them.
    properties = {"words": "x" * 4_000}
    await world.told(*(touchpoint(f"p{number}", number, user("ana"), properties=properties) for number in range(15)))
    entries = " ".join(f"t{alias}: touchpoints(first: 15) {{ nodes {{ properties }} }}" for alias in range(15))
    ours = [websockets.Subprotocol("graphql-transport-ws")]
    address = f"{service.replace('http', 'ws')}/graphql"
    async with websockets.connect(address, subprotocols=ours, max_queue=1, max_size=None, compression=None) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        payload = {"query": LARGE % entries, "variables": {"root": ANA}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))

        async def said() -> AsyncIterator[Any]:
            while True:
                yield json.loads(await socket.recv())["payload"]["data"]

        heard = Heard(said())
        await heard.in_force(world)
        for start in range(0, len(friends), 5):
            await world.touch(*friends[start : start + 5])
            await asyncio.sleep(2 * GATHER_SECONDS)
        told: list[Change] = []
        while change := await heard.soon(10):
            told.append(change)
        await heard.close()
    assert any(change["resync"] for change in told) and len(told) < len(friends)


@dataclass(slots=True)
class Trail:
    """An audit trail that says what it was told."""

    was_read: list[tuple[set[str], bool]] = field(default_factory=list)

    def read(self, who: Actor, customers: Iterable[str], *, personal: bool) -> None:
        self.was_read.append((set(customers), personal))

    def sent(self, who: Actor, events: Iterable[tuple[str, str]]) -> None: ...

    def wrote(self, who: Actor, customers: Iterable[str], count: int) -> None: ...


@dataclass(slots=True)
class Quotas:
    """Quotas that say what was taken."""

    taken: list[int] = field(default_factory=list)
    rate: int = 1_000
    burst: int = 1_000

    def at_hand(self, principal: str, price: int, /) -> bool:
        self.taken.append(price)
        return True

    async def take(self, principal: str, price: int, /) -> int:
        raise AssertionError("all is at hand")

    def give_back(self, principal: str, tokens: int, /) -> None: ...


@dataclass(slots=True)
class Asked:
    """One process that is asked by whoever it is, and what it says of it."""

    services: Services
    trail: Trail = field(default_factory=Trail)
    quotas: Quotas = field(default_factory=Quotas)

    @asynccontextmanager
    async def by(self, principal: Principal, query: str = ASK, **variables: Any) -> AsyncIterator[AsyncIterator[Answer]]:
        quintiles = QuintileCopy(lambda: load_quintiles(self.services.store))
        sources = replace(sources_of(self.services, quintiles), trail=self.trail, quotas=self.quotas)
        async with aclosing(answers(query, sources, principal, variables=variables, seconds=60)) as found:
            yield found
        await quintiles.close()

    async def codes(self, principal: Principal, **variables: Any) -> list[str]:
        async with self.by(principal, **variables) as found:
            return [error["extensions"]["code"] for error in (await anext(found)).errors]


@pytest.fixture
def asked(services: Services) -> Asked:
    return Asked(services)


async def first(found: AsyncIterator[Answer], world: World, *names: str) -> Answer:
    """The first answer that names a member, these being touched until there is one."""
    while True:
        heard = asyncio.ensure_future(anext(found))
        while not (await asyncio.wait([heard], timeout=1.0))[0]:
            await world.touch(*names)
        answer = heard.result()
        if answer.data is None or not answer.data["referralNetworkChanged"]["resync"]:
            return answer


async def test_names_are_masked_without_the_scope(asked: Asked, world: World) -> None:
    async with asked.by(without(PERSONAL), root=ANA) as found:
        answer = await first(found, world, "ben")
    assert answer.errors == []
    change = answer.data["referralNetworkChanged"]
    assert change["member"]["customer"]["name"] == "b•••" and change["referral"]["friend"]["name"] == "b•••"
    assert await asked.codes(without(PERSONAL), root={"email": "ana@example.com"}) == ["FORBIDDEN"]


async def test_who_lacks_the_scope_watches_nothing(asked: Asked, world: World) -> None:
    assert await asked.codes(without(REFERRAL), root=ANA) == ["FORBIDDEN"]
    assert await asked.codes(Principal(id="p", scopes=frozenset({PROFILE})), root=ANA) == ["FORBIDDEN"]


async def test_a_customers_own_token_watches_that_customer_s_network_only(asked: Asked, world: World) -> None:
    ben, cho = own("user_id", "ben"), own("user_id", "cho")
    ask = """subscription ($root: CustomerKey!) { referralNetworkChanged(root: $root) {
      resync path member { depth customer { id name } } } }"""
    by_ben = {"identifier": {"type": "user_id", "value": "ben"}}
    async with asked.by(ben, ask, root=by_ben) as found:
        answer = await first(found, world, "zed", "hal", "cho")
    assert answer.errors == []
    change = answer.data["referralNetworkChanged"]
    assert await world.named(change["path"]) == ["ben", "cho"]
    assert (change["member"]["depth"], change["member"]["customer"]["name"]) == (1, "c•••")
    for somebody in (ANA, by_ben, {"id": "cus_" + "0" * 32}, {"identifier": {"type": "user_id", "value": "nobody"}}):
        assert await asked.codes(cho, root=somebody) == ["FORBIDDEN"]


async def test_what_is_told_is_recorded_and_paid_for(asked: Asked, world: World) -> None:
    async with asked.by(WHOEVER, root=ANA) as found:
        answer = await first(found, world, "cho")
        asked.trail.was_read.clear()
        asked.quotas.taken.clear()
        path: list[str] = []
        while await world.named(path) != ["ana", "ben", "cho", "dan"]:
            path = (await first(found, world, "dan")).data["referralNetworkChanged"]["path"]
    assert await world.named(answer.data["referralNetworkChanged"]["path"]) == ["ana", "ben", "cho"]
    # The member, and who is named as the friend.
    customers, personal = asked.trail.was_read[-1]
    assert (set(await world.named(customers)), personal) == ({"cho", "dan"}, True)
    assert all(price >= 3 for price in asked.quotas.taken) and asked.quotas.taken

"""The figures of docs/metrics.md by brute force, from the events themselves, by networkx. Of the service nothing is used but the
codes and the ids that it makes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any, NamedTuple

import networkx as nx

from graph import ids
from graph.events.inputs import (
    AcceptInput,
    CustomerKey,
    Event,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseStatusInput,
    ReferralCodeInput,
    ReferralReviewInput,
    RefundInput,
)
from graph.events.kept import Kept
from graph.events.referring import code_of
from graph.money import Money
from graph.referrals import Rule
from tests.happenings import accept, at, identify, invite, purchase, status, user

Period = tuple[datetime, datetime]


def within(time: datetime, period: Period | None) -> bool:
    return period is None or period[0] <= time < period[1]


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase as all that was said of it leaves it. `net`: of the total, less refunds, nothing where it was cancelled."""

    customer: str
    at: datetime
    number: str
    currency: str
    total: int
    net: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Brought:
    """An acceptance that stands. `qualified_at`: when the friend made the qualifying purchase; `converted`: that it did, and it
    was not reversed."""

    advocate: str
    friend: str
    code: str
    at: datetime
    qualified_at: datetime | None
    converted: bool


@dataclass(frozen=True)
class Oracle:
    """Customers are named by the least of their user ids. No two times of acceptance may be the same."""

    events: Sequence[Event]
    rule: Rule = field(default_factory=Rule)

    @cached_property
    def people(self) -> dict[str, str]:
        known: nx.Graph[str] = nx.Graph()
        for event in self.events:
            for name in ("customer", "advocate", "friend"):
                key = getattr(event, name, None)
                if isinstance(key, CustomerKey):
                    known.add_node(_name(key))
            if isinstance(event, IdentifyInput):
                names = [each.value for each in event.identifiers]
                nx.add_path(known, names)
        return {name: min(group) for group in nx.connected_components(known) for name in group}

    @cached_property
    def advocates(self) -> dict[str, str]:
        """By code: who invited with it, or was given it."""
        return {
            code_of(Kept.of(0, event)): self.people[_name(event.advocate)]
            for event in self.events
            if isinstance(event, InviteInput | ReferralCodeInput)
        }

    @cached_property
    def invited(self) -> list[tuple[str, datetime]]:
        """Each referral that was made: by whom, and when. Whoever accepts with a standing code was invited then."""
        found = [(self.people[_name(event.advocate)], event.at) for event in self.events if isinstance(event, InviteInput)]
        standing = {code_of(Kept.of(0, event)) for event in self.events if isinstance(event, ReferralCodeInput)}
        accepted = [event for event in self.events if isinstance(event, AcceptInput) and event.code in standing]
        return found + [(self.advocates[event.code], event.at) for event in accepted]

    @cached_property
    def purchases(self) -> list[Bought]:
        found = []
        for event in self.events:
            if not isinstance(event, PurchaseInput):
                continue
            assert event.total is not None
            said = [each for each in self.events if getattr(each, "purchase", None) == event.number]
            paid_back = sum(each.amount.amount for each in said if isinstance(each, RefundInput))
            cancelled = any(isinstance(each, PurchaseStatusInput) for each in said)
            net = 0 if cancelled else event.total.amount - min(paid_back, event.total.amount)
            who = self.people[_name(event.customer)]
            found.append(Bought(who, event.at, event.number, event.total.currency, event.total.amount, net, cancelled))
        return sorted(found, key=lambda each: (each.at, each.number))

    @cached_property
    def accepted(self) -> list[Accepted]:
        """All that friends accepted, with what became of it but for its place in the forest."""
        reviews = sorted((each for each in self.events if isinstance(each, ReferralReviewInput)), key=lambda each: each.at)
        verdicts = {each.referral: each.approve for each in reviews}
        made = {code_of(Kept.of(0, event)): event for event in self.events if isinstance(event, InviteInput | ReferralCodeInput)}
        found = []
        for event in self.events:
            if isinstance(event, AcceptInput) and event.code in made:
                friend, advocate = self.people[_name(event.friend)], self.advocates[event.code]
                code = made[event.code]
                expires = code.expires_at if isinstance(code, ReferralCodeInput) else None
                fate = ""
                if friend == advocate:
                    fate = "self"
                elif expires is not None and event.at >= expires:
                    fate = "late"
                elif not verdicts.get(referral_of(code, event), True):
                    fate = "no"
                found.append(Accepted(event.at, advocate, friend, event.code, fate))
        return found

    @cached_property
    def _candidates(self) -> tuple[dict[str, Accepted], list[Accepted]]:
        """By friend, the earliest acceptance that counts, but for the latest ones of rings; and those."""
        candidates: dict[str, Accepted] = {}
        for each in sorted(self.accepted):
            if not each.fate:
                candidates.setdefault(each.friend, each)
        rings: list[list[str]] = list(nx.simple_cycles(nx.DiGraph([(one.advocate, one.friend) for one in candidates.values()])))
        return candidates, [candidates.pop(max(ring, key=lambda friend: candidates[friend].at)) for ring in rings]

    @cached_property
    def standing(self) -> dict[str, Brought]:
        """What brought somebody in, by friend."""
        return {friend: self._brought(friend, one.at, one.advocate, one.code) for friend, one in self._candidates[0].items()}

    def _brought(self, friend: str, accepted_at: datetime, advocate: str, code: str) -> Brought:
        until = accepted_at + timedelta(days=self.rule.days)
        for bought in self.purchases:
            if bought.customer != friend or bought.cancelled or not accepted_at <= bought.at < until:
                continue
            least = 0 if self.rule.least is None else self.rule.least.get(bought.currency)
            if least is not None and bought.total >= least:
                return Brought(advocate, friend, code, accepted_at, bought.at, bought.net >= max(1, least))
        return Brought(advocate, friend, code, accepted_at, None, converted=False)

    @cached_property
    def forest(self) -> nx.DiGraph[str]:
        forest: nx.DiGraph[str] = nx.DiGraph()
        forest.add_nodes_from(set(self.people.values()))
        for friend, brought in sorted(self.standing.items(), key=lambda each: (each[1].at, each[0])):
            forest.add_edge(brought.advocate, friend)
        return forest

    def generations(self, root: str) -> list[list[str]]:
        """Members by generation, in the order in which they are listed."""
        found = [list(layer) for layer in nx.bfs_layers(self.forest, self.people[root])][1:]
        before = [self.people[root]]
        for layer in found:
            place = {name: number for number, name in enumerate(before)}
            layer.sort(key=lambda name: (place[self.standing[name].advocate], self.standing[name].at))
            before = layer
        return found

    def net(self, customers: Iterable[str], period: Period | None = None) -> dict[str, int]:
        """Revenue less refunds in minor units, by currency."""
        sums: Counter[str] = Counter()
        wanted = set(customers)
        for bought in self.purchases:
            if bought.customer in wanted and within(bought.at, period):
                sums[bought.currency] += bought.net
        return {currency: amount for currency, amount in sums.items() if amount}

    def network(self, root: str, depth: int | None = None, period: Period | None = None) -> list[tuple[int, int, dict[str, int]]]:
        """For each generation: who accepted, how many of these converted, and what all of them are worth."""
        rows = []
        for layer in self.generations(root)[:depth]:
            counted = [self.standing[name] for name in layer if within(self.standing[name].at, period)]
            rows.append((len(counted), sum(each.converted for each in counted), self.net(layer, period)))
        while rows and not rows[-1][0] and not rows[-1][2]:
            rows.pop()
        return rows

    def members(self, root: str, depth: int | None = None, period: Period | None = None) -> list[tuple[str, str, int]]:
        """Each member with its advocate and its generation."""
        return [
            (name, self.standing[name].advocate, number)
            for number, layer in enumerate(self.generations(root)[:depth], 1)
            for name in layer
            if within(self.standing[name].at, period)
        ]

    def ranked(self, order: str, weights: Mapping[str, float], period: Period | None = None) -> list[Ranked]:
        """Advocates with their figures, most first; the names of those with as much in the order of their names."""
        found = []
        for name in self.forest:
            below = [member for layer in self.generations(name) for member in layer]
            members = [self.standing[member] for member in below if within(self.standing[member].at, period)]
            own = [each for each in members if each.advocate == name]
            net = self.net(below, period)
            converted = sum(each.converted for each in own)
            invited = sum(advocate == name and within(at, period) for advocate, at in self.invited)
            worth = int(sum(amount * weights.get(currency, 0.0) for currency, amount in net.items()))
            key = {"CONVERTED": converted, "NETWORK_SIZE": len(members), "NETWORK_REVENUE": worth}[order]
            if members or net:
                found.append(Ranked(key, name, invited, len(own), converted, len(members), net))
        return sorted(found, key=lambda each: (-each.key, each.name))

    def program(self, period: Period | None = None) -> dict[str, Any]:
        """How referrals go."""
        invited = [advocate for advocate, at in self.invited if within(at, period)]
        accepted = [each for each in self.standing.values() if within(each.at, period)]
        converts = [each for each in accepted if each.converted]
        days = [(each.qualified_at - each.at) / timedelta(days=1) for each in converts if each.qualified_at]
        return {
            "invited": len(invited),
            "advocates": len(set(invited)),
            "accepted": len(accepted),
            "qualified": len(converts),
            "rejected": sum(
                within(each.at, period)
                for each in (*self._candidates[1], *(each for each in self.accepted if each.fate in ("self", "no")))
            ),
            "median": median(days) if days else None,
            "longest": max((len(nx.ancestors(self.forest, each.friend)) for each in accepted), default=0),
            "net": self.net(self.standing, period),
        }

    def below(self, root: str, generations: int, decay: float) -> dict[str, float]:
        """What those below a customer are worth, each generation less than the one above, in minor units by currency."""
        worth: dict[str, float] = {}
        for number, layer in enumerate(self.generations(root)[:generations], 1):
            for currency, amount in self.net(layer).items():
                worth[currency] = worth.get(currency, 0) + amount * decay**number
        return worth


class Accepted(NamedTuple):
    """`fate`: that friend and advocate are one, that the code had run out, or that a review said no; empty where it counts."""

    at: datetime
    advocate: str
    friend: str
    code: str
    fate: str


class Ranked(NamedTuple):
    key: int
    name: str
    invited: int
    accepted: int
    converted: int
    size: int
    net: dict[str, int]


def _name(key: CustomerKey) -> str:
    assert key.identifier is not None
    return key.identifier.value


def referral_of(made: InviteInput | ReferralCodeInput, accepted: AcceptInput) -> str:
    """The id of the referral that an acceptance completes: the invitation, or with a standing code one of its own."""
    event: Event = made if isinstance(made, InviteInput) else accepted
    return ids.derive("referral", event.at, Kept.of(0, event).key)


def reviews(seed: int, events: Sequence[Event]) -> list[Event]:
    """What somebody says of some of the referrals of a history, and of some of these again; they come after it, in no order."""
    chance = random.Random(seed)
    made = {code_of(Kept.of(0, event)): event for event in events if isinstance(event, InviteInput | ReferralCodeInput)}
    found: list[Event] = []
    accepted = [event for event in events if isinstance(event, AcceptInput)]
    for event in accepted * 2:
        if chance.random() < 0.3:
            review = ReferralReviewInput(
                id=f"v{len(found)}", source="desk", at=at(chance.uniform(300, 900)),
                referral=referral_of(made[event.code], event), approve=chance.random() < 0.4, reason="looked at",
            )  # fmt: skip
            found.append(review)
    chance.shuffle(found)
    return found


def history(seed: int, *, people: int = 14, referrals: int = 24, purchases: int = 40, merges: int = 2) -> list[Event]:
    """Invitations, acceptances, purchases with what becomes of them, and people who turn out to be one, in no order."""
    chance = random.Random(seed)
    names = [f"u{number:02d}" for number in range(people)]
    events: list[Event] = [identify(f"n-{name}", 0, ("user_id", name)) for name in names]
    times = random.Random(seed + 1).sample(range(1, 100 * (referrals + 1)), 2 * referrals)
    for number in range(referrals):
        advocate, friends = user(chance.choice(names)), chance.sample(names, 2)
        made: Event = invite(f"i{number}", chance.randint(0, 40), advocate, f"c{number}")
        if chance.random() < 0.3:
            ends = at(chance.uniform(50, 400)) if chance.random() < 0.3 else None
            made = ReferralCodeInput(id=f"i{number}", source="test", at=made.at, advocate=advocate, expires_at=ends)
        else:
            friends.pop()
        events.append(made)
        for turn, friend in enumerate(friends):
            hours = times[2 * number + turn] / 10
            events.append(accept(f"a{number}-{turn}", hours, code_of(Kept.of(0, made)), user(friend)))
    for number in range(purchases):
        events += _purchase(chance, str(number), chance.choice(names), 10 * (referrals + 1))
    for number in range(merges):
        pair = chance.sample(names, 2)
        events.append(identify(f"m{number}", 50, ("user_id", pair[0]), ("user_id", pair[1])))
    chance.shuffle(events)
    return events


def _purchase(chance: random.Random, number: str, name: str, hours: int) -> list[Event]:
    total = Money(chance.randint(100, 9_999), chance.choice(("USD", "USD", "EUR", "GBP")))
    when = chance.uniform(0, hours)
    found: list[Event] = [replace(purchase(f"p{number}", when, user(name), number, items=()), total=total)]
    fate = chance.random()
    if fate < 0.15:
        amount = Money(chance.choice((total.amount, total.amount // 3)), total.currency)
        found.append(RefundInput(id=f"r{number}", source="test", at=at(when + 1), purchase=number, amount=amount))
    elif fate < 0.25:
        found.append(status(f"s{number}", when + 1, number, "CANCELLED"))
    return found

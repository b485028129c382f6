"""A demo world, customer by customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from random import Random

from app.demo.dice import mix
from app.demo.errors import MOST_CUSTOMERS, BadSize
from app.demo.ledger import Ledger
from app.demo.messages import write_messages
from app.demo.network import Network
from app.demo.people import Person, person
from app.demo.referrals import write_referrals
from app.demo.signups import PEOPLE_PER_ACCOUNT, account_event, accounts, duplicate, write_sign_up, write_twin
from app.demo.tale import Tale
from app.demo.visits import write_visits
from graph.events.inputs import Event

_SALT_STORY = 1
_by_time = attrgetter("at")
_kind = attrgetter("kind")


@dataclass(frozen=True, slots=True)
class World:
    """All of a demo world that outlives one customer: who is linked to whom, and the books."""

    network: Network
    ledger: Ledger
    dice: Random = field(default_factory=Random)

    @classmethod
    def of(cls, *, customers: int, seed: int) -> World:
        """A world nobody has joined yet; raises BadSize."""
        if not 1 <= customers <= MOST_CUSTOMERS:
            raise BadSize.customers(customers)
        if not 0 <= seed < 2**63:
            raise BadSize.seed(seed)
        return cls(Network(customers, seed), Ledger(customers))

    def events(self) -> Iterator[Event]:
        """Every event of the world once, customers in the order they join, each customer's events in the order of time.

        The ledger is right when the last one has been taken.
        """
        kinds = self.ledger.kinds
        for index in range(self.network.customers):
            written = self.customer(index)
            kinds.update(map(_kind, written))
            yield from written

    def customer(self, index: int) -> list[Event]:
        """The events of one customer, and of the organization that is written with it."""
        network, ledger = self.network, self.ledger
        who = self.person(index)
        advocate = network.advocate(index)
        ledger.customer(index, advocate=advocate, known=who.known)
        tale = Tale(who, network.joined(index), self.dice.random, ledger, f"{index:08d}", [])
        first_end = write_visits(tale, invited=advocate >= 0)
        if who.known:
            self._known(tale, first_end + 30, advocate=advocate)
        self._identifiers(who)
        if index % PEOPLE_PER_ACCOUNT == 0 and index // PEOPLE_PER_ACCOUNT < accounts(network.customers):
            tale.out.append(account_event(network, index // PEOPLE_PER_ACCOUNT))
            ledger.identifiers["account_id"] += 1
        tale.out.sort(key=_by_time)
        return tale.out

    def person(self, index: int) -> Person:
        """Who customer `index` is; the dice stand where its story goes on."""
        self.dice.seed(mix(self.network.seed, index, _SALT_STORY))
        return person(self.network, index, self.dice.random)

    def _known(self, tale: Tale, signed_up: int, *, advocate: int) -> None:
        network = self.network
        write_sign_up(tale, signed_up, accounts=accounts(network.customers))
        write_messages(tale, signed_up)
        write_referrals(tale, network, advocate=advocate, signed_up=signed_up)
        twin = duplicate(network, tale.person)
        if twin:
            write_twin(tale, twin, signed_up=signed_up)
            for key in twin.second:
                self.ledger.identifiers[key.type] += key not in twin.first

    def _identifiers(self, who: Person) -> None:
        counts = self.ledger.identifiers
        for key in who.identifiers:
            counts[key.type] += 1

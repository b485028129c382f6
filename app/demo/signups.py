"""How customers become known: sign-ups, organizations, and second sets of identifiers for people already known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from app.demo import orders
from app.demo.clock import DAY, NOW, START, moment
from app.demo.network import Network
from app.demo.people import Person, loyalty_key
from app.demo.tale import Tale
from graph.events.inputs import CustomerKey, IdentifierKey, IdentifyInput, TouchpointInput

EDITION = 1
"""Rises when the same size and seed give other events than before."""

PEOPLE_PER_ACCOUNT = 100


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two sets of identifiers of one person. `rule` is the type of the identifier that is in both, or `similar` when none
    is and only name, birthday and address agree.
    """

    rule: str
    first: tuple[IdentifierKey, ...]
    second: tuple[IdentifierKey, ...]


def write_sign_up(tale: Tale, second: int, *, accounts: int) -> None:
    """The customer states who it is; three in a hundred belong to one of the organizations."""
    person = tale.person
    u = tale.draw()
    account = _account_key(int(u / 0.03 * accounts)) if u < 0.03 else None
    tale.out.append(
        IdentifyInput(
            id=tale.next_id(), source="crm", at=moment(second), identifiers=person.identifiers, traits=person.traits(),
            account=account,
        )
    )  # fmt: skip


def account_event(network: Network, number: int) -> IdentifyInput:
    """Organization `number`, a day older than any customer. The first one also says which demo world this is, so that
    loading another world into the same database conflicts at its first event.
    """
    japanese = number % 2 == 1
    traits: dict[str, Any] = {
        "name": f"株式会社サンプル{number:04d}" if japanese else f"Example Trading No. {number:04d}",
        "country": "JP" if japanese else "US",
        "organization": True,
    }
    if number == 0:
        traits["demoWorld"] = {"customers": network.customers, "seed": network.seed, "edition": EDITION}
    return IdentifyInput(
        id=f"account-{number}", source="crm", at=moment(START - DAY), identifiers=(_account_key(number),), traits=traits
    )


def accounts(customers: int) -> int:
    """How many organizations a world of that many customers has."""
    return max(1, customers // PEOPLE_PER_ACCOUNT)


def duplicate(network: Network, person: Person) -> Duplicate | None:
    """The planted second set of a person's identifiers, if it has one."""
    kind = network.twin(person.index)
    if kind is None:
        return None
    card = loyalty_key(person.index)
    if kind == "similar":
        other = f"{person.family.roman}{person.given.roman[0]}{person.index}@example.net"
        return Duplicate("similar", person.identifiers, (card, IdentifierKey("email", other)))
    if person.phone and person.index % 2:
        return Duplicate("phone", person.identifiers, (card, IdentifierKey("phone", person.phone)))
    return Duplicate("email", person.identifiers, (card, IdentifierKey("email", person.email)))


def write_twin(tale: Tale, twin: Duplicate, *, signed_up: int) -> None:
    """A till takes the person's name again, and files what it buys under a card of its own."""
    second = signed_up + 3_600 + int(tale.draw() * tale.draw() * (NOW - signed_up - DAY // 2))
    person = tale.person
    card, shared = twin.second
    key = CustomerKey(identifier=card)
    traits: dict[str, Any] = {
        "name": person.other_spelling() if person.index % 4 < 2 else person.full_name(),
        "birthDate": person.born.isoformat(),
        "country": person.country.code,
        "addresses": [person.home],
    }
    if twin.rule == "similar":
        traits["email"] = shared.value
    tale.out.append(IdentifyInput(id=tale.next_id(), source="pos", at=moment(second), identifiers=twin.second, traits=traits))
    as_twin = replace(tale, person=replace(person, site=key, store=key, mail=key))
    for _ in range(1 + int(tale.draw() * 3)):
        _visit_store(as_twin, second)
        if twin.rule != "similar":
            tale.ledger.touchpoints(person.index, 1)
        later = tale.later(second, days=60)
        if later is None:
            break
        second = later
    tale.ledger.twin(person.index, strong=twin.rule != "similar")


def _visit_store(tale: Tale, second: int) -> None:
    tale.out.append(
        TouchpointInput(
            id=tale.next_id(), source="pos", at=moment(second), customer=tale.person.store, channel="store", type="store_visit",
            duration_seconds=60 + int(tale.draw() * 1_500),
        )
    )  # fmt: skip
    if tale.draw() < 0.6:
        orders.buy_in_store(tale, second + 60, key=tale.person.store)


def _account_key(number: int) -> IdentifierKey:
    return IdentifierKey("account_id", f"org{number:06d}")

"""Invitations and acceptances, the planted rings among them."""

from __future__ import annotations

from app.demo.clock import DAY, moment
from app.demo.dice import pareto
from app.demo.network import Network
from app.demo.people import user_key
from app.demo.tale import Tale
from graph.events.inputs import AcceptInput, CustomerKey, IdentifierKey, InviteInput

SOURCE = "referrals"
_CHANNELS = ("email", "social", "chat", "sms", "referral")
_LONGEST_WAIT = 21 * DAY


def write_referrals(tale: Tale, network: Network, *, advocate: int, signed_up: int) -> None:
    """How the customer was brought in, and whom it invited in vain. An invitation is written with the friend who accepts it,
    at a time when the advocate is there already.
    """
    index = tale.person.index
    if advocate >= 0:
        code = f"R{index:08d}"
        _invite(tale, network, advocate=advocate, before=tale.joined, code=code)
        _accept(tale, signed_up + 10, code=code, friend=tale.person.site)
        other = network.second_advocate(index)
        again = tale.later(signed_up, days=30) if other >= 0 else None
        if again:
            _invite(tale, network, advocate=other, before=again, code=f"{code}B")
            _accept(tale, again, code=f"{code}B", friend=tale.person.site)
            tale.ledger.superseded += 1
    if network.ring_of(index) and network.ring_place(index) == 0:
        _close_ring(tale, network)
    u = tale.draw()
    if u < 0.12 * tale.person.content:
        _invite_in_vain(tale, signed_up)


def ring_members(network: Network, index: int) -> tuple[IdentifierKey, ...]:
    """The members of the ring that begins with customer `index`, each one the advocate of the next, the last of the first."""
    return tuple(user_key(index + place) for place in range(network.ring_of(index)))


def ring_code(index: int) -> str:
    """The code of the invitation that closes the ring that begins with customer `index`."""
    return f"R{index:08d}C"


def _invite(tale: Tale, network: Network, *, advocate: int, before: int, code: str) -> None:
    """An invitation in the three weeks before `before`; half of them name the friend's mail address."""
    earliest = min(before, max(network.joined(advocate) + 3_600, before - _LONGEST_WAIT))
    u = tale.draw()
    tale.out.append(
        InviteInput(
            id=tale.next_id(), source=SOURCE, at=moment(earliest + int(u * (before - earliest))),
            advocate=CustomerKey(identifier=user_key(advocate)),
            friend=IdentifierKey("email", tale.person.email) if u < 0.5 else None,
            channel=_CHANNELS[int(u * 1_000) % len(_CHANNELS)], campaign="friends", code=code,
        )
    )  # fmt: skip
    tale.ledger.invitations += 1


def _accept(tale: Tale, second: int, *, code: str, friend: CustomerKey) -> None:
    tale.out.append(AcceptInput(id=tale.next_id(), source=SOURCE, at=moment(second), code=code, friend=friend))
    tale.ledger.acceptances += 1


def _close_ring(tale: Tale, network: Network) -> None:
    """The first member accepts the last one's invitation, after everybody else in the ring has accepted; alone in a ring
    it accepts its own, under its mail address.
    """
    person = tale.person
    members = ring_members(network, person.index)
    last = network.joined(person.index + len(members) - 1)
    code = ring_code(person.index)
    tale.out.append(
        InviteInput(
            id=tale.next_id(), source=SOURCE, at=moment(last + 2 * 3_600), advocate=CustomerKey(identifier=members[-1]),
            channel="social", campaign="friends", code=code,
        )
    )  # fmt: skip
    tale.ledger.invitations += 1
    friend = person.site if len(members) > 1 else person.mail
    _accept(tale, last + 3 * 3_600 + int(tale.draw() * 60_000), code=code, friend=friend)
    tale.ledger.ring(person.index)


def _invite_in_vain(tale: Tale, signed_up: int) -> None:
    """Invitations that nobody took up; half of them name an address of somebody who isn't a customer."""
    index = tale.person.index
    for number in range(1 + pareto(tale.draw(), least=0.4, most=40)):
        at = tale.later(signed_up, days=200)
        if at is None:
            return
        named = tale.draw() < 0.5
        tale.out.append(
            InviteInput(
                id=tale.next_id(), source=SOURCE, at=moment(at), advocate=tale.person.site,
                friend=IdentifierKey("email", f"friend{number}.of.{index}@example.org") if named else None,
                channel=_CHANNELS[number % len(_CHANNELS)], campaign="friends", code=f"R{index:08d}V{number}",
            )
        )  # fmt: skip
        tale.ledger.invitations += 1
        tale.ledger.invited_only += named

"""Invitations and acceptances of one transaction: which referral an acceptance completes, by the code it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from graph import ids
from graph.events.facts import Deltas
from graph.events.identities import Identities, normalised
from graph.events.inputs import AcceptInput, InviteInput
from graph.events.kept import SEPARATOR, Kept, body_of, event_of, iso, key
from graph.events.rows import Row, entry_row
from graph.store import Transaction

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without what is mistaken for something else when read aloud


@dataclass(slots=True)
class Referrals:
    """What is to be written: new referrals, acceptances, and acceptances that came before their code.

    `friends` and `advocates`: the customers and the identifiers whose trees acceptances can change. Each code has a node that
    stands for it, so that invitations and acceptances which come at once wait for each other: `new_codes` have none yet.
    """

    referrals: list[Row] = field(default_factory=list)
    acceptances: list[Row] = field(default_factory=list)
    parked: list[Row] = field(default_factory=list)
    friends: set[str] = field(default_factory=set)
    advocates: set[str] = field(default_factory=set)
    new_codes: set[str] = field(default_factory=set)

    async def record(self, transaction: Transaction) -> None:
        if self.new_codes:
            await transaction.run("events/record_awaited", keys=sorted(self.new_codes))
        for name, rows in (
            ("referrals/record_referrals", self.referrals),
            ("referrals/record_acceptances", self.acceptances),
            ("events/record_statements", self.parked),
        ):
            if rows:
                await transaction.run(name, rows=rows)


def code_of(each: Kept) -> str:
    """The code an acceptance names, or that of an invitation: the stated one, or one always the same for the same event."""
    event = each.event
    assert isinstance(event, (InviteInput, AcceptInput))
    if event.code is not None:
        return event.code
    number = int.from_bytes(blake2b(each.key.encode(), digest_size=8).digest())
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(0, 50, 5))


async def find_codes(transaction: Transaction, kept: Sequence[Kept]) -> tuple[dict[str, dict[str, Any]], list[Row]]:
    """What is known of each code that these invitations and acceptances name: referrals that carry it, parked acceptances.

    Returns also the rows that told, as they came.
    """
    codes = {code_of(each) for each in kept}
    if not codes:
        return {}, []
    rows: list[Row] = (await transaction.run("referrals/find_referrals_by_code", codes=sorted(codes), separator=SEPARATOR))[0]
    found = {
        row["code"]: row
        | {"referrals": [dict(referral) for referral in row["referrals"]], "parked": [event_of(body) for body in row["parked"]]}
        for row in rows
    }
    return found, rows


def rows_of(kept: Sequence[Kept], found: dict[str, dict[str, Any]], identities: Identities, deltas: Deltas) -> Referrals:
    """Invitations first, then acceptances, those that waited for their code included, each from oldest to newest."""
    result = Referrals()
    for each in kept:
        code = code_of(each)
        if not found[code]["there"]:
            result.new_codes.add(key("code", code))
        if isinstance(each.event, InviteInput):
            _invite(each, found[code], identities, deltas, result)
    waiting = [each for each in kept if isinstance(each.event, AcceptInput)]
    for entry in found.values():
        if entry["referrals"]:
            waiting.extend(Kept.of(-1, event) for event in entry["parked"])
    for each in sorted(waiting, key=lambda each: (each.event.at, each.event.source, each.event.id)):
        _accept(each, found, identities, deltas, result)
    return result


def _invite(each: Kept, entry: dict[str, Any], identities: Identities, deltas: Deltas, result: Referrals) -> None:
    event = each.event
    assert isinstance(event, InviteInput)
    advocate = identities.named(event.advocate)
    invitee = None if event.friend is None else identities.by_key[normalised(event.friend.type, event.friend.value)].id
    deltas.count(advocate.id, "referrals", event.at)
    if invitee is not None:
        deltas.count(invitee, None, event.at, seen=False)
    row = entry_row("REFERRAL", advocate.id, event.at, ids.derive("referral", event.at, each.key))
    row |= {
        "advocate": advocate.id,
        "invitee": invitee,
        "invited_at": iso(event.at),
        "key": each.key,
        "body_hash": each.body_hash,
        "code": code_of(each),
        "campaign": event.campaign,
        "channel": event.channel,
    }
    result.referrals.append(row)
    entry["referrals"].append(
        {
            "id": row["id"],
            "advocate": advocate.id,
            "customer": None,
            "invitee": invitee,
            "accepted": False,
            "campaign": event.campaign,
            "channel": event.channel,
        }
    )


def _accept(each: Kept, found: dict[str, dict[str, Any]], identities: Identities, deltas: Deltas, result: Referrals) -> None:
    event = each.event
    assert isinstance(event, AcceptInput)
    entry = found[event.code]
    row = {
        "key": each.key,
        "body_hash": each.body_hash,
        "thing_key": key("code", event.code),
        "at": iso(event.at),
        "body": body_of(event),
    }
    friend = identities.named(event.friend)
    if not entry["referrals"]:
        deltas.count(friend.id, None, event.at)
        result.parked.append(row)
        return
    open_ones = [referral for referral in entry["referrals"] if not referral["accepted"]]
    meant = [referral for referral in open_ones if referral["invitee"] == friend.id] or [
        referral for referral in open_ones if referral["invitee"] is None or len(open_ones) == 1
    ]
    referral = meant[0] if meant else _another(each, entry["referrals"][0], deltas, result)
    referral["accepted"] = True
    deltas.count(friend.id, None, event.at)
    deltas.count(referral["advocate"], None, event.at, seen=False)
    result.acceptances.append(row | {"referral": referral["id"], "friend": friend.id})
    result.friends.add(identities.owner(friend))
    result.advocates.add(referral["advocate"])


def _another(each: Kept, first: dict[str, Any], deltas: Deltas, result: Referrals) -> dict[str, Any]:
    """A further friend came by the same code: a referral of its own, invited when it was accepted."""
    at = each.event.at
    row = entry_row("REFERRAL", first["advocate"], at, ids.derive("referral", at, each.key))
    row |= {
        "advocate": first["advocate"],
        "invitee": None,
        "invited_at": iso(at),
        "key": None,
        "body_hash": None,
        "code": each.event.code,  # type: ignore[union-attr]
        "campaign": first["campaign"],
        "channel": first["channel"],
    }
    deltas.count(first["advocate"], "referrals", at, seen=False)
    result.referrals.append(row)
    return first | {"id": row["id"], "invitee": None}

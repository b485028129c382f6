"""Codes, invitations, acceptances and reviews of one transaction: which referral each acceptance completes, by its code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from graph import ids
from graph.errors import InvalidEvent
from graph.events.facts import Deltas
from graph.events.identities import Identities
from graph.events.inputs import AcceptInput, InviteInput, ReferralCodeInput, ReferralReviewInput
from graph.events.kept import SEPARATOR, Kept, body_of, event_of, iso, key
from graph.events.rows import Row, entry_row
from graph.identity.forms import normalised
from graph.referrals import Rule
from graph.store import Transaction
from graph.timeline import page_key

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without what is mistaken for something else when read aloud


@dataclass(slots=True)
class Referrals:
    """What is to be written: standing codes, new referrals, acceptances, acceptances that came before their code, reviews.

    `friends` and `advocates`: the customers and the identifiers whose trees acceptances can change. Each code has a node that
    stands for it, so that invitations and acceptances which come at once wait for each other: `new_codes` have none yet.
    """

    codes: list[Row] = field(default_factory=list)
    referrals: list[Row] = field(default_factory=list)
    acceptances: list[Row] = field(default_factory=list)
    parked: list[Row] = field(default_factory=list)
    reviews: list[Row] = field(default_factory=list)
    friends: set[str] = field(default_factory=set)
    advocates: set[str] = field(default_factory=set)
    new_codes: set[str] = field(default_factory=set)

    async def record(self, transaction: Transaction) -> None:
        if self.new_codes:
            await transaction.run("events/record_awaited", keys=sorted(self.new_codes))
        for name, rows in (
            ("referrals/record_codes", self.codes),
            ("referrals/record_referrals", self.referrals),
            ("referrals/record_acceptances", self.acceptances),
            ("events/record_statements", self.parked),
            ("referrals/record_reviews", self.reviews),
        ):
            if rows:
                await transaction.run(name, rows=rows)


@dataclass(slots=True)
class Found:
    """What is known of what these events name. `codes`: by code; `reviewed`: referrals that are reviewed, by id; `code_rows` and
    `review_rows`: the rows that told, as they came."""

    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    reviewed: dict[str, Row] = field(default_factory=dict)
    code_rows: list[Row] = field(default_factory=list)
    review_rows: list[Row] = field(default_factory=list)

    def parked(self) -> list[Kept]:
        """Acceptances that came before their codes."""
        return [Kept.of(-1, event) for entry in self.codes.values() for event in entry["parked"]]

    def customers(self) -> dict[str, str]:
        """Whose the identifiers are that no event names: those of advocates whose code a friend used, or whose referral is
        reviewed."""
        rows: list[Row] = [row for entry in self.codes.values() for row in (*entry["referrals"], entry["standing"] or {})]
        rows += self.reviewed.values()
        return {row["advocate"]: row["customer"] for row in rows if row.get("customer")}


def code_of(each: Kept) -> str:
    """The code an acceptance names, or that of an invitation: the stated one, or one always the same for the same event."""
    event = each.event
    assert isinstance(event, (InviteInput, AcceptInput, ReferralCodeInput))
    if not isinstance(event, ReferralCodeInput) and event.code is not None:
        return event.code
    number = int.from_bytes(blake2b(each.key.encode(), digest_size=8).digest())
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(0, 50, 5))


async def find(transaction: Transaction, kept: Sequence[Kept]) -> Found:
    """What is known of each code that these events name, and of each referral that they review."""
    result = Found()
    codes = {code_of(each) for each in kept if not isinstance(each.event, ReferralReviewInput)}
    if codes:
        result.code_rows = await find_codes(transaction, codes)
    for row in result.code_rows:
        result.codes[row["code"]] = row | {
            "referrals": [dict(referral) for referral in row["referrals"]],
            "parked": [event_of(body) for body in row["parked"]],
        }
    reviewed = {each.event.referral for each in kept if isinstance(each.event, ReferralReviewInput)}
    if reviewed:
        result.review_rows = await find_reviewed(transaction, reviewed)
    result.reviewed = {row["id"]: row for row in result.review_rows}
    return result


async def find_codes(transaction: Transaction, codes: Iterable[str]) -> list[Row]:
    """What is known of codes: a row each."""
    rows: list[Row] = (await transaction.run("referrals/find_referrals_by_code", codes=sorted(codes), separator=SEPARATOR))[0]
    return rows


async def find_reviewed(transaction: Transaction, referrals: Iterable[str]) -> list[Row]:
    """Whose referrals are, by their ids: a row for each that is there."""
    rows: list[Row] = (await transaction.run("referrals/find_reviewed", ids=sorted(referrals)))[0]
    return rows


def refused(kept: Iterable[Kept], found: Found) -> dict[str, InvalidEvent]:
    """The errors of reviews of what is no referral, by the keys of the events."""
    return {
        each.key: InvalidEvent("referral", f"there is no referral {each.event.referral}", code="NOT_FOUND")
        for each in kept
        if isinstance(each.event, ReferralReviewInput) and each.event.referral not in found.reviewed
    }


def rows_of(kept: Sequence[Kept], found: Found, identities: Identities, deltas: Deltas, rule: Rule) -> Referrals:
    """Codes and invitations first, then acceptances, those that waited for their code included, each from oldest to newest."""
    result = Referrals()
    for each in kept:
        event = each.event
        if isinstance(event, ReferralReviewInput):
            _review(each, found.reviewed[event.referral], deltas, result)
            continue
        code = code_of(each)
        if not found.codes[code]["there"]:
            result.new_codes.add(key("code", code))
        if isinstance(event, InviteInput):
            _invite(each, found.codes[code], identities, deltas, result, rule)
        elif isinstance(event, ReferralCodeInput):
            _give_code(each, found.codes[code], identities, deltas, result)
    waiting = [each for each in kept if isinstance(each.event, AcceptInput)]
    for entry in found.codes.values():
        if entry["referrals"] or entry["standing"]:
            waiting.extend(Kept.of(-1, event) for event in entry["parked"])
    for each in sorted(waiting, key=lambda each: (each.event.at, each.event.source, each.event.id)):
        _accept(each, found.codes, identities, deltas, result)
    return result


def _give_code(each: Kept, entry: dict[str, Any], identities: Identities, deltas: Deltas, result: Referrals) -> None:
    event = each.event
    assert isinstance(event, ReferralCodeInput)
    advocate = identities.named(event.advocate)
    deltas.count(advocate.id, None, event.at, seen=False)
    id = ids.derive("referral_code", event.at, each.key)
    standing = {"campaign": event.campaign, "channel": event.channel, "expires_at": iso(event.expires_at)}
    row = standing | {"id": id, "advocate": advocate.id, "at": iso(event.at), "key": each.key, "body_hash": each.body_hash}
    row |= {"code": code_of(each), "code_key": f"{advocate.id}/{page_key(event.at.astimezone(UTC), id)}"}
    result.codes.append(row)
    entry["standing"] = standing | {"advocate": advocate.id, "customer": None}


def _review(each: Kept, row: Row, deltas: Deltas, result: Referrals) -> None:
    event = each.event
    assert isinstance(event, ReferralReviewInput)
    result.reviews.append(
        {
            "referral": event.referral,
            "approve": event.approve,
            "reason": event.reason,
            "at": iso(event.at),
            "order": page_key(event.at.astimezone(UTC), each.key),
            "key": each.key,
            "body_hash": each.body_hash,
            "thing_key": key("referral", event.referral),
            "body": body_of(event),
        }
    )
    deltas.count(row["advocate"], None, None, seen=False)
    result.advocates.add(row["advocate"])
    if row["friend"] is not None:
        result.friends.add(row["friend"])


def _invite(each: Kept, entry: dict[str, Any], identities: Identities, deltas: Deltas, result: Referrals, rule: Rule) -> None:
    event = each.event
    assert isinstance(event, InviteInput)
    advocate = identities.named(event.advocate)
    invitee = None if event.friend is None else identities.by_key[normalised(event.friend.type, event.friend.value)].id
    deltas.count(advocate.id, "referrals", event.at)
    if invitee is not None:
        deltas.count(invitee, None, event.at, seen=False)
    about = {
        "advocate": advocate.id,
        "invitee": invitee,
        "campaign": event.campaign,
        "channel": event.channel,
        "expires_at": None if rule.open_days is None else iso(event.at + timedelta(days=rule.open_days)),
    }
    row = entry_row("REFERRAL", advocate.id, event.at, ids.derive("referral", event.at, each.key)) | about
    row |= {"invited_at": iso(event.at), "key": each.key, "body_hash": each.body_hash, "code": code_of(each)}
    result.referrals.append(row)
    entry["referrals"].append(about | {"id": row["id"], "customer": None, "accepted": False})


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
    first = next(iter(entry["referrals"]), entry["standing"])
    if first is None:
        deltas.count(friend.id, None, event.at)
        result.parked.append(row)
        return
    open_ones = [referral for referral in entry["referrals"] if not referral["accepted"]]
    meant = [referral for referral in open_ones if referral["invitee"] == friend.id] or [
        referral for referral in open_ones if referral["invitee"] is None or len(open_ones) == 1
    ]
    referral = meant[0] if meant else _another(each, entry["standing"] or first, deltas, result)
    referral["accepted"] = True
    deltas.count(friend.id, None, event.at)
    deltas.count(referral["advocate"], None, None)
    result.acceptances.append(row | {"referral": referral["id"], "friend": friend.id, "lapsed_at": _lapsed(event, referral)})
    result.friends.add(identities.owner(friend))
    result.advocates.add(referral["advocate"])


def _lapsed(event: AcceptInput, referral: dict[str, Any]) -> str | None:
    """When the code had run out, if it had before it was accepted."""
    end: str | None = referral["expires_at"]
    return end if end is not None and event.at >= datetime.fromisoformat(end) else None


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
        "expires_at": first["expires_at"],
    }
    deltas.count(first["advocate"], "referrals", None)
    result.referrals.append(row)
    return first | {"id": row["id"], "invitee": None}

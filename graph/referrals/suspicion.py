"""What makes a referral suspicious, with what proves it: a function of what is known of advocate and friend, and of the crowd.

| flag | raised where |
| --- | --- |
| SELF_REFERRAL | advocate and friend are one customer |
| RING | the acceptance would have closed a ring, or closes one of those who invited each other before it |
| SHARED_DEVICE, SHARED_PAYMENT | a trait that says so has the same value for both, now or once |
| SHARED_ADDRESS | they have a postal address in common, now or once |
| BURST | as many as the rule says accepted what an advocate offers within its time, this one among them |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from graph.addresses import address_keys, plain
from graph.events import traits
from graph.times import microseconds

MOST_IDS = 100
"""Customers that are named as evidence of one flag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicions:
    """What is suspicious. `devices`, `payments`: names of traits; `crowd`: so many friends within `minutes` are a burst, None: no
    number is."""

    devices: frozenset[str] = frozenset({"deviceId", "deviceFingerprint"})
    payments: frozenset[str] = frozenset({"paymentFingerprint", "cardFingerprint"})
    crowd: int | None = 20
    minutes: int = 60


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is concerned; `identifier_type`: of the identifier that proves it, where one does. Notes hold nothing personal."""

    customer_ids: tuple[str, ...]
    note: str
    identifier_type: str | None = None


class Flag(msgspec.Struct, frozen=True):
    code: str
    evidence: tuple[Evidence, ...]


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """An acceptance with that by which it may be suspicious. `reason`: where friend and advocate are one, or it would have closed
    a ring; `joined`: types of the identifiers that turned out to be one customer's: which invited, which accepted; `ring`: from
    the advocate up to the friend; `invites`: whether the friend invites anybody; `flags`: as kept."""

    referral: str
    friend: str
    advocate: str
    at: datetime
    reason: str | None
    flags: str | None
    friend_states: tuple[str, ...]
    advocate_states: tuple[str, ...]
    joined: tuple[str, ...]
    ring: tuple[str, ...]
    invites: bool

    def span(self, rule: Suspicions) -> tuple[datetime, datetime]:
        """Between when those accepted who make a crowd with this one."""
        ahead = timedelta(minutes=rule.minutes)
        return self.at - ahead, self.at + ahead


Crowd = Sequence[tuple[str, int]]
"""Who accepted what one advocate offers, whatever became of it, with the times at which they did, in milliseconds."""

Traces = Mapping[str, Mapping[str, set[str]]]
"""What a customer leaves behind, by the flag that it raises where another one leaves the same, each with the names of the traits
that tell of it."""


def flags_of(suspect: Suspect, crowd: Crowd, rule: Suspicions, invited: Sequence[str] = ()) -> tuple[Flag, ...]:
    """Why a referral is suspicious; nothing where it isn't. `invited`: from the advocate up to the friend, each of whom the next
    one had invited before."""
    if suspect.reason == "SELF_REFERRAL":
        return (Flag("SELF_REFERRAL", _joined(suspect.friend, suspect.joined)),)
    if suspect.reason == "CYCLE":
        note = f"a ring of {len(suspect.ring)}, each of whom brought in the one before" if suspect.ring else "a ring"
        return (Flag("RING", (Evidence((suspect.ring or (suspect.advocate, suspect.friend))[:MOST_IDS], note),)),)
    both = (suspect.advocate, suspect.friend)
    ours, theirs = traces_of(suspect.friend_states, rule), traces_of(suspect.advocate_states, rule)
    found = [
        Flag(code, (Evidence(both, _in_common(code, ours[code], theirs[code])),))
        for code in _SHARED
        if not ours[code].keys().isdisjoint(theirs[code])
    ]
    if invited:
        whom = "other" if len(invited) == 2 else "one before"
        found.append(Flag("RING", (Evidence(tuple(invited), f"a ring of {len(invited)}, each of whom invited the {whom}"),)))
    burst = _burst(suspect, crowd, rule)
    return (*found, *([] if burst is None else [burst]))


def traces_of(states: Iterable[str], rule: Suspicions) -> Traces:
    """What a customer leaves behind, by its trait states: all values that are known, those that were overridden too."""
    found: dict[str, dict[str, set[str]]] = {code: {} for code in _SHARED}
    for name, observations in traits.merged(map(traits.read_state, states)).items():
        for *_, value in observations:
            told = {"SHARED_ADDRESS": address_keys(value)} if name == "addresses" else {}
            for code, names in (("SHARED_DEVICE", rule.devices), ("SHARED_PAYMENT", rule.payments)):
                if name in names:
                    told[code] = _values(value)
            for code, values in told.items():
                for each in values:
                    found[code].setdefault(each, set()).add(name)
    return found


_SHARED = {"SHARED_DEVICE": "devices", "SHARED_PAYMENT": "means of payment", "SHARED_ADDRESS": "postal addresses"}


def _in_common(code: str, ours: Mapping[str, set[str]], theirs: Mapping[str, set[str]]) -> str:
    shared = sorted(ours.keys() & theirs.keys())
    names = sorted(set().union(*(ours[each] | theirs[each] for each in shared)))
    return f"{_SHARED[code]} in common by {', '.join(names)}: {len(shared)}"


def _joined(customer: str, types: tuple[str, ...]) -> tuple[Evidence, ...]:
    """What proves that a customer invited and accepted: both identifiers, where they are of two types."""
    if len(set(types)) < 2:
        return (Evidence((customer,), "advocate and friend are the same customer", next(iter(types), None)),)
    invited, accepted = types
    return (
        Evidence((customer,), f"invited by this {invited}, and accepted by another identifier of the same customer", invited),
        Evidence((customer,), f"accepted by this {accepted}, and invited by another identifier of the same customer", accepted),
    )


def _values(value: Any) -> Iterable[str]:
    for each in value if isinstance(value, list) else [value]:
        text = plain(str(each)) if isinstance(each, str | int) and not isinstance(each, bool) else ""
        if text:
            yield text


def _burst(suspect: Suspect, crowd: Crowd, rule: Suspicions) -> Flag | None:
    """The widest crowd, within the time of the rule, to which this one belongs, where it is one."""
    if rule.crowd is None:
        return None
    own, length = microseconds(suspect.at) // 1_000, rule.minutes * 60_000
    # Where many accepted at once it isn't among those of whom it is told.
    others = [(at, friend) for friend, at in crowd if friend not in (suspect.friend, suspect.advocate)]
    everyone = sorted([*others, (own, suspect.friend)])
    best: list[str] = []
    for begin, _ in everyone:
        if begin <= own < begin + length:
            inside = [*dict.fromkeys(friend for at, friend in everyone if begin <= at < begin + length)]
            if len(inside) > len(best):
                best = inside
    if len(best) < rule.crowd:
        return None
    note = f"at least {len(best)} friends of one advocate accepted within {rule.minutes} minutes"
    return Flag("BURST", (Evidence((suspect.advocate, *best)[:MOST_IDS], note),))


def written(flags: Sequence[Flag]) -> str | None:
    """Flags as the referral keeps them."""
    return msgspec.json.encode(flags).decode() if flags else None


def read(text: str | None) -> tuple[Flag, ...]:
    """Flags as they were written."""
    return msgspec.json.decode(text, type=tuple[Flag, ...]) if text else ()

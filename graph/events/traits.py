"""Traits: every observation is kept; what survives is computed, and is the same in any order of arrival.

A trait's state is the newest observations of it, at most 21, with the oldest of all, the newest of each source and the newest
removal, so that any of them can survive, and nothing from before that one: merging states is commutative, associative and
idempotent, and the state of a customer is the merge of the states of its identifiers. Which survives is a rule
(graph.identity.rules).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from itertools import takewhile
from typing import Any

import msgspec

from graph.events.forms import is_one
from graph.identity.rules import IdentityRules, TraitRule
from graph.search import searchable

KEPT_VALUES = 21  # the survivor, and the twenty it overrode

#: A value, newest first: [at (RFC 3339, UTC), source, event key, value].
Observation = tuple[str, str, str, Any]
State = dict[str, list[Observation]]

#: Traits with a property of their own on the customer, by the name they have in events.
FIELDS = {
    "name": "name", "givenName": "given_name", "familyName": "family_name", "email": "email", "phone": "phone",
    "birthDate": "birth_date", "gender": "gender", "locale": "locale", "timeZone": "time_zone", "country": "country",
}  # fmt: skip

_state = msgspec.json.Decoder(dict[str, list[tuple[str, str, str, Any]]])


def read_state(text: str | None) -> State:
    return _state.decode(text) if text else {}


def write_state(state: State) -> str:
    return msgspec.json.encode(state).decode()


def observed(traits: dict[str, Any], *, at: str, source: str, event: str) -> State:
    """The state of one observation."""
    return {name: [(at, source, event, value)] for name, value in traits.items()}


def merged(states: Iterable[State]) -> State:
    """The state of all observations of these states together, newest first by (at, source, event)."""
    result: State = {}
    for state in states:
        for name, observations in state.items():
            known = result.get(name)
            if known is None:
                result[name] = list(observations)
                continue
            union = {tuple(each[:3]): each for each in (*known, *observations)}
            result[name] = _worth_keeping([union[key] for key in sorted(union, reverse=True)])
    return result


def _worth_keeping(newest: list[Observation]) -> list[Observation]:
    if len(newest) <= KEPT_VALUES:
        return newest
    kept = newest[:KEPT_VALUES]
    sources, removed = {each[1] for each in kept}, any(each[3] is None for each in kept)
    for each in newest[KEPT_VALUES:-1]:
        removal = each[3] is None and not removed
        if removal or each[1] not in sources:
            sources.add(each[1])
            removed |= removal
            kept.append(each)
    return [*kept, newest[-1]]


def ordered(observations: list[Observation], rule: TraitRule) -> list[Observation]:
    """The one that survives, then those it overrode, newest first. Where the trait was removed, nothing from before survives."""
    if rule.by == "newest" or len(observations) == 1:
        return observations
    standing = list(takewhile(lambda each: each[3] is not None, observations))
    if not standing:
        return observations
    if rule.by == "oldest":
        first = standing[-1]
    elif rule.by == "source":
        rank = {source: place for place, source in enumerate(rule.sources)}
        first = min(standing, key=lambda each: rank.get(each[1], len(rank)))
    else:
        stated = [msgspec.json.encode(each[3], order="sorted") for each in standing]
        often = Counter(stated)
        first = max(zip(standing, stated, strict=True), key=lambda each: often[each[1]])[0]
    return [first, *(each for each in observations if each is not first)]


def survivors(state: State, rules: IdentityRules) -> dict[str, Any]:
    """The value of each trait that survives; those that were removed are left out."""
    found = {name: ordered(observations, rules.trait(name))[0][3] for name, observations in state.items()}
    return {name: value for name, value in found.items() if value is not None}


def _fits(name: str, value: Any) -> bool:
    """Whether the field of that name can hold a value, or its removal."""
    if value is None or value == "":
        return True
    return isinstance(value, str) and is_one(name, value) and (name != "birthDate" or _is_date(value))


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def customer_row(
    customer: str, state: State, identifiers: Iterable[tuple[str, str, int]], rules: IdentityRules
) -> dict[str, Any]:
    """The row of `customers/record_traits`; `identifiers` are (type, value, age), of which mail and phone stand in for traits."""
    # What a field has no room for hides nothing that it has: it is a trait like others.
    fitting = {name: [each for each in state.get(name, ()) if _fits(name, each[3])] for name in FIELDS}
    fields = {name: ordered(each, rules.trait(name))[0][3] for name, each in fitting.items() if each}
    values = survivors(state, rules)
    for name in fields:
        if _fits(name, values.get(name)):
            values.pop(name, None)
    newest_first = sorted(identifiers, key=lambda each: (-each[2], each[1]))
    row: dict[str, Any] = {"id": customer}
    for name, column in FIELDS.items():
        row[column] = fields.get(name)
    for type in ("email", "phone"):
        if row[type] is None:
            row[type] = next((each[1] for each in newest_first if each[0] == type), None)
    if row["name"] is None:
        # Where given names come first is a matter of the locale; the source that cares states the whole name.
        row["name"] = " ".join(part for part in (row["given_name"], row["family_name"]) if part) or None
    addresses = values.pop("addresses", None)
    row["addresses"] = msgspec.json.encode(addresses[:20]).decode() if isinstance(addresses, list) else None
    row["traits"] = msgspec.json.encode(values).decode() if values else None
    row["name_key"] = (row["name"] or "~").casefold()[:200]
    searched = [row["name"], row["given_name"], row["family_name"], row["email"], row["phone"]]
    searched += [each[1] for each in newest_first[:20]]
    row["search_text"] = searchable(text[:200] for text in searched if text)
    return row

"""How alike two customers are that no evidence joins: by name, day of birth and address.

A pair is looked at where both were born on one day, live at one address, or are called the same: what many share, such as an
office, tells little and is left out. Names are compared by rapidfuzz, word by word in any order, for a transposed or misspelt
name is one; a name in another script says nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import combinations

import msgspec
from rapidfuzz.fuzz import token_sort_ratio

INITIAL = 0.95
"""How alike names are at most of which one has but an initial where the other has a word."""

MOST_SHARING = 50
"""Customers who share a day of birth and an initial, an address or a name: where it is more, nothing is made of that."""

LEAST = 0.8
"""Of the likeness of two customers that are suggested."""

ALIKE, ODD = 0.86, 0.5
"""Names that are at least so alike are one name; those that are less alike than that are two."""

WEIGHTS = {"name": 0.4, "birth": 0.35, "address": 0.25}
"""What each adds where the two agree."""


class Likely(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of a customer. `addresses`: each as one text, see graph.addresses."""

    id: str
    name: str | None
    birth_date: str | None
    addresses: frozenset[str]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Two customers who may be one, by their ids in order, how likely from LEAST to 1, and why."""

    one: str
    other: str
    score: float
    reasons: tuple[str, ...]


def suggest(customers: Iterable[Likely]) -> list[Suggestion]:
    """The pairs that are alike enough, most likely first; linear in the customers, but for those who share something."""
    known = {each.id: each for each in customers}
    found = {}
    for one, other in _pairs(known.values()):
        pair = (one, other) if one < other else (other, one)
        if pair not in found:
            found[pair] = compare(known[pair[0]], known[pair[1]])
    return sorted((each for each in found.values() if each is not None), key=lambda each: (-each.score, each.one, each.other))


def compare(one: Likely, other: Likely) -> Suggestion | None:
    """How alike two customers are; None where that isn't enough."""
    reasons, score, known = [], 0.0, 0.0
    names = _likeness(one.name, other.name)
    if names is not None:
        known += WEIGHTS["name"]
        if names >= ALIKE:
            score += WEIGHTS["name"] * names
            reasons.append("the same name" if names == 1 else f"names that are alike by {names:.2f}")
        elif names < ODD:
            return None
    if one.birth_date and other.birth_date:
        known += WEIGHTS["birth"]
        if one.birth_date == other.birth_date:
            score += WEIGHTS["birth"]
            reasons.append("the same date of birth")
    if one.addresses and other.addresses:
        known += WEIGHTS["address"]
        if one.addresses & other.addresses:
            score += WEIGHTS["address"]
            reasons.append("the same address")
    # Who has the same name and nothing else to compare may be anybody.
    if len(reasons) < 2 or score < LEAST * known:
        return None
    return Suggestion(one=one.id, other=other.id, score=round(score / known, 4), reasons=tuple(reasons))


def _pairs(customers: Iterable[Likely]) -> Iterator[tuple[str, str]]:
    shared: dict[tuple[str, str], list[str]] = {}
    for each in customers:
        for key in _keys(each):
            shared.setdefault(key, []).append(each.id)
    for ids in shared.values():
        if len(ids) <= MOST_SHARING:
            yield from combinations(ids, 2)


def _keys(each: Likely) -> Iterator[tuple[str, str]]:
    for address in each.addresses:
        yield "address", address
        if each.birth_date:
            yield "born there", f"{each.birth_date} {address}"
    words = _words(each.name)
    if words:
        yield "name", " ".join(words)
        if each.birth_date:
            for word in words:
                yield "born", f"{each.birth_date} {word[0]}"


def _likeness(one: str | None, other: str | None) -> float | None:
    """From 0 to 1; None where nothing can be said."""
    ours, theirs = _words(one), _words(other)
    if not ours or not theirs or _script(ours) != _script(theirs):
        return None
    shared = INITIAL if _shorten(ours, theirs) | _shorten(theirs, ours) else 1
    return shared * token_sort_ratio(" ".join(ours), " ".join(theirs)) / 100


def _shorten(words: list[str], others: list[str]) -> bool:
    """Put initials for the words of which the other name has no more; whether there are any."""
    initials = [each for each in others if len(each) == 1 and each not in words]
    for initial in initials:
        place = next((place for place, word in enumerate(words) if len(word) > 1 and word[0] == initial), None)
        if place is not None:
            words[place] = initial
    return bool(initials)


def _words(name: str | None) -> list[str]:
    """The words of a name in one order, without what is written one way or another."""
    plain = unicodedata.normalize("NFKD", name or "").casefold()
    letters = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return sorted(letters.split())


def _script(words: list[str]) -> str:
    """What it is written in: LATIN, CYRILLIC, CJK, KATAKANA, …, by the name of its first letter."""
    return unicodedata.name(words[0][0], "").partition(" ")[0]

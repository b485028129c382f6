"""By which rules links stand, and what a customer is called: one TOML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from graph.identity.evidence import BY_HAND
from graph.identity.forms import normalised

BY_HAND_STRENGTH = 1_000

MOST_IDENTIFIERS = 200
"""Of one customer, where no rule says otherwise. The timeline is one seek for each."""

RULES = Path(__file__).with_name("rules.toml")
"""The rules where nobody states others."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Strength = Annotated[int, msgspec.Meta(ge=1, le=999)]


class BadRules(ValueError):
    """Rules that can't be read; the message names the file, the place in it and what belongs there."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `most` identifiers of a type for one customer: at all, or linked within `days` days of each other."""

    most: Positive
    days: Positive | None = None


class TypeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How well identifiers of a type tell one person from another, and how many one customer may have."""

    strength: Strength = 50
    limit: Limit | None = None


class TraitRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of several values of a trait survives: the newest, the oldest, the one stated most often among those that are kept
    (graph.events.traits says which), or the newest of the source that stands first in `sources`; those that aren't in it come
    after all that are."""

    by: Literal["newest", "oldest", "frequent", "source"] = "newest"
    sources: tuple[str, ...] = ()


NEWEST = TraitRule()


class IdentityRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """`most`: identifiers of one customer; `ordinary`: the strength of types that aren't listed; `types`: of those that are;
    `blocked`: values that name nobody, or many, by type, under `any` of all; `region`: of phone numbers without one; `traits`:
    which of their values survives, by name, under `any` of those that have no rule."""

    most: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = MOST_IDENTIFIERS
    ordinary: Strength = 50
    region: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] | None = None
    types: Mapping[str, TypeRule] = {}
    blocked: Mapping[str, tuple[str, ...]] = {}
    traits: Mapping[str, TraitRule] = {}

    def tells(self, type: str) -> bool:
        """Whether it tells one person from another: a device or a browser more is the same person's as a rule."""
        return self.strength(type) >= self.ordinary

    def strength(self, type: str) -> int:
        """From 1 to 999: what people state by hand comes above all of them."""
        rule = self.types.get(type)
        return self.ordinary if rule is None else rule.strength

    def link_strength(self, rule: str, one: str, other: str) -> int:
        """Of a link between identifiers of two types: that of the weaker one, unless somebody stated it by hand."""
        return BY_HAND_STRENGTH if rule == BY_HAND else min(self.strength(one), self.strength(other))

    @cached_property
    def limits(self) -> Mapping[str, Limit]:
        """By type, where there is one."""
        return {type: rule.limit for type, rule in self.types.items() if rule.limit is not None}

    @cached_property
    def windows(self) -> frozenset[str]:
        """Types of which a limit holds for some days."""
        return frozenset(type for type, limit in self.limits.items() if limit.days is not None)

    def trait(self, name: str) -> TraitRule:
        return self.traits.get(name) or self.traits.get("any", NEWEST)

    def blocks(self, type: str, value: str) -> bool:
        """Whether a value, normalised, names nobody, or everybody."""
        return value.casefold() in self._blocked.get(type, self._blocked["any"])

    @cached_property
    def _blocked(self) -> Mapping[str, frozenset[str]]:
        """By type, for those that have a form or values of their own."""
        return {type: frozenset(self._forms(type)) for type in {*self.blocked, "any", "email", "phone"}}

    def _forms(self, type: str) -> Iterator[str]:
        """What is blocked of a type, as it is written and as it is kept."""
        for value in {*self.blocked.get("any", ()), *self.blocked.get(type, ())}:
            yield value.casefold()
            yield normalised(type, value)[1].casefold()


def read_rules(path: Path = RULES) -> IdentityRules:
    """The rules of a file; raises BadRules."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=IdentityRules)
    except OSError as error:
        raise BadRules(f"{path}: can't be read ({error.strerror}); name a TOML file with rules of identity") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # The words of msgspec say what is wanted, what is there, and where.
        raise BadRules(f"{path}: {error}") from error


@cache
def usual_rules() -> IdentityRules:
    """The rules where nobody states others."""
    return read_rules()

"""What says that two identifiers are one person, or that they are not."""

from __future__ import annotations

import msgspec

BY_HAND = "merge"
"""The rule of evidence that somebody stated by hand."""

Evidence = tuple[str, str, str, str]
"""What makes it the same evidence when it is stated again: who is linked, and the rule. What is stated by hand is one of its own
each time."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier as components see it. `customer_id`: the id that it was given at first sight; `seen_at`: when it was first
    seen, in microseconds since 1970."""

    id: str
    type: str
    value: str
    customer_id: str
    seen_at: int


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """That `a` and `b`, ids of identifiers, are one person. `at` in microseconds since 1970; `event`: the key of the event that
    stated it; of a merge by hand `kept`, the id of the customer that was chosen to stay, and `lifts`, the vetoes that stood
    against it: they count again once it is undone."""

    a: str
    b: str
    rule: str
    strength: int
    at: int
    source: str
    event: str
    kept: str | None = None
    lifts: tuple[str, ...] = ()

    @property
    def turn(self) -> tuple[int, int, str, str, str, str]:
        """Where it stands in the order of all links: the strongest first, then the earliest."""
        return -self.strength, self.at, self.source, self.event, self.a, self.b

    @property
    def evidence(self) -> Evidence:
        return self.a, self.b, self.rule, self.event if self.rule == BY_HAND else ""

    @property
    def age(self) -> tuple[int, str, str]:
        return self.at, self.source, self.event


class Veto(msgspec.Struct, frozen=True, kw_only=True):
    """That nobody on the one side is anybody on the other, whatever links say. Ids of identifiers."""

    id: str
    one: frozenset[str]
    other: frozenset[str]

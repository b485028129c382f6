"""What one may do: scopes, and what is needed of them.

`self` isn't given to keys: a customer's own token has it, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

PROFILE = "profile:read"
PERSONAL = "pii:read"
REFERRAL = "referral:read"
OFFER = "offer:read"
METRICS = "metrics:read"
SCHEMA = "schema:read"
EVENTS = "event:write"
CUSTOMERS = "customer:write"
IDENTITY = "identity:write"
CONFIG = "config:write"
PRIVACY = "privacy:write"
OWN = "self"

READING = (PROFILE, REFERRAL, OFFER, METRICS)
"""Any of these may read of the catalogue, which is about no one."""

SCOPES = (PROFILE, PERSONAL, REFERRAL, OFFER, METRICS, SCHEMA, EVENTS, CUSTOMERS, IDENTITY, CONFIG, PRIVACY)
"""All that a key may have."""


@dataclass(frozen=True, slots=True)
class Required:
    """What is needed, as sets of which any suffices."""

    any_of: tuple[frozenset[str], ...] = (frozenset(),)

    def __and__(self, other: Required) -> Required:
        both = {one | another for one in self.any_of for another in other.any_of}
        # What another one needs a part of suffices wherever it does.
        return Required(tuple(sorted((each for each in both if not any(less < each for less in both)), key=sorted)))

    def met(self, has: frozenset[str]) -> bool:
        return any(each <= has for each in self.any_of)

    @property
    def nothing(self) -> bool:
        return frozenset() in self.any_of

    def missing(self, has: frozenset[str]) -> str:
        """What someone would need besides, in words; of several ways the one that `self` isn't part of."""
        ways = [each for each in self.any_of if OWN not in each] or list(self.any_of)
        return " or ".join(" and ".join(sorted(each - has)) for each in ways)


FREE = Required()

"""What is known of a customer, as one document, and the keys that name customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import msgspec

from graph.identity import Identifier, TraitProvenance, provenance
from graph.identity.forms import normalised
from graph.identity.rules import IdentityRules
from graph.purchases import Cart
from graph.referrals import Referral
from graph.timeline import KINDS, Entry, OwnedEntry

#: How many entries of each list the profile document holds (one more is loaded, to know whether there is a next page).
HOT_SET = 20


#: The fact that counts the entries of each kind.
COUNTED = {
    "TOUCHPOINT": "touchpoints",
    "PURCHASE": "purchases",
    "REVIEW": "reviews",
    "SURVEY_RESPONSE": "survey_responses",
    "CASE": "cases",
    "COMMUNICATION": "communications",
    "REFERRAL": "referrals",
}


class ProfileKey(msgspec.Struct, frozen=True, kw_only=True):
    """Names a customer: by any id ever given, or by an identifier in the form in which it is kept."""

    id: str | None = None
    type: str | None = None
    value: str | None = None

    @classmethod
    def of(cls, type: str, value: str) -> ProfileKey:
        """The key of an identifier as somebody writes it: mail addresses in any case, phone numbers with punctuation."""
        type, value = normalised(type, value)
        return cls(type=type, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Which parts of the profile document are loaded; what is switched off costs nothing and stays empty.

    `touchpoint_details`: what touchpoints say besides when, where and what sort of contact they were.
    """

    kinds: tuple[str, ...] = KINDS
    channels: bool = True
    carts: bool = True
    referred_by: bool = True
    provenance: bool = True
    touchpoint_details: bool = True

    @classmethod
    def only(
        cls,
        *kinds: str,
        channels: bool = False,
        carts: bool = False,
        referred_by: bool = False,
        provenance: bool = False,
        touchpoint_details: bool = False,
    ) -> Parts:
        """These, and nothing else but what every profile has."""
        return cls(
            kinds=kinds,
            channels=channels,
            carts=carts,
            referred_by=referred_by,
            provenance=provenance,
            touchpoint_details=touchpoint_details,
        )

    def __or__(self, other: Parts) -> Parts:
        """All that either has."""
        if self == other:
            return self
        return Parts(
            kinds=tuple(kind for kind in KINDS if kind in self.kinds or kind in other.kinds),
            channels=self.channels or other.channels,
            carts=self.carts or other.carts,
            referred_by=self.referred_by or other.referred_by,
            provenance=self.provenance or other.provenance,
            touchpoint_details=self.touchpoint_details or other.touchpoint_details,
        )


EVERYTHING = Parts()


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """As sources state it in the trait `addresses`: there the fields have the names of the contract."""

    kind: str = "home"
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class CustomerChannel(msgspec.Struct, frozen=True, kw_only=True):
    """How much a customer uses a channel (its key)."""

    channel: str
    touchpoints: int
    purchases: int
    first_at: datetime
    last_at: datetime


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counts and sums over everything filed under a customer's identifiers.

    `orders`: purchases that were not cancelled; `revenue`, `refunds`: minor units by currency, of those purchases.
    """

    touchpoints: int = 0
    purchases: int = 0
    reviews: int = 0
    survey_responses: int = 0
    cases: int = 0
    communications: int = 0
    referrals: int = 0
    carts: int = 0
    orders: int = 0
    first_purchase_at: datetime | None = None
    last_purchase_at: datetime | None = None
    revenue: dict[str, int] = {}
    refunds: dict[str, int] = {}


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True, weakref=True):
    """One customer's hot set. It holds only what that customer's own writes change, and ids and keys of everything else.

    `entries`: newest first; for each kind its newest HOT_SET + 1 entries, and the newest HOT_SET + 1 of all kinds.
    `ids`: every id that one of its identifiers was given. `carts`: newest first, at most HOT_SET + 1. `traits`: those that
    have no field of their own. `trait_states`: what its identifiers observed of each trait, as JSON.
    """

    #: Whether this very object is handed out as long as nothing changes; whoever does so sets it.
    comes_again: ClassVar[bool] = False

    id: str
    version: int
    ids: tuple[str, ...] = ()
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: str | None = None
    gender: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    erased_at: datetime | None = None
    addresses: tuple[Address, ...] = ()
    traits: dict[str, Any] | None = None
    trait_states: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    channels: tuple[CustomerChannel, ...] = ()
    facts: Facts = Facts()
    entries: tuple[Entry, ...] = ()
    carts: tuple[Cart, ...] = ()
    referred_by: Referral | None = None

    def provenance(self, rules: IdentityRules) -> tuple[TraitProvenance, ...]:
        """Where each trait came from, by name, and which of its values survives: worked out only where someone asks."""
        found: tuple[TraitProvenance, ...] | None = self.made.get("provenance")
        if found is None:
            found = self.made["provenance"] = provenance(self.trait_states, rules)
        return found

    @cached_property
    def made(self) -> dict[str, Any]:
        """Room for what is made of this very document again and again, one thing of a kind; it goes when the document goes."""
        return {}

    @cached_property
    def owned(self) -> Mapping[str | None, Sequence[OwnedEntry]]:
        """The entries with their owner: those of each kind, and under None all of them; newest first."""
        found: dict[str | None, list[OwnedEntry]] = {kind: [] for kind in (None, *KINDS)}
        for entry in self.entries:
            owned = OwnedEntry(customer_id=self.id, entry=entry)
            found[None].append(owned)
            found[entry.__struct_config__.tag].append(owned)  # type: ignore[index]
        return found

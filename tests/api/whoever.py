"""Who asks."""

from __future__ import annotations

from graph.customers import ProfileKey
from resolvers.access import Principal
from resolvers.scopes import OWN, PERSONAL, PROFILE, SCOPES

#: Where it makes no difference who does.
WHOEVER = Principal.trusted("tests")


def without(*scopes: str) -> Principal:
    """One who may do everything but what needs these."""
    return Principal(id="tests", scopes=frozenset(SCOPES).difference(scopes))


def own(type: str, value: str) -> Principal:
    """The customer with an identifier, by a token of their own."""
    return Principal(id="customer", scopes=frozenset({OWN}), customer=ProfileKey.of(type, value))


#: Who may do everything, next to everything, little, or see themselves only.
ALL_SORTS = (*[WHOEVER] * 6, without(PERSONAL), Principal(id="p", scopes=frozenset({PROFILE})), own("user_id", "ana"))

"""Who asks, and what is refused to them: checked field by field by graphql-core, and beforehand by plans."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, is_introspection_type

from graph.customers import Profile, ProfileKey
from graph.referrals import Referral
from graph.timeline import OwnedEntry
from resolvers.errors import Forbidden
from resolvers.masks import Mask, hidden
from resolvers.requirements import required
from resolvers.scopes import OWN, PERSONAL, SCOPES, Required

SHOWN_OF_OTHERS = frozenset({"id", "name", "givenName"})
"""Fields of Customer that a customer's own token may read of somebody else, masked."""


class View(Enum):
    """How much of personal data is shown."""

    CLEAR = "clear"
    MASKED = "masked"
    OWN = "own"
    """That of one customer, of others next to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. `id`: as the audit trail has it; `customer`: whose own token it is, None for keys and for tokens of services;
    `source`: the only one for which it may send events, None for any."""

    id: str
    scopes: frozenset[str]
    customer: ProfileKey | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        assert (OWN in self.scopes) == (self.customer is not None), "a customer's own token has one customer, and no others"

    @classmethod
    def trusted(cls, id: str) -> Principal:
        """One who may do everything."""
        return cls(id=id, scopes=frozenset(SCOPES))

    @property
    def view(self) -> View:
        if OWN in self.scopes:
            return View.OWN
        return View.CLEAR if PERSONAL in self.scopes else View.MASKED


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who does something, as the audit trail has it: by which operation of which document, and for what purpose."""

    id: str
    operation: str | None = None
    document: str | None = None
    purpose: str | None = None


def owners_of(source: object) -> tuple[str | None, ...]:
    """Ids of the customers that a source is about, both of a referral; none for what is about nobody, or is a part of
    something."""
    if type(source) is Profile:
        return (source.id,)
    if type(source) is not OwnedEntry:
        return ()
    entry = source.entry
    return (source.customer_id, entry.friend_id) if type(entry) is Referral else (source.customer_id,)


Resolve = Callable[..., Any]


def guard(schema: GraphQLSchema, mask_of: Callable[[GraphQLField], Mask | None]) -> None:
    """Have every field of a schema refuse those who may not see it, and mask what is personal."""
    for declared in schema.type_map.values():
        if not isinstance(declared, GraphQLObjectType) or is_introspection_type(declared):
            continue
        for name, field in declared.fields.items():
            needed, mask = required(declared, field), mask_of(field)
            shown = declared.name == "Customer" and name in SHOWN_OF_OTHERS
            assert field.resolve is not None
            field.resolve = _guarded(field.resolve, needed, mask, shown=shown)
            if field.subscribe is not None:
                field.subscribe = _guarded(field.subscribe, needed, None, shown=False)


def _guarded(resolve: Resolve, needed: Required, mask: Mask | None, *, shown: bool) -> Resolve:
    def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        context = info.context
        principal: Principal = context.principal
        if not needed.met(principal.scopes):
            raise Forbidden.scopes(needed.missing(principal.scopes))
        if OWN in principal.scopes:
            clear = context.owns(source)
            if not clear and not shown:
                raise Forbidden.others()
        else:
            clear = PERSONAL in principal.scopes
        if clear or mask is None:
            return resolve(source, info, **arguments)
        return None if mask is hidden else masked(resolve(source, info, **arguments), mask)

    return guarded


def masked(value: Any, mask: Mask) -> Any:
    """What a mask leaves of a value, or will leave of one that isn't there yet."""
    if isinstance(value, Awaitable):
        return _Later(value, mask)
    return None if value is None else mask(value)


@dataclass(frozen=True, slots=True)
class _Later:
    value: Awaitable[Any]
    mask: Mask

    def __await__(self) -> Generator[Any, None, Any]:
        value = yield from self.value.__await__()
        return None if value is None else self.mask(value)

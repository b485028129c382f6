"""What a request tells of itself on its way, to whoever measures it: nothing but names, numbers and hashes, never data."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from resolvers.documents import Operation

CacheStatus = Literal["hit", "miss", "bypassed"]
PlanStatus = Literal["answered", "left", "none"]


class Observer:
    """Hears what becomes of one request. This one hears nothing: it stands where there is no request, or nobody to measure it.

    All of it is called with every request, so that it must cost next to nothing.
    """

    __slots__ = ()

    #: Whether it keeps what `phase` and `spent` say; others need not take the time.
    traced: ClassVar[bool] = False

    #: One word for all profiles of the request, the least happy of theirs.
    cache: CacheStatus | None = None

    def phase(self, name: str, /) -> None:
        """A phase begins, and the one before has ended."""

    def running(self, digest: str, operation: Operation, /) -> None:
        """This operation of a valid document, whose text has this SHA-256, was asked for."""

    def priced(self, objects: int, /) -> None:
        """So many objects the answer may hold."""

    def planned(self, status: PlanStatus, /) -> None:
        """Its plan answered it, or left it to graphql-core; or it has none."""

    def loaded(self, status: CacheStatus, profiles: int, /) -> None:
        """So many profiles came from there."""

    def spent(self, what: str, seconds: float, fact: str, value: str | int, /) -> None:
        """This took so long, and has ended just now; a fact about it. Several may overlap, within a phase or over several."""

    def answered(self, errors: Sequence[dict[str, Any]], executed: bool, /) -> None:
        """This is what the client is told, by errors that have codes; of several answers the last one counts."""

    def trace_id(self) -> str:
        """Under which traces and logs have this request: 32 hexadecimal digits."""
        return secrets.token_hex(16)


#: Whoever observes the request that runs now; the tasks that it starts inherit it.
observed: ContextVar[Observer] = ContextVar("observed", default=Observer())  # noqa: B039 - it holds nothing

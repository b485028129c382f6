"""What a request tells of itself on its way, to whoever measures it: nothing but names, numbers and hashes, never data."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Protocol


class Observer(Protocol):
    """Hears what becomes of one request."""

    def phase(self, name: str, /) -> None:
        """A phase begins, and the one before has ended."""
        ...

    def document(self, digest: str, /, *, kept: bool) -> None:
        """The document with this SHA-256 is there; `kept`: it was known, and nothing had to be parsed."""
        ...

    def operation(self, kind: str, name: str | None, /) -> None:
        """A query, mutation or subscription of a valid document will be run."""
        ...

    def cost(self, objects: int, /) -> None:
        """So many objects the answer may hold."""
        ...

    def spent(self, what: str, seconds: float, fact: str, value: str | int, /) -> None:
        """This took so long, and has ended just now; a fact about it. Several may overlap, within a phase or over several."""
        ...

    def answered(self, errors: Sequence[Mapping[str, Any]], /, *, executed: bool) -> None:
        """This is what the client is told, by errors that have codes; of several answers the last one counts."""
        ...

    def trace_id(self) -> str:
        """Under which traces and logs have this request: 32 hexadecimal digits."""
        ...


class Unobserved:
    """Hears nothing: for what runs outside a request."""

    def phase(self, name: str, /) -> None: ...

    def document(self, digest: str, /, *, kept: bool) -> None: ...

    def operation(self, kind: str, name: str | None, /) -> None: ...

    def cost(self, objects: int, /) -> None: ...

    def spent(self, what: str, seconds: float, fact: str, value: str | int, /) -> None: ...

    def answered(self, errors: Sequence[Mapping[str, Any]], /, *, executed: bool) -> None: ...

    def trace_id(self) -> str:
        """A new one, as there is no request that it could be the same for."""
        return secrets.token_hex(16)


#: Whoever observes the request that runs now; the tasks that it starts inherit it.
observed: ContextVar[Observer] = ContextVar("observed", default=Unobserved())  # noqa: B039 - it holds nothing

"""Calls of the write door, what became of their events, and how that is kept as an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from graph.answers import Answer, Request
from graph.errors import InvalidEvent
from graph.events.inputs import Event


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the event at `index` of the call was not kept; `code` is a UserErrorCode of the contract."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the events of one call.

    `touched` maps each customer that the call's transaction changed to its version now. `repeated`: the call was answered
    before, and this is what it was told then. `customers`: whom the accepted events are about, who may be others.
    """

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    touched: Mapping[str, int]
    repeated: bool = False
    customers: frozenset[str] = frozenset()

    @classmethod
    def refused(cls, code: str, message: str) -> Outcome:
        """That of a call with a single event, which was refused."""
        return cls(0, 0, (Rejection(0, code, message),), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Events to be kept. With a `request` it can be made again: then it has its first answer."""

    events: Sequence[Event]
    request: Request | None = None


class Told(msgspec.Struct, array_like=True):
    """An outcome as it is kept; `conflict` is the message where there was none."""

    accepted: int
    duplicates: int
    rejected: list[tuple[int, str, str]]
    touched: dict[str, int]
    repeated: bool
    conflict: str | None
    customers: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Outcome | InvalidEvent) -> Told:
        if isinstance(found, InvalidEvent):
            return cls(0, 0, [], {}, False, str(found))
        rejected = [(each.index, each.code, each.message) for each in found.rejected]
        customers = tuple(sorted(found.customers))
        return cls(found.accepted, found.duplicates, rejected, dict(found.touched), found.repeated, None, customers)

    def outcome(self) -> Outcome | InvalidEvent:
        if self.conflict is not None:
            return InvalidEvent("", self.conflict, code="CONFLICT")
        rejected = tuple(Rejection(*each) for each in self.rejected)
        return Outcome(self.accepted, self.duplicates, rejected, self.touched, self.repeated, frozenset(self.customers))


def told(receipt: Answer) -> list[Outcome | InvalidEvent]:
    return [each.outcome() for each in msgspec.json.decode(receipt.body, type=list[Told])]


def receipts(found: Sequence[Outcome | InvalidEvent]) -> list[Told]:
    """Outcomes of one transaction as its receipt has them: whom it touched, which is the same for all, stands there once."""
    kept: list[Told] = []
    touched = False
    for each in found:
        if isinstance(each, Outcome) and each.touched:
            each, touched = (replace(each, touched={}) if touched else each), True
        kept.append(Told.of(each))
    return kept

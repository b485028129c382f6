"""Answers that a process remembers: those it gave last, in so many bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from weakref import ref

import msgspec
import orjson

from graph.customers import Profile

ROOM = 32_000_000
"""Bytes of all answers together, with the variables they were asked with."""

BESIDE = 400
"""Bytes that one takes beside."""

Asked = tuple[int, bytes]
"""The number of a plan's projection, and variables as JSON."""


class RememberedAnswer(msgspec.Struct, frozen=True):
    """An answer that was made of a document, which it doesn't keep alive, and of the catalogue: `catalogued` is what was read
    there, and how to see whether it is the same still."""

    data: orjson.Fragment
    size: int
    document: ref[Profile]
    catalogued: tuple[tuple[Callable[[str], Any], str, Any], ...]

    @property
    def good(self) -> bool:
        """Whether the catalogue says now what it said then."""
        return all(at_hand(key) is record for at_hand, key, record in self.catalogued)


class RememberedAnswers:
    """By what was asked. `room` in bytes."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._size = 0
        self._kept: OrderedDict[Asked, RememberedAnswer] = OrderedDict()

    def find(self, asked: Asked, document: Profile) -> orjson.Fragment | None:
        """The answer that was made of this very document, if it is good still."""
        kept = self._kept.get(asked)
        if kept is None or kept.document() is not document or not kept.good:
            return None
        self._kept.move_to_end(asked)
        return kept.data

    def keep(self, asked: Asked, answer: RememberedAnswer) -> None:
        before = self._kept.pop(asked, None)
        self._size += answer.size - (before.size if before else 0)
        self._kept[asked] = answer
        while self._size > self._room:
            self._size -= self._kept.popitem(last=False)[1].size

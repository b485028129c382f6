"""Answers that come again: what was made of a customer's document is good as long as the document and the catalogue are the same.

They are kept with the document they were made of, which the cache hands out again as long as Redis gives the very same bytes; so
nothing has to be told when anything changes. What was made of anything else (other customers, questions to the graph, the time of
day) isn't kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

from graph.customers import Profile
from resolvers.context import Context

MOST = 8
"""Answers that are kept with a document."""

LONGEST = 16_000
"""Bytes of one that is kept, with its variables."""


class _Kept(msgspec.Struct, frozen=True):
    """`catalogued`: what was read of the catalogue, and how to see whether it is the same still."""

    data: orjson.Fragment
    catalogued: tuple[tuple[Callable[[str], Any], str, Any], ...]


class Answers:
    """Those to one question about one customer: by the plan of that number, with variables as they came in JSON."""

    def __init__(self, context: Context, profile: Profile, plan: int, variables: Mapping[str, Any]) -> None:
        self._context = context
        self._profile = profile
        # As text: 1, 1.0 and true are equal, and not the same.
        self._asked = plan, orjson.dumps(variables)

    def find(self) -> orjson.Fragment | None:
        """The answer of before, ready to be sent, if it is good still."""
        kept: _Kept | None = self._profile.answers.get(self._asked)
        if kept is None:
            return None
        for at_hand, key, record in kept.catalogued:
            if at_hand(key) is not record:
                return None
        return kept.data

    def keep(self, data: dict[str, Any]) -> dict[str, Any] | orjson.Fragment:
        """`data`, ready to be sent, and kept if it comes of this document and the catalogue alone."""
        known, catalogue = self._context.loads.known, self._context.sources.catalogue
        if not self._context.loads.lasting or known["entry"] or known["asked"]:
            return data
        if any(customer is not self._profile for customer in known["customer"].values()):
            return data
        written = orjson.dumps(data, option=orjson.OPT_UTC_Z)
        ready = orjson.Fragment(written)
        if len(written) + len(self._asked[1]) <= LONGEST:
            at_hand = (("channel", catalogue.channel), ("campaign", catalogue.campaign), ("product", catalogue.product))
            used = tuple((look, key, record) for kind, look in at_hand for key, record in known[kind].items())
            answers = self._profile.answers
            answers.pop(self._asked, None)
            if len(answers) >= MOST:
                del answers[next(iter(answers))]
            answers[self._asked] = _Kept(ready, used)
        return ready

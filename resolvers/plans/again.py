"""Answers that come again: what was made of a customer's document is good as long as the document and the catalogue are the same.

The cache hands out the same document as long as Redis gives the very same bytes; so nothing has to be told when anything changes.
What was made of anything else (other customers, questions to the graph, the time of day) isn't remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import ref

import orjson

from graph.customers import Profile
from resolvers.context import Context
from resolvers.remembered import BESIDE, RememberedAnswer

LONGEST = 16_000
"""Bytes of one that is remembered, with its variables."""


class Again:
    """One question about one customer: by the plan of that number, with variables as they came in JSON."""

    def __init__(self, context: Context, profile: Profile, plan: int, variables: Mapping[str, Any]) -> None:
        self._context = context
        self._profile = profile
        # As text: 1, 1.0 and true are equal, and not the same.
        self._asked = plan, orjson.dumps(variables)

    def find(self) -> orjson.Fragment | None:
        """The answer of before, ready to be sent, if it is good still."""
        return self._context.sources.remembered.find(self._asked, self._profile)

    def keep(self, data: dict[str, Any]) -> dict[str, Any] | orjson.Fragment:
        """`data`, ready to be sent, and remembered if it comes of this document and the catalogue alone."""
        known, catalogue = self._context.loads.known, self._context.sources.catalogue
        if not self._context.loads.lasting or known["entry"] or known["asked"]:
            return data
        if any(customer is not self._profile for customer in known["customer"].values()):
            return data
        written = orjson.dumps(data, option=orjson.OPT_UTC_Z)
        ready = orjson.Fragment(written)
        size = len(written) + len(self._asked[1])
        if size <= LONGEST:
            at_hand = (("channel", catalogue.channel), ("campaign", catalogue.campaign), ("product", catalogue.product))
            used = tuple((look, key, record) for kind, look in at_hand for key, record in known[kind].items())
            # What the catalogue lacked may be there at any time.
            if all(record is not None for _, _, record in used):
                answer = RememberedAnswer(ready, size + BESIDE, ref(self._profile), used)
                self._context.sources.remembered.keep(self._asked, answer)
        return ready

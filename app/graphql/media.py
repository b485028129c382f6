"""In which media type an answer is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from app.graphql.requests import BadRequest

OLDER = "application/json"
NEWER = "application/graphql-response+json"
PAGE = "text/html"
STREAM = "text/event-stream"

LONGEST_KEPT = 500
"""Characters of an Accept header whose meaning is remembered: programs send the same short one again and again."""


def preferred(accept: str, *, page: bool) -> str:
    """The media type that an Accept header likes best; raises BadRequest (406) when none of ours is acceptable.

    `page`: whether the explorer may be the answer. Of equals our order decides; without a wish it is the older type.
    """
    return _remembered(accept, page) if len(accept) <= LONGEST_KEPT else _preferred(accept, page)


def _preferred(accept: str, page: bool) -> str:
    weights = dict(_weights(accept or "*/*"))
    if weights.get(STREAM, 0.0) > max((weight for kind, weight in weights.items() if kind != STREAM), default=0.0):
        return STREAM
    offers = (OLDER, NEWER, PAGE) if page else (OLDER, NEWER)
    if page and PAGE in weights and weights[PAGE] > 0 and not weights.keys() & {OLDER, NEWER}:
        return PAGE
    quality = {offer: _quality(weights, offer) for offer in offers}
    # A client that names the newer type and doesn't like the older one more means it.
    best = max(offers, key=lambda offer: (quality[offer], offer in weights, offer == NEWER and NEWER in weights))
    if quality[best] <= 0:
        raise BadRequest(406, "NOT_ACCEPTABLE", f"Accept one of {NEWER} and {OLDER}.")
    return OLDER if best == PAGE and PAGE not in weights else best


_remembered = lru_cache(maxsize=256)(_preferred)


def _weights(accept: str) -> Iterable[tuple[str, float]]:
    for part in accept.split(",")[:50]:
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            weight = 0.0
        # What is no weight at all (below 0, above 1, not a number) wants nothing.
        yield kind, weight if 0.0 <= weight <= 1.0 else 0.0


def _quality(weights: dict[str, float], offer: str) -> float:
    for pattern in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        if pattern in weights:
            return weights[pattern]
    return 0.0

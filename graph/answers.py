"""First answers: what a request was told is kept by the transaction that did it, so that the request can be made again.

A client names a request by an idempotency key. A transaction whose commit goes unheard is named by a receipt of our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import msgspec

from graph.errors import InvalidEvent
from graph.store import Store, Transaction

_canonical = msgspec.msgpack.Encoder(order="deterministic", decimal_format="string")


@dataclass(frozen=True, slots=True)
class Request:
    """A request with an idempotency key: the key, and the hash of what was asked."""

    key: str
    body_hash: str

    @classmethod
    def of(cls, operation: str, key: str, body: Any) -> Request:
        """`operation` keeps the keys of different operations apart; `body` is anything that msgspec can encode; raises
        InvalidEvent where it can't."""
        try:
            packed = _canonical.encode(body)
        except (OverflowError, RecursionError, TypeError, ValueError):
            raise InvalidEvent("", "holds a number of more than 64 bits, or values nested too deep; send shorter ones") from None
        return cls(f"{operation}\x1f{key}", blake2b(packed, digest_size=16).hexdigest())

    @classmethod
    def receipt(cls) -> Request:
        """A request that nobody else knows."""
        return cls(f"receipt\x1f{uuid4().hex}", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request; `body` is JSON."""

    key: str
    body_hash: str
    body: str

    def check(self, request: Request) -> None:
        """Raise InvalidEvent (CONFLICT) unless this answers `request`."""
        if self.body_hash != request.body_hash:
            message = "was used for a request with other contents; send this one under a key of its own"
            raise InvalidEvent("idempotencyKey", message, code="CONFLICT")


async def find(transaction: Transaction, requests: Iterable[Request]) -> dict[str, Answer]:
    """The answers that these requests have, by key."""
    keys = sorted({request.key for request in requests})
    if not keys:
        return {}
    return {row[0]: Answer(*row) for row in (await transaction.run("answers/find_answers", keys=keys))[0]}


async def record(transaction: Transaction, answers: Sequence[Answer], *, at: datetime) -> None:
    """Keep answers; the transaction starts again when another one has kept one of these keys meanwhile."""
    rows = [{"key": each.key, "body_hash": each.body_hash, "body": each.body, "at": at.isoformat()} for each in answers]
    if rows:
        await transaction.run("answers/record_answers", rows=rows)


async def forget_old(store: Store, *, before: datetime, limit: int = 10_000) -> int:
    """Delete up to `limit` answers that are older than `before`; returns how many that were."""
    found = await store.write(
        lambda transaction: transaction.run("answers/forget_old_answers", before=before.isoformat(), limit=limit)
    )
    return int(found[0])

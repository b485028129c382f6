"""What is spoken of before it is there, and what products and referrals count."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from graph import ids
from graph.doctor.findings import HEAVY_PAGE, Finding, different, pages
from graph.events.kept import key
from graph.referrals.judging import find_misjudged, find_suspicion_marks
from graph.referrals.suspicion import Suspicions, written
from graph.store import Store


class StatementFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`thing`: the id of what has this key; `carried`: a referral has this code; `alone`: statements tied to nothing."""

    key: str
    thing: str | None
    carried: bool
    alone: int


class ProductFacts(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    kept: dict[str, Any]
    counted: dict[str, Any]


class ReferralFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    accepted: bool
    brought: int
    friends: list[str]


async def statement_findings(store: Store) -> AsyncIterator[Finding]:
    code_prefix = key("code", "")
    rows = pages(store, "facts/find_statement_facts", StatementFacts, lambda row: row.key, code_prefix=code_prefix)
    async for row in rows:
        if row.alone and row.thing is not None:
            yield Finding("statements apart from their thing", row.thing, "0", str(row.alone))
        if row.alone and row.carried:
            code = row.key.removeprefix(code_prefix)
            yield Finding("acceptances parked although a referral has their code", code, "0", str(row.alone))


async def product_findings(store: Store) -> AsyncIterator[Finding]:
    async for product in pages(store, "facts/find_product_facts", ProductFacts, lambda row: row.sku):
        for finding in different("product", product.sku, product.counted, product.kept):
            yield finding


async def referral_findings(store: Store) -> AsyncIterator[Finding]:
    async for referral in _referrals(store):
        if referral.brought != int(referral.accepted):
            yield Finding("referral brought", referral.id, str(int(referral.accepted)), str(referral.brought))


async def flag_findings(store: Store, suspicions: Suspicions) -> AsyncIterator[Finding]:
    """What is suspicious of a referral, where it isn't what was found. None while there are marks."""
    if (await find_suspicion_marks(store)).marked:
        return
    friends: list[str] = []
    async for referral in _referrals(store):
        friends += referral.friends
        if len(friends) >= HEAVY_PAGE:
            for finding in await _misjudged(store, friends, suspicions):
                yield finding
            friends = []
    for finding in await _misjudged(store, friends, suspicions):
        yield finding


async def _misjudged(store: Store, friends: list[str], suspicions: Suspicions) -> list[Finding]:
    # A friend may have accepted several, on more than one page.
    found, _ = await find_misjudged(store, sorted(set(friends)), suspicions)
    return [Finding("referral flags", each.referral, str(written(flags)), str(each.flags)) for each, flags in found]


def _referrals(store: Store) -> AsyncIterator[ReferralFacts]:
    prefix = ids.PREFIXES["referral"]
    return pages(store, "facts/find_referral_facts", ReferralFacts, lambda row: row.id, after=f"{prefix}_", until=f"{prefix}`")

"""Recomputes what the write door keeps up to date, from what is filed, and names every difference. There must be none.

All of it is read page by page: identifiers with what is filed under them, what things and codes are spoken of, products,
referrals, then customers, the forest and its networks. What other transactions write meanwhile can look like a difference; it is
none if it isn't found again.
"""

from __future__ import annotations

from graph.doctor.customers import customer_findings, trait_findings
from graph.doctor.findings import Finding
from graph.doctor.identifiers import identifier_findings
from graph.doctor.networks import network_findings
from graph.doctor.things import flag_findings, product_findings, referral_findings, statement_findings
from graph.identity.rules import IdentityRules, usual_rules
from graph.referrals import ANY_PURCHASE, Rule
from graph.referrals.suspicion import Suspicions
from graph.store import Store

__all__ = ["Finding", "examine", "look"]


async def examine(
    store: Store, rule: Rule = ANY_PURCHASE, suspicions: Suspicions | None = None, identity_rules: IdentityRules | None = None
) -> list[Finding]:
    """The findings of `look` that are differences: there must be none."""
    return [finding for finding in await look(store, rule, suspicions, identity_rules) if not finding.notice]


async def look(
    store: Store, rule: Rule = ANY_PURCHASE, suspicions: Suspicions | None = None, identity_rules: IdentityRules | None = None
) -> list[Finding]:
    """Every difference between what is kept of identifiers, things, products, referrals, customers, the forest and its networks,
    and what is filed; and, as notices, refunds above their purchase or in another currency than it.

    `rule`: when referrals qualify; `suspicions`: which are suspicious, None: that isn't looked at; `identity_rules`: which
    identifiers are one person, the usual ones unless stated. Reads page by page; one candidate for each referred customer is kept
    in memory.
    """
    identity_rules = identity_rules or usual_rules()
    parts = (identifier_findings, statement_findings, product_findings, referral_findings)
    found = [finding for part in parts async for finding in part(store)]
    found += [finding async for finding in trait_findings(store, identity_rules)]
    found += [finding async for finding in customer_findings(store, rule, identity_rules)]
    if suspicions is not None:
        found += [finding async for finding in flag_findings(store, suspicions)]
    return found + [finding async for finding in network_findings(store)]

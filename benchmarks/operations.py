"""What the hot path is asked: one customer's profile, the same customer in other shapes, and thousands of different operations.

All of it is answered from the profile document and the catalogue that a process holds.
"""

from __future__ import annotations

import random

from benchmarks.traffic import Operation
from graph.customers import Parts

PROFILE = Operation(
    "Profile",
    """query Profile($id: ID!) {
  customer(by: {id: $id}) {
    id name email phone country firstSeenAt lastSeenAt
    identifiers { nodes { type value verified } }
    purchases(first: 3) { nodes {
      id at number purchaseStatus total { amount currency }
      items { quantity total { amount currency } product { sku title } } } }
    touchpoints(first: 5) { nodes { id at type channel { key } } }
    reviews(first: 2) { nodes { id at rating text product { sku title } } }
  }
}""",
)

PARTS = Parts.only("TOUCHPOINT", "PURCHASE", "REVIEW")
"""What it needs of a profile: the service's plan finds out by itself, and loads no more where it keeps none."""

SHAPES = (
    PROFILE,
    Operation("Header", "query Header($id: ID!) { customer(by: {id: $id}) { id name email phone locale country lastSeenAt } }"),
    Operation(
        "Timeline",
        """query Timeline($id: ID!) { customer(by: {id: $id}) { name timeline(first: 10) {
  nodes { __typename ...Entry ... on Touchpoint { type url } ... on Purchase { number purchaseStatus total { amount currency } }
    ... on Review { rating title } ... on Case { subject openedAt } ... on Communication { communicationStatus purpose } }
  pageInfo { hasNextPage endCursor } totalCount } } }
fragment Entry on TimelineEntry { id at kind channel { key label channelKind } }""",
    ),
    Operation(
        "Lists",
        """query Lists($id: ID!) { customer(by: {id: $id}) { id
  touchpoints(first: 4) { edges { cursor node { id at type } } totalCount }
  purchases(first: 2) { nodes { ...Bought } totalCount }
  reviews(first: 2) { nodes { id rating title text } }
  cases(first: 2) { nodes { id number subject complaint closedAt } }
  communications(first: 3) { nodes { id sentAt purpose communicationStatus } } } }
fragment Bought on Purchase { id number at total { ...Amount } refunded { ...Amount } statusHistory { purchaseStatus at } }
fragment Amount on Money { amount currency }""",
    ),
    Operation(
        "Worth",
        """query Worth($id: ID!) { who: customer(by: {id: $id}) { key: id called: name
  worth: value { orders firstPurchaseAt lastPurchaseAt revenue { amount currency } averageOrder { amount currency } }
  ways: channels { touchpoints purchases preferred channel { key label } }
  newest: timeline(first: 1) { nodes { kind at } }
  bought: timeline(kinds: [PURCHASE], first: 3) { nodes { id at ... on Purchase { number coupon } } } } }""",
    ),
    Operation(
        "Contact",
        """query Contact($id: ID!, $much: Boolean = true, $little: Boolean = false) { customer(by: {id: $id}) {
  id name email @include(if: $much) phone @skip(if: $little) birthDate @include(if: $little)
  identifiers { nodes { type value verified firstSeenAt source } } addresses { kind line1 city postalCode country } } }""",
    ),
)
"""Any selection: fragments, an interface, aliases, five lists at once, directives."""

_FIELDS = (
    "id", "erasedAt", "name", "givenName", "familyName", "email", "phone", "birthDate", "gender", "locale", "timeZone", "country",
    "firstSeenAt", "lastSeenAt", "traits",
)  # fmt: skip
_LISTS = (
    ("timeline", ("id", "at", "kind", "__typename", "channel { key }")),
    ("touchpoints", ("id", "at", "kind", "type", "url", "session", "durationSeconds")),
    ("purchases", ("id", "at", "number", "purchaseStatus", "coupon", "total { amount }", "items { quantity }")),
    ("reviews", ("id", "at", "rating", "title", "text")),
    ("cases", ("id", "at", "number", "subject", "complaint", "priority", "closedAt")),
    ("communications", ("id", "at", "purpose", "communicationStatus", "plannedAt", "sentAt")),
)


def different(count: int, *, seed: int = 360) -> list[Operation]:
    """So many operations, no two of the same text."""
    dice = random.Random(seed)
    return [_any(f"Any{number}", dice) for number in range(count)]


def _any(name: str, dice: random.Random) -> Operation:
    fields = [f"f{place}: {field}" for place, field in enumerate(dice.sample(_FIELDS, dice.randint(1, 8)))]
    for place, (listed, of_node) in enumerate(dice.sample(_LISTS, dice.randint(0, 3))):
        selected = " ".join(dice.sample(of_node, dice.randint(1, len(of_node))))
        fields.append(f"l{place}: {listed}(first: {dice.randint(1, 10)}) {{ nodes {{ {selected} }} }}")
    return Operation(name, f"query {name}($id: ID!) {{ customer(by: {{id: $id}}) {{ {' '.join(fields)} }} }}")

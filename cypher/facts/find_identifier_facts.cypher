// find_identifier_facts($after, $limit) -> many IdentifierFacts
// What is kept of identifiers, beside the same counted again from what is filed under them; in order of id.
MATCH (i:Identifier)
USING INDEX SEEK i:Identifier(id)
WHERE i.id > $asked.after
WITH i ORDER BY i.id LIMIT $asked.limit
CALL (i) {
  OPTIONAL MATCH (i)-[:MADE]->(p:Purchase)
  WHERE p.purchase_status <> 'CANCELLED'
  RETURN count(p) AS orders, min(p.at) AS first_purchase_at, max(p.at) AS last_purchase_at
}
CALL (i) {
  MATCH (i)-[:MADE]->(p:Purchase)
  WHERE p.purchase_status <> 'CANCELLED' AND p.currency IS NOT NULL AND p.total IS NOT NULL
  WITH p.currency AS currency, sum(p.total) AS revenue, sum(coalesce(p.refunded, 0)) AS refunds
  RETURN collect([currency, revenue, refunds]) AS payments
}
RETURN {
  id: i.id,
  kept: {
    touchpoints: coalesce(i.touchpoints, 0), purchases: coalesce(i.purchases, 0), orders: coalesce(i.orders, 0),
    reviews: coalesce(i.reviews, 0), survey_responses: coalesce(i.survey_responses, 0), cases: coalesce(i.cases, 0),
    communications: coalesce(i.communications, 0), referrals: coalesce(i.referrals, 0), carts: coalesce(i.carts, 0),
    first_purchase_at: toString(i.first_purchase_at), last_purchase_at: toString(i.last_purchase_at)},
  counted: {
    touchpoints: COUNT { (i)-[:HAD]->() }, purchases: COUNT { (i)-[:MADE]->() }, orders: orders,
    reviews: COUNT { (i)-[:WROTE]->() }, survey_responses: COUNT { (i)-[:ANSWERED]->() }, cases: COUNT { (i)-[:RAISED]->() },
    communications: COUNT { (i)-[:WAS_SENT]->() }, referrals: COUNT { (i)-[:INVITED]->() }, carts: COUNT { (i)-[:HAS]->() },
    first_purchase_at: toString(first_purchase_at), last_purchase_at: toString(last_purchase_at)},
  sums: [name IN keys(i) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_' | [name, i[name]]],
  payments: payments
} AS facts

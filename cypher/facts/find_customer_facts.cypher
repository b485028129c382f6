// find_customer_facts($after, $limit) -> many CustomerFacts
// What is kept of customers, beside the fold of what is kept of their identifiers; in order of id.
MATCH (c:Customer)
USING INDEX SEEK c:Customer(id)
WHERE c.id > $asked.after
WITH c ORDER BY c.id LIMIT $asked.limit
CALL (c) {
  OPTIONAL MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  RETURN count(i) AS identifiers, min(i.first_seen_at) AS first_seen_at, max(i.last_seen_at) AS last_seen_at,
    min(i.first_purchase_at) AS first_purchase_at, max(i.last_purchase_at) AS last_purchase_at,
    sum(i.touchpoints) AS touchpoints, sum(i.purchases) AS purchases, sum(i.orders) AS orders, sum(i.reviews) AS reviews,
    sum(i.survey_responses) AS survey_responses, sum(i.cases) AS cases, sum(i.communications) AS communications,
    sum(i.referrals) AS referrals, sum(i.carts) AS carts
}
CALL (c) {
  OPTIONAL MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  UNWIND [name IN keys(i) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_'] AS name
  WITH name, sum(i[name]) AS total
  RETURN collect([name, total]) AS counted_sums
}
RETURN {
  id: c.id,
  identifiers: identifiers,
  kept: {
    touchpoints: coalesce(c.touchpoints, 0), purchases: coalesce(c.purchases, 0), orders: coalesce(c.orders, 0),
    reviews: coalesce(c.reviews, 0), survey_responses: coalesce(c.survey_responses, 0), cases: coalesce(c.cases, 0),
    communications: coalesce(c.communications, 0), referrals: coalesce(c.referrals, 0), carts: coalesce(c.carts, 0),
    first_seen_at: toString(c.first_seen_at), last_seen_at: toString(c.last_seen_at),
    first_purchase_at: toString(c.first_purchase_at), last_purchase_at: toString(c.last_purchase_at)},
  counted: {
    touchpoints: touchpoints, purchases: purchases, orders: orders, reviews: reviews, survey_responses: survey_responses,
    cases: cases, communications: communications, referrals: referrals, carts: carts,
    first_seen_at: toString(first_seen_at), last_seen_at: toString(coalesce(last_seen_at, first_seen_at)),
    first_purchase_at: toString(first_purchase_at), last_purchase_at: toString(last_purchase_at)},
  sums: [name IN keys(c) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_' | [name, c[name]]],
  counted_sums: counted_sums
} AS facts

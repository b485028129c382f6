// record_facts($ids) -> write
// The facts of a customer are the fold of the facts of its identifiers.
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  RETURN min(i.first_seen_at) AS first_seen_at, max(i.last_seen_at) AS last_seen_at,
    min(i.first_purchase_at) AS first_purchase_at, max(i.last_purchase_at) AS last_purchase_at,
    sum(i.touchpoints) AS touchpoints, sum(i.purchases) AS purchases, sum(i.orders) AS orders, sum(i.reviews) AS reviews,
    sum(i.survey_responses) AS survey_responses, sum(i.cases) AS cases, sum(i.communications) AS communications,
    sum(i.referrals) AS referrals, sum(i.carts) AS carts
}
SET c.first_seen_at = first_seen_at, c.last_seen_at = coalesce(last_seen_at, first_seen_at),
  c.first_purchase_at = first_purchase_at, c.last_purchase_at = last_purchase_at,
  c.touchpoints = touchpoints, c.purchases = purchases, c.orders = orders, c.reviews = reviews,
  c.survey_responses = survey_responses, c.cases = cases, c.communications = communications,
  c.referrals = referrals, c.carts = carts

// record_identifiers($rows) -> write
// Identifiers seen for the first time, with what this transaction files under them. Another transaction that saw one
// first makes this one fail, and start again.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row.owner})
USING INDEX SEEK c:Customer(id)
CREATE (c)-[:IDENTIFIED_BY]->(:Identifier {
  id: row.id, customer_id: row.customer_id, type: row.type, value: row.value, verified: false, source: row.source,
  first_seen_at: datetime(row.first_at), last_seen_at: datetime(row.last_at),
  touchpoints: row.touchpoints, purchases: row.purchases, orders: row.orders, reviews: row.reviews,
  survey_responses: row.survey_responses, cases: row.cases, communications: row.communications, referrals: row.referrals,
  carts: row.carts})

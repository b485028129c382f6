// page_suggestions($key, $limit) -> many MergeSuggestion
// Customers who may be one, the most likely first, from a place on; without those who are one by now, were erased, or are to be kept apart.
MATCH (s:MergeSuggestion)
USING INDEX SEEK s:MergeSuggestion(order_key)
WHERE s.order_key <= $asked.key
WITH s ORDER BY s.order_key DESC
CALL (s) {
  MATCH (first:Identifier {customer_id: s.one_id})<-[:IDENTIFIED_BY]-(one:Customer)
  USING INDEX SEEK first:Identifier(customer_id)
  RETURN one
}
CALL (s) {
  MATCH (second:Identifier {customer_id: s.other_id})<-[:IDENTIFIED_BY]-(other:Customer)
  USING INDEX SEEK second:Identifier(customer_id)
  RETURN other
}
CALL (one, other) {
  OPTIONAL MATCH (one)-[:IDENTIFIED_BY]->(:Identifier)<-[near:KEEPS_APART]-(veto:Veto)
  CALL (other, near, veto) {
    MATCH (veto)-[far:KEEPS_APART]->(:Identifier)<-[:IDENTIFIED_BY]-(customer:Customer)
    WITH near, far, customer, other
    WHERE customer = other AND near.side <> far.side
    RETURN count(far) AS between
  }
  RETURN sum(between) > 0 AS apart
}
WITH s, one, other, apart
WHERE one <> other AND NOT apart AND one.erased_at IS NULL AND other.erased_at IS NULL
RETURN {id: s.id, score: s.score, reasons: s.reasons, customers: [one.id, other.id], order_key: s.order_key} AS suggestion
LIMIT $asked.limit

// page_suggestions($key, $limit) -> many MergeSuggestion
// Customers who may be one, the most likely first, from a place on; without those who are one by now, or are to be kept apart.
MATCH (s:MergeSuggestion)
USING INDEX SEEK s:MergeSuggestion(order_key)
WHERE s.order_key <= $asked.key
WITH s ORDER BY s.order_key DESC
MATCH (first:Identifier {customer_id: s.one_id})<-[:IDENTIFIED_BY]-(one:Customer)
USING INDEX SEEK first:Identifier(customer_id)
MATCH (second:Identifier {customer_id: s.other_id})<-[:IDENTIFIED_BY]-(other:Customer)
USING INDEX SEEK second:Identifier(customer_id)
WHERE one <> other AND NOT EXISTS {
  MATCH (one)-[:IDENTIFIED_BY]->(:Identifier)<-[near:KEEPS_APART]-(:Veto)-[far:KEEPS_APART]->(:Identifier)<-[:IDENTIFIED_BY]-(other)
  WHERE near.side <> far.side
}
RETURN {id: s.id, score: s.score, reasons: s.reasons, customers: [one.id, other.id], order_key: s.order_key} AS suggestion
LIMIT $asked.limit

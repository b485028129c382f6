// page_codes($customer_id, $low, $high, $backwards, $limit) -> many ReferralCode
// Standing codes of a customer between two exclusive bounds, the newest of them, or backwards the oldest.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
CALL (i) {
  MATCH (s:ReferralCode)
  USING INDEX SEEK s:ReferralCode(code_key)
  WHERE s.code_key > i.id + '/' + $asked.low AND s.code_key < i.id + '/' + $asked.high
  RETURN s, substring(s.code_key, size(i.id) + 1) AS place
}
WITH s, place
ORDER BY CASE WHEN $asked.backwards THEN place END, CASE WHEN NOT $asked.backwards THEN place END DESC
LIMIT $asked.limit
RETURN s {.id, .code, .channel, .campaign, place: place, created_at: toString(s.created_at), expires_at: toString(s.expires_at)} AS code

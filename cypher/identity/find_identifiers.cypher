// find_identifiers($keys, $ids) -> one
// Identifiers by type and value, and by the customer id each was given, with the customer each belongs to now; times in microseconds.
CALL () {
  UNWIND $asked.keys AS key
  MATCH (i:Identifier {type: key[0], value: key[1]})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK i:Identifier(type, value)
  RETURN i, c
  UNION ALL
  UNWIND $asked.ids AS id
  MATCH (i:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK i:Identifier(customer_id)
  RETURN i, c
}
RETURN collect([i.type, i.value, i.id, i.customer_id, i.first_seen_at.epochSeconds * 1000000 + i.first_seen_at.microsecond, c.id,
  coalesce(c.first_seen_at.epochSeconds * 1000000 + c.first_seen_at.microsecond, 0), COUNT { (c)-[:IDENTIFIED_BY]->() },
  coalesce(c.contested, false)]) AS identifiers

// find_identifiers($keys, $ids) -> one
// Identifiers by type and value, and by the customer id each was given, with the customer each belongs to now.
CALL () {
  UNWIND $asked.keys AS key
  MATCH (i:Identifier {type: key[0], value: key[1]})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK i:Identifier(type, value)
  RETURN collect([i.type, i.value, i.id, i.customer_id, c.id, coalesce(c.first_seen_at.epochMillis, 0), i.first_seen_at.epochMillis]) AS by_key
}
CALL () {
  UNWIND $asked.ids AS id
  MATCH (i:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK i:Identifier(customer_id)
  RETURN collect([i.type, i.value, i.id, i.customer_id, c.id, coalesce(c.first_seen_at.epochMillis, 0), i.first_seen_at.epochMillis]) AS by_id
}
RETURN by_key + by_id AS identifiers

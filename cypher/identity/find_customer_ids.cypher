// find_customer_ids($keys) -> many FoundCustomer
// Whose these identifiers are now; a key names one by type and value, or by the customer id it was given.
UNWIND $asked.keys AS key
CALL (key) {
  MATCH (:Identifier {customer_id: key.id})<-[:IDENTIFIED_BY]-(c:Customer)
  RETURN c
  UNION ALL
  MATCH (:Identifier {type: key.type, value: key.value})<-[:IDENTIFIED_BY]-(c:Customer)
  RETURN c
}
RETURN {position: key.position, customer_id: c.id} AS found

// find_customer_ids($keys) -> many FoundCustomer
// Whose these identifiers are now; a key names one by type and value, or by the customer id it was given.
UNWIND $asked.keys AS key
CALL (key) {
  MATCH (named:Identifier {customer_id: key.id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN c
  UNION ALL
  MATCH (named:Identifier {type: key.type, value: key.value})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(type, value)
  RETURN c
}
RETURN {position: key.position, customer_id: c.id} AS found

// load_identifiers($customer_id) -> many Identifier
// A customer's identifiers, named by any id that one of them was given.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
RETURN i {.type, .value, .verified, .source, first_seen_at: toString(i.first_seen_at), last_seen_at: toString(coalesce(i.last_seen_at, i.first_seen_at))} AS identifier

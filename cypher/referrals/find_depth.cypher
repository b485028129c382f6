// find_depth($customer_id) -> one int
// How many generations the network of a customer has, as it was counted last.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
RETURN coalesce(c.network_depth, 0) AS depth

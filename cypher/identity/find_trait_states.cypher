// find_trait_states($customer_ids) -> one
// What is known of the traits of these customers, identifier by identifier.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})-[:IDENTIFIED_BY]->(i:Identifier)
USING INDEX SEEK c:Customer(id)
RETURN collect([id, i.id, i.type, i.value, i.first_seen_at.epochMillis, i.trait_state]) AS states

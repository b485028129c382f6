// find_types($customer_ids) -> one
// Which types of identifiers customers have.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})-[:IDENTIFIED_BY]->(i:Identifier)
USING INDEX SEEK c:Customer(id)
WITH c, collect(DISTINCT i.type) AS types
RETURN collect([c.id, types]) AS types

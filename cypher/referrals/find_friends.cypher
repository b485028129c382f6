// find_friends($customer_ids) -> one
// Whose candidate referrer is one of these customers.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})-[:REFERRED|RING_CLOSED]->(friend:Customer)
USING INDEX SEEK c:Customer(id)
RETURN collect(DISTINCT friend.id) AS friends

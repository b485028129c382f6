// lock_customers($rows) -> one
// Holds each customer until the commit, in the order given, and raises its version by the second number, which may be 0.
// They are found by their identifiers, which are never deleted: a seek by the id of a customer would hold that id in its index as
// well, and an undo that brings such a customer back wait for whoever waits for it.
// Nobody has `held`; its removal takes the lock of the node and nothing else. A property that is set by what it was would take
// the lock of the node's groups of relationships too, keep that while it waits for the node, and give it back once it is set:
// who holds the node and touches those groups again then waits for who waits for the node.
UNWIND $asked.rows AS row
MATCH (named:Identifier {customer_id: row[0]})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
WHERE c.id = row[0]
REMOVE c.held
WITH c, c.version + row[1] AS version
SET c.version = version
RETURN collect([c.id, version]) AS versions

// lock_customers($rows) -> one
// Holds each customer until the commit, in the order given, and raises its version by the second number, which may be 0.
// They are found by their identifiers, which are never deleted: a seek by the id of a customer would hold that id in its index as
// well, and an undo that brings such a customer back wait for whoever waits for it.
UNWIND $asked.rows AS row
MATCH (named:Identifier {customer_id: row[0]})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
WHERE c.id = row[0]
SET c.version = c.version + row[1]
RETURN collect([c.id, c.version]) AS versions

// lock_customers($rows) -> one
// Holds each customer until the commit, in the order given, and raises its version by the second number, which may be 0.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row[0]})
USING INDEX SEEK c:Customer(id)
SET c.version = c.version + row[1]
RETURN collect([c.id, c.version]) AS versions

// lock_customers($ids) -> one
// Raises the version of each, in the order given, which holds them until the commit.
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
SET c.version = c.version + 1
RETURN collect([c.id, c.version]) AS versions

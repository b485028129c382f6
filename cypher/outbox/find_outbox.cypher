// find_outbox($limit) -> one
// The next rows of the queue: those that a process left behind when it ended between its commit and its publishing.
MATCH (o:Outbox)
USING INDEX SEEK o:Outbox(customer, version)
WHERE o.customer >= '' AND o.version >= 0
WITH o LIMIT $asked.limit
RETURN collect([o.customer, o.version]) AS rows

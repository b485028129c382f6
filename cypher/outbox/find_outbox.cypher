// find_outbox($limit) -> one
// The next rows of the queue: those that a process left behind when it ended between its commit and its publishing.
MATCH (o:Outbox)
USING INDEX SEEK o:Outbox(receipt)
WHERE o.receipt >= ''
WITH o LIMIT $asked.limit
RETURN collect([o.receipt, o.customers, o.versions]) AS rows

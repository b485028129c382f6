// find_outbox($limit) -> many Row
// The oldest rows of the queue, each with the seconds that it has waited: those that a process left behind, when it ended between its
// commit and its publishing, come before those that are being published. Of one that another relay has just deleted nothing is left.
MATCH (o:Outbox)
USING INDEX SEEK o:Outbox(at)
WHERE o.at >= datetime('1970-01-01T00:00:00Z')
WITH o ORDER BY o.at LIMIT $asked.limit
WITH o, o.receipt AS receipt, o.customers AS customers, o.versions AS versions, o.at AS at
WHERE receipt IS NOT NULL AND customers IS NOT NULL AND versions IS NOT NULL AND at IS NOT NULL
RETURN {receipt: receipt, customers: customers, versions: versions, age: (datetime().epochMillis - at.epochMillis) / 1000.0} AS row

// forget_outbox($rows) -> write
// Published rows leave the queue.
UNWIND $asked.rows AS row
MATCH (o:Outbox {customer: row[0], version: row[1]})
USING INDEX SEEK o:Outbox(customer, version)
DELETE o

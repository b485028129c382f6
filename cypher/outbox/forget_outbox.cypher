// forget_outbox($rows) -> write
// Published rows leave the queue.
UNWIND $rows AS row
MATCH (o:Outbox {customer: row[0], version: row[1]})
DELETE o

// forget_outbox($keys) -> write
// Published rows leave the queue.
UNWIND $asked.keys AS key
MATCH (o:Outbox {receipt: key})
USING INDEX SEEK o:Outbox(receipt)
DELETE o

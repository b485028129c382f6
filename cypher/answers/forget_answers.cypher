// forget_answers($keys) -> write
// Receipts whose answer has gone out.
UNWIND $asked.keys AS key
MATCH (a:Answer {key: key})
USING INDEX SEEK a:Answer(key)
DELETE a

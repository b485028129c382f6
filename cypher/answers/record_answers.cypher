// record_answers($rows) -> write
// First answers, in the transaction that did what they say. Another one under the same key makes this transaction start again.
UNWIND $asked.rows AS row
CREATE (:Answer {key: row.key, body_hash: row.body_hash, body: row.body, at: datetime(row.at)})

// record_deadletters($rows) -> write
// What could not be kept, once for each source and id however often it is sent.
UNWIND $asked.rows AS row
MERGE (d:DeadLetter {key: row.key})
ON CREATE SET d.id = row.id, d.first_at = datetime(row.at), d.times = 0
SET d.times = d.times + 1, d.last_at = datetime(row.at), d.source = row.source, d.call = row.call, d.code = row.code,
  d.message = row.message, d.body = row.body

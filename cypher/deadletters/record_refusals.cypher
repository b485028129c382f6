// record_refusals($rows) -> write
// Why letters that were tried again are still refused.
UNWIND $asked.rows AS row
MATCH (d:DeadLetter {id: row.id})
USING INDEX SEEK d:DeadLetter(id)
SET d.code = row.code, d.message = row.message

// record_key_uses($rows) -> write
// When keys were last used; nobody need hear of it.
UNWIND $asked.rows AS row
MATCH (k:ApiKey {id: row.id})
USING INDEX SEEK k:ApiKey(id)
SET k.last_used_at = CASE WHEN k.last_used_at >= datetime(row.at) THEN k.last_used_at ELSE datetime(row.at) END

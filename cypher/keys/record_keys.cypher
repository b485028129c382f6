// record_keys($rows) -> write
// New keys; every process hears of it by the ring.
MERGE (r:KeyRing {name: 'keys'})
ON CREATE SET r.version = 0
SET r.version = r.version + 1
WITH r
UNWIND $asked.rows AS row
MERGE (k:ApiKey {id: row.id})
ON CREATE SET k.hash = row.hash, k.name = row.name, k.scopes = row.scopes, k.source = row.source,
  k.created_at = datetime(row.created_at), k.expires_at = datetime(row.expires_at)

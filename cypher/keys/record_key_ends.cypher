// record_key_ends($ids, $revoked_at, $expires_at) -> one
// Keys end: at once where they are revoked, or at a time, unless they end sooner anyhow; those that there are.
MERGE (r:KeyRing {name: 'keys'})
ON CREATE SET r.version = 0
SET r.version = r.version + 1
WITH r
UNWIND $asked.ids AS id
MATCH (k:ApiKey {id: id})
USING INDEX SEEK k:ApiKey(id)
SET k.revoked_at = coalesce(k.revoked_at, datetime($asked.revoked_at))
SET k.expires_at = CASE
  WHEN $asked.expires_at IS NULL OR k.expires_at <= datetime($asked.expires_at) THEN k.expires_at
  ELSE datetime($asked.expires_at) END
RETURN collect({id: k.id, hash: k.hash, name: k.name, scopes: k.scopes, source: k.source, created_at: toString(k.created_at),
  expires_at: toString(k.expires_at), revoked_at: toString(k.revoked_at), last_used_at: toString(k.last_used_at)}) AS keys

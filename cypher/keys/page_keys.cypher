// page_keys($after, $limit) -> many Key
// Keys in the order of their public parts.
MATCH (k:ApiKey)
USING INDEX SEEK k:ApiKey(id)
WHERE k.id > $asked.after
WITH k ORDER BY k.id LIMIT $asked.limit
RETURN {id: k.id, hash: k.hash, name: k.name, scopes: k.scopes, source: k.source, created_at: toString(k.created_at),
  expires_at: toString(k.expires_at), revoked_at: toString(k.revoked_at), last_used_at: toString(k.last_used_at)} AS key

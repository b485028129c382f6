// load_keys($ids) -> many Key
// Keys by their public parts.
UNWIND $asked.ids AS id
MATCH (k:ApiKey {id: id})
USING INDEX SEEK k:ApiKey(id)
RETURN {id: k.id, hash: k.hash, name: k.name, scopes: k.scopes, source: k.source, created_at: toString(k.created_at),
  expires_at: toString(k.expires_at), revoked_at: toString(k.revoked_at), last_used_at: toString(k.last_used_at)} AS key

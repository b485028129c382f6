// API keys, of which only hashes are kept, and the node that counts their changes.
CREATE CONSTRAINT api_key_id IF NOT EXISTS FOR (k:ApiKey) REQUIRE k.id IS UNIQUE;
CREATE CONSTRAINT key_ring_name IF NOT EXISTS FOR (r:KeyRing) REQUIRE r.name IS UNIQUE;

// The names that statements use of them, see V0004__names.cypher.
UNWIND [
  'created_at', 'expires_at', 'hash', 'last_used_at', 'name', 'revoked_at', 'scopes', 'source', 'version'
] AS name
CALL db.createProperty(name);

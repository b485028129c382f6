// find_ring() -> one
// How often keys have changed; no row before there was any.
MATCH (r:KeyRing {name: 'keys'})
USING INDEX SEEK r:KeyRing(name)
RETURN r.version AS version

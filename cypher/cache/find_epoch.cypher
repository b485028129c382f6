// find_epoch() -> one
// What all processes agree on about the cache, and for how long it has been closed, in milliseconds; null while it is open.
MATCH (e:CacheEpoch {name: 'cache'})
USING INDEX SEEK e:CacheEpoch(name)
RETURN {epoch: e.epoch, run_id: e.run_id, closed_ms: CASE WHEN e.closed_at IS NOT NULL THEN timestamp() - e.closed_at END} AS seen

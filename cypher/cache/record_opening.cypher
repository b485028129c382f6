// record_opening($epoch, $run_id, $after_ms) -> one
// Opens the cache over the Redis with this run id, if it is still closed as it was seen, and has been for long enough. Epoch 0 is
// that of a cache which was never opened.
MERGE (e:CacheEpoch {name: 'cache'})
ON CREATE SET e.epoch = 0, e.closed_at = 0
// Holds it, see customers/lock_customers.cypher.
REMOVE e.held
WITH e, e.closed_at IS NOT NULL AND e.epoch = $asked.epoch AND timestamp() - e.closed_at >= $asked.after_ms AS may
FOREACH (_ IN CASE WHEN may THEN [1] ELSE [] END |
  SET e.epoch = CASE WHEN e.epoch < timestamp() THEN timestamp() ELSE e.epoch + 1 END, e.closed_at = null, e.run_id = $asked.run_id)
RETURN {epoch: e.epoch, run_id: e.run_id, closed_ms: CASE WHEN e.closed_at IS NOT NULL THEN timestamp() - e.closed_at END} AS seen

// record_closing() -> one
// Closes the cache, or leaves it closed since when it was. Epochs are times, lest a graph that was put back from a copy comes to
// one a second time.
MERGE (e:CacheEpoch {name: 'cache'})
ON CREATE SET e.epoch = 0, e.closed_at = timestamp()
// Holds it, see customers/lock_customers.cypher.
REMOVE e.held
SET e.epoch = CASE WHEN e.closed_at IS NOT NULL THEN e.epoch WHEN e.epoch < timestamp() THEN timestamp() ELSE e.epoch + 1 END
SET e.closed_at = coalesce(e.closed_at, timestamp()), e.run_id = null
RETURN {epoch: e.epoch, run_id: e.run_id, closed_ms: timestamp() - e.closed_at} AS seen

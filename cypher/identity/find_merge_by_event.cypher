// find_merge_by_event($key) -> one str
// The merge that an event states, or undoes.
MATCH (e:Event {key: $asked.key})
USING INDEX SEEK e:Event(key)
RETURN CASE WHEN e:Merge THEN e.id ELSE head(COLLECT { MATCH (e)-[:UNDOES]->(m:Merge) RETURN m.id }) END AS merge

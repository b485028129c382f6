// find_by_event($key) -> one str
// What an event made or speaks of: a referral, or a standing code.
MATCH (e:Event {key: $asked.key})
USING INDEX SEEK e:Event(key)
OPTIONAL MATCH (e)-[:ABOUT]->(r:Referral)
RETURN coalesce(r.id, e.id) AS id
